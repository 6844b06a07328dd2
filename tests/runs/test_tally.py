"""Sums over chunks equal the sums over everything at once, in whatever order they come."""

from __future__ import annotations

import math

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
        }
    ]
    assert tally.cutflow() == [
        {"cut": "all", "raw": len(everything), "weighted": 0.5 * len(everything)}
    ]
    assert tally.events == len(everything)


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
