"""What the world may know of a run: its snapshot, made from the journal's sums and the seats.

The form of a snapshot is part of the protocol (docs/protocol.md). This file reads the
supervisor's state and changes nothing of it.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from ..normalising import datasets_of
from ..record import write_record
from ..schema import Schema
from ..tally import Tally
from .progress import Pace

if TYPE_CHECKING:
    from ...histograms import Signature, StoreWriter
    from ..directory import RunDirectory
    from ..logs import LogWriter
    from ..plan import Chunk, Plan
    from ..spec import RunSpec
    from .crew import Crew
    from .folding import Folder

__all__ = ["Reporter"]

VERSION = 1
_MOST_FILES = 200
_KEEP_EVERY = 2.0
_MEASURE_EVERY = 1.0
_FILE_ORDER = {"failed": 0, "skipped": 1, "running": 2, "waiting": 3, "ok": 4}


class Reported(Protocol):
    """What a reporter reads of a run."""

    directory: RunDirectory
    spec: RunSpec
    plan: Plan
    crew: Crew
    log: LogWriter
    signatures: dict[str, Signature]
    store: StoreWriter
    folder: Folder
    started: float
    lives: int
    state: str
    error: dict[str, str] | None

    @property
    def problem(self) -> str:
        """Why it waits for the disk."""


class Reporter:
    """Builds snapshots; remembers which chunks are counted."""

    def __init__(self, run: Reported) -> None:
        self._run = run
        self.committed: set[int] = set()
        self.tally = Tally()
        self.schema = Schema()
        self._problem = ""
        self._pace = Pace(started=time.monotonic())
        self._bytes = 0
        self._seq = 0
        self._resumed_at: float | None = None
        self._events_before = 0
        self._ended: float | None = None
        self._log: tuple[int, dict[str, Any]] = (-1, {})
        self._kept = 0.0
        self._usage: dict[int, tuple[float, int]] = {}
        self._processes: dict[int, Any] = {}
        self._measured = 0.0

    def go_on_from(self, number: int) -> None:
        """The run is resumed: snapshots are numbered from here, and rates are those from now on."""
        self._seq = number
        self._resumed_at, self._events_before = time.time(), self.tally.events

    def count(self, chunk: Chunk, meta: Mapping[str, Any], seconds: float | None = None) -> None:
        """A chunk's contribution is in the journal: add the sums in its `meta`.

        `seconds` is what it took a worker, if that was in this life of the run.
        """
        self.committed.add(chunk.order)
        file = self._run.plan.files[chunk.file]
        self.tally.add(meta, file.spec.dataset)
        self._bytes += int(file.bytes * chunk.events / max(1, file.entries or 1))
        if seconds is not None:
            self._pace.add(time.monotonic(), chunk.events, seconds)

    def snapshot(self) -> dict[str, Any]:
        """The run as it stands. Times in unix seconds, sizes in bytes, rates in events/s."""
        run = self._run
        self._seq += 1
        now = time.time()
        if run.state in ("done", "failed", "cancelled", "lost") and self._ended is None:
            self._ended = now
        committed = {"committed": len(self.committed), "folded": run.store.frontier}
        return {
            "v": VERSION,
            "seq": self._seq,
            "id": run.directory.id,
            "name": run.spec.name,
            "state": run.state,
            "error": run.error,
            "problem": run.problem or self._held() or run.folder.fault or self._problem,
            "directory": str(run.directory.path),
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "now": now,
            "started": run.started,
            "ended": self._ended,
            "resumed": run.lives - 1,
            "progress": self._progress(),
            "workers": self._workers(),
            "collections": self.tally.collections(),
            "history": self.tally.history(),
            "schema": self.schema.section,
            "statistics": self.tally.statistics(),
            "cutflow": self.tally.cutflow(),
            "cutflow_above": self.tally.cutflow_above(),
            "cutflows": self.tally.cutflows(),
            "overlaps": dict(self.tally.overlaps),
            "datasets": datasets_of(run.spec, run.plan, self.tally),
            "files": self._files(),
            "files_omitted": max(0, len(run.plan.files) - _MOST_FILES),
            "log": self._log_section(),
            "histograms": {name: dict(committed) for name in run.signatures},
            "parameters": dict(run.spec.parameters),
        }

    def _held(self) -> str:
        return "paused by request: resume it to go on" if self._run.state == "paused" else ""

    def _progress(self) -> dict[str, Any]:
        plan = self._run.plan
        total = plan.events_total
        eta: float | None = None
        error: float | None = None
        expected, spread = plan.events_expected
        if expected is not None and spread is not None and self._run.state == "running":
            left = max(0.0, expected - self.tally.events - plan.events_lost)
            seats = self._run.crew.seats.values()
            begun = [(seat.chunk.events, seat.spent) for seat in seats if seat.chunk]
            eta, error = self._pace.remaining(left, self._run.crew.wanted, spread, begun)
        return {
            "events": self.tally.events,
            "events_total": total,
            "events_expected": expected,
            "events_lost": plan.events_lost,
            "events_under_way": round(sum(s.at for s in self._run.crew.seats.values()), 3),
            "chunks": self.tally.chunks,
            "chunks_total": len(plan.chunks) if plan.all_cut else None,
            "bytes": self._bytes,
            "files": sum(file.status in ("ok", "skipped", "failed") for file in plan.files),
            "files_total": len(plan.files),
            "files_failed": sum(file.status == "failed" for file in plan.files),
            "rate": self._pace.rate(time.monotonic())
            if self._run.state == "running"
            else self._mean(),
            "eta": eta,
            "eta_error": error,
        }

    def _mean(self) -> float | None:
        seconds = (self._ended or time.time()) - (self._resumed_at or self._run.started)
        return (self.tally.events - self._events_before) / seconds if seconds > 0 else None

    def _workers(self) -> list[dict[str, Any]]:
        self._measure()
        rows = []
        for seat in self._run.crew.seats.values():
            cpu, rss = self._usage.get(seat.pid, (0.0, 0))
            file = "" if seat.file is None else self._run.spec.files[seat.file].path
            size, fresh = seat.chunk.events if seat.chunk else 0, not seat.done
            rows.append(
                {
                    "id": seat.number,
                    "pid": seat.pid,
                    "state": seat.state,
                    "file": file,
                    "start": seat.chunk.start if seat.chunk else None,
                    "stop": seat.chunk.stop if seat.chunk else None,
                    "cpu": cpu,
                    "rss": rss,
                    "at": round(seat.at, 3),
                    "events": seat.events,
                    "chunks": seat.chunks,
                    "deaths": seat.deaths,
                    "spent": round(seat.spent, 1) if seat.is_working else None,
                    "stalled": size > 0 and self._pace.is_stalled(size, seat.spent, first=fresh),
                }
            )
        return rows

    def _measure(self) -> None:
        """CPU share and resident memory of each worker, once a second."""
        import psutil

        if time.monotonic() - self._measured < _MEASURE_EVERY:
            return
        self._measured = time.monotonic()
        pids = {seat.pid for seat in self._run.crew.seats.values() if seat.pid}
        self._usage = {}
        for pid in pids:
            try:
                process = self._processes.setdefault(pid, psutil.Process(pid))
                with process.oneshot():
                    self._usage[pid] = (process.cpu_percent() / 100, process.memory_info().rss)
            except psutil.Error:
                self._processes.pop(pid, None)

    def _files(self) -> list[dict[str, Any]]:
        rows = [
            {
                "dataset": file.spec.dataset,
                "file": file.spec.path,
                "status": file.status,
                "events": file.entries,
                "events_done": file.events_done,
                "events_lost": file.events_lost,
                **self.tally.file(index),
                "reason": file.reason,
            }
            for index, file in enumerate(self._run.plan.files)
        ]
        if len(rows) > _MOST_FILES:
            rows.sort(key=lambda row: _FILE_ORDER[str(row["status"])])
        return rows[:_MOST_FILES]

    def _log_section(self) -> dict[str, Any]:
        log = self._run.log
        if self._log[0] != log.version:
            log.flush()
            section = {
                "total": log.total,
                "counts": dict(log.counts),
                "tail": log.tail,
            }
            self._log = (log.version, section)
        return self._log[1]

    def keep_on_disk(self, *, now: bool = False) -> None:
        """Replace status.json, every few seconds and at the end, for those who cannot connect."""
        if not now and time.monotonic() - self._kept < _KEEP_EVERY:
            return
        self._kept = time.monotonic()
        try:
            self._run.log.flush()
            write_record(self._run.directory.status, self.snapshot())
            self._problem = ""
        except (OSError, ValueError) as error:
            self._problem = f"status.json cannot be written: {error}"
