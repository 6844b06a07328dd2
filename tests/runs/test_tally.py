"""Sums over chunks equal the sums over everything at once, in whatever order they come."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepnb.runs.tally import Tally

sizes = st.lists(st.integers(0, 9), max_size=20)
weights = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20)


@given(st.lists(sizes, min_size=1, max_size=6), st.randoms())
def test_collections_add_up(chunks, random):
    everything = [n for chunk in chunks for n in chunk]
    random.shuffle(chunks)
    tally = Tally()
    for chunk in chunks:
        row = [len(chunk), sum(chunk), min(chunk, default=0), max(chunk, default=0)]
        tally.add(
            {
                "events": len(chunk),
                "collections": {"Jet": row},
                "sizes": {"Jet": np.bincount(chunk).tolist() if chunk else []},
                "cutflow": [["all", len(chunk), 0.5 * len(chunk)]],
            }
        )
    assert tally.collections() == [
        {
            "name": "Jet",
            "events": len(everything),
            "total": sum(everything),
            "min": min(everything, default=0),
            "max": max(everything, default=0),
            "sizes": np.bincount(everything).tolist() if everything else [],
        }
    ]
    assert tally.cutflow() == [
        {"cut": "all", "raw": len(everything), "weighted": 0.5 * len(everything)}
    ]
    assert tally.events == len(everything)


def test_each_row_of_the_cutflow_says_which_it_lies_in():
    tally = Tally()
    rows = [["all", 9, 9.0], ["one", 5, 5.0], ["sub", 3, 3.0], ["two", 4, 4.0]]
    tally.add({"events": 9, "cutflow": rows, "above": {"one": "all", "sub": "one", "two": "one"}})
    assert tally.cutflow_above() == [None, 0, 1, 1]


@given(weights, st.randoms())
def test_weighted_sums_do_not_depend_on_the_order_of_the_chunks(chunks, random):
    def summed(values):
        tally = Tally()
        for value in values:
            tally.add({"events": 1, "cutflow": [["all", 1, value]]})
        return tally.cutflow()

    shuffled = list(chunks)
    random.shuffle(shuffled)
    assert summed(shuffled) == summed(chunks)
    assert summed(chunks)[0]["weighted"] == math.fsum(chunks)


@given(st.integers(1, 400))
def test_the_history_is_bounded_even_and_ends_near_the_end(chunks):
    tally = Tally()
    for n in range(chunks):
        tally.add({"events": 10, "collections": {"Jet": [10, 10 * n, n, n]}})
    history = tally.history()
    steps = np.diff([0, *(moment["chunks"] for moment in history)])
    assert 1 <= len(history) < 40
    assert len(set(steps.tolist())) == 1
    assert chunks - history[-1]["chunks"] < steps[0]
    for moment in history:
        done = moment["chunks"]
        assert moment["events"] == 10 * done
        assert moment["collections"] == {"Jet": [10 * done, 10 * sum(range(done))]}


def test_costs_add_up_and_the_highest_memory_is_kept():
    tally = Tally()
    for peak in (5, 9, 7):
        tally.add(
            {
                "events": 100,
                "file": 1,
                "seconds": 0.5,
                "cpu": 0.25,
                "bytes": 1000,
                "statistics": [["good", "process", 1, 100, 0.1, 0.2, peak]],
            }
        )
    (row,) = tally.statistics()
    assert row.pop("cpu") == pytest.approx(0.3)
    assert row.pop("wall") == pytest.approx(0.6)
    assert row == {"module": "good", "phase": "process", "calls": 3, "events": 300, "peak": 9}
    assert tally.file(1) == {"seconds": 1.5, "cpu": 0.75, "bytes": 3000, "rate": 200.0}
    assert tally.file(0) == {"seconds": 0.0, "cpu": 0.0, "bytes": 0, "rate": None}
