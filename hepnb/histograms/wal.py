"""Frames and segments of the journal: append-only files in which a torn end is harmless.

    frame = "hnWr" | kind u4 | length u8 | order i8 | crc32 u4 | zero u4 | body (a multiple of 8 bytes)

The checksum covers the frame's other fields and its body. A segment is read up to its first frame
that is not whole; what follows was never acknowledged. The ledger uses the same frames.
"""

from __future__ import annotations

import contextlib
import os
import re
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from isal.isal_zlib import crc32

from ..errors import StoreError
from .body import Body
from .durable import (
    PIECE,
    disk_faults,
    open_plain,
    read_all,
    remove_file,
    sync_directory,
    write_all,
    write_at,
)

__all__ = ["CONTRIBUTION", "NOTE", "TOMBSTONE", "Frame", "Segment", "SegmentWriter", "segments"]

CONTRIBUTION, TOMBSTONE, NOTE = 1, 2, 3
NO_ORDER = -1

_FRAME = struct.Struct("<4sIQqII")
_MAGIC = b"hnWr"
_NAME = re.compile(r"(\d{8})\.log")


@dataclass(frozen=True)
class Frame:
    """One whole frame: where its body stands in its segment."""

    kind: int
    order: int | None
    offset: int
    length: int

    @property
    def end(self) -> int:
        """Where the next frame begins."""
        return self.offset + self.length


class Segment:
    """One journal file, open for reading; its descriptor closes with the last user."""

    def __init__(self, path: Path, number: int = 0) -> None:
        self.path, self.number = path, number
        self._fd = -1
        self._fd = open_plain(path)

    def __del__(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)

    def size(self) -> int:
        """Bytes of the file now."""
        return os.fstat(self._fd).st_size

    def read(self, offset: int, length: int) -> bytes:
        """Bytes [offset, offset + length); StoreError when the file is shorter."""
        return read_all(self._fd, offset, length, self.path)

    def body(self, frame: Frame) -> Body:
        """The body of one of its frames."""
        return Body(frame.length, lambda at, length: self.read(frame.offset + at, length))

    def frames(self, start: int, stop: int | None = None) -> Iterator[Frame]:
        """The whole frames from `start` on; ends at the first that is not (yet) whole."""
        size = self.size() if stop is None else stop
        while start + _FRAME.size <= size:
            head = self.read(start, _FRAME.size)
            magic, kind, length, order, crc, zero = _FRAME.unpack(head)
            at = start + _FRAME.size
            if magic != _MAGIC or zero or at + length > size:
                return
            frame = Frame(kind, None if order == NO_ORDER else order, at, length)
            if crc != _checksum(head[:24], self.body(frame)):
                return
            yield frame
            start = frame.end

    def holds_frames(self, start: int) -> bool:
        """Whether a whole frame begins anywhere from byte `start` on."""
        size = self.size()
        for lo in range(start, size, PIECE):
            piece = self.read(lo, min(PIECE + len(_MAGIC) - 1, size - lo))
            at = piece.find(_MAGIC)
            while at >= 0:
                if next(self.frames(lo + at), None) is not None:
                    return True
                at = piece.find(_MAGIC, at + 1)
        return False


class SegmentWriter:
    """Append frames to one file; a fault rolls back to the last whole frame."""

    def __init__(self, path: Path, end: int | None = None) -> None:
        """Create the file, or with `end` continue it there, cutting what lies behind."""
        self.path = path
        with disk_faults("open", path):
            new = os.O_CREAT | os.O_EXCL if end is None else 0
            self._fd = open_plain(path, os.O_WRONLY | os.O_APPEND | new)
            try:
                if end is not None:
                    os.ftruncate(self._fd, end)
                if not end:
                    sync_directory(path.parent)
            except BaseException:
                os.close(self._fd)
                if new:
                    remove_file(path)
                raise
        self.end = end or 0
        self.broken = False
        self._syncing = threading.Lock()
        self._durable = 0  # bytes that a sync has certainly brought to the disk
        self._doubtful = False

    def append(self, kind: int, order: int | None, body: Body) -> Frame:
        """Write one frame; on any fault the file is as before and StoreError is raised."""
        if self.broken:
            raise StoreError(f"{self.path} could not be rolled back; open the store again")
        number = NO_ORDER if order is None else order
        head = struct.pack("<4sIQq", _MAGIC, kind, body.length, number)
        head += struct.pack("<II", _checksum(head, body), 0)
        with disk_faults("append to", self.path):
            try:
                write_all(self._fd, head)
                for piece in body.pieces():
                    write_all(self._fd, piece)
            except BaseException:
                self.cut(self.end)
                raise
        frame = Frame(kind, order, self.end + len(head), body.length)
        self.end = frame.end
        return frame

    def cut(self, end: int) -> None:
        """Forget everything behind `end`."""
        try:
            os.ftruncate(self._fd, end)
            self.end, self._durable = end, min(end, self._durable)
        except OSError:
            self.broken = True

    def sync(self) -> None:
        """Make what was appended durable.

        After a failed sync the system may take bytes for written that are not, and say so to the
        next one: what no sync has brought to the disk yet is then written again first.
        """
        with self._syncing, disk_faults("sync", self.path):
            if self._fd < 0:
                return  # closed by a rotation, which syncs first
            end = self.end
            if self._doubtful:
                self._write_again(end)
            self._doubtful = True
            os.fdatasync(self._fd)
            self._durable, self._doubtful = end, False

    def _write_again(self, end: int) -> None:
        segment = Segment(self.path)
        if end_of(segment, self._durable, end) != end:
            self.broken = True
            raise StoreError(
                f"{self.path}: the disk dropped records behind byte {self._durable} that it had "
                "taken; check the disk, open the store again and contribute them again"
            )
        fd = open_plain(self.path, os.O_WRONLY)
        try:
            for at in range(self._durable, end, PIECE):
                write_at(fd, at, segment.read(at, min(PIECE, end - at)))
        finally:
            os.close(fd)

    def close(self) -> None:
        """Release the file."""
        with self._syncing:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1


def _checksum(head: bytes, body: Body) -> int:
    crc = crc32(head)
    for piece in body.pieces():
        crc = crc32(piece, crc)
    return crc


def segment_path(directory: Path, number: int) -> Path:
    """The path of segment `number` of the store in `directory`."""
    return directory / "wal" / f"{number:08d}.log"


def segments(directory: Path) -> list[int]:
    """The numbers of the segments that are there, rising."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for entry in os.scandir(directory / "wal"):
            if match := _NAME.fullmatch(entry.name):
                found.append(int(match[1]))
    return sorted(found)


def end_of(segment: Segment, start: int = 0, stop: int | None = None) -> int:
    """Where the last whole frame of a segment ends; frames begin at `start`."""
    end = start
    for frame in segment.frames(start, stop):
        end = frame.end
    return end


def keep_torn(path: Path, end: int) -> None:
    """Before a writer cuts a segment at `end`: keep the rest aside if whole frames are in it.

    A kill tears at most the last frame. More than that behind a bad frame is damage of another
    kind; it is kept as `*.torn` so that nothing is destroyed that a person may want to see.
    """
    segment = Segment(path)
    if not segment.holds_frames(end + 1):
        return
    aside = path.with_suffix(".torn")
    remove_file(aside)
    fd = open_plain(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        for at in range(end, segment.size(), PIECE):
            write_all(fd, segment.read(at, min(PIECE, segment.size() - at)))
    finally:
        os.close(fd)
