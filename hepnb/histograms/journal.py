"""The writer's side of wal/: append records, remember those that are not folded, drop the folded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..errors import StoreError
from .body import Body
from .durable import disk_faults, remove_file
from .manifest import Manifest
from .record import Record
from .tail import Pending, Tail
from .wal import (
    NOTE,
    Segment,
    SegmentWriter,
    end_of,
    keep_torn,
    segment_path,
    segments,
)

__all__ = ["Journal"]

SEGMENT_BYTES = 64 << 20
ROTATE_AT_FOLD = 4 << 20


class Journal:
    """Appends to the last segment; not safe for several threads by itself."""

    def __init__(self, directory: Path, manifest: Manifest) -> None:
        """Read what is there, cut the torn end of the last segment, go on behind it."""
        self._directory = directory
        self.pending: dict[int, Pending] = {}
        self.weight = 0  # of all that is pending
        self.notes: list[Pending] = []
        first, there = manifest.wal_first, segments(directory)
        for number in there:
            if number < first:  # folded by a writer that was killed before it could delete it
                remove_file(segment_path(directory, number))
        last = max(there, default=0)
        if last < first:
            self._out = SegmentWriter(segment_path(directory, first))
            self._segment = Segment(self._out.path, first)
            return
        for pending in Tail(directory, first, manifest.signatures).advance():
            if pending.kind == NOTE:
                if pending.position >= manifest.notes:
                    self.notes.append(pending)
            elif pending.order is not None and pending.order >= manifest.frontier:
                self.pending[pending.order] = pending
                self.weight += pending.weight
        path = segment_path(directory, last)
        self._segment = Segment(path, last)
        end = end_of(self._segment)
        if end < self._segment.size():
            with disk_faults("mend", path):
                keep_torn(path, end)
        self._out = SegmentWriter(path, end)

    @property
    def position(self) -> tuple[int, int]:
        """Segment number and byte where the next record goes."""
        return self._segment.number, self._out.end

    @property
    def waiting(self) -> list[Pending]:
        """All records that are not folded, by arrival."""
        return sorted([*self.pending.values(), *self.notes], key=lambda p: p.position)

    def order_of(self, record: Record, frontier: int) -> int:
        """The order that a record asks for, or the next free one; StoreError when it is taken."""
        if record.order is None:
            return max(self.pending, default=frontier - 1) + 1
        if record.order < frontier or record.order in self.pending:
            raise StoreError(
                f"record {record.id!r}: order {record.order} is taken by another record"
            )
        return record.order

    def append(self, kind: int, order: int | None, record: Record, body: Body) -> None:
        """Take one record; on a fault nothing has changed and StoreError is raised."""
        if self._out.end >= SEGMENT_BYTES or self._out.broken:
            self.rotate()
        frame = self._out.append(kind, order, body)
        pending = Pending(record, self._segment, frame)
        if order is None:
            self.notes.append(pending)
        else:
            self.pending[order] = pending
            self.weight += pending.weight

    def ready(self, frontier: int) -> list[Pending]:
        """The records from `frontier` up to the first order that is missing."""
        out: list[Pending] = []
        while (found := self.pending.get(frontier + len(out))) is not None:
            out.append(found)
        return out

    def first_needed(self, folded: Iterable[Pending]) -> int:
        """The first segment that is needed once `folded` and all notes so far are folded."""
        gone = {p.order for p in folded}
        left = [p.segment.number for order, p in self.pending.items() if order not in gone]
        return min([*left, self._segment.number])

    def forget(self, folded: Iterable[Pending], manifest: Manifest) -> None:
        """Drop what the manifest says is folded, and the segments that hold nothing else."""
        for pending in folded:
            if pending.order is not None:
                self.weight -= self.pending.pop(pending.order).weight
        self.notes = [n for n in self.notes if n.position >= manifest.notes]
        for number in segments(self._directory):
            if number < manifest.wal_first:
                remove_file(segment_path(self._directory, number))

    def rotate(self) -> None:
        """Begin a new segment; the old one is durable first."""
        self._out.sync()  # durable before the next one exists, or a torn middle could follow
        number = self._segment.number + 1
        path = segment_path(self._directory, number)
        try:
            out = SegmentWriter(path, 0 if path.exists() else None)
        except BaseException:
            # a segment that could be neither made durable nor removed: readers go on to it, and so
            # must the next record
            self._out.broken |= path.exists()
            raise
        self._segment = Segment(out.path, number)
        self._out.close()
        self._out = out

    def sync(self) -> None:
        """Make everything appended so far durable."""
        self._out.sync()

    def close(self) -> None:
        """Sync and release the segment."""
        try:
            self._out.sync()
        finally:
            self._out.close()
