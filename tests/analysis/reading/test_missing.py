"""Columns that some files lack: an error, a value instead, or a file left out and named."""

from __future__ import annotations

from pathlib import Path as FilePath

import awkward as ak
import numpy as np
import pytest
import uproot

import hepnb as hn
from hepnb.analysis import open_events
from hepnb.errors import DataError, PathError


@pytest.fixture
def files(tmp_path: FilePath, monkeypatch) -> list[str]:
    """Two files; only the first has a trigger and `Jet_qgl`."""
    monkeypatch.setenv("HEPNB_STATE_DIR", str(tmp_path / "state"))
    made = []
    for number, more in enumerate((True, False)):
        file = tmp_path / f"{number}.root"
        jets = {"pt": ak.Array([[10.0, 20.0], [], [30.0]])}
        plain = {"run": np.arange(3) + 10 * number, "HLT_A": np.ones(3, bool)}
        if more:
            jets["qgl"] = jets["pt"] / 100
            plain["HLT_B"] = np.array([True, False, True])
        with uproot.recreate(file) as out:
            records = ak.zip(jets)
            kinds = {"Jet": records.type.content, **{k: v.dtype for k, v in plain.items()}}
            tree = out.mktree("Events", kinds, field_name=lambda a, b: f"{a}_{b}")
            tree.extend({"Jet": records, **plain})
        made.append(str(file))
    return made


def path() -> hn.Path:
    made = hn.Path("missing")
    made.hist("qgl", qgl="Jet.qgl: 20, -1.5, 0.5")
    made.hist("trigger", b="HLT_B: bool")
    return made


def start(dataset: hn.Dataset, **more) -> hn.Run:
    return path().start(dataset, engine="inline", **more)


def test_an_error_loses_the_file(files) -> None:
    run = start(hn.Dataset("d", files), on_error="skip")
    assert [file["status"] for file in run.files] == ["ok", "failed"]
    assert "no column 'HLT_B'" in run.files[1]["reason"]


def test_a_value_instead(files) -> None:
    dataset = hn.Dataset("d", files, missing={"Jet.qgl": -1.0, "HLT_B": False, "HLT_A": False})
    run = start(dataset)
    assert run.status == "done"
    counts = run.hist("qgl").values()
    assert counts.sum() == 6
    assert counts[5] == 3  # -1
    assert run.hist("trigger").values().tolist() == [4, 2]
    with open_events(files[1], None, dataset) as file:
        assert file.about("HLT_B") == ("bool", "missing in this file: False instead")
        made = file.read(["Jet_qgl", "HLT_B", "HLT_A"], 1, 3)
        assert made.to_list()[1] == {"Jet_qgl": [-1.0], "HLT_B": False, "HLT_A": True}
        assert str(made.type) == "2 * {Jet_qgl: var * float64, HLT_B: bool, HLT_A: bool}"


def test_a_value_where_a_counter_tells_the_objects(tmp_path) -> None:
    file = tmp_path / "counter.root"
    with uproot.recreate(file) as out:
        out.mktree("Events", {"nJet": "u4", "x": "f4"}).extend(
            {"nJet": np.array([2, 0], "u4"), "x": np.zeros(2, "f4")}
        )
    dataset = hn.Dataset("d", str(file), missing={"Jet_pt": 5.0, "Muon_pt": 1.0})
    with open_events(file, None, dataset) as opened:
        assert opened.read(["Muon_pt"], 0, 2)["Muon_pt"].to_list() == [1.0, 1.0]
        assert opened.read(["Jet_pt"], 0, 2)["Jet_pt"].to_list() == [[5.0, 5.0], []]


@pytest.mark.parametrize("engine", ["inline", "local"])
def test_a_file_left_out_and_named(files, engine) -> None:
    run = path().start(hn.Dataset("d", files, missing="skip"), 1, engine=engine).wait()
    assert run.status == "done"
    assert [file["status"] for file in run.files] == ["ok", "skipped"]
    assert "skipped with its 3 events" in run.files[1]["reason"]
    assert "no column 'HLT_B'" in run.files[1]["reason"]
    assert run.hist("qgl").values().sum() == 3


def test_what_no_file_has_is_told_at_once(files) -> None:
    with pytest.raises(PathError, match="no column 'HLT_B'"):
        start(hn.Dataset("d", files[1:], missing="skip"))


@pytest.mark.parametrize("missing", ["ignore", 1, {"a": "b"}, {1: 2}, ["x"]])
def test_nonsense(missing) -> None:
    with pytest.raises(DataError, match="dataset 'd': missing"):
        hn.Dataset("d", "https://example.org/x.root", missing=missing)
