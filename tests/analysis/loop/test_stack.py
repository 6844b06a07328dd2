"""What a chunk takes in memory goes when its result does, without a search for circles."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import awkward as ak
import pytest

from hepnb.analysis import Dataset, Path
from hepnb.analysis.loop.statistics import Statistics


@pytest.fixture
def no_search() -> Iterator[None]:
    """Only what nothing refers to any more is freed."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_search")
def test_the_arrays_of_a_chunk_go_with_its_result() -> None:
    columns = {
        "nJet": ak.Array([2, 0, 1]), "Jet_pt": ak.Array([[10.0, 20.0], [], [40.0]]),
        "Jet_muonIdx": ak.Array([[0, -1], [], [0]]),
        "nMuon": ak.Array([1, 1, 1]), "Muon_pt": ak.Array([[1.0], [2.0], [3.0]]),
        "w": ak.Array([1.0, 2.0, 3.0]),
    }  # fmt: skip
    path = Path()
    path.vary("Jet.pt", jes=("Jet.pt * 2", "Jet.pt / 2"))
    path.weight("w", up="w * 2", down="w / 2")
    path.define("near", "sum(where(Jet.muon.pt > 0, Jet.pt, 0))")
    path.select("some", "near > 6")
    path.hist("h", near="near: 10, 0, 100")
    program, dataset = path.freeze(), Dataset("d", "https://example.org/d.root", kind="mc")
    events = ak.zip(columns, depth_limit=1)
    stack = program.stack(events, dataset, first_entry=0, file="", statistics=Statistics())
    result = program.process_stack(stack)
    held = weakref.ref(stack)
    del stack
    labels = {label for fill in result.fills for label in fill.weights if len(fill.weights[label])}
    assert labels == {"nominal", "jes_up", "jes_down", "w_up", "w_down"}
    assert held() is not None  # weights are made when they are asked for
    del result
    assert held() is None
