"""A card is another way to write a path and its datasets."""

from __future__ import annotations

import json
from pathlib import Path as FilePath
from typing import Any

import cloudpickle
import numpy as np
import pytest
import uproot

import hepnb as hn
from hepnb.analysis import Path
from hepnb.analysis.cards import Card
from hepnb.cli import main
from hepnb.errors import CardError
from hepnb.samples import toy_dimuon

DIMUON = """\
hepnb: 1
name: dimuon
parameters: {pt: 20}
datasets:
  toy: {kind: mc, xsec: 2.5, era: 2018, files: toy.root, meta: {generator: toy}}
definitions:              # in any order: what needs a select stands below it
  pair: mass(Muon[:, 0], Muon[:, 1])
  hard: Muon[Muon.pt > {pt}]
selects:
  two muons: count(Muon) == 2 && sum(Muon.charge) == 0
  high mass: pair > 2
weights:
  half: 0.5
  trigger: {value: "where(hard_one, 0.95, 0.9)", up: 0.97, down: 0.9, after: two muons}
categories:
  region: {labels: {hard: hard_one, any: pair > 0}, exclusive: false}
variations:
  scale: {vary: {Muon.pt: [Muon.pt * 1.1, Muon.pt * 0.9]}, sets: [muons]}
histograms:
  pair: "pair: 60, 0, 120 [m_{\\\\mu\\\\mu} / GeV]"
  pt:
    axes: {pt: "hard.pt: 50, 0, 100", eta: "hard.eta: [-2.4, 0, 2.4]"}
    by: [region, dataset]
    weights: [half]
    variations: muons
  all: {axes: {n: "count(Muon): 0, 5, int"}, after: two muons, weights: [], storage: Int64}
tables:
  pairs: [pair, Muon.pt]
"""
DIMUON = DIMUON.replace("  hard: Muon[", "  hard_one: any(Muon.pt > 30)\n  hard: Muon[")


def in_python() -> Path:
    path = Path("dimuon")
    path.vary("Muon.pt", scale=("Muon.pt * 1.1", "Muon.pt * 0.9"), sets="muons")
    path.weight("half", 0.5)
    path.define("hard_one", "any(Muon.pt > 30)")
    path.select("two muons", "count(Muon) == 2 and sum(Muon.charge) == 0")
    path.weight("trigger", "where(hard_one, 0.95, 0.9)", up=0.97, down=0.9)
    path.define("pair", "mass(Muon[:, 0], Muon[:, 1])")
    path.hist("all", n="count(Muon): 0, 5, int", weights=[], storage="Int64")
    path.select("high mass", "pair > 2")
    path.define("hard", "Muon[Muon.pt > 20]")
    path.category("region", exclusive=False, hard="hard_one", any="pair > 0")
    path.hist("pair", pair=r"pair: 60, 0, 120 [m_{\mu\mu} / GeV]")
    path.hist(
        "pt",
        pt="hard.pt: 50, 0, 100",
        eta="hard.eta: [-2.4, 0, 2.4]",
        by=["region", "dataset"],
        weights=["half"],
        variations="muons",
    )
    path.table("pairs", ["pair", "Muon.pt"])
    return path


@pytest.fixture
def file(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> FilePath:
    monkeypatch.setenv("HEPNB_STATE_DIR", str(tmp_path / "state"))
    toy_dimuon(tmp_path / "toy.root", 2_000, 6)
    file = tmp_path / "card.yaml"
    file.write_text(DIMUON)
    return file


def test_a_card_gives_the_path_that_python_gives(file: FilePath, process: Any) -> None:
    from hepnb.analysis import open_events

    card = Card.read(file)
    with open_events(file.parent / "toy.root") as opened:
        events = opened.read(opened.branches, 0, opened.entries)
    (dataset,) = card.datasets
    ours, theirs = (process(p, events, dataset=dataset) for p in (card.path, in_python()))
    assert card.path.freeze().variations == in_python().freeze().variations
    assert [row[:2] for row in ours.cutflow] == [row[:2] for row in theirs.cutflow]
    specs = {h.name: h for h in in_python().freeze().histograms}
    assert {h.name: h for h in card.path.freeze().histograms} == specs

    def rows(result: Any) -> list[Any]:
        found = (
            (
                f.hist,
                tuple(f.categories.items()),
                [c.tolist() for c in f.columns.values()],
                {v: None if w is None else w.tolist() for v, w in f.weights.items()},
            )
            for f in result.fills
        )
        return sorted(found, key=repr)

    assert rows(ours) == rows(theirs)
    for column, values in theirs.tables["pairs"].items():
        assert np.array_equal(ours.tables["pairs"][column], values)


def test_what_a_card_knows(file: FilePath) -> None:
    card = Card.read(file)
    assert card.variations == ("scale_up", "scale_down", "trigger_up", "trigger_down")
    (dataset,) = card.datasets
    assert (dataset.name, dataset.kind, dataset.xsec) == ("toy", "mc", 2.5)
    assert (dataset.era, dataset.generator) == (2018, "toy")
    assert dataset.files == (str(file.parent / "toy.root"),)
    assert repr(card).startswith(f"<Card {str(file)!r}: <Path 'dimuon': 1 variation, 2 weights,")
    assert repr(card).endswith("datasets toy>")


def test_datasets_of_a_card_have_units_and_defaults_for_missing_columns(tmp_path: FilePath) -> None:
    for name, columns in {"a": {"lep_pt": 4000.0, "hlt": 1.0}, "b": {"lep_pt": 8000.0}}.items():
        with uproot.recreate(tmp_path / f"{name}.root") as out:
            values = {column: np.float32([value]) for column, value in columns.items()}
            out.mktree("mini", dict.fromkeys(values, "f4")).extend(values)
    card = tmp_path / "c.yaml"
    head = "hepnb: 1\ndefaults: {schema: flat, units: MeV, missing: {hlt: 0.5}}\ndatasets:\n"
    one = "  d: {files: [a.root, b.root], convert: {GeV: [lep.pt]}, kind: mc, sumw: 2 * hlt}\n"
    tail = "tables: {t: [lep_pt, hlt]}\n"
    card.write_text(head + one + tail)
    read = hn.Card.read(card)
    (dataset,) = read.datasets
    assert (dataset.schema, dataset.units, dataset.conversion, dataset.missing) == (
        "flat", "MeV", ("GeV", ("lep_pt",)), {"hlt": 0.5},
    )  # fmt: skip
    assert read.start(engine="inline").wait().table("t").to_numpy().tolist() == [[4, 1], [8, 0.5]]
    assert read.compute()["d"]["sumw"] == 3.0
    for wrong, says in {
        "convert: {GeV: [a], MeV: [b]}": "4:41: dataset 'd': convert is a unit",
        "convert: gev": "4:41: dataset 'd': convert is eV or .* not the text 'gev'",
        "missing: {hlt: x}": "4:41: dataset 'd': missing: 'hlt': 'x': give a number",
        "missing: skipp": "4:41: dataset 'd': missing is error or skip, not .*; did you mean 'skip'",
        "schema: nano": "4:40: dataset 'd': schema is nanoaod or .*; did you mean 'nanoaod'",
    }.items():
        card.write_text(f"{head}  d: {{files: [a.root, b.root], {wrong}}}\n{tail}")
        with pytest.raises(CardError, match=says):
            Card.read(card)


def test_a_path_of_a_card_travels_and_may_be_added_to(file: FilePath) -> None:
    card = Card.read(file)
    card.path.hist("more", n="count(hard): 0, 5, int")
    program = cloudpickle.loads(cloudpickle.dumps(card.path.freeze()))
    assert [h.name for h in program.histograms] == ["all", "pair", "pt", "more"]


def test_a_card_starts_and_is_data_for_another_path(file: FilePath) -> None:
    card = hn.Card.read(file, parameters={"pt": 40})
    run = card.start(engine="inline")
    assert run.status == "done"
    assert run.parameters == {"pt": 40}
    assert run.hist("all").sum() > 0
    path = hn.Path("other")
    path.hist("n", n="count(Muon): 0, 5, int")
    for data in (card, file, str(file)):
        assert hn.plan(path, data).totals["events"] == 2_000
    assert path.start(card, engine="inline").hist("n").sum(flow=True) == 2_000


def test_a_misspelt_column_has_its_place(file: FilePath) -> None:
    file.write_text(DIMUON.replace("any(Muon.pt > 30)", "any(Muon.ptt > 30)"))
    with pytest.raises(CardError, match=r"card\.yaml:8:13: .*did you mean 'pt'"):
        hn.Card.read(file).start(engine="inline")


# -- the command --------------------------------------------------------------------------------


def test_run_waits_and_says_what_came_of_it(
    file: FilePath, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["run", str(file), "--workers", "1", "--set", "pt=25", "--variations", "scale"]) == 0
    )
    said = capsys.readouterr().out
    assert "done  100 %  2,000 of 2,000 events" in said
    options = ["--json", "--engine", "inline", "--out", str(file.parent / "out")]
    assert main(["run", str(file), *options, "--variations", "nominal"]) == 0
    snapshot = json.loads(capsys.readouterr().out)
    assert snapshot["state"] == "done"
    assert hn.attach(file.parent / "out").hist("all").sum() > 0


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--set", "ptt=1"], "has no parameter 'ptt'; did you mean 'pt'?"),
        (["--set", "pt"], "write --set KEY=VALUE"),
        (["--datasets", "tty"], "none is called 'tty'; did you mean 'toy'?"),
        (["--variations", "scal"], "none is called 'scal'; did you mean 'scale"),
    ],
)
def test_an_option_that_makes_no_sense_is_one_line(
    options: list[str], reason: str, file: FilePath, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(file), *options]) == 1
    told = capsys.readouterr()
    assert reason in told.err
    assert told.err.count("\n") == 1


STEER = """\
import hepnb as hn
threshold = globals().get("threshold", 20)
path = hn.Path("steered")
@path.define
def hard(Muon, above=threshold):
    return Muon[Muon.pt > above]
path.hist("n", n="count(hard): 0, 5, int")
data = "toy.root"
"""


def test_a_steering_file_runs(
    file: FilePath, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(file.parent)
    FilePath("steer.py").write_text(STEER)
    options = ["--workers", "1", "--set", "threshold=1000", "--out", "out"]
    assert main(["run", "steer.py", *options]) == 0
    assert "2,000 of 2,000 events" in capsys.readouterr().out
    assert hn.attach("out").hist("n")[0] == 2_000


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = 1", "steer.py makes no path"),
        ("import hepnb as hn\npath = hn.Path('p')", "names no data"),
        ("a = 1\nb = a / 0", "steer.py:2: ZeroDivisionError"),
        ("a = (", "steer.py:1: SyntaxError"),
        ("import hepnb as hn\nhn.Path('')", "a path needs a name"),
    ],
)
def test_a_wrong_steering_file_is_one_line(
    text: str,
    reason: str,
    tmp_path: FilePath,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    FilePath("steer.py").write_text(text)
    assert main(["run", "steer.py"]) == 1
    told = capsys.readouterr().err
    assert reason in told
    assert told.count("\n") == 1
    assert main(["run", "none.py"]) == 1


def test_check_says_that_all_is_well(file: FilePath, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["card", "check", str(file), "--data"]) == 0
    assert "no mistakes; datasets 1, histograms 3, variations 4" in capsys.readouterr().out
    assert main(["card", "check", str(file), "--data", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"] == {"toy": 1}
    (file.parent / "toy.root").write_bytes(b"")
    assert main(["card", "check", str(file)]) == 0
    assert main(["card", "check", str(file), "--data"]) == 1
    assert "card.yaml:5:8: dataset 'toy': " in capsys.readouterr().err


def test_check_and_compute_choose_of_a_card_as_run_does(
    file: FilePath, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(DIMUON.replace("files: toy.root", "sources: {near: '{where}.root', far: no.root}")
                    .replace("{pt: 20}", "{pt: 20, where: none}"))  # fmt: skip
    for verb in (["check", "--data"], ["compute"]):
        wanted = ["card", *verb, str(file), "--datasets", "t*"]
        assert main(wanted) == 1
        assert "say which (source: NAME, --source NAME)" in capsys.readouterr().err
        assert main([*wanted, "--source", "near"]) == 1
        assert "none.root" in capsys.readouterr().err
        assert main([*wanted, "--source", "near", "--set", "where=toy"]) == 0


def test_a_path_of_a_card_has_the_hash_of_what_it_says(file: FilePath) -> None:
    def hash_of(text: str, **parameters: Any) -> str:
        return Card(text.encode(), file, parameters=parameters).path.hash

    before = hash_of(DIMUON)
    assert hash_of(DIMUON.replace("# in any order", "# said otherwise")) == before
    assert hash_of(DIMUON.replace("pair > 2\n", "pair > 3\n")) != before
    assert hash_of(DIMUON, pt=25) != before
