"""The supervisor of one run: a detached process that leases chunks and commits contributions.

It is the single writer of the run's directory. It never loads the user's code, holds no results
in memory beyond the journal's tail, and outlives the kernel that asked for it. Each chunk's
contribution is appended to the journal once, by id; whatever dies, the chunk is leased again, and
where the supervisor itself dies another one goes on from the journal.
Its process is begun by `hepnb.runs.supervisor.process`.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ...errors import HepnbError, StoreError
from ...histograms import Signature, StoreWriter
from ..directory import RunDirectory, state_directory
from ..engines import Engine
from ..engines.local import LocalEngine
from ..logs import LogFile, LogWriter
from ..plan import Plan
from ..policy import SiteWatch
from ..spec import SAID, TAKEN, RunSpec
from .committing import Commits
from .crew import Crew
from .folding import Folder
from .leasing import Leases
from .rebuilding import open_store, rebuild
from .reporting import Reporter
from .requests import Requests
from .watchers import Watchers
from .writing import Writing

__all__ = ["Supervisor"]

_TICK = 0.1
_SILENCE = 0.5
_NAP = 0.005
_PATIENCE = 3.0
_INTERRUPTIONS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Supervisor:
    """One run from its spec, or from its journal, to its end."""

    def __init__(
        self, directory: RunDirectory, engine: Callable[..., Engine] = LocalEngine
    ) -> None:
        directory.check_private()
        self.directory = directory
        self.spec = RunSpec.read(directory.spec)
        self.started = time.time()
        self._site = SiteWatch(state_directory() / "runs")
        self.lives = 0
        self.state = "starting"
        self.outcome: str | None = None
        self.error: dict[str, str] | None = None
        self.is_held = False
        self.plan = Plan(
            self.spec.files,
            run=self.spec.origin or directory.id,
            chunk=self.spec.chunk,
            allow_duplicates=self.spec.allow_duplicates,
        )
        self.crew = Crew(self, self.spec.workers)
        self._selector = selectors.DefaultSelector()
        self.engine = engine(directory, self.spec, self._selector, self.crew)
        self.crew.start()
        known = {n: Signature.from_dict(dict(d)) for n, d in self.spec.signatures.items()}
        try:
            # From here on this process is the only writer of the directory.
            self.store: StoreWriter = open_store(directory, self.spec, known)
        except HepnbError:
            self.engine.close()
            raise
        self.signatures = dict(self.store.signatures)
        # The store is closed before the last snapshot is written: others must wait for that.
        self._lock = self.store.lock.hold()
        self.log = LogWriter(directory.log)
        self.log_file = LogFile(directory.log)
        self.folder = Folder(self.store)
        self.reporter = Reporter(self)
        self.leases = Leases(self.plan)
        self.writing = Writing()
        self.commits = Commits(self)
        self._interrupted_by = ""
        self._is_cancelled = False
        self._was_waiting = False
        try:
            rebuild(self)
        except HepnbError:
            self.engine.close()
            self.folder.stop()
            self.store.close()
            os.close(self._lock)
            raise
        self._watchers = Watchers(directory.listen(), self._selector, Requests(self).answer)

    @property
    def is_ending(self) -> bool:
        """Whether nothing more is to be begun: the run has ended, or a signal interrupts it."""
        return bool(self.outcome or self._interrupted_by)

    @property
    def problem(self) -> str:
        """Why the run waits for the disk, or the empty string."""
        refused = self.writing.problem or self.folder.problem or self.log.problem
        return refused or self._site.problem

    # -- the loop ---------------------------------------------------------------------------

    def main(self) -> None:
        """Work until the run has ended; leave a sealed store and the final snapshot."""
        tick_at = told_at = 0.0
        is_first_told = is_news = False
        while not self.is_ending:
            tell_at = told_at + (_TICK if is_news else _SILENCE)
            is_news |= self._turn(min(tick_at, tell_at) - time.monotonic())
            self._judge()
            if self.state == "running" and not self.is_ending:
                self.crew.lease()
            self._end_if_finished()
            is_first = not is_first_told and bool(self.reporter.committed)
            now = time.monotonic()
            if now >= tick_at:
                if self.directory.is_gone():
                    self.engine.close()
                    return
                tick_at = now + _TICK
                self.crew.tick()
                self._site.look()
                self._interrupted_by = self._interrupted_by or self._site.verdict
                if self.directory.cancel_request.exists():
                    self.cancel("by request")
            # What comes after some silence is told at once; what changes with time alone can wait.
            if is_first or now >= told_at + (_TICK if is_news else _SILENCE):
                is_first_told, is_news, told_at = is_first_told or is_first, False, now
                self._watchers.publish(self.reporter.snapshot())
                self.reporter.keep_on_disk()
        self.engine.close()
        self.folder.stop()
        if not (self.outcome and self._end(self.outcome)):
            self._stop()
        self._take_leave()

    def _turn(self, timeout: float) -> bool:
        """Hear whoever has something to say, if anybody has, then write what waits."""
        if self.crew.is_ahead(2 * _NAP):
            # To hear many short answers at once costs all far less than to wake for each of them.
            time.sleep(_NAP)
        timeout = min(timeout, self.engine.turn())
        heard = self._selector.select(max(0.0, timeout))
        for key, _ in heard:
            # An earlier one of this batch may have closed it, and another may have its number.
            if self._selector.get_map().get(key.fd) is key:
                key.data()
        self.writing.go_on()
        if self.writing.refusal and self.outcome is None:
            self.log.add(self.writing.refusal, level="ERROR", logger="hepnb")
            self.fail(self.writing.refusal)
        return bool(heard)

    def _judge(self) -> None:
        """Running, or paused: by request, or as long as the disk refuses, which is said once."""
        if problem := self.problem:
            if not self._was_waiting:
                self.log.add(f"waiting: {problem}", level="ERROR", logger="hepnb")
        elif self._was_waiting:
            self.log.add("the disk has space again: going on", logger="hepnb")
        self._was_waiting = bool(problem)
        self.state = "paused" if problem or self.is_held else "running"

    def _end_if_finished(self) -> None:
        if self.is_ending or self.leases or self.writing or not self.plan.all_cut:
            return
        if self.crew.is_working or not self.crew.finish():
            return
        lost = [file for file in self.plan.files if file.status == "failed"]
        if lost and self.spec.on_error == "fail":
            first = lost[0]
            reason = first.reason.removeprefix(f"{first.spec.path}: ")
            self.fail(
                f"{len(lost)} of {len(self.plan.files)} files could not be used whole; "
                f"first {first.spec.path}: {reason}; all else is counted"
            )
        else:
            self.outcome = "done"

    # -- how it ends ------------------------------------------------------------------------

    def _end(self, outcome: str) -> bool:
        """Write the end; False where a signal came first.

        Where the disk is full the run is not over before there is space for it. One that is
        cancelled ends all the same: what could not be written is said to be missing.
        """
        self.commits.give_up_the_rest(outcome)
        self.folder.problem = ""
        self.writing.add(self.store.seal)
        refused_since: float | None = None
        while self.writing and not self.directory.is_gone() and not self._interrupted_by:
            self._judge()
            self._watchers.publish(self.reporter.snapshot())
            self.reporter.keep_on_disk()
            self._turn(_TICK)
            if self.directory.cancel_request.exists():
                self._is_cancelled = True
            if self._is_cancelled and self.problem:
                refused_since = refused_since or time.monotonic()
                if time.monotonic() - refused_since > _PATIENCE:
                    outcome = "cancelled"
                    self.commits.give_up_the_unwritten()
        self.state = "failed" if self.writing.refusal else outcome
        return not self.writing

    def _stop(self) -> None:
        """The run has not ended: it can be resumed. What waits for the disk is done again then."""
        self.state = "lost"
        title = f"interrupted by {self._interrupted_by}: everything committed so far is kept"
        title += f"; {self.directory.how_to_resume}"
        self.error = {"title": title, "traceback": "", "chunk": ""}
        self.log.add(title, level="WARNING", logger="hepnb")

    def _take_leave(self) -> None:
        """The last snapshot, on disk and to everybody; then the next writer may come."""
        for seat in self.crew.seats.values():
            seat.state = "ended"
        self.reporter.keep_on_disk(now=True)
        self.log.close()
        self.directory.close_socket()
        with contextlib.suppress(StoreError):
            self.store.close()
        os.close(self._lock)
        self._watchers.publish(self.reporter.snapshot())
        self._watchers.close()
        self._selector.close()

    # -- what ends it -----------------------------------------------------------------------

    def fail(self, title: str, traceback: str = "", chunk: str = "") -> None:
        """End as failed, for this reason; what is committed stays."""
        if self.outcome is None:
            self.error = {"title": title, "traceback": traceback, "chunk": chunk}
            self._decide("failed")

    def cancel(self, why: str = "") -> None:
        """End now; what is committed stays."""
        self._is_cancelled = True
        if self.outcome is None:
            self.log.add(f"cancelled {why}".strip(), level="WARNING", logger="hepnb")
            self._decide("cancelled")

    def _decide(self, outcome: str) -> None:
        """Journaled, so that whoever takes the run up in the middle of its end ends it likewise."""
        self.outcome = outcome
        if not self.writing.refusal:
            self.commits.note({"k": "end", "outcome": outcome, "error": self.error})

    def be_interrupted(self, number: int, _: object) -> None:
        """A signal comes in the middle of anything: the loop does what it says."""
        self._interrupted_by = signal.Signals(number).name


def main(path: str, engine: Callable[..., Engine] = LocalEngine) -> None:
    """Supervise the run in this directory until it ends."""
    directory = RunDirectory(Path(path))
    try:
        supervisor = Supervisor(directory, engine)
    except HepnbError as error:
        if isinstance(error, StoreError) and directory.is_supervised():
            sys.exit(TAKEN)
        sys.exit(f"{SAID}{error}")
    for number in _INTERRUPTIONS:
        signal.signal(number, supervisor.be_interrupted)
    supervisor.main()
