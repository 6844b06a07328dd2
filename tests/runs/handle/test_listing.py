"""The list of runs: from the files alone, and whatever one of them holds."""

from __future__ import annotations

import json

import hepnb as hn


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
