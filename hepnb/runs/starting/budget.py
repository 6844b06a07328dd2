"""The memory that a chunk needs in a worker, and then in the supervisor: of what, and whether it is too much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import RunError

__all__ = ["BUDGET", "bytes_in_supervisor", "in_words", "needs_of_chunk", "refuse_above"]

BUDGET = 2_000_000_000
"""Bytes that a worker may need where nobody said how many."""
_NAMED = 3
_ENTRY_BYTES = 64
"""Of an entry in a block that is too large to be held whole."""
_WEIGHT_BYTES = 8
_INDEX_BYTES = 4
"""Of a bin's number in a record, where few bins of a block are in it."""
_COPIES = 2
"""A record stands twice where it is made, in pieces and joined, and so where it arrives."""
_KNOWN_BYTES = 400
"""Of what a supervisor knows of a block, as measured with names of a few characters."""


def needs_of_chunk(
    columns: Sequence[Mapping[str, Any]],
    histograms: Sequence[Mapping[str, Any]],
    totals: Mapping[str, Any],
    datasets: int,
) -> dict[str, int]:
    """Bytes of each column and histogram of a chunk, by what it is called; the largest first.

    A chunk belongs to one dataset; what it adds to blocks of a histogram is held whole, or entry by
    entry where that is less, and beside it the record that goes to the supervisor. So are the values
    of weights above all selects. What stands below, as what is filled and what variations of columns
    compute, depends on the events that pass, and is not in it.
    """
    events, largest = totals["events"], totals["chunk_events"]
    share = largest / events if events else 0.0
    found = {
        f"branch {row['branch']} ({largest:,} events)": round((row["unpacked"] or 0) * share)
        for row in columns
    }
    if totals["weights"]:
        said = f"{totals['weights']:,} values of weights ({largest:,} events)"
        found[said] = _WEIGHT_BYTES * totals["weights"] * largest
    for row in histograms:
        held = _added(row, largest, datasets, _ENTRY_BYTES)
        record = _record(row, largest, datasets)
        found[f"histogram {row['name']!r} ({row['axes']}) and its record"] = held + _COPIES * record
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def bytes_in_supervisor(
    histograms: Sequence[Mapping[str, Any]], totals: Mapping[str, Any], datasets: int
) -> int:
    """What it holds where each worker has just sent a record, and of the blocks in the store."""
    records: int = sum(_record(row, totals["chunk_events"], datasets) for row in histograms)
    known: int = _KNOWN_BYTES * sum(row["blocks"] for row in histograms)
    return int(totals["workers"]) * _COPIES * records + known


def _record(row: Mapping[str, Any], events: int, datasets: int) -> int:
    """Bytes of a histogram in the record of a chunk, before anything of it is known to be empty."""
    return _added(row, events, datasets, _INDEX_BYTES + row["bytes"] / row["bins"])


def _added(row: Mapping[str, Any], events: int, datasets: int, entry: float) -> int:
    """Bytes of all bins of the blocks that a chunk adds to, or of one entry per event if that is less."""
    blocks = row["blocks"] / (datasets if row["by_dataset"] else 1)
    whole = row["bytes"] / row["blocks"] * blocks
    return int(min(whole, blocks * events * entry))


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
