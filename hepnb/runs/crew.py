"""The workers of a run as the supervisor sees them: who does what, what they say, who is gone.

It leases tasks to idle seats, checks that an answer is the one that was asked for, and decides what
the death of a worker means for the chunk that it had.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import StoreError
from .leasing import Seat
from .plan import Chunk

if TYPE_CHECKING:
    from .supervisor import Supervisor

__all__ = ["Crew"]

_MOST_DEATHS = 3


class Crew:
    """The seats, and the listener of the engine (`hepnb.runs.engines.base.Listener`)."""

    def __init__(self, run: Supervisor, workers: int) -> None:
        self._run = run
        self.seats = {n: Seat(n) for n in range(1, workers + 1)}
        self._deaths: dict[int, int] = {}

    @property
    def is_working(self) -> bool:
        """Whether any task is out."""
        return any(seat.is_working for seat in self.seats.values())

    def lease(self) -> None:
        """Give every idle seat a task, as long as the journal takes what comes of it."""
        run = self._run
        for seat in self.seats.values():
            if seat.state != "idle" or run.writing:
                continue
            if task := run.leases.next_task(seat, run.store.frontier):
                seat.state = "busy"
                if seat.chunk:
                    run.commits.note(
                        {"k": "attempt", "order": seat.chunk.order, "worker": seat.number}
                    )
                run.engine.submit(seat.number, task)

    def remember(self, note: Mapping[str, Any]) -> None:
        """An attempt or a death that the journal of an earlier life tells of."""
        seat = self.seats.get(note["worker"])
        if note["k"] == "lost":
            self._deaths[note["order"]] = self._deaths.get(note["order"], 0) + 1
            if seat:
                seat.deaths += 1

    # -- what the engine reports ------------------------------------------------------------

    def worker_ready(self, worker: int, pid: int) -> None:
        """A worker waits for its first task."""
        seat = self.seats[worker]
        seat.pid, seat.state = pid, "idle"

    def worker_said(self, worker: int, message: dict[str, Any], raw: bytes) -> None:
        """An answer or a log record."""
        run, seat = self._run, self.seats[worker]
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
                run.commits.take(seat, chunk, raw, float(message["seconds"]))
            elif kind == "unreadable":
                run.commits.lose(chunk, message["title"])
            else:
                self._raised(seat, chunk, message)
        elif kind == "opened":
            run.commits.open_file(
                int(file or 0),
                uuid=str(message["uuid"]),
                tree=str(message["tree"]),
                entries=int(message["entries"]),
                size=int(message["size"]),
                clusters=tuple(int(entry) for entry in message["clusters"]),
            )
            seat.remember(int(file or 0))
        else:
            run.commits.refuse_file(int(file or 0), str(message["title"]))

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
                found = parse(record, self._run.signatures)
                validate(found, record)
            except StoreError as error:
                raise ValueError(str(error)) from None
            if (found.id, found.order) != (id, order):
                raise ValueError(f"the record of {found.id!r} for {id!r}")

    def worker_printed(self, worker: int, stream: str, lines: str) -> None:
        """Whole lines on a worker's stdout or stderr."""
        chunk = self.seats[worker].chunk
        label = chunk.label if chunk else ""
        self._run.log.printed(lines, worker=worker, chunk=label, logger=stream)

    def worker_lost(self, worker: int, why: str) -> None:
        """Its task is leased again, three times at most; its seat is taken by a new worker."""
        run, seat = self._run, self.seats[worker]
        chunk, file = seat.release()
        seat.state, seat.pid = "starting", 0
        seat.opened.clear()
        seat.deaths += 1
        if run.is_ending:
            return
        doing = chunk.label if chunk else "opening a file" if file is not None else "waiting"
        run.log.add(
            f"worker {worker} is gone ({why}) while {doing}",
            level="WARNING",
            worker=worker,
            logger="hepnb",
            chunk=chunk.label if chunk else "",
        )
        self._judge(worker, chunk, file, why)
        run.engine.replace(worker)

    def engine_failed(self, title: str, traceback: str) -> None:
        """The user's code cannot be loaded."""
        self._run.log.add(f"{title}\n{traceback}", level="ERROR", logger="hepnb")
        self._run.fail(title, traceback)

    # -- verdicts ---------------------------------------------------------------------------

    def _judge(self, worker: int, chunk: Chunk | None, file: int | None, why: str) -> None:
        """What the death of a worker means for what it was doing."""
        run = self._run
        key = chunk.order if chunk else -1 - file if file is not None else None
        if key is None:
            return
        self._deaths[key] = self._deaths.get(key, 0) + 1
        run.commits.note({"k": "lost", "order": key, "worker": worker, "why": why})
        poison = self._deaths[key] >= _MOST_DEATHS
        reason = f"its worker died {_MOST_DEATHS} times ({why})"
        if chunk and poison:
            self._fail_if_wanted(reason, "", chunk.label)
            run.commits.lose(chunk, f"chunk {chunk.label}: {reason}")
        elif chunk:
            run.leases.put_back(chunk)
        elif file is not None and poison:
            run.commits.refuse_file(file, reason)
        elif file is not None:
            run.plan.put_back(file)

    def _raised(self, seat: Seat, chunk: Chunk, message: Mapping[str, Any]) -> None:
        title, traceback = str(message["title"]), str(message["traceback"])
        self._run.log.add(
            traceback or title, level="ERROR", worker=seat.number, chunk=chunk.label, logger="hepnb"
        )
        self._fail_if_wanted(title, traceback, chunk.label)
        self._run.commits.lose(chunk, f"chunk {chunk.label}: {title}", logged=True)

    def _fail_if_wanted(self, title: str, traceback: str, chunk: str) -> None:
        if self._run.spec.on_error == "fail" and self._run.outcome is None:
            self._run.fail(title, traceback, chunk)

    def _record(self, seat: Seat, text: str, level: str, logger: str, when: float | None) -> None:
        label = seat.chunk.label if seat.chunk else ""
        self._run.log.add(
            text, level=level, worker=seat.number, chunk=label, logger=logger, when=when
        )
