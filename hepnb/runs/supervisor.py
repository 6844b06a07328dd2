"""The supervisor of one run: a detached process that leases chunks and commits contributions.

It is the single writer of the run's directory. It never loads the user's code, holds no results
in memory beyond the journal's tail, and outlives the kernel that asked for it. Each chunk's
contribution is appended to the journal once, by id; whatever dies, the chunk is leased again.
Run as `python -m hepnb.runs.supervisor RUNDIR`.
"""

from __future__ import annotations

import selectors
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import StoreError
from .directory import RunDirectory
from .engines import Engine, LocalEngine
from .leasing import Leases, Seat
from .logs import LogFile, LogWriter
from .plan import Chunk, Plan
from .spec import RunSpec
from .watchers import Watchers
from .writing import Writing

if TYPE_CHECKING:
    from ..histograms import StoreWriter

__all__ = ["Supervisor"]

_TICK = 0.1
_MOST_DEATHS = 3


class Supervisor:
    """One run from its spec to its end. See DESIGN in docs/: the life of a run."""

    def __init__(self, directory: RunDirectory) -> None:
        directory.check_private()
        self.directory = directory
        self.spec = RunSpec.read(directory.spec)
        self.started = time.time()
        self.state = "starting"
        self.outcome: str | None = None
        self.error: dict[str, str] | None = None
        self.log = LogWriter(directory.log)
        self.log_file = LogFile(directory.log)
        self.plan = Plan(
            self.spec.files,
            run=directory.id,
            chunk=self.spec.chunk,
            allow_duplicates=self.spec.allow_duplicates,
        )
        self.seats = {n: Seat(n) for n in range(1, self.spec.workers + 1)}
        self._selector = selectors.DefaultSelector()
        # The zygote imports its libraries while this process imports its own.
        self._engine: Engine = LocalEngine(directory, self.spec, self._selector, self)
        self._engine.start(self.spec.workers)
        from ..histograms import Signature, StoreWriter
        from .folding import Folder
        from .reporting import Reporter

        self.signatures = {n: Signature.from_dict(dict(d)) for n, d in self.spec.signatures.items()}
        self.store: StoreWriter = StoreWriter.create(
            directory.path, self.signatures, meta={"run": directory.id, "name": self.spec.name}
        )
        self.folder = Folder(self.store)
        self.reporter = Reporter(self)
        self._watchers = Watchers(directory.listen(), self._selector, self._answer)
        self.leases = Leases(self.plan)
        self._deaths: dict[int, int] = {}
        self.writing = Writing(self.log)
        self._settled: set[int] = set()
        self._is_told_to_end = False

    # -- the loop ---------------------------------------------------------------------------

    def main(self) -> None:
        """Work until the run has ended; leave a sealed store and the final snapshot."""
        signal.signal(signal.SIGTERM, self._be_told_to_end)
        self.state = "running"
        next_tick = 0.0
        while self.outcome is None:
            self._turn(next_tick - time.monotonic())
            self._lease()
            self._end_if_finished()
            if self._is_told_to_end:
                self.cancel("terminated by a signal")
            if time.monotonic() >= next_tick:
                if self.directory.is_gone():
                    self._engine.close()
                    return
                next_tick = time.monotonic() + _TICK
                self._watchers.publish(self.reporter.snapshot())
                self.reporter.keep_on_disk()
        self._end(self.outcome)

    def _turn(self, timeout: float) -> None:
        """Hear whoever has something to say, then write what waits."""
        for key, _ in self._selector.select(max(0.0, timeout)):
            # An earlier one of this batch may have closed it, and another may have its number.
            if self._selector.get_map().get(key.fd) is key:
                key.data()
        self.writing.go_on()
        if self.writing.refusal and self.outcome is None:
            self.error = {"title": self.writing.refusal, "traceback": "", "chunk": ""}
            self.outcome = "failed"

    def _end(self, outcome: str) -> None:
        self._engine.close()
        self._give_up_the_rest(outcome)
        self.folder.stop()
        self.writing.add(self.store.seal)
        # Where the disk is full the run is not over before there is space for its end.
        while self.writing and not self.directory.is_gone():
            self._watchers.publish(self.reporter.snapshot())
            self._turn(_TICK)
        self.state = "failed" if self.writing.refusal else outcome
        for seat in self.seats.values():
            seat.state = "ended"
        self.reporter.keep_on_disk(now=True)
        self.log.close()
        self.directory.close_socket()
        self._watchers.publish(self.reporter.snapshot())
        self._watchers.close()

    def _lease(self) -> None:
        for seat in self.seats.values():
            if seat.state != "idle" or self.writing:
                continue
            if task := self.leases.next_task(seat, self.store.frontier):
                seat.state = "busy"
                if seat.chunk:
                    self._note({"k": "attempt", "order": seat.chunk.order, "worker": seat.number})
                self._engine.submit(seat.number, task)

    def _end_if_finished(self) -> None:
        if self.outcome or self.leases or self.writing or not self.plan.all_cut:
            return
        if any(seat.is_working for seat in self.seats.values()):
            return
        lost = [file for file in self.plan.files if file.status == "failed"]
        if lost and self.spec.on_error == "fail":
            first = lost[0]
            reason = first.reason.removeprefix(f"{first.spec.path}: ")
            self.error = {
                "title": f"{len(lost)} of {len(self.plan.files)} files could not be used whole; "
                f"first {first.spec.path}: {reason}; all else is counted",
                "traceback": "",
                "chunk": "",
            }
            self.outcome = "failed"
        else:
            self.outcome = "done"

    # -- what workers report (hepnb.runs.engines.base.Listener) -----------------------------

    def worker_ready(self, worker: int, pid: int) -> None:
        """A worker waits for its first task."""
        seat = self.seats[worker]
        seat.pid, seat.state = pid, "idle"

    def worker_said(self, worker: int, message: dict[str, Any], raw: bytes) -> None:
        """An answer or a log record."""
        seat = self.seats[worker]
        kind = message["k"]
        if kind == "log":
            self._record(
                seat,
                str(message["text"]),
                str(message["level"]),
                str(message["logger"]),
                message["time"],
            )
            return
        self._check_answer(seat, message, raw)
        chunk, file = seat.release()
        seat.state = "idle"
        if chunk is not None:
            if kind == "done":
                self._commit(seat, chunk, raw, float(message["seconds"]))
            elif kind == "unreadable":
                self._lose_chunk(chunk, message["title"])
            else:
                self._raised(seat, chunk, message)
        elif kind == "opened":
            self.plan.opened(
                int(file or 0),
                uuid=str(message["uuid"]),
                tree=str(message["tree"]),
                entries=int(message["entries"]),
                size=int(message["size"]),
                clusters=tuple(int(entry) for entry in message["clusters"]),
            )
            seat.remember(int(file or 0))
            self._cut()
        else:
            self._refuse_file(int(file or 0), str(message["title"]))

    def _check_answer(self, seat: Seat, message: Mapping[str, Any], record: bytes) -> None:
        """Refuse an answer to another task than the seat has, and a record that does not fit.

        Raises ValueError: the engine then ends the worker, and its task is leased again.
        """
        from ..histograms.record import parse, validate

        id, order = (seat.chunk.id, seat.chunk.order) if seat.chunk else (None, None)
        if not seat.is_working or (message["file"], message["order"]) != (seat.file, order):
            raise ValueError("an answer to a task that it does not have")
        if message["k"] == "done":
            try:
                found = parse(record, self.signatures)
                validate(found, record)
            except StoreError as error:
                raise ValueError(str(error)) from None
            if (found.id, found.order) != (id, order):
                raise ValueError(f"the record of {found.id!r} for {id!r}")

    def worker_printed(self, worker: int, stream: str, line: str) -> None:
        """A line on a worker's stdout or stderr."""
        if line.strip():
            level = "INFO" if stream == "stdout" else "WARNING"
            self._record(self.seats[worker], line, level, stream, None)

    def worker_lost(self, worker: int, why: str) -> None:
        """Its task is leased again, three times at most; its seat is taken by a new worker."""
        seat = self.seats[worker]
        chunk, file = seat.release()
        seat.state, seat.pid = "starting", 0
        seat.opened.clear()
        seat.deaths += 1
        if self.outcome:
            return
        doing = chunk.label if chunk else "opening a file" if file is not None else "waiting"
        self.log.add(
            f"worker {worker} is gone ({why}) while {doing}",
            level="WARNING",
            worker=worker,
            logger="hepnb",
            chunk=chunk.label if chunk else "",
        )
        key = chunk.order if chunk else -1 - file if file is not None else None
        if key is not None:
            self._deaths[key] = self._deaths.get(key, 0) + 1
            self._note({"k": "lost", "order": key, "worker": worker, "why": why})
            poison = self._deaths[key] >= _MOST_DEATHS
            reason = f"its worker died {_MOST_DEATHS} times ({why})"
            if chunk and poison:
                self._lose_chunk(chunk, f"chunk {chunk.label}: {reason}")
                self._fail_if_wanted(reason, "", chunk.label)
            elif chunk:
                self.leases.put_back(chunk)
            elif file is not None and poison:
                self._refuse_file(file, reason)
            elif file is not None:
                self.plan.put_back(file)
        self._engine.replace(worker)

    def engine_failed(self, title: str, traceback: str) -> None:
        """The user's code cannot be loaded."""
        self.error = {"title": title, "traceback": traceback, "chunk": ""}
        self.log.add(f"{title}\n{traceback}", level="ERROR", logger="hepnb")
        self.outcome = "failed"

    # -- the journal ------------------------------------------------------------------------

    def _commit(self, seat: Seat, chunk: Chunk, record: bytes, seconds: float) -> None:
        seat.events += chunk.events
        seat.chunks += 1
        self._settled.add(chunk.order)

        def write() -> None:
            if self.store.append(record):
                self.plan.finished(chunk)
                self.reporter.count(chunk, record, seconds)
            self.leases.committed(chunk.order, len(record), self.store.frontier)
            self.folder.nudge()

        self.writing.add(write)

    def _tombstone(self, chunk: Chunk, reason: str) -> None:
        self.writing.add(
            lambda: self.store.tombstone(chunk.id, chunk.order, {"k": "lost chunk", "why": reason})
        )

    def _note(self, meta: Mapping[str, Any]) -> None:
        self.writing.add(lambda: self.store.note(meta))

    def _cut(self) -> None:
        self.leases.add(self.plan.cut())

    def _refuse_file(self, index: int, reason: str) -> None:
        self.plan.not_opened(index, reason)
        self.log.add(reason, level="ERROR", logger="hepnb")
        self._note({"k": "file", "file": index, "reason": reason})
        self._cut()

    def _raised(self, seat: Seat, chunk: Chunk, message: Mapping[str, Any]) -> None:
        title, traceback = str(message["title"]), str(message["traceback"])
        self.log.add(
            traceback or title, level="ERROR", worker=seat.number, chunk=chunk.label, logger="hepnb"
        )
        self._lose_chunk(chunk, f"chunk {chunk.label}: {title}", logged=True)
        self._fail_if_wanted(title, traceback, chunk.label)

    def _fail_if_wanted(self, title: str, traceback: str, chunk: str) -> None:
        if self.spec.on_error == "fail" and self.outcome is None:
            self.error = {"title": title, "traceback": traceback, "chunk": chunk}
            self.outcome = "failed"

    def _lose_chunk(self, chunk: Chunk, reason: str, *, logged: bool = False) -> None:
        if not logged:
            self.log.add(reason, level="ERROR", chunk=chunk.label, logger="hepnb")
        self._settled.add(chunk.order)
        self.plan.lost(chunk, reason)
        self._tombstone(chunk, reason)

    def _give_up_the_rest(self, outcome: str) -> None:
        """Whatever an ended run has not reached is said to be missing, chunk by chunk."""
        ending = "failed" if outcome == "failed" else "was cancelled"
        reason = f"not processed: the run {ending}"
        for chunk in self.plan.chunks:
            # What has arrived is written yet, even if the disk makes it wait.
            if chunk.order not in self._settled:
                self.plan.not_reached(chunk, reason)
                self._tombstone(chunk, reason)
        for file in self.plan.files:
            if file.status in ("waiting", "running") and outcome != "done":
                file.skip(reason)

    # -- requests ---------------------------------------------------------------------------

    def _be_told_to_end(self, *_: object) -> None:
        """A signal comes in the middle of anything: the loop does what it says."""
        self._is_told_to_end = True

    def cancel(self, why: str = "") -> None:
        """End now; what is committed stays."""
        if self.outcome is None:
            self.log.add(f"cancelled {why}".strip(), level="WARNING", logger="hepnb")
            self.outcome = "cancelled"

    def _answer(self, kind: str, request: Mapping[str, Any]) -> Any:
        if kind == "cancel":
            self.cancel("by request")
            return True
        if kind == "snapshot":
            return self.reporter.snapshot()
        if kind == "log":
            self.log.flush()
            levels = request.get("levels")
            return self.log_file.page(
                int(request.get("start", 0)),
                min(int(request.get("count", 100)), 2000),
                None if levels is None else [str(level) for level in levels],
                str(request["search"]) if request.get("search") else None,
            )
        raise ValueError(
            f"unknown request {kind!r}; this run answers subscribe, snapshot, log, cancel"
        )

    def _record(self, seat: Seat, text: str, level: str, logger: str, when: float | None) -> None:
        label = seat.chunk.label if seat.chunk else ""
        self.log.add(text, level=level, worker=seat.number, chunk=label, logger=logger, when=when)


def main(path: str) -> None:
    """Supervise the run in this directory until it ends."""
    Supervisor(RunDirectory(Path(path))).main()


if __name__ == "__main__":
    main(sys.argv[1])
