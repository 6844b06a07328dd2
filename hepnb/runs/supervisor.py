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
from pathlib import Path
from typing import TYPE_CHECKING

from .committing import Commits
from .crew import Crew
from .directory import RunDirectory
from .engines import Engine, LocalEngine
from .leasing import Leases
from .logs import LogFile, LogWriter
from .plan import Plan
from .requests import Requests
from .spec import RunSpec
from .watchers import Watchers
from .writing import Writing

if TYPE_CHECKING:
    from ..histograms import StoreWriter

__all__ = ["Supervisor"]

_TICK = 0.1


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
        self.crew = Crew(self, self.spec.workers)
        self._selector = selectors.DefaultSelector()
        # The zygote imports its libraries while this process imports its own.
        self.engine: Engine = LocalEngine(directory, self.spec, self._selector, self.crew)
        self.engine.start(self.spec.workers)
        from ..histograms import Signature, StoreWriter
        from .folding import Folder
        from .reporting import Reporter

        self.signatures = {n: Signature.from_dict(dict(d)) for n, d in self.spec.signatures.items()}
        self.store: StoreWriter = StoreWriter.create(
            directory.path, self.signatures, meta={"run": directory.id, "name": self.spec.name}
        )
        self.folder = Folder(self.store)
        self.reporter = Reporter(self)
        self._watchers = Watchers(directory.listen(), self._selector, Requests(self).answer)
        self.leases = Leases(self.plan)
        self.writing = Writing(self.log)
        self.commits = Commits(self)
        self._is_told_to_end = False

    # -- the loop ---------------------------------------------------------------------------

    def main(self) -> None:
        """Work until the run has ended; leave a sealed store and the final snapshot."""
        signal.signal(signal.SIGTERM, self._be_told_to_end)
        self.state = "running"
        next_tick = 0.0
        while self.outcome is None:
            self._turn(next_tick - time.monotonic())
            self.crew.lease()
            self._end_if_finished()
            if self._is_told_to_end:
                self.cancel("terminated by a signal")
            if time.monotonic() >= next_tick:
                if self.directory.is_gone():
                    self.engine.close()
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
            self.fail(self.writing.refusal)

    def _end(self, outcome: str) -> None:
        self.engine.close()
        self.commits.give_up_the_rest(outcome)
        self.folder.stop()
        self.writing.add(self.store.seal)
        # Where the disk is full the run is not over before there is space for its end.
        while self.writing and not self.directory.is_gone():
            self._watchers.publish(self.reporter.snapshot())
            self._turn(_TICK)
        self.state = "failed" if self.writing.refusal else outcome
        for seat in self.crew.seats.values():
            seat.state = "ended"
        self.reporter.keep_on_disk(now=True)
        self.log.close()
        self.directory.close_socket()
        self._watchers.publish(self.reporter.snapshot())
        self._watchers.close()

    def _end_if_finished(self) -> None:
        if self.outcome or self.leases or self.writing or not self.plan.all_cut:
            return
        if self.crew.is_working:
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

    # -- what ends it -----------------------------------------------------------------------

    def fail(self, title: str, traceback: str = "", chunk: str = "") -> None:
        """End as failed, for this reason; what is committed stays."""
        self.error = {"title": title, "traceback": traceback, "chunk": chunk}
        self.outcome = "failed"

    def cancel(self, why: str = "") -> None:
        """End now; what is committed stays."""
        if self.outcome is None:
            self.log.add(f"cancelled {why}".strip(), level="WARNING", logger="hepnb")
            self.outcome = "cancelled"

    def _be_told_to_end(self, *_: object) -> None:
        """A signal comes in the middle of anything: the loop does what it says."""
        self._is_told_to_end = True


def main(path: str) -> None:
    """Supervise the run in this directory until it ends."""
    Supervisor(RunDirectory(Path(path))).main()


if __name__ == "__main__":
    main(sys.argv[1])
