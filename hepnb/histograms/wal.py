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
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import StoreError
from .durable import Buffer, disk_faults, open_plain, remove_file, sync_directory, write_all

__all__ = ["CONTRIBUTION", "NOTE", "TOMBSTONE", "Frame", "Segment", "SegmentWriter", "segments"]

CONTRIBUTION, TOMBSTONE, NOTE = 1, 2, 3
NO_ORDER = -1

_FRAME = struct.Struct("<4sIQqII")
_MAGIC = b"hnWr"
_PIECE = 1 << 24
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
        with disk_faults("read", self.path):
            parts, at, end = [], offset, offset + length
            while at < end:
                part = os.pread(self._fd, end - at, at)
                if not part:
                    raise StoreError(f"{self.path} ends at byte {at}, before byte {end}")
                parts.append(part)
                at += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def frames(self, start: int, stop: int | None = None) -> Iterator[Frame]:
        """The whole frames from `start` on; ends at the first that is not (yet) whole."""
        size = self.size() if stop is None else stop
        while start + _FRAME.size <= size:
            head = self.read(start, _FRAME.size)
            magic, kind, length, order, crc, zero = _FRAME.unpack(head)
            at = start + _FRAME.size
            if magic != _MAGIC or zero or at + length > size:
                return
            if crc != self._checksum(head, at, length):
                return
            yield Frame(kind, None if order == NO_ORDER else order, at, length)
            start = at + length

    def _checksum(self, head: bytes, at: int, length: int) -> int:
        crc = zlib.crc32(head[:24])
        for piece in range(at, at + length, _PIECE):
            crc = zlib.crc32(self.read(piece, min(_PIECE, at + length - piece)), crc)
        return crc


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

    def append(self, kind: int, order: int | None, body: Buffer) -> Frame:
        """Write one frame; on any fault the file is as before and StoreError is raised."""
        if self.broken:
            raise StoreError(f"{self.path} could not be rolled back; open the store again")
        plain = struct.pack("<4sIQq", _MAGIC, kind, len(body), NO_ORDER if order is None else order)
        head = plain + struct.pack("<II", zlib.crc32(body, zlib.crc32(plain)), 0)
        with disk_faults("append to", self.path):
            try:
                write_all(self._fd, head, body)
            except BaseException:
                self.cut(self.end)
                raise
        frame = Frame(kind, order, self.end + len(head), len(body))
        self.end = frame.end
        return frame

    def cut(self, end: int) -> None:
        """Forget everything behind `end`."""
        try:
            os.ftruncate(self._fd, end)
            self.end = end
        except OSError:
            self.broken = True

    def sync(self) -> None:
        """Make what was appended durable."""
        fd = self._fd
        if fd < 0:
            return  # closed by a rotation, which syncs first
        with disk_faults("sync", self.path):
            try:
                os.fdatasync(fd)
            except OSError:
                if self._fd >= 0:
                    raise

    def close(self) -> None:
        """Release the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


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


def end_of(segment: Segment) -> int:
    """Where the last whole frame of a segment ends."""
    end = 0
    for frame in segment.frames(0):
        end = frame.end
    return end


def keep_torn(path: Path, end: int) -> None:
    """Before a writer cuts a segment at `end`: keep the rest aside if it is more than one torn frame.

    A kill tears at most the last frame. More than that behind a bad frame is damage of another
    kind; it is kept as `*.torn` so that nothing is destroyed that a person may want to see.
    """
    segment = Segment(path)
    rest = segment.read(end, segment.size() - end)
    if rest.find(_MAGIC, 1) < 0:
        return
    aside = path.with_suffix(".torn")
    remove_file(aside)
    fd = open_plain(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        write_all(fd, rest)
    finally:
        os.close(fd)
