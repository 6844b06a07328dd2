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
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .directory import RunDirectory
from .engines import Engine, LocalEngine
from .logs import LogFile, LogWriter
from .plan import Chunk, Plan
from .spec import OPEN_FILES, RunSpec
from .watchers import Watchers

if TYPE_CHECKING:
    from ..histograms import StoreWriter

__all__ = ["Supervisor"]

_TICK = 0.1
_MOST_DEATHS = 3
_WINDOW_BYTES = 256 << 20
_MOST_READY = 10_000
_RETRY_DISK = 1.0
_ENDED = ("done", "failed", "cancelled")


@dataclass
class Seat:
    """A worker's place: who sits there now and what it does."""

    number: int
    state: str = "starting"
    pid: int = 0
    chunk: Chunk | None = None
    file: int | None = None
    opened: deque[int] = field(default_factory=lambda: deque(maxlen=OPEN_FILES))
    events: int = 0
    chunks: int = 0
    deaths: int = 0


class Supervisor:
    """One run from its spec to its end. See DESIGN in docs/: the life of a run."""

    def __init__(self, directory: RunDirectory) -> None:
        directory.check_private()
        self.directory = directory
        self.spec = RunSpec.read(directory.spec)
        self.started = time.time()
        self.state = "starting"
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
        self._folder = Folder(self.store)
        self.reporter = Reporter(self)
        self._watchers = Watchers(directory.listen(), self._selector, self._answer)
        self._ready: dict[int, deque[Chunk]] = {}
        self._deaths: dict[int, int] = {}
        self._unwritten: deque[tuple[Chunk, bytes, float]] = deque()
        self._retry_at = 0.0
        self._tail_bytes = 0
        self._tail: deque[tuple[int, int]] = deque()
        self._lost: set[int] = set()

    # -- the loop ---------------------------------------------------------------------------

    def main(self) -> None:
        """Work until the run has ended; leave a sealed store and the final snapshot."""
        signal.signal(signal.SIGTERM, lambda *_: self.cancel("terminated by a signal"))
        self.state = "running"
        next_tick = 0.0
        while self.state not in _ENDED:
            for key, _ in self._selector.select(max(0.0, next_tick - time.monotonic())):
                if self._selector.get_map().get(key.fileobj) is not None:
                    key.data()
            self._write_waiting()
            self._lease()
            self._end_if_finished()
            if time.monotonic() >= next_tick:
                next_tick = time.monotonic() + _TICK
                self._watchers.publish(self.reporter.snapshot())
                self.reporter.keep_on_disk()
        self._end()

    def _end(self) -> None:
        self._engine.close()
        self._give_up_the_rest()
        self._folder.stop()
        self.store.seal()
        for seat in self.seats.values():
            seat.state = "ended"
        self.reporter.keep_on_disk(now=True)
        self.log.close()
        self.directory.close_socket()
        self._watchers.publish(self.reporter.snapshot())
        self._watchers.close()

    # -- leasing ----------------------------------------------------------------------------

    def _lease(self) -> None:
        """Give every idle worker a chunk of a file it has open, else a file, else any chunk."""
        for seat in self.seats.values():
            if seat.state != "idle" or self._unwritten:
                continue
            if task := self._own_chunk(seat) or self._open_task(seat) or self._any_chunk(seat):
                seat.state = "busy"
                self._engine.submit(seat.number, task)

    def _own_chunk(self, seat: Seat) -> dict[str, Any] | None:
        if self._tail_bytes > _WINDOW_BYTES:
            return None
        file = next((index for index in seat.opened if self._ready.get(index)), None)
        return None if file is None else self._chunk_task(seat, file)

    def _open_task(self, seat: Seat) -> dict[str, Any] | None:
        if sum(map(len, self._ready.values())) > _MOST_READY or self._tail_bytes > _WINDOW_BYTES:
            return None
        index = self.plan.next_file()
        if index is None:
            return None
        seat.file = index
        return {"k": "open", "file": index}

    def _any_chunk(self, seat: Seat) -> dict[str, Any] | None:
        file = next((index for index, chunks in self._ready.items() if chunks), None)
        if file is None:
            return None
        # Past the window only the chunk that everybody waits for is leased.
        if self._tail_bytes > _WINDOW_BYTES and self._ready[file][0].order > self.store.frontier:
            return None
        return self._chunk_task(seat, file)

    def _chunk_task(self, seat: Seat, file: int) -> dict[str, Any]:
        chunk = self._ready[file].popleft()
        if not self._ready[file]:
            del self._ready[file]
        seat.chunk, seat.file = chunk, chunk.file
        self._remember_open(seat, file)
        self.plan.started(chunk)
        self.store.note({"k": "attempt", "order": chunk.order, "worker": seat.number})
        return {
            "k": "chunk",
            "file": chunk.file,
            "start": chunk.start,
            "stop": chunk.stop,
            "id": chunk.id,
            "order": chunk.order,
        }

    @staticmethod
    def _remember_open(seat: Seat, file: int) -> None:
        if file in seat.opened:
            seat.opened.remove(file)
        seat.opened.append(file)

    def _end_if_finished(self) -> None:
        if self.state != "running" or self._ready or self._unwritten or not self.plan.all_cut:
            return
        if any(seat.chunk or seat.file is not None for seat in self.seats.values()):
            return
        lost = [file for file in self.plan.files if file.status == "failed"]
        if lost and self.spec.on_error == "fail":
            first = lost[0]
            rest = len(self.plan.files) - len(lost)
            self.error = {
                "title": f"{len(lost)} of {len(self.plan.files)} files could not be used whole; "
                f"first {first.spec.path}: {first.reason}; the other {rest} are complete",
                "traceback": "",
                "chunk": "",
            }
            self.state = "failed"
        else:
            self.state = "done"

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
        chunk, file = seat.chunk, seat.file
        if chunk is None and file is None:
            return
        seat.state, seat.chunk, seat.file = "idle", None, None
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
            )
            self._remember_open(seat, int(file or 0))
            self._cut()
        else:
            self._refuse_file(int(file or 0), str(message["title"]))

    def worker_printed(self, worker: int, stream: str, line: str) -> None:
        """A line on a worker's stdout or stderr."""
        if line.strip():
            level = "INFO" if stream == "stdout" else "WARNING"
            self._record(self.seats[worker], line, level, stream, None)

    def worker_lost(self, worker: int, why: str) -> None:
        """Its task is leased again, three times at most; its seat is taken by a new worker."""
        seat = self.seats[worker]
        chunk, file = seat.chunk, seat.file
        seat.state, seat.chunk, seat.file, seat.pid = "starting", None, None, 0
        seat.opened.clear()
        seat.deaths += 1
        if self.state in _ENDED:
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
            self.store.note({"k": "lost", "order": key, "worker": worker, "why": why})
            poison = self._deaths[key] >= _MOST_DEATHS
            reason = f"its worker died {_MOST_DEATHS} times ({why})"
            if chunk and poison:
                self._lose_chunk(chunk, f"chunk {chunk.label}: {reason}")
                self._fail_if_wanted(reason, "", chunk.label)
            elif chunk:
                self._ready.setdefault(chunk.file, deque()).appendleft(chunk)
            elif file is not None and poison:
                self._refuse_file(file, reason)
            elif file is not None:
                self.plan.put_back(file)
        self._engine.replace(worker)

    def engine_failed(self, title: str, traceback: str) -> None:
        """The user's code cannot be loaded."""
        self.error = {"title": title, "traceback": traceback, "chunk": ""}
        self.log.add(f"{title}\n{traceback}", level="ERROR", logger="hepnb")
        self.state = "failed"

    # -- commits ----------------------------------------------------------------------------

    def _commit(self, seat: Seat, chunk: Chunk, record: bytes, seconds: float) -> None:
        seat.events += chunk.events
        seat.chunks += 1
        self._unwritten.append((chunk, record, seconds))
        self._write_waiting()

    def _write_waiting(self) -> None:
        """Append what has arrived; where the disk is full keep it and try again every second."""
        from ..errors import StoreError

        while self._unwritten and time.monotonic() >= self._retry_at:
            chunk, record, seconds = self._unwritten[0]
            try:
                is_new = self.store.append(record)
            except StoreError as error:
                if not self.reporter.problem:
                    self.log.add(f"paused: {error}", level="ERROR", logger="hepnb")
                self.reporter.problem = str(error)
                self._retry_at = time.monotonic() + _RETRY_DISK
                return
            self._unwritten.popleft()
            if self.reporter.problem:
                self.log.add("the disk has space again: going on", level="INFO", logger="hepnb")
                self.reporter.problem = ""
            if is_new:
                self.plan.finished(chunk)
                self.reporter.count(chunk, record, seconds)
            self._remember_tail(chunk.order, len(record))
            self._folder.nudge()

    def _remember_tail(self, order: int, size: int) -> None:
        self._tail.append((order, size))
        self._tail_bytes += size
        frontier = self.store.frontier
        while self._tail and self._tail[0][0] < frontier:
            self._tail_bytes -= self._tail.popleft()[1]

    def _cut(self) -> None:
        for chunk in self.plan.cut():
            self._ready.setdefault(chunk.file, deque()).append(chunk)

    def _refuse_file(self, index: int, reason: str) -> None:
        self.plan.not_opened(index, reason)
        self.log.add(reason, level="ERROR", logger="hepnb")
        self.store.note({"k": "file", "file": index, "reason": reason})
        self._cut()

    def _raised(self, seat: Seat, chunk: Chunk, message: Mapping[str, Any]) -> None:
        title, traceback = str(message["title"]), str(message["traceback"])
        self.log.add(
            traceback or title, level="ERROR", worker=seat.number, chunk=chunk.label, logger="hepnb"
        )
        self._lose_chunk(chunk, f"chunk {chunk.label}: {title}", logged=True)
        self._fail_if_wanted(title, traceback, chunk.label)

    def _fail_if_wanted(self, title: str, traceback: str, chunk: str) -> None:
        if self.spec.on_error == "fail" and self.state == "running":
            self.error = {"title": title, "traceback": traceback, "chunk": chunk}
            self.state = "failed"

    def _lose_chunk(self, chunk: Chunk, reason: str, *, logged: bool = False) -> None:
        if not logged:
            self.log.add(reason, level="ERROR", chunk=chunk.label, logger="hepnb")
        self._lost.add(chunk.order)
        self.plan.lost(chunk, reason)
        self.store.tombstone(chunk.id, chunk.order, {"k": "lost chunk", "why": reason})

    def _give_up_the_rest(self) -> None:
        """Whatever an ended run has not reached is said to be missing, chunk by chunk."""
        ending = "failed" if self.state == "failed" else "was cancelled"
        reason = f"not processed: the run {ending}"
        for chunk in self.plan.chunks:
            if chunk.order not in self.reporter.committed and chunk.order not in self._lost:
                self.plan.not_reached(chunk, reason)
                self.store.tombstone(chunk.id, chunk.order, {"k": "lost chunk", "why": reason})
        for file in self.plan.files:
            if file.status in ("waiting", "running") and self.state != "done":
                file.skip(reason)

    # -- requests ---------------------------------------------------------------------------

    def cancel(self, why: str = "") -> None:
        """End now; what is committed stays."""
        if self.state not in _ENDED:
            self.log.add(f"cancelled {why}".strip(), level="WARNING", logger="hepnb")
            self.state = "cancelled"

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
