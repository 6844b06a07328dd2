"""The list of runs: from the files alone, and whatever one of them holds."""

from __future__ import annotations

import json
import math

import pytest

import hepnb as hn
from hepnb.cli import main
from hepnb.errors import HepnbError


def test_a_run_that_cannot_be_read_does_not_hide_the_others(numbered):
    path = hn.Path("counts")
    path.hist("pt", pt="Muon.pt: 20, 0, 100")
    runs = [path.start(numbered[0], 1).wait(60) for _ in range(3)]
    damaged, newer = runs[0].directory, runs[1].directory
    (damaged / "status.json").write_text('{"state": "done"}')
    (newer / "status.json").unlink()
    spec = json.loads((newer / "spec.json").read_text())
    (newer / "spec.json").write_text(json.dumps(spec | {"version": 99}))
    states = {row["id"]: row["state"] for row in hn.runs()}
    assert states == {runs[0].id: "unreadable", runs[1].id: "unreadable", runs[2].id: "done"}
    assert "unreadable" in repr(hn.runs())


def strictly(text):
    """What a reader gets that takes JSON at its word."""

    def refuse(token):
        raise ValueError(f"JSON has no {token}")

    return json.loads(text, parse_constant=refuse)


ODD = {"least": math.nan, "range": [-math.inf, {"to": math.inf}], "pt": 20.0, "text": "nan"}
TOLD = {"least": "nan", "range": ["-inf", {"to": "inf"}], "pt": 20.0, "text": "nan"}


def test_numbers_that_json_has_not_are_texts_to_others_and_numbers_to_us(numbered, capsys):
    path = hn.Path("counts")
    path.hist("pt", pt="Muon.pt: 20, 0, 100")
    run = path.start(numbered[0], 1, parameters=ODD).wait(60)
    assert main(["runs", "--json"]) == 0
    (row,) = strictly(capsys.readouterr().out)
    assert row["parameters"] == TOLD
    assert main(["attach", run.id, "--json"]) == 0
    assert strictly(capsys.readouterr().out)["parameters"] == TOLD

    again = hn.attach(run.id)
    for kept in (again.parameters, again.snapshot()["parameters"], hn.runs()[0]["parameters"]):
        assert math.isnan(kept["least"])
        assert kept["range"] == ODD["range"]
        assert (kept["pt"], kept["text"]) == (20.0, "nan")

    for view, trait in ((hn.RunView(run), "state"), (hn.runs().viewer(), "rows")):
        sent = strictly(json.dumps(view.get_state()[trait]))
        view.close()
        assert (sent if trait == "state" else sent[0])["parameters"] == TOLD


def test_a_view_of_one_run_is_not_that_of_a_scan(numbered):
    def make(n):
        path = hn.Path(f"scan {n}")
        path.hist("pt", pt="Muon.pt: 20, 0, 100")
        return path

    runs = hn.scan(make, numbered[0], n=[1], workers=1)
    with pytest.raises(HepnbError, match=r"RunView needs a run .*, not RunSet"):
        hn.RunView(runs)
    runs.wait(60)
