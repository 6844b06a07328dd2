"""The ledger: id, order and meta of every folded record, kept for ever, in the journal's framing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from .body import Body
from .record import parse, write_body
from .tail import Pending
from .wal import Segment, SegmentWriter

__all__ = ["Entry", "Ledger", "entry_of", "read_ledger"]


class Entry(NamedTuple):
    """One line of the ledger: a contribution or tombstone (with an order), or a note (without)."""

    id: str
    order: int | None
    meta: Any


def entry_of(pending: Pending) -> Entry:
    """The ledger's line of a record that is still in the journal."""
    return Entry(pending.record.id, pending.order, pending.record.meta)


def read_ledger(directory: Path, end: int) -> Iterator[Entry]:
    """The entries of the ledger's first `end` bytes, in the order they were folded."""
    if end == 0:
        return
    segment = Segment(directory / "ledger")
    for frame in segment.frames(0, end):
        record = parse(segment.body(frame), {})
        yield Entry(record.id, frame.order, record.meta)


class Ledger:
    """The writer's side: appends entries, forgets those of a fold that did not end."""

    def __init__(self, directory: Path, end: int) -> None:
        path = directory / "ledger"
        self._writer = SegmentWriter(path, end if path.exists() else None)

    def extend(self, records: Iterable[Pending]) -> int:
        """Append and sync the entries of `records`; the ledger's new end. A fault leaves it as before."""
        before = self._writer.end
        try:
            for pending in records:
                body = Body.of(write_body(pending.record.bare()))
                self._writer.append(pending.kind, pending.order, body)
            self._writer.sync()
        except BaseException:
            self._writer.cut(before)
            raise
        return self._writer.end

    def cut(self, end: int) -> None:
        """Forget what lies behind `end`."""
        self._writer.cut(end)

    def close(self) -> None:
        """Release the file."""
        self._writer.close()
