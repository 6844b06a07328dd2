"""Jagged fills, weights, categories and tables against a plain loop over events."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import awkward as ak
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepnb.analysis import Path
from hepnb.errors import DataError, PathError

muons = st.lists(st.lists(st.integers(1, 100), max_size=4), min_size=1, max_size=12)


@given(muons, st.integers(0, 3), st.integers(0, 60), st.booleans(), st.data())
def test_fills_equal_a_loop_over_events(
    make: Any,
    process: Any,
    fills: Any,
    rows: list[list[int]],
    least: int,
    cut: int,
    exclusive: bool,
    data: Any,
) -> None:
    weights = data.draw(st.lists(st.integers(-3, 3), min_size=len(rows), max_size=len(rows)))
    events = make(rows, w=np.array(weights, dtype=np.float32))
    path = Path()
    path.weight("w")
    path.select("enough", f"count(Muon) >= {least}")
    path.category("size", exclusive=exclusive, few="nMuon <= 2", some="nMuon >= 1")
    path.category("odd", yes="nMuon % 2 == 1", no="nMuon % 2 == 0")
    path.hist(
        "h", pt="Muon.pt: 10, 0, 100", twice="2 * Muon.pt: 10, 0, 200", n="nMuon: 0, 9, int",
        by=["size", "odd", "dataset"], object_weight="Muon.pt / 2", where=f"Muon.pt > {cut}",
    )  # fmt: skip
    path.hist("flat", n="nMuon: 0, 9, int", where="some", weights=[])
    path.table("t", {"pt": "Muon.pt", "n": "nMuon"})
    result = process(path, events)

    expected: dict[tuple[str, ...], list[tuple[float, ...]]] = defaultdict(list)
    table, flat, kept, sumw = [], [], 0, 0.0
    for event, w in zip(rows, weights, strict=True):
        n = len(event)
        if n < least:
            continue
        kept, sumw = kept + 1, sumw + w
        sizes = [label for label, holds in (("few", n <= 2), ("some", n >= 1)) if holds]
        sizes = sizes[:1] if exclusive else sizes
        table += [(pt, n) for pt in event]
        flat += [n] if "some" in sizes else []
        for size in sizes:
            for pt in event:
                if pt > cut:
                    expected[size, "yes" if n % 2 else "no", "toy"].append(
                        (pt, 2 * pt, n, w * pt / 2)
                    )
    got = fills(result, "h")
    assert {
        key: list(zip(*(v.tolist() for v in f.values()), strict=True)) for key, f in got.items()
    } == expected
    assert result.cutflow == (("all", len(rows), sum(weights)), ("enough", kept, sumw))
    assert (
        list(zip(result.tables["t"]["pt"].tolist(), result.tables["t"]["n"].tolist(), strict=True))
        == table
    )
    assert [n for f in fills(result, "flat").values() for n in f["n"].tolist()] == flat
    both = sum(1 <= len(e) <= 2 and len(e) >= least for e in rows)
    assert result.categories_overlap == ({"size": both, "odd": 0} if exclusive else {"odd": 0})


@given(muons, st.lists(st.integers(0, 4), min_size=1, max_size=4))
def test_selects_in_any_number_equal_a_loop(
    make: Any, process: Any, rows: list[list[int]], cuts: list[int]
) -> None:
    events = make(rows)
    path = Path()
    path.define("size", "count(Muon)")
    path.define("bare", "Muon.pt")
    for i, cut in enumerate(cuts):
        path.select(f"cut {i}", f"size != {cut}")
        path.define(f"pt{i}", lambda Muon: Muon.pt)
        path.hist(f"h{i}", x=f"pt{i}: 10, 0, 100", y="bare: 10, 0, 100")
    result = process(path, events)
    found = {f.hist: f.columns for f in result.fills}
    for i in range(len(cuts)):
        expected = [float(pt) for event in rows if len(event) not in cuts[: i + 1] for pt in event]
        columns = found.get(f"h{i}", {"x": np.array([]), "y": np.array([])})
        assert columns["x"].tolist() == columns["y"].tolist() == expected
        assert result.cutflow[i + 1][1] == sum(len(event) not in cuts[: i + 1] for event in rows)


@given(muons, st.integers(1, 5))
def test_results_do_not_depend_on_chunks(make: Any, rows: list[list[int]], step: int) -> None:
    path = Path()
    path.define("smear", lambda rng, Muon: Muon.pt * rng.normal(1.0, 0.1, like=Muon.pt))
    path.define("coin", lambda rng: rng.uniform())
    path.select("s", "count(Muon) != 2")
    path.hist("h", x="smear: 10, 0, 100")
    path.hist("c", x="coin: 10, 0, 1")
    program = path.freeze()
    events = make(rows)
    from hepnb.analysis import Dataset

    dataset = Dataset("d", "https://example.org/x.root")
    columns = list(program.columns(events.fields))

    def values(size: int, hist: str) -> list[float]:
        out: list[float] = []
        for first in range(0, len(rows), size):
            result = program.process(
                events[columns][first : first + size], dataset, first_entry=first, file="f"
            )
            out += [x for f in result.fills if f.hist == hist for x in f.columns["x"].tolist()]
        return out

    assert values(step, "h") == values(len(rows), "h")
    assert values(step, "c") == values(len(rows), "c")


def test_two_shapes_in_one_histogram_are_an_error_that_names_both(
    process: Any, events: ak.Array
) -> None:
    path = Path()
    path.define("hard", "Muon.pt[Muon.pt > 20]")
    path.hist("h", all="Muon.pt: 10, 0, 1", hard="hard: 10, 0, 1")
    with pytest.raises(
        PathError, match="histogram 'h': 'all' and 'hard' have different numbers of objects"
    ):
        process(path, events)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("Muon: 10, 0, 1", "a collection cannot be filled; name one of its fields"),
        ("deep: 10, 0, 1", "lists of lists cannot be filled"),
    ],
)
def test_what_cannot_be_filled(spec: str, message: str, process: Any, events: ak.Array) -> None:
    path = Path()
    path.define("deep", lambda Muon: ak.cartesian([Muon.pt, Muon.pt], nested=True)["0"])
    path.hist("h", x=spec)
    with pytest.raises(PathError, match=message):
        process(path, events)


def test_the_same_number_of_values_per_event_fills_once_per_value(
    process: Any, events: ak.Array
) -> None:
    path = Path()
    path.define("pairs", lambda nMuon: np.stack([nMuon, nMuon + 10], axis=1))
    path.hist("h", x="pairs: 20, 0, 20")
    expected = [n + shift for n in ak.to_list(events.nMuon) for shift in (0, 10)]
    assert process(path, events).fills[0].columns["x"].tolist() == expected


@pytest.mark.parametrize("words", [{"where": "Muon.pt > 3"}, {"object_weight": "Muon.pt"}])
def test_objects_cannot_weigh_or_choose_events(
    words: dict[str, str], process: Any, events: ak.Array
) -> None:
    path = Path()
    path.hist("h", n="nMuon: 0, 5, int", **words)
    with pytest.raises(PathError, match="has one value per object, but every axis one per event"):
        process(path, events)


def test_missing_values_are_not_filled_and_not_selected(process: Any, events: ak.Array) -> None:
    path = Path()
    path.hist("all", x="first(Muon.pt): 10, 0, 100", n="nMuon: 0, 5, int")
    path.category("hard", yes="first(Muon.pt) > 30")
    path.hist("hard", x="nMuon: 0, 5, int", by="hard")
    path.select("hard", "first(Muon.pt) > 30")
    path.hist("kept", x="nMuon: 0, 5, int")
    result = process(path, events)
    assert [f.columns[next(iter(f.columns))].tolist() for f in result.fills] == [
        [40, 31, 8, 55],
        [3, 2, 2],
        [3, 2, 2],
    ]
    assert result.fills[0].columns["n"].tolist() == [3, 2, 1, 2]


def test_weights_count_from_where_they_stand(process: Any, events: ak.Array) -> None:
    path = Path()
    path.hist("before", x="nMuon: 0, 5, int")
    path.weight("genWeight")
    path.select("some", "nMuon > 0")
    path.weight("two", 2)
    path.hist("after", x="nMuon: 0, 5, int")
    path.hist("one", x="nMuon: 0, 5, int", weights=["two"])
    path.select("many", "nMuon > 1")
    result = process(path, events)
    before, after, one = result.fills
    assert before.weight is None
    assert after.weight is not None
    assert after.weight.tolist() == [2.0, -2.0, 1.0, 8.0]
    assert one.weight is not None
    assert one.weight.tolist() == [2.0] * 4
    assert result.cutflow == (("all", 5, 6.5), ("some", 4, 4.5), ("many", 3, 8.0))


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ("log(nMuon)", r"weight 'w': not finite in 1 of 5 events \(first: entry 101\)"),
        ("Muon.pt", "one value per object"),
        ("1e308", "the weights of 5 events multiply and add up to inf"),
        ("first(Muon.pt)", "missing values"),
    ],
)
def test_weights_that_are_no_weights(
    weight: str, message: str, process: Any, events: ak.Array
) -> None:
    path = Path()
    path.weight("w", weight)
    with pytest.raises(DataError, match=message):
        process(path, events, first_entry=100)


def test_a_condition_per_object_cannot_select_events(process: Any, events: ak.Array) -> None:
    path = Path()
    path.select("s", "Muon.pt > 20")
    with pytest.raises(PathError, match=r"select 's': one condition per object, .* any\(...\)"):
        process(path, events)


def test_values_are_filled_in_wide_types(process: Any, events: ak.Array) -> None:
    path = Path()
    path.hist(
        "h",
        x="Muon.pt: 10, 0, 1",
        n="nMuon: 0, 5, int",
        b="nMuon > 1: bool",
        c="nMuon > 1: 2, 0, 2",
    )
    columns = process(path, events).fills[0].columns
    assert [columns[k].dtype.name for k in "xnbc"] == ["float64", "int64", "bool", "int64"]


def test_whole_numbers_of_64_bits_keep_their_sign(process: Any, make: Any) -> None:
    numbers = np.array([1, 2**63 + 5, 2**64 - 1], np.uint64)
    path = Path()
    path.hist("h", n="number: 20, 0, 2e19")
    filled = process(path, make([[], [], []], number=numbers)).fills[0].columns["n"]
    assert filled.tolist() == numbers.tolist()


def test_no_events_give_no_fills(make: Any, process: Any) -> None:
    path = Path()
    path.weight("w", "nMuon + 1")
    path.define("m", lambda Muon: Muon[:, 0].pt)
    path.category("c", a="nMuon > 1", b="nMuon <= 1")
    path.hist("h", x="Muon.pt: 10, 0, 1", by="c")
    path.select("s", "count(Muon) > 1")
    path.hist("m", x="m: 10, 0, 1", y="nth(Muon.pt, 1): 10, 0, 1", by="c")
    path.table("t", ["m"])
    for rows in ([], [[]]):
        result = process(path, make(rows))
        assert result.events == len(rows)
        assert result.fills == ()
        assert result.tables["t"]["m"].tolist() == []
    assert result.cutflow == (("all", 1, 1.0), ("s", 0, 0.0))
