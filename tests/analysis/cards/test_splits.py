"""One sample as several processes: read once, labelled, weighted, and told where they overlap."""

from __future__ import annotations

import json
from pathlib import Path as FilePath

import numpy as np
import pytest
import uproot

import hepnb as hn
from hepnb.cli import main
from hepnb.errors import CardError

CARD = """\
hepnb: 1
defaults: {kind: mc}
datasets:
  data: {kind: data, files: data.root}
  tt:
    files: tt.root
    split:
      processes:
        ttother: {where: "flavour < 4 || flavour > 5"}
        ttcc: {where: flavour == 4}
        ttbb: {where: flavour == 5, weight: "1.5 * scale"}
  ww: {files: ww.root}
histograms:
  x: {axes: {x: "x: 10, 0, 10"}, by: [process]}
"""


@pytest.fixture
def file(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> FilePath:
    """Three samples, of which one knows its flavour and a scale."""
    monkeypatch.setenv("HEPNB_STATE_DIR", str(tmp_path / "state"))
    rng = np.random.default_rng(1)
    for name, count in (("data", 50), ("tt", 400), ("ww", 100)):
        columns = {"x": rng.uniform(0, 10, count)}
        if name == "tt":
            columns |= {"flavour": rng.integers(0, 6, count), "scale": rng.uniform(1, 2, count)}
        with uproot.recreate(tmp_path / f"{name}.root") as root:
            root.mktree("Events", {key: values.dtype for key, values in columns.items()})
            root["Events"].extend(columns)
    file = tmp_path / "card.yaml"
    file.write_text(CARD)
    return file


def test_each_event_is_in_its_process(file: FilePath) -> None:
    card = hn.Card.read(file)
    found = card.start(engine="inline").hist("x")
    tt = uproot.open(file.parent / "tt.root")["Events"].arrays(library="np")
    flavour = tt["flavour"]
    weights = {"ttother": 1.0 * ((flavour < 4) | (flavour > 5)), "ttcc": 1.0 * (flavour == 4)}
    weights["ttbb"] = (flavour == 5) * 1.5 * tt["scale"]
    assert list(found.axes["process"]) == ["data", "ttother", "ttcc", "ttbb", "ww"]
    for name, weight in weights.items():
        expected = np.histogram(tt["x"], 10, (0, 10), weights=weight)[0]
        np.testing.assert_allclose(found[{"process": name}].values(), expected)
    assert found[{"process": "data"}].sum().value == 50
    assert found[{"process": "ww"}].sum().value == 100


def test_a_sample_is_read_once_and_others_need_none_of_its_columns(file: FilePath) -> None:
    card = hn.Card.read(file)
    assert [row["events"] for row in hn.plan(card.path, card).files] == [50, 400, 100]
    program = card.path.freeze()
    for dataset in card.datasets:
        branches = ("x", "flavour", "scale") if dataset.name == "tt" else ("x",)
        assert program.columns(branches, dataset) == branches


def test_events_in_two_processes_are_an_error_unless_that_is_meant(
    file: FilePath, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(CARD.replace("flavour == 4}", "flavour >= 4}"))
    assert main(["run", str(file), "--engine", "inline"]) == 1
    told = capsys.readouterr()
    flavour = uproot.open(file.parent / "tt.root")["Events"]["flavour"].array(library="np")
    assert f"{np.sum(flavour == 5)} events are in more than one process" in told.err
    assert told.err.count("\n") == 1
    both = CARD.replace("flavour == 4}", "flavour >= 4}").replace(
        "    split:\n", "    split:\n      exclusive: false\n"
    )
    file.write_text(both)
    assert (
        main(["run", str(file), "--engine", "inline", "--json", "--out", str(file.parent / "out")])
        == 0
    )
    assert json.loads(capsys.readouterr().out)["state"] == "done"
    found = hn.attach(file.parent / "out").hist("x")
    assert found[{"process": "ttbb"}].sum().value > 0
    assert found[{"process": "ttcc"}].view().shape == (10,)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("ttbb:", "ww:", "two processes are named 'ww'"),
        ("histograms:", "categories: {process: {a: x > 1}}\nhistograms:", "category 'process' already"),
        ("where: flavour == 5", "where: flavour = 5", "process', label 'ttbb'"),
        ("where: flavour == 5, ", "", "lacks 'where'"),
        ("1.5 * scale", "1.5 * ", "weight 'process'"),
        ("flavour == 5", "process == 'ttcc'", "go round in a circle: process -> process"),
        ("ttbb:", f"{'b' * 201}:", "the name of a label of category 'process' is one short line"),
    ],
)  # fmt: skip
def test_a_wrong_split_is_one_line(old: str, new: str, reason: str, file: FilePath) -> None:
    assert old in CARD
    file.write_text(CARD.replace(old, new))
    with pytest.raises(CardError, match=r"card\.yaml:\d+:\d+: ") as caught:
        hn.Card.read(file)
    assert reason in str(caught.value)


def test_categories_multiply(file: FilePath) -> None:
    text = CARD.replace("by: [process]", "by: [process, half, third]")
    text += "categories: {half: {low: x < 5, high: x >= 5}, third: {a: x < 3, b: x >= 3 && x < 6, c: x >= 6}}\n"
    file.write_text(text)
    found = hn.Card.read(file).start(engine="inline").hist("x")
    assert [len(found.axes[name]) for name in ("process", "half", "third")] == [5, 2, 3]
    x = uproot.open(file.parent / "ww.root")["Events"]["x"].array(library="np")
    for half, low, high in (("low", 0, 5), ("high", 5, 10)):
        for third, first, last in (("a", 0, 3), ("b", 3, 6), ("c", 6, 10)):
            inside = (x >= max(low, first)) & (x < min(high, last))
            picked = found[{"process": "ww", "half": half, "third": third}]
            assert picked.sum().value == inside.sum()
