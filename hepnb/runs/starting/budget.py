"""The memory that a worker needs for a chunk: what it is made of, and whether it is too much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import RunError

__all__ = ["BUDGET", "in_words", "needs_of_chunk", "refuse_above"]

BUDGET = 2_000_000_000
"""Bytes that a worker may need where nobody said how many."""
_NAMED = 3
_ENTRY_BYTES = 64
"""Of an entry in a block that is too large to be held whole."""


def needs_of_chunk(
    columns: Sequence[Mapping[str, Any]],
    histograms: Sequence[Mapping[str, Any]],
    totals: Mapping[str, Any],
    datasets: int,
) -> dict[str, int]:
    """Bytes of each column and histogram of a chunk, by what it is called; the largest first.

    A chunk belongs to one dataset; what it adds to blocks of a histogram is held whole, or entry by
    entry where that is less.
    """
    events, largest = totals["events"], totals["chunk_events"]
    share = largest / events if events else 0.0
    found = {
        f"branch {row['branch']} ({largest:,} events)": round((row["unpacked"] or 0) * share)
        for row in columns
    }
    for row in histograms:
        blocks = row["blocks"] / (datasets if row["by_dataset"] else 1)
        whole = row["bytes"] / row["blocks"] * blocks
        said = f"histogram {row['name']!r} ({row['axes']})"
        found[said] = round(min(whole, blocks * largest * _ENTRY_BYTES))
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def refuse_above(needs: Mapping[str, int], budget: int) -> None:
    """Raise RunError, naming the largest causes, where all needs together are more than the budget.

    >>> refuse_above({"histogram 'a' (x 100)": 3_000_000_000, "branch Jet_pt": 4000}, 2_000_000_000)
    Traceback (most recent call last):
    ...
    hepnb.errors.RunError: a worker needs about 3 GB for a chunk, more than the 2 GB it may have: histogram 'a' (x 100) 3 GB, branch Jet_pt 4 kB; fill fewer bins or variations, or give a smaller chunk= or a larger memory=
    """
    total = sum(needs.values())
    if total <= budget:
        return
    causes = [f"{what} {in_words(size)}" for what, size in list(needs.items())[:_NAMED]]
    raise RunError(
        f"a worker needs about {in_words(total)} for a chunk, more than the {in_words(budget)} it "
        f"may have: {', '.join(causes)}; fill fewer bins or variations, or give a smaller chunk= "
        "or a larger memory="
    )


def in_words(size: float | None) -> str:
    """A size that a person reads.

    >>> in_words(None), in_words(0), in_words(1500), in_words(2.5e9)
    ('? bytes', '0 bytes', '1.5 kB', '2.5 GB')
    """
    if size is None:
        return "? bytes"
    for unit, step in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= step:
            return f"{size / step:.3g} {unit}"
    return f"{size:.0f} bytes"
