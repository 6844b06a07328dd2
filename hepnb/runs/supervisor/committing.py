"""What goes into a run's journal: contributions, lost chunks, notes; each chunk is settled once.

Everything passes through one queue (`Writing`), so nothing overtakes what a full disk makes wait.
Whatever a resumed run has to know is in here: see `rebuilding`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ...errors import StoreError
from ..plan import Chunk

if TYPE_CHECKING:
    from ...histograms.record import Record
    from .leasing import Seat
    from .supervisor import Supervisor

__all__ = ["Commits"]


class Commits:
    """The journal as the supervisor uses it; `settled` are the orders that need no more work."""

    def __init__(self, run: Supervisor) -> None:
        self._run = run
        self._unwritten: dict[int, Chunk] = {}
        self.settled: set[int] = set()

    def note(self, meta: Mapping[str, Any]) -> None:
        """Keep a fact: an attempt, a death, what a file holds, why the run ends."""
        self._run.writing.add(lambda: self._run.store.note(meta))

    def declare(self, forms: Iterable[Mapping[str, Any]]) -> str:
        """Know the histograms that an answer tells of before what is added to them.

        Returns why that cannot be, or the empty string. Two chunks that give one name to different
        histograms end the run whatever its policy: which of them came first is chance.
        """
        from ...histograms import Signature
        from ...histograms.declaring import check_same, declare

        run = self._run
        for form in forms:
            try:
                signature = Signature.from_dict(dict(form))
                if known := run.signatures.get(signature.name):
                    check_same(known, signature)
                    continue
            except StoreError as error:
                return str(error)
            run.signatures[signature.name] = signature
            run.writing.add(partial(declare, run.store, signature))
        return ""

    def take(self, seat: Seat, chunk: Chunk, record: Record, body: bytes, seconds: float) -> None:
        """Journal the contribution of a chunk, which is checked, once, and count it."""
        run = self._run
        seat.events += chunk.events
        seat.chunks += 1
        self.settled.add(chunk.order)
        self._unwritten[chunk.order] = chunk

        def write() -> None:
            if run.store.append(body, record):
                run.plan.finished(chunk)
                run.reporter.count(chunk, record.meta, seconds)
            del self._unwritten[chunk.order]
            run.leases.committed(chunk.order, len(body), run.store.frontier)
            run.folder.nudge()

        run.writing.add(write)

    def lose(self, chunk: Chunk, reason: str, *, logged: bool = False) -> None:
        """The chunk will never come, by a fault of its own; the ledger and the log say why."""
        if not logged:
            self._run.log.add(reason, level="ERROR", chunk=chunk.label, logger="hepnb")
        self.settled.add(chunk.order)
        self._run.plan.lost(chunk, reason)
        if self._run.outcome is None:
            meta = {"k": "lost chunk", "why": reason}
            self._run.writing.add(lambda: self._run.store.tombstone(chunk.id, chunk.order, meta))
        else:  # a gap stays in the journal, which a later run of the same path may fill
            self.note({"k": "left", "order": chunk.order, "why": reason})

    def open_file(self, index: int, **facts: Any) -> None:
        """The file can be read; what it holds decides its chunks, so it is journaled before them."""
        run = self._run
        run.plan.opened(index, **facts)
        clusters = list(run.plan.files[index].clusters)
        if facts.get("skipped"):
            run.log.add(facts["skipped"], level="WARNING", logger="hepnb")
        self.note({"k": "opened", "file": index, **facts, "clusters": clusters})
        run.leases.add(run.plan.cut())

    def describe(self, schema: Mapping[str, Any]) -> None:
        """What a file says of its columns: journaled where it is new, before the file is open."""
        if self._run.reporter.schema.add(schema):
            self.note({"k": "schema", "schema": schema})

    def refuse_file(self, index: int, reason: str) -> None:
        """The file cannot be used at all."""
        self._run.plan.not_opened(index, reason)
        self._run.log.add(reason, level="ERROR", logger="hepnb")
        self.note({"k": "file", "file": index, "reason": reason})
        self._run.leases.add(self._run.plan.cut())

    def give_up_the_rest(self, outcome: str) -> None:
        """Whatever an ended run has not reached is said to be missing.

        Nothing is journaled of it: the store keeps what stands behind a gap as it is, so that a later
        run of the same path can fill the gap.
        """
        plan = self._run.plan
        reason = _not_processed(outcome)
        for chunk in plan.chunks:
            # What has arrived is written yet, even if the disk makes it wait.
            if chunk.order not in self.settled:
                plan.not_reached(chunk, reason)
        for file in plan.files:
            if file.status in ("waiting", "running") and outcome != "done":
                file.skip(reason)

    def give_up_the_unwritten(self) -> None:
        """What waits for a full disk is dropped: it was never committed, and is said to be missing."""
        reason = f"{_not_processed('cancelled')} while the disk was full"
        for chunk in self._unwritten.values():
            self._run.plan.not_reached(chunk, reason)
        self._unwritten.clear()
        self._run.writing.drop()


def _not_processed(outcome: str) -> str:
    ending = "failed" if outcome == "failed" else "was cancelled"
    return f"not processed: the run {ending}"
