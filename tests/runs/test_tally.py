"""Sums over chunks equal the sums over everything at once, in whatever order they come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hepnb.runs.tally import Tally

sizes = st.lists(st.integers(0, 9), min_size=1, max_size=20)


@given(st.lists(sizes, min_size=1, max_size=6), st.randoms())
def test_collections_add_up(chunks, random):
    everything = [n for chunk in chunks for n in chunk]
    random.shuffle(chunks)
    tally = Tally()
    for chunk in chunks:
        row = [len(chunk), sum(chunk), min(chunk), max(chunk)]
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
            "min": min(everything),
            "max": max(everything),
        }
    ]
    assert tally.cutflow() == [
        {"cut": "all", "raw": len(everything), "weighted": 0.5 * len(everything)}
    ]
    assert tally.events == len(everything)
