"""Parquet files read as trees of events."""

from __future__ import annotations

import sys
from pathlib import Path as FilePath

import awkward as ak
import numpy as np
import pytest

import hepnb as hn
from hepnb.analysis import open_events
from hepnb.errors import DataError

pytest.importorskip("pyarrow")


@pytest.fixture
def events() -> ak.Array:
    counts = np.arange(1000) % 4
    pt = ak.unflatten(np.arange(counts.sum(), dtype=np.float32), counts)
    muons = ak.zip({"pt": pt, "charge": ak.values_astype(pt, np.int32) % 2})
    columns = {"run": np.arange(1000), "Muon": muons, "Jet_pt": pt * 2}
    return ak.Array({**columns, "MET": ak.zip({"pt": np.arange(1000.0)})})


@pytest.fixture
def file(tmp_path: FilePath, events: ak.Array) -> str:
    path = str(tmp_path / "x.parquet")
    ak.to_parquet(events, path, row_group_size=300)
    return path


def test_names_row_groups_and_ranges(file: str, events: ak.Array) -> None:
    with open_events(file) as opened:
        assert opened.branches == ("run", "Muon_pt", "Muon_charge", "Jet_pt", "MET_pt")
        assert opened.entries == 1000
        assert opened.clusters == (0, 300, 600, 900, 1000)
        for start, stop in ((0, 1000), (299, 301), (300, 600), (950, 1000), (5, 5), (0, 300)):
            made = opened.read(["Muon_pt", "run", "MET_pt"], start, stop)
            assert made.Muon_pt.to_list() == events.Muon.pt[start:stop].to_list()
            assert made.run.to_list() == events.run[start:stop].to_list()
            assert made.MET_pt.to_list() == events.MET.pt[start:stop].to_list()
        assert "option" not in str(made.layout.form)
        assert opened.about("Muon_pt") == ("float32", "")
        assert opened.size_of("Muon_pt")[1] > 1000
        assert opened.bytes_read > 0


def test_a_run(file: str, events: ak.Array, tmp_path: FilePath, monkeypatch) -> None:
    monkeypatch.setenv("HEPNB_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HEPNB_CACHE_DIR", str(tmp_path / "cache"))
    path = hn.Path("parquet")
    path.define("met", "MET.pt")
    path.hist("pt", pt="Muon.pt: 10, 0, 2000", storage="Int64")
    path.hist("met", x="met: 10, 0, 1000", y="sum(Jet.pt): 5, 0, 10000", storage="Int64")
    for cache in (False, True, True):
        run = path.start(hn.Dataset("d", str(FilePath(file).parent)), engine="inline", cache=cache)
        assert run.status == "done"
        want, _ = np.histogram(ak.flatten(events.Muon.pt), 10, (0, 2000))
        assert run.hist("pt").values().tolist() == want.tolist()
        assert run.hist("met").values().sum() == 1000


def test_missing_values_stay_missing(tmp_path: FilePath) -> None:
    file = str(tmp_path / "none.parquet")
    ak.to_parquet(ak.Array({"x": [1.0, None, 3.0]}), file)
    with open_events(file) as opened:
        assert opened.read(["x"], 0, 3).x.to_list() == [1.0, None, 3.0]


def test_errors_in_a_line(tmp_path: FilePath, file: str, monkeypatch) -> None:
    with pytest.raises(DataError, match="no such file"):
        open_events(tmp_path / "none.parquet")
    (tmp_path / "bad.parquet").write_bytes(b"nothing of the kind")
    with pytest.raises(DataError, match=r"bad\.parquet: not a Parquet file"):
        open_events(tmp_path / "bad.parquet")
    with pytest.raises(DataError, match="is read from files of this machine: copy it first"):
        open_events("https://example.org/x.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataError, match=r"Parquet needs pyarrow: pip install 'hepnb\[parquet\]'"):
        open_events(file)
