"""The workers of a run as the supervisor sees them: who does what, what they say, who is gone.

It leases tasks to idle seats, checks that an answer is the one that was asked for, and does with a
failed task what `verdicts` says. It grows and shrinks by request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import StoreError
from ..engines.base import Cause
from ..plan import Chunk
from .leasing import Again, Seat
from .patience import Patience
from .verdicts import SMALLER_READS, Death, Verdicts

if TYPE_CHECKING:
    from ...histograms.record import Record
    from .supervisor import Supervisor

__all__ = ["Crew"]

_WITH_TASK = ("busy", "finishing")
_MOST_STILLBORN = 10


class Crew:
    """The seats, and the listener of the engine (`hepnb.runs.engines.base.Listener`)."""

    def __init__(self, run: Supervisor, workers: int) -> None:
        self._run = run
        self.seats = {n: Seat(n) for n in range(1, workers + 1)}
        self.wanted = workers
        self._verdicts = Verdicts(run.spec.settings.retries)
        self._patience = Patience(run.spec.settings.timeout)
        self._stillborn = 0

    @property
    def is_working(self) -> bool:
        """Whether any task is out, or one that failed waits for its verdict."""
        return bool(self._verdicts) or any(seat.is_working for seat in self.seats.values())

    def start(self) -> None:
        """Have a worker started for every seat."""
        for number in self.seats:
            self._run.engine.start(number)

    def lease(self) -> None:
        """Give every idle seat a task, as long as the journal takes what comes of it."""
        run = self._run
        idle = [seat for seat in self._idle() if seat.number <= self.wanted]
        if run.writing or any(seat.alone for seat in self.seats.values()):
            return
        if suspect := run.leases.suspect():
            if not self.is_working:
                self._lease_alone(idle, suspect)
            return
        for seat in idle:
            if task := run.leases.next_task(seat, run.store.frontier):
                self._give(seat, [task])
        for seat in self.seats.values():
            may = seat.state == "busy" and not seat.is_tired and seat.number <= self.wanted
            if may and (tasks := run.leases.more_tasks(seat, self.wanted)):
                self._give(seat, tasks)
        if run.leases.wants_a_fresh_worker and not self._has_fresh():
            self._renew(next((seat for seat in idle if seat.state == "idle"), None))

    def _lease_alone(self, idle: list[Seat], suspect: Again) -> None:
        able = [seat for seat in idle if suspect.parts == 1 or not seat.done]
        if able:
            self._give(able[0], [self._run.leases.take(able[0], suspect)])
        elif not self._has_fresh():
            self._renew(next(iter(idle), None))

    def _give(self, seat: Seat, tasks: Sequence[Mapping[str, Any]]) -> None:
        seat.state = "busy"
        if orders := [task["order"] for task in tasks if task["k"] == "chunk"]:
            self._run.commits.note({"k": "attempt", "orders": orders, "worker": seat.number})
        self._run.engine.submit(seat.number, tasks)

    def is_ahead(self, seconds: float) -> bool:
        """Whether every worker has enough to do for so long, whoever hears what it says."""
        seats = [seat for seat in self.seats.values() if seat.number <= self.wanted]
        return bool(seats) and all(seat.seconds_ahead > seconds for seat in seats)

    def _idle(self) -> list[Seat]:
        return [seat for seat in self.seats.values() if seat.state == "idle"]

    def _has_fresh(self) -> bool:
        """Whether a worker without a chunk behind it is there, or comes."""
        fresh = ("starting", "leaving", "finishing")
        return any(
            seat.number <= self.wanted
            and (seat.state in fresh or (seat.state == "idle" and not seat.done))
            for seat in self.seats.values()
        )

    def remember(self, note: Mapping[str, Any]) -> None:
        """A death that the journal of an earlier life tells of."""
        self._verdicts.remember(note)
        if seat := self.seats.get(note["worker"]):
            seat.deaths += 1

    # -- what is asked of it ----------------------------------------------------------------

    def scale(self, workers: int) -> None:
        """So many workers from now on; those too many end after what they do."""
        self.wanted = workers
        for number in range(1, workers + 1):
            seat = self.seats.setdefault(number, Seat(number, state="ended"))
            if seat.state == "ended":
                seat.state = "starting"
                self._run.engine.start(number)

    def tick(self) -> None:
        """Some tenths of a second have passed: end what hangs, decide what waits for a verdict."""
        self._patience.tick()
        for seat in self.seats.values():
            if seat.state not in _WITH_TASK:
                continue
            match self._patience.with_task_of(seat):
                case "ask":
                    self._run.engine.show_stack(seat.number)
                case "end":
                    self._run.engine.kill(seat.number, f"stuck for {seat.spent:.0f} s")
        for seat in self._idle():
            if seat.number > self.wanted:
                self._let_go(seat)
        self._decide()

    def finish(self) -> bool:
        """Nothing is left to do: run the last hooks of every worker's modules; True when that is over."""
        self.wanted = 0
        for seat in self._idle():
            if seat.done:
                self._let_go(seat)
        return not any(seat.state == "finishing" for seat in self.seats.values())

    def _let_go(self, seat: Seat) -> None:
        """The worker's modules end; then it goes."""
        if seat.done:
            seat.state, seat.spent = "finishing", 0.0
            self._run.engine.submit(seat.number, [{"k": "finish"}])
        else:
            seat.state = "leaving"
            self._run.engine.dismiss(seat.number)

    def _renew(self, seat: Seat | None) -> None:
        """Let another worker sit here."""
        if seat is not None:
            self._let_go(seat)

    # -- what the engine reports ------------------------------------------------------------

    def worker_ready(self, worker: int, pid: int) -> None:
        """A worker waits for its first task."""
        seat = self.seats[worker]
        seat.pid, seat.state, seat.done, seat.is_tired = pid, "idle", 0, False
        seat.be_watched()
        self._stillborn = 0

    def worker_said(self, worker: int, message: dict[str, Any], raw: bytes) -> None:
        """An answer or a log record."""
        seat = self.seats[worker]
        if message["k"] == "log":
            self._record(
                seat,
                str(message["text"]),
                str(message["level"]),
                str(message["logger"]),
                message["time"],
                int(message.get("left_out", 0)),
            )
            return
        if message["k"] == "progress":
            seat.tells(message["order"], float(message["events"]))
            return
        if clash := self._run.commits.declare(message.get("declares", ())):
            self._run.fail(clash)
            message, raw = {**message, "k": "raised", "title": clash}, b""
        record = self._checked(seat, message, raw)
        if seat.state == "finishing":
            self._finished(seat, message)
            return
        parts, seconds = seat.parts, float(message["seconds"])
        chunk, file = seat.release()
        seat.state = "busy" if seat.is_working else "idle"
        if chunk is None:
            self._opened(seat, int(file or 0), message)
            return
        seat.took(seconds)
        if record:
            self._patience.learn(seconds)
            self._run.commits.take(seat, chunk, record, raw, seconds)
        elif message["k"] == "memory":
            self._ran_out(seat, chunk, parts, message)
        else:
            self._raised(seat, chunk, parts, message)
        if seat.is_tired and seat.state == "idle":
            self._let_go(seat)

    def _checked(self, seat: Seat, message: Mapping[str, Any], raw: bytes) -> Record | None:
        """The record of a contribution, if the answer is one.

        Raises ValueError for an answer to another task than the seat has, and for a record that
        does not fit: the engine then ends the worker, and its task is leased again.
        """
        id, order = (seat.chunk.id, seat.chunk.order) if seat.chunk else (None, None)
        if seat.state not in _WITH_TASK or (message["file"], message["order"]) != (
            seat.file,
            order,
        ):
            raise ValueError("an answer to a task that it does not have")
        if message["k"] != "done":
            return None
        from ...histograms.record import check

        try:
            found = check(raw, self._run.signatures)
        except StoreError as error:
            raise ValueError(str(error)) from None
        if (found.id, found.order) != (id, order):
            raise ValueError(f"the record of {found.id!r} for {id!r}")
        return found

    def worker_printed(self, worker: int, stream: str, lines: bytes) -> None:
        """Whole lines on a worker's stdout or stderr.

        Where it has more than one chunk nobody knows which of them printed: it gets them one by
        one for a while.
        """
        seat = self.seats[worker]
        label = seat.chunk.label if seat.chunk and not seat.behind else ""
        seat.be_watched()
        self._run.log.printed(lines, worker=worker, chunk=label, logger=stream)

    def worker_lost(self, worker: int, why: str, cause: Cause) -> None:
        """Its task waits for a verdict; its seat is taken by a new worker, or by none."""
        run, seat = self._run, self.seats[worker]
        state, alone, parts = seat.state, seat.alone, seat.parts
        run.leases.give_back(seat)
        chunk, file = seat.release()
        seat.state, seat.pid = "starting", 0
        seat.opened.clear()
        if run.is_ending:
            return
        if state != "leaving":
            seat.deaths += 1
            self._tell_of_death(seat, state, chunk, file, why)
            if state == "finishing" and cause == "died":
                self._fail_if_wanted(f"worker {worker}: its modules ended it ({why})", "", "")
        self._stillborn += state == "starting" and cause == "died"
        if self._stillborn == _MOST_STILLBORN:
            self.engine_failed(f"workers die before they are ready ({why})", "")
            return
        if file is not None:
            self._verdicts.died(Death(worker, chunk, file, why, cause, alone, parts))
        if worker > self.wanted:
            seat.state = "ended"
        else:
            run.engine.start(worker)

    def engine_failed(self, title: str, traceback: str) -> None:
        """The user's code cannot be loaded."""
        self._run.log.add(f"{title}\n{traceback}", level="ERROR", logger="hepnb")
        self._run.fail(title, traceback)

    # -- what comes of it -------------------------------------------------------------------

    def _opened(self, seat: Seat, file: int, message: Mapping[str, Any]) -> None:
        """What became of opening a file."""
        run = self._run
        if message["k"] == "opened":
            if schema := message.get("schema"):
                run.commits.describe(schema)
            run.commits.open_file(
                file,
                uuid=str(message["uuid"]),
                tree=str(message["tree"]),
                entries=int(message["entries"]),
                size=int(message["size"]),
                clusters=tuple(int(entry) for entry in message["clusters"]),
                sumw=message.get("sumw"),
                own_sums=message.get("own_sums"),
                skipped=str(message.get("skipped", "")),
            )
            seat.remember(file)
            return
        title = str(message["title"])
        remote = run.spec.files[file].is_remote
        again = self._verdicts.failed(None, file, remote=remote, parts=1) if remote else None
        if again:
            self._add_log(f"tried again: {title}", "WARNING", seat.number, None)
            run.leases.repeat(again)
        else:
            run.commits.refuse_file(file, title)

    def _raised(self, seat: Seat, chunk: Chunk, parts: int, message: Mapping[str, Any]) -> None:
        """A chunk's code raised, or its file could not be read."""
        title, traceback = str(message["title"]), str(message.get("traceback", ""))
        unreadable = message["k"] == "unreadable"
        remote = unreadable and self._run.spec.files[chunk.file].is_remote
        again = self._verdicts.failed(chunk, chunk.file, remote=remote, parts=parts)
        level = "WARNING" if again else "ERROR"
        text = f"tried again: {title}" if again and not traceback else traceback or title
        if again:
            self._run.leases.repeat(again)
        if again or not unreadable:
            self._add_log(text, level, seat.number, chunk)
        if again:
            return
        if not unreadable:
            self._fail_if_wanted(title, traceback, chunk.label)
        reason = title if unreadable else f"chunk {chunk.label}: {title}"
        self._run.commits.lose(chunk, reason, logged=not unreadable)

    def _ran_out(self, seat: Seat, chunk: Chunk, parts: int, message: Mapping[str, Any]) -> None:
        """A chunk raised MemoryError: its worker goes, since its memory may be in pieces."""
        title = str(message["title"])
        self._add_log(str(message["traceback"]), "WARNING", seat.number, chunk)
        death = Death(seat.number, chunk, chunk.file, title, "too large", False, parts)
        self._settle(death, self._verdicts.too_large(death), counts=False)
        seat.is_tired = True

    def _finished(self, seat: Seat, message: Mapping[str, Any]) -> None:
        """The last hooks of a worker's modules have run, or raised."""
        seat.state = "leaving"
        self._run.engine.dismiss(seat.number)
        if message["k"] != "finished":
            title, traceback = str(message["title"]), str(message.get("traceback", ""))
            self._add_log(traceback or title, "ERROR", seat.number, None)
            self._fail_if_wanted(f"at the end of worker {seat.number}: {title}", traceback, "")

    def _tell_of_death(
        self, seat: Seat, state: str, chunk: Chunk | None, file: int | None, why: str
    ) -> None:
        doing = chunk.label if chunk else "opening a file" if file is not None else "waiting"
        if state == "finishing":
            doing = "its modules ended"
        text = f"worker {seat.number} is gone ({why}) while {doing}"
        self._add_log(text, "WARNING", seat.number, chunk)

    def _decide(self) -> None:
        for death, verdict, counts in self._verdicts.decide():
            self._settle(death, verdict, counts=counts)

    def _settle(self, death: Death, verdict: Again | str, *, counts: bool) -> None:
        """Do with a task what the verdict says."""
        run, chunk = self._run, death.chunk
        if counts:
            run.commits.note(
                {"k": "lost", "order": death.key, "worker": death.worker, "why": death.why}
            )
        if isinstance(verdict, Again):
            if verdict.parts > death.parts:
                text = f"{death.why}: once more in {SMALLER_READS} smaller reads"
                self._add_log(text, "WARNING", death.worker, chunk)
            run.leases.repeat(verdict)
        elif chunk:
            self._fail_if_wanted(verdict, "", chunk.label)
            run.commits.lose(chunk, f"chunk {chunk.label}: {verdict}")
        else:
            run.commits.refuse_file(death.file, verdict)

    def _fail_if_wanted(self, title: str, traceback: str, chunk: str) -> None:
        if self._run.spec.on_error == "fail" and self._run.outcome is None:
            self._run.fail(title, traceback, chunk)

    def _record(
        self, seat: Seat, text: str, level: str, logger: str, when: float | None, left_out: int = 0
    ) -> None:
        label = seat.chunk.label if seat.chunk else ""
        self._run.log.add(
            text,
            level=level,
            worker=seat.number,
            chunk=label,
            logger=logger,
            when=when,
            left_out=left_out,
        )

    def _add_log(self, text: str, level: str, worker: int, chunk: Chunk | None) -> None:
        label = chunk.label if chunk else ""
        self._run.log.add(text, level=level, worker=worker, chunk=label, logger="hepnb")
