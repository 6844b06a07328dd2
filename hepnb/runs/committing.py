"""What goes into a run's journal: contributions, lost chunks, notes; each chunk is settled once.

Everything passes through one queue (`Writing`), so nothing overtakes what a full disk makes wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .plan import Chunk

if TYPE_CHECKING:
    from .leasing import Seat
    from .supervisor import Supervisor

__all__ = ["Commits"]


class Commits:
    """The journal as the supervisor uses it; `settled` are the orders that need no more work."""

    def __init__(self, run: Supervisor) -> None:
        self._run = run
        self.settled: set[int] = set()

    def note(self, meta: Mapping[str, Any]) -> None:
        """Keep a fact that no total depends on: an attempt, a death, a file that cannot be read."""
        self._run.writing.add(lambda: self._run.store.note(meta))

    def take(self, seat: Seat, chunk: Chunk, record: bytes, seconds: float) -> None:
        """Journal the contribution of a chunk, once, and count it."""
        run = self._run
        seat.events += chunk.events
        seat.chunks += 1
        self.settled.add(chunk.order)

        def write() -> None:
            if run.store.append(record):
                run.plan.finished(chunk)
                run.reporter.count(chunk, record, seconds)
            run.leases.committed(chunk.order, len(record), run.store.frontier)
            run.folder.nudge()

        run.writing.add(write)

    def lose(self, chunk: Chunk, reason: str, *, logged: bool = False) -> None:
        """The chunk will never come, by a fault of its own; the ledger and the log say why."""
        if not logged:
            self._run.log.add(reason, level="ERROR", chunk=chunk.label, logger="hepnb")
        self.settled.add(chunk.order)
        self._run.plan.lost(chunk, reason)
        self._tombstone(chunk, reason)

    def refuse_file(self, index: int, reason: str) -> None:
        """The file cannot be used at all."""
        self._run.plan.not_opened(index, reason)
        self._run.log.add(reason, level="ERROR", logger="hepnb")
        self.note({"k": "file", "file": index, "reason": reason})
        self._run.leases.add(self._run.plan.cut())

    def give_up_the_rest(self, outcome: str) -> None:
        """Whatever an ended run has not reached is said to be missing, chunk by chunk."""
        plan = self._run.plan
        ending = "failed" if outcome == "failed" else "was cancelled"
        reason = f"not processed: the run {ending}"
        for chunk in plan.chunks:
            # What has arrived is written yet, even if the disk makes it wait.
            if chunk.order not in self.settled:
                plan.not_reached(chunk, reason)
                self._tombstone(chunk, reason)
        for file in plan.files:
            if file.status in ("waiting", "running") and outcome != "done":
                file.skip(reason)

    def _tombstone(self, chunk: Chunk, reason: str) -> None:
        meta = {"k": "lost chunk", "why": reason}
        self._run.writing.add(lambda: self._run.store.tombstone(chunk.id, chunk.order, meta))
