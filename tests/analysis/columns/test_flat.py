"""Expressions on flat columns against awkward arrays, value by value and type by type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import awkward as ak
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepnb.analysis import Path
from hepnb.analysis.columns.entries import flatten
from hepnb.analysis.columns.flat import Flat, Lists, as_flat
from hepnb.analysis.columns.source import simplify
from hepnb.analysis.kinematics import mass
from hepnb.errors import PathError

number = st.one_of(st.integers(0, 630).map(lambda n: n / 7), st.just(float("nan")))
jagged = st.lists(st.lists(number, max_size=12), min_size=1, max_size=12)


def hard(muons: ak.Array) -> ak.Array:
    return muons[(muons.pt > 20) & (abs(muons.eta) < 0.9)]


SAME: dict[str, Callable[[ak.Array, Any], Any]] = {
    "Muon.pt * 2.0 - Muon.charge": lambda m, _: m.pt * 2.0 - m.charge,
    "Muon.pt / met": lambda m, met: m.pt / met,
    "sqrt(abs(Muon.eta)) ** 2": lambda m, _: np.sqrt(abs(m.eta)) ** 2,
    "-Muon.charge % 3": lambda m, _: -m.charge % 3,
    "Muon.pt > 20 and not (Muon.charge == 1)": lambda m, _: (m.pt > 20) & ~(m.charge == 1),
    "Muon.charge in (-1, 3)": lambda m, _: (m.charge == -1) | (m.charge == 3),
    "10 < Muon.pt <= met": lambda m, met: (m.pt > 10) & (m.pt <= met),
    "Muon.pt[Muon.charge > 0]": lambda m, _: m.pt[m.charge > 0],
    "Muon[Muon.pt > 20 and abs(Muon.eta) < 0.9].eta": lambda m, _: hard(m).eta,
    "Muon[Muon.pt > 20][:, 1:].eta": lambda m, _: m[m.pt > 20][:, 1:].eta,
    "Muon.pt[:, -2:]": lambda m, _: m.pt[:, -2:],
    "Muon.pt[:, 1:-1]": lambda m, _: m.pt[:, 1:-1],
    "Muon.pt[:, ::2]": lambda m, _: m.pt[:, ::2],
    "sum(hard.pt)": lambda m, _: ak.sum(hard(m).pt, axis=1),
    "sum(hard.charge) + sum(hard.pt > 30)": lambda m, _: (
        ak.sum(hard(m).charge, axis=1) + ak.sum(hard(m).pt > 30, axis=1)
    ),
    "prod(hard.pt)": lambda m, _: ak.prod(hard(m).pt, axis=1),
    "prod(hard.charge) * prod(hard.pt > 30)": lambda m, _: (
        ak.prod(hard(m).charge, axis=1) * ak.prod(hard(m).pt > 30, axis=1)
    ),
    "count(hard)": lambda m, _: ak.num(hard(m)),
    "count(hard.charge > 0)": lambda m, _: ak.sum(hard(m).charge > 0, axis=1),
    "any(Muon.charge) or all(Muon.pt)": lambda m, _: (
        ak.any(m.charge, axis=1) | ak.all(m.pt, axis=1)
    ),
    "max(Muon.pt)": lambda m, _: ak.max(m.pt, axis=1),
    "min(Muon.pt, default=-1)": lambda m, _: ak.fill_none(ak.min(m.pt, axis=1), -1),
    "max(Muon.charge) * 2": lambda m, _: ak.max(m.charge, axis=1) * 2,
    "first(Muon.pt) > 20 or met > 50": lambda m, met: (
        ak.fill_none(ak.firsts(m.pt) > 20, False) | (met > 50)
    ),
    "first(hard).eta": lambda m, _: ak.firsts(hard(m).eta),
    "nth(Muon.pt, 1, 0)": lambda m, _: ak.fill_none(ak.pad_none(m.pt, 2)[:, 1], 0),
    "where(Muon.pt > 20, Muon.charge, 0.5)": lambda m, _: ak.where(m.pt > 20, m.charge, 0.5),
    "where(Muon.pt > 20, Muon.pt, 0)": lambda m, _: ak.where(m.pt > 20, m.pt, 0),
    "mass(first(hard), nth(hard, 1))": lambda m, _: mass(
        ak.firsts(hard(m)), ak.pad_none(hard(m), 2)[:, 1]
    ),
    "deltaphi(Muon.phi, met + 0)": lambda m, met: (
        (ak.values_astype(m.phi, np.float64) - met + np.pi) % (2 * np.pi) - np.pi
    ),
}  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(rows=jagged, met=st.integers(1, 90))
def test_expressions_give_what_awkward_gives(
    make: Any, process: Any, rows: list[list[float]], met: int
) -> None:
    with np.errstate(all="ignore"):
        events = make(rows, met=np.full(len(rows), met, np.float64))
    path = Path()
    path.define("hard", "Muon[Muon.pt > 20 and abs(Muon.eta) < 0.9]")
    for number, text in enumerate(SAME):
        path.table(f"t{number}", {"answer": text})
    muons = ak.zip({f: events[f"Muon_{f}"] for f in ("pt", "eta", "phi", "mass", "charge")})
    tables = process(path, events).tables
    for number, text in enumerate(SAME):
        with np.errstate(all="ignore"):
            flat = flatten(SAME[text](muons, events.met), len(rows), "expected")
        values = flat.values
        if flat.missing is not None:
            values = np.where(flat.missing, np.nan, values.astype(np.float64))
        got = tables[f"t{number}"]["answer"]
        assert got.dtype == values.dtype, text
        np.testing.assert_array_equal(got, values, err_msg=text)


def test_short_and_unsigned_numbers_do_not_wrap_around(make: Any, process: Any) -> None:
    events = make([[1, 2], [], [3]])
    events["nJet"] = np.uint32([0, 3, 5])
    events["event"] = np.uint64([1, 2, 2**63])
    events["Jet_id"] = ak.values_astype(ak.Array([[], [100, 6, 2], [7] * 5]), np.uint8)
    events["Jet_track"] = ak.values_astype(ak.Array([[], [[100]] * 3, [[7]] * 5]), np.int8)
    path = Path()
    expected: dict[str, tuple[Any, str]] = {
        "nJet - nMuon": ([-2, 3, 4], "int64"),
        "-nJet * 2": ([0, -6, -10], "int64"),
        "run * 100000 + nJet": ([100000, 100003, 100005], "int64"),
        "sum(Jet.id * 3) - 5": ([-5, 319, 100], "int64"),
        "first(Jet.id, 0) ** 2": ([0, 10000, 49], "int64"),
        "max(Jet.id + Jet.id, default=0)": ([0, 200, 14], "int64"),
        "sum(sum(Jet.track * 2))": ([0, 600, 70], "int64"),
        "event - 1": ([0, 1, 2**63 - 1], "uint64"),
        "nJet * 0.5": ([0, 1.5, 2.5], "float64"),
        "first(Jet.id, 0) & 3": ([0, 0, 3], "int64"),
        "0 + (nJet > 2) + (nMuon > 0)": ([1, 1, 2], "int64"),
    }
    for number, text in enumerate(expected):
        path.table(f"t{number}", {"answer": text})
    events["run"] = np.uint32([1, 1, 1])
    tables = process(path, events).tables
    for number, (text, (values, kind)) in enumerate(expected.items()):
        got = tables[f"t{number}"]["answer"]
        assert (got.dtype, got.tolist()) == (np.dtype(kind), values), text
    path.define("both", "(nJet > 2) + (nMuon > 0)")
    path.table("b", ["both"])
    with pytest.raises(PathError, match="conditions are not added: write a or b"):
        process(path, events)


def test_a_function_gets_awkward_arrays_and_its_collection_is_flat_again(
    make: Any, process: Any
) -> None:
    seen: list[Any] = []
    path = Path()
    path.define("hard", "Muon[Muon.pt > 20]")

    @path.define
    def ordered(hard: Any) -> Any:
        seen.append(type(hard))
        return hard[ak.argsort(hard.pt)]

    path.table("t", {"pt": "first(ordered.pt, 0)", "n": "count(ordered)"})
    result = process(path, make([[40, 21, 5], [], [31, 52]]))
    assert seen == [ak.Array]
    assert {n: v.tolist() for n, v in result.tables["t"].items()} == {
        "pt": [21, 0, 31], "n": [2, 0, 2],
    }  # fmt: skip


@pytest.mark.parametrize(
    "array",
    [
        ak.Array([[[1, 2], []], [[3]]]),
        ak.Array([["a"], ["b", "c"]]),
        ak.Array([None, [1.0]]),
        ak.Array([[1, [2.0]], [3]]),
    ],
)
def test_what_flat_numbers_cannot_be_stays_awkward(array: ak.Array) -> None:
    assert as_flat(array.layout) is None
    assert simplify(array) is array


def test_missing_objects_stay_missing_on_the_way_to_awkward_and_back() -> None:
    array = ak.Array([[1.0, None], [], [None, 4.0, 5.0]])
    flat = as_flat(array.layout)
    assert isinstance(flat, Flat)
    assert (flat + 1).awkward().tolist() == [[2.0, None], [], [None, 5.0, 6.0]]
    assert flat.taken(np.array([2, 0])).awkward().tolist() == [[None, 4.0, 5.0], [1.0, None]]


def test_other_numbers_of_objects_are_an_error(make: Any, process: Any) -> None:
    path = Path()
    path.table("t", {"x": "Muon.pt + Muon.pt[Muon.pt > 20]"})
    with pytest.raises(PathError, match="different numbers of objects per event"):
        process(path, make([[40, 21, 5], []]))
    path = Path()
    path.table("t", {"x": "Muon[Muon.pt[:, :1] > 20].pt"})
    with pytest.raises(PathError, match=r"objects per event: is it of another collection\?"):
        process(path, make([[40, 21, 5], []]))


def test_nobody_can_change_numbers_that_others_see() -> None:
    flat = Flat(Lists(np.array([2])), np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(ak.flatten(flat.awkward()))[0] = 7
