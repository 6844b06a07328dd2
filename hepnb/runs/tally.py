"""Sums over the committed chunks: cutflow, collection sizes, statistics, per file, and how they grew.

It is fed from the meta of journaled contributions only, so it counts exactly what the histograms
contain, and it can be built anew from the journal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from .own_sums import OwnTotals

__all__ = ["Tally", "add_counts"]

_MOST_MOMENTS = 40


class Tally:
    """Running sums of what `hepnb.runs.engines.tasks` notes with each contribution.

    Weights are summed exactly, so the sums do not depend on the order in which chunks are committed.

    >>> tally = Tally()
    >>> tally.add({"events": 10, "cutflow": [["all", 10, 10.0]], "collections": {"Muon": [10, 21, 0, 4]}})
    >>> tally.collections()
    [{'name': 'Muon', 'events': 10, 'total': 21, 'min': 0, 'max': 4, 'sizes': []}]
    """

    def __init__(self) -> None:
        self.events = 0
        self.chunks = 0
        self._cutflow: dict[str, tuple[int, Fraction]] = {}
        self._cutflows: dict[str, dict[str, tuple[int, Fraction]]] = {}
        self._above: dict[str, str] = {}
        self._collections: dict[str, list[int]] = {}
        self._sizes: dict[str, list[int]] = {}
        self._statistics: dict[tuple[str, str], list[float]] = {}
        self._files: dict[int, list[float]] = {}
        self._history: list[dict[str, Any]] = []
        self._pace = 1
        self.overlaps: dict[str, int] = {}
        self._sumw: dict[str, Fraction] = {}
        self._own_sums: dict[str, OwnTotals] = {}

    def add(self, meta: Mapping[str, Any], dataset: str = "") -> None:
        """Count one committed chunk, of this dataset."""
        self.events += meta["events"]
        self.chunks += 1
        flows = {dataset: meta.get("cutflow", ())}
        flows |= {f"{dataset}, {v}": rows for v, rows in meta.get("cutflows", {}).items()}
        self._above |= meta.get("above", {})
        for name, rows in flows.items():
            _add_cuts(self._cutflows.setdefault(name, {}), rows)
        _add_cuts(self._cutflow, flows[dataset])
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
        for name, counts in meta.get("sizes", {}).items():
            add_counts(self._sizes.setdefault(name, []), counts)
        for module, phase, calls, events, cpu, wall, peak in meta.get("statistics", ()):
            sums = self._statistics.setdefault((module, phase), [0, 0, 0.0, 0.0, 0])
            for i, value in enumerate((calls, events, cpu, wall)):
                sums[i] += value
            sums[4] = max(sums[4], peak)
        if "seconds" in meta:
            costs = self._files.setdefault(meta["file"], [0, 0.0, 0.0, 0])
            for i, value in enumerate(
                (meta["events"], meta["seconds"], meta["cpu"], meta["bytes"])
            ):
                costs[i] += value
        for total in meta.get("sumw", ()):
            self._sumw[dataset] = self._sumw.get(dataset, Fraction()) + Fraction(total)
        for above, labels in meta.get("own_sums", ()):
            self._own_sums.setdefault(dataset, OwnTotals()).add(above, labels)
        for name, count in meta.get("overlaps", {}).items():
            self.overlaps[name] = self.overlaps.get(name, 0) + count
        self._remember()

    def _remember(self) -> None:
        """Keep this moment if its turn has come; of too many, every other one is let go."""
        if self.chunks % self._pace:
            return
        totals = {name: row[:2] for name, row in self._collections.items()}
        self._history.append({"chunks": self.chunks, "events": self.events, "collections": totals})
        if len(self._history) == _MOST_MOMENTS:
            self._history = self._history[1::2]
            self._pace *= 2

    def cutflow(self) -> list[dict[str, Any]]:
        """One row per cut, in the order of the path."""
        return [
            {"cut": cut, "raw": raw, "weighted": float(weighted)}
            for cut, (raw, weighted) in self._cutflow.items()
        ]

    def cutflow_above(self) -> list[int | None]:
        """Of each row of the cutflow the number of that in whose events it lies; None of the first."""
        places = {cut: place for place, cut in enumerate(self._cutflow)}
        return [places.get(self._above.get(cut, "")) for cut in self._cutflow]

    def cutflows(self) -> dict[str, list[list[float]]]:
        """The same for each dataset and, as `dataset, variation`, for each variation of a column.

        [raw, weighted] of each cut; empty where there is one dataset without variations.
        """
        if len(self._cutflows) < 2:
            return {}
        return {
            dataset: [[raw, float(weighted)] for raw, weighted in cuts.values()]
            for dataset, cuts in sorted(self._cutflows.items())
        }

    def collections(self) -> list[dict[str, Any]]:
        """One row per collection: events seen, objects in all, least and most per event.

        `sizes` counts the events with no object, with one, and so on, the last 31 or more.
        """
        return [
            {
                "name": name,
                "events": row[0],
                "total": row[1],
                "min": row[2],
                "max": row[3],
                "sizes": list(self._sizes.get(name, ())),
            }
            for name, row in sorted(self._collections.items())
        ]

    def history(self) -> list[dict[str, Any]]:
        """How the collections grew: fewer than 40 moments, each after as many further chunks.

        Each has `chunks`, `events` and `collections`, by name [events, objects] so far.
        """
        return list(self._history)

    def statistics(self) -> list[dict[str, Any]]:
        """One row per step and phase: calls, events, CPU and wall time [s], memory [bytes].

        The memory is the high-water mark of the worker's process after the step, the highest of all
        workers.
        """
        return [
            {
                "module": module,
                "phase": phase,
                "calls": int(calls),
                "events": int(events),
                "cpu": cpu,
                "wall": wall,
                "peak": int(peak),
            }
            for (module, phase), (calls, events, cpu, wall, peak) in self._statistics.items()
        ]

    def sumw(self, dataset: str) -> float | None:
        """The sum of weights of a dataset's events so far, where it is made of them."""
        return float(self._sumw[dataset]) if dataset in self._sumw else None

    def own_sums(self, dataset: str) -> OwnTotals:
        """The sums of its normalised weights so far, where they are made of its events."""
        return self._own_sums.get(dataset, OwnTotals())

    def file(self, index: int) -> dict[str, Any]:
        """What a file cost so far: worker's time and CPU [s], bytes read, events per second."""
        events, seconds, cpu, size = self._files.get(index, (0, 0.0, 0.0, 0))
        rate = events / seconds if seconds else None
        return {"seconds": seconds, "cpu": cpu, "bytes": int(size), "rate": rate}


def _add_cuts(flow: dict[str, tuple[int, Fraction]], rows: Sequence[Sequence[Any]]) -> None:
    for cut, raw, weighted in rows:
        before, sum_before = flow.get(cut, (0, Fraction()))
        flow[cut] = before + raw, sum_before + Fraction(weighted)


def add_counts(sums: list[int], counts: Sequence[int]) -> None:
    """Add counts place by place; the longer of the two says how many places there are.

    >>> sums = [1, 2]
    >>> add_counts(sums, [1, 1, 1])
    >>> sums
    [2, 3, 1]
    """
    sums.extend([0] * (len(counts) - len(sums)))
    for place, count in enumerate(counts):
        sums[place] += count
