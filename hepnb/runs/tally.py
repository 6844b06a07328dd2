"""Sums over the committed chunks: cutflow, collection sizes, statistics, per worker and file.

It is fed from the meta of journaled contributions only, so it counts exactly what the histograms
contain, and it can be built anew from the journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

__all__ = ["Tally"]


class Tally:
    """Running sums of what `hepnb.runs.engines.worker` notes with each contribution.

    Weights are summed exactly, so the sums do not depend on the order in which chunks are committed.

    >>> tally = Tally()
    >>> tally.add({"events": 10, "cutflow": [["all", 10, 10.0]], "collections": {"Muon": [10, 21, 0, 4]}})
    >>> tally.collections()
    [{'name': 'Muon', 'events': 10, 'total': 21, 'min': 0, 'max': 4}]
    """

    def __init__(self) -> None:
        self.events = 0
        self.chunks = 0
        self._cutflow: dict[str, tuple[int, Fraction]] = {}
        self._collections: dict[str, list[int]] = {}
        self._statistics: dict[str, list[float]] = {}
        self.overlaps: dict[str, int] = {}

    def add(self, meta: Mapping[str, Any]) -> None:
        """Count one committed chunk."""
        self.events += meta["events"]
        self.chunks += 1
        for cut, raw, weighted in meta.get("cutflow", ()):
            before, sum_before = self._cutflow.get(cut, (0, Fraction()))
            self._cutflow[cut] = before + raw, sum_before + Fraction(weighted)
        for name, (events, total, least, most) in meta.get("collections", {}).items():
            old = self._collections.get(name, [0, 0, 0, 0])
            if not old[0]:
                self._collections[name] = [events, total, least, most]
            elif events:
                self._collections[name] = [
                    old[0] + events,
                    old[1] + total,
                    min(old[2], least),
                    max(old[3], most),
                ]
        for module, calls, events, cpu, wall in meta.get("statistics", ()):
            sums = self._statistics.setdefault(module, [0, 0, 0.0, 0.0])
            for i, value in enumerate((calls, events, cpu, wall)):
                sums[i] += value
        for name, count in meta.get("overlaps", {}).items():
            self.overlaps[name] = self.overlaps.get(name, 0) + count

    def cutflow(self) -> list[dict[str, Any]]:
        """One row per cut, in the order of the path."""
        return [
            {"cut": cut, "raw": raw, "weighted": float(weighted)}
            for cut, (raw, weighted) in self._cutflow.items()
        ]

    def collections(self) -> list[dict[str, Any]]:
        """One row per collection: events seen, objects in all, least and most per event."""
        return [
            {"name": name, "events": row[0], "total": row[1], "min": row[2], "max": row[3]}
            for name, row in sorted(self._collections.items())
        ]

    def statistics(self) -> list[dict[str, Any]]:
        """One row per module or definition: calls, events, CPU and wall time [s]."""
        return [
            {"module": module, "calls": int(c), "events": int(n), "cpu": cpu, "wall": wall}
            for module, (c, n, cpu, wall) in self._statistics.items()
        ]
