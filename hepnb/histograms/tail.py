"""The records of the journal that are not folded yet, read step by step as a writer appends them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .record import Record, parse
from .refusal import HistKeyError, PackGoneError
from .signature import Signature
from .wal import Frame, Segment, segment_path, segments

__all__ = ["Pending", "Tail"]


@dataclass(frozen=True)
class Pending:
    """One record in the journal: its header, and where its numbers are."""

    record: Record
    segment: Segment
    frame: Frame

    def read(self, offset: int, length: int) -> bytes:
        """Bytes of the record's body."""
        return self.segment.read(self.frame.offset + offset, length)

    @property
    def kind(self) -> int:
        """Contribution, tombstone or note."""
        return self.frame.kind

    @property
    def order(self) -> int | None:
        """Its place among the records; None for a note."""
        return self.frame.order

    @property
    def weight(self) -> int:
        """What it costs a reader to keep it in mind: its blocks, and one for itself."""
        return 1 + len(self.record.blocks)

    @property
    def position(self) -> tuple[int, int]:
        """Segment number and offset: the order of arrival."""
        return self.segment.number, self.frame.offset


class Tail:
    """Reads the journal from segment `first` on; each `advance` gives only what is new."""

    def __init__(self, directory: Path, first: int, signatures: Mapping[str, Signature]) -> None:
        self._directory, self._signatures = directory, signatures
        self._number, self._at = first, 0
        self._segment: Segment | None = None

    @property
    def position(self) -> tuple[int, int]:
        """Where reading goes on."""
        return self._number, self._at

    def know(self, signatures: Mapping[str, Signature]) -> None:
        """Take the signatures of a newer manifest."""
        self._signatures = signatures

    def advance(self, room: float = math.inf) -> list[Pending]:
        """The whole records that came since the last call, until their `weight`s fill `room`.

        Raises PackGoneError when the segment it must go on with was folded and deleted meanwhile.
        """
        out: list[Pending] = []
        while True:
            later = [n for n in segments(self._directory) if n > self._number]
            if self._segment is None:
                try:
                    path = segment_path(self._directory, self._number)
                    self._segment = Segment(path, self._number)
                except FileNotFoundError:
                    if later:
                        raise PackGoneError(f"{path} was folded while it was read") from None
                    return out
            for frame in self._segment.frames(self._at):
                if room <= 0:
                    return out
                out.append(self._pending(self._segment, frame))
                self._at = frame.end
                room -= out[-1].weight
            if not later:
                return out
            if later[0] != self._number + 1:
                raise PackGoneError(f"{self._directory}: a segment was folded while it was read")
            # a segment is never appended to once the next one exists
            self._number, self._at, self._segment = later[0], 0, None

    def _pending(self, segment: Segment, frame: Frame) -> Pending:
        try:
            record = parse(segment.body(frame), self._signatures)
        except HistKeyError as error:  # declared after the manifest that we know was read
            raise PackGoneError(str(error)) from None
        return Pending(record, segment, frame)
