"""What a chunk takes in memory goes when its result does, without a search for circles."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import awkward as ak
import numpy as np
import pytest

from hepnb.analysis import Dataset, Path
from hepnb.analysis.columns.operations import OPERATIONS
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


@pytest.mark.usefixtures("no_search")
def test_what_a_variation_does_not_need_any_more_goes_at_its_select() -> None:
    made: list[weakref.ref[np.ndarray]] = []
    there: list[list[bool]] = []
    picked: list[int] = []
    path = Path()
    path.vary("Jet.pt", jes=("Jet.pt * 2", "Jet.pt / 2"))

    @path.define
    def total(jets: Any) -> Any:
        found = np.array(ak.sum(jets.pt, axis=1))
        made.append(weakref.ref(found))
        return found

    @path.define
    def number(Jet: Any) -> Any:
        there.append([ref() is not None for ref in made])
        return ak.num(Jet.pt)

    @path.define
    def jets(Jet: Any) -> Any:
        picked.append(len(Jet))
        return Jet[Jet.pt > 1]

    path.select("some", "total > 6")
    path.hist("h", n="number + count(jets): 0, 10, int")
    path.hist("again", n="number + count(jets): 0, 10, int")
    events = ak.zip({"Jet_pt": ak.Array([[10.0, 20.0], [], [40.0]])}, depth_limit=1)
    dataset = Dataset("d", "https://example.org/d.root", kind="mc")
    fills = path.freeze().process(events, dataset).fills
    assert [f.columns["n"].tolist() for f in fills] == [[4, 2]] * 6
    assert picked == [3, 3, 3]
    assert there == [[True, False, False]] * 3  # of the nominal, where a look at it may follow


def test_what_is_counted_or_referred_to_below_a_select_is_still_there() -> None:
    columns = {
        "nJet": ak.Array([2, 1, 1]), "Jet_pt": ak.Array([[10.0, 20.0], [30.0], [5.0]]),
        "nMuon": ak.Array([1, 2, 1]), "Muon_pt": ak.Array([[1.0], [2.0, 3.0], [4.0]]),
        "Muon_jetIdx": ak.Array([[1], [0, -1], [0]]),
    }  # fmt: skip
    path = Path()
    path.vary("Jet.pt", jes=("Jet.pt * 2", "Jet.pt / 2"))
    path.define("jets", "Jet[Jet.pt > 4]")
    path.define("good", "jets.pt > 8")
    path.select("some", "sum(jets.pt) > 4 and count(jets) > 0")
    path.define("hard", "subset(jets, good)")

    @path.define
    def number(jets: Any) -> Any:
        return ak.num(jets)

    path.define("beside", "sum(where(Muon.jet.pt > 0, Muon.jet.pt, 0))")
    path.select("again", "count(jets) + count(Jet) > 1")
    path.hist(
        "h", n="number + count(jets) + count(Jet): 0, 10, int", x="beside + sum(hard.pt): 9, 0, 9"
    )
    dataset = Dataset("d", "https://example.org/d.root", kind="mc")
    fills = path.freeze().process(ak.zip(columns, depth_limit=1), dataset).fills
    found = {label: f.columns for f in fills for label in f.weights}
    assert {label: c["n"].tolist() for label, c in found.items()} == {
        "nominal": [6, 3, 3], "jes_up": [6, 3, 3], "jes_down": [6, 3],
    }  # fmt: skip
    assert {label: c["x"].tolist() for label, c in found.items()} == {
        "nominal": [50.0, 60.0, 5.0], "jes_up": [100.0, 120.0, 20.0], "jes_down": [20.0, 30.0],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("above", "times"),
    [
        ("true", 1),  # every variation has the rows of the nominal
        ("sum(Jet.pt) > 15", 2),  # one has fewer
    ],
)
def test_a_part_that_no_variation_touches_is_computed_once(
    monkeypatch: pytest.MonkeyPatch, above: str, times: int
) -> None:
    seen = []
    cosh = OPERATIONS["cosh"]
    monkeypatch.setitem(OPERATIONS, "cosh", lambda x: seen.append(len(x)) or cosh(x))
    events = ak.zip(
        {
            "Jet_pt": ak.Array([[10.0, 20.0], [30.0], [40.0, 5.0]]),
            "Jet_eta": ak.Array([[1.0, 0.0], [-1.0], [0.5, 3.0]]),
            "true": ak.Array([True, True, True]),
        },
        depth_limit=1,
    )
    path = Path()
    path.vary("Jet.pt", jes=("Jet.pt * 2", "Jet.pt / 2"))
    path.vary("Jet.pt", jer="Jet.pt + 1")
    path.select("above", above)
    path.define("jets", "Jet[Jet.pt > 9 and cosh(Jet.eta) < 2]")
    path.hist("h", pt="sum(jets.pt): 10, 0, 100")
    dataset = Dataset("d", "https://example.org/d.root", kind="mc")
    fills = path.freeze().process(events, dataset).fills
    found = {label: f.columns["pt"].tolist() for f in fills for label in f.weights}
    assert found == {
        "nominal": [30.0, 30.0, 40.0],
        "jes_up": [60.0, 60.0, 80.0],
        "jes_down": [10.0, 15.0, 20.0] if above == "true" else [20.0],
        "jer": [32.0, 31.0, 41.0],
    }
    assert len(seen) == times
