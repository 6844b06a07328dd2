"""How the runs of a scan stand: looked up in their files, remembered once they have ended."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import RunError
from ..directory import RunDirectory
from ..handle.glance import FOR_GOOD, Glance, glance
from ..handle.views import Table
from ..policy import size_of
from .directory import ScanDirectory, ScanSpec
from .grid import Value, said
from .pace import expected_of_all, time_left

__all__ = ["Scoreboard"]

_SURE_AFTER = 2.0
_COLUMNS = ("run", "state", "events", "of", "started", "seconds", "id", "problem")


class Scoreboard:
    """The runs of one scan, in order, and their states."""

    def __init__(self, directory: ScanDirectory, spec: ScanSpec | None = None) -> None:
        self._directory = directory
        self._spec = spec or ScanSpec.read(directory.spec)
        self._final: dict[Path, Glance] = {}
        self._sizes: dict[Path, int] = {}
        self._lost: dict[Path, float] = {}

    def runs(self) -> list[RunDirectory]:
        """The newest run of each point. Raises RunError where one is gone."""
        found, scan = self._directory.runs(), self._directory
        for number, point in enumerate(self._spec.points):
            if number in found:
                continue
            if scan.path.is_dir():
                raise RunError(f"scan {scan.id}: the run with {said(point)} was deleted")
            raise RunError(
                f"scan {scan.id}: its directory {scan.path} is gone; where it was moved, "
                "hn.attach(directory) shows it"
            )
        return [found[number] for number in range(len(self._spec.points))]

    def look(self) -> list[tuple[RunDirectory, Glance]]:
        """The newest run of each point, and how it stands."""
        return [(run, self._glance(run)) for run in self.runs()]

    def _glance(self, run: RunDirectory) -> Glance:
        """How a run stands. It is lost when it was seen so for a while: it may only be ending."""
        if run.path in self._final:
            return self._final[run.path]
        seen = glance(run)
        if seen.state in FOR_GOOD:
            self._final[run.path] = seen
        if seen.state != "lost":
            self._lost.pop(run.path, None)
        return seen

    def _is_surely_lost(self, run: RunDirectory) -> bool:
        now = time.monotonic()
        return now - self._lost.setdefault(run.path, now) >= _SURE_AFTER

    def forget_lost(self) -> None:
        """Somebody goes on with those that were lost."""
        self._lost.clear()

    @property
    def status(self) -> str:
        """`running`, or how all together ended; see `RunSet.status`."""
        return _together(Counter(seen.state for _, seen in self.look()))

    def snapshot(self) -> dict[str, Any]:
        """State, problem and progress of all; it says lost, or ended at all, only where this is sure."""
        looked = self.look()
        seen = [s for _, s in looked]
        states = Counter(s.state for s in seen)
        # All of them, not any: of each it is remembered since when it was seen lost.
        doubted = [r for r, s in looked if s.state == "lost" and not self._is_surely_lost(r)]
        return {
            "state": "running" if doubted else _together(states),
            "problem": next((s.problem for s in seen if s.problem and not s.has_ended), ""),
            "progress": {"runs": len(seen), **states, **self._sums(seen)},
        }

    def _sums(self, seen: Sequence[Glance]) -> dict[str, Any]:
        """Events of all; seconds since the start, and left."""
        totals = [s.progress["events_total"] for s in seen]
        ended = [s.ended for s in seen]
        until = max((e for e in ended if e is not None), default=time.time())
        rates = [s.progress["rate"] for s in seen if s.state == "running"]
        sums = ("events", "events_lost", "events_under_way", "files_failed")
        return {
            **{key: sum(s.progress[key] or 0 for s in seen) for key in sums},
            "events_total": None if None in totals else sum(totals),
            "events_expected": expected_of_all(seen),
            "seconds": (until if None not in ended else time.time()) - self._spec.created,
            "rate": sum(rate for rate in rates if rate) or None,
            "eta": time_left(seen, self._spec.max_parallel),
        }

    def table(self) -> Table:
        """A row per run: its place, parameters, state, progress, and why it failed."""
        rows = Table()
        for number, (run, seen) in enumerate(self.look()):
            total = seen.progress["events_total"] or seen.progress["events_expected"]
            rows.append(
                {
                    "run": number,
                    **_titled(self._spec.points[number], _COLUMNS),
                    "state": seen.state,
                    "events": seen.progress["events"],
                    "of": None if not total else round(total),
                    "started": seen.started,
                    "seconds": _seconds(seen),
                    "id": run.id,
                    "problem": seen.error or seen.problem,
                }
            )
        return rows

    def row(self) -> dict[str, Any]:
        """The scan as one row of `hn.runs()`: the sums of its runs."""
        rows = self.rows()
        totals = [row["events_total"] for row in rows]
        ended = [row["ended"] for row in rows]
        return {
            "id": self._directory.id,
            "name": f"{self._spec.name} (scan of {len(rows)})",
            "state": _together(Counter(row["state"] for row in rows)),
            "events": sum(row["events"] for row in rows),
            "events_total": None if None in totals else sum(totals),
            "events_lost": sum(row["events_lost"] for row in rows),
            "files_failed": sum(row["files_failed"] for row in rows),
            "started": self._spec.created,
            "ended": None if None in ended else max(ended),
            "size": sum(row["size"] for row in rows),
            "parameters": {},
            "directory": str(self._directory.path),
        }

    def rows(self) -> list[dict[str, Any]]:
        """The rows of its runs in `hn.runs()`, in their order."""
        rows = []
        for (run, seen), point in zip(self.look(), self._spec.points, strict=True):
            rows.append(
                {
                    "id": run.id,
                    "name": self._spec.name,
                    "state": seen.state,
                    "events": seen.progress["events"],
                    "events_total": seen.progress["events_total"],
                    "events_lost": seen.progress["events_lost"],
                    "files_failed": seen.progress["files_failed"],
                    "started": seen.started,
                    "ended": seen.ended,
                    "size": self._size(run),
                    "parameters": dict(point),
                    "directory": str(run.path),
                }
            )
        return rows

    def _size(self, run: RunDirectory) -> int:
        """What a run takes on disk [bytes]; of one that has ended it does not change."""
        if run.path not in self._sizes:
            size = size_of(run.path)
            if run.path not in self._final:
                return size
            self._sizes[run.path] = size
        return self._sizes[run.path]

    def records(self) -> list[dict[str, Any]]:
        """The rows of `RunSet.to_frame`."""
        rows = []
        for number, (run, seen) in enumerate(self.look()):
            row: dict[str, Any] = {
                "state": seen.state,
                **{k: seen.progress[k] for k in ("events", "events_total", "events_lost")},
                "files_failed": seen.progress["files_failed"],
                "seconds": _seconds(seen),
                "error": seen.error,
                "id": run.id,
                "directory": str(run.path),
            }
            rows.append(_titled(self._spec.points[number], row) | row)
        return rows


def _titled(point: Mapping[str, Value], taken: Container[str]) -> dict[str, Value]:
    """The parameters as columns, beside those of ours."""
    return {f"parameter_{n}" if n in taken else n: value for n, value in point.items()}


def _together(states: Counter[str]) -> str:
    for state in ("running", "starting", "paused"):
        if states[state]:
            return "running"
    if states["waiting"]:
        return "running"
    for state in ("lost", "failed", "cancelled"):
        if states[state]:
            return state
    return "done"


def _seconds(seen: Glance) -> float | None:
    if seen.started is None:
        return None
    return (seen.ended or time.time()) - seen.started
