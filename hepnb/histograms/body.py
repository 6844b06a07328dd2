"""The body of a record wherever it stands: in memory, in the journal, or in a private file."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .durable import PIECE, Buffer, disk_faults, read_all, write_at

__all__ = ["Body", "PrivateFile", "Read"]

Read = Callable[[int, int], Buffer]
"""Read (offset, length) of a record's body."""


@dataclass(frozen=True)
class Body:
    """`length` bytes, of which `read(offset, length)` gives some.

    >>> body = Body.chain(Body.of(b"header"), Body.of(b""), Body.of(b"sections"))
    >>> body.length, bytes(body.read(4, 4)), [bytes(p) for p in body.pieces()]
    (14, b'erse', [b'headersections'])
    """

    length: int
    read: Read

    @classmethod
    def of(cls, data: Buffer) -> Body:
        """A body in memory."""
        view = memoryview(data).cast("B")
        return cls(len(view), lambda offset, length: view[offset : offset + length])

    @classmethod
    def chain(cls, *parts: Body) -> Body:
        """One behind the other."""
        ends = list(itertools.accumulate(p.length for p in parts))

        def read(offset: int, length: int) -> Buffer:
            found = []
            for part, end in zip(parts, ends, strict=True):
                start = end - part.length
                lo, hi = max(offset, start), min(offset + length, end)
                if lo < hi:
                    found.append(part.read(lo - start, hi - lo))
            return found[0] if len(found) == 1 else b"".join(found)

        return cls(ends[-1], read)

    def pieces(self) -> Iterator[Buffer]:
        """All of it, some MB after some MB."""
        for at in range(0, self.length, PIECE):
            yield self.read(at, min(PIECE, self.length - at))


class PrivateFile:
    """A file without a name in a directory: gone with its last user, however that one ends."""

    def __init__(self, directory: Path) -> None:
        self._fd, self._directory = -1, directory
        with (
            disk_faults("write a file in", directory),
            tempfile.TemporaryFile(dir=directory) as made,
        ):
            self._fd = os.dup(made.fileno())
        self.size = 0

    def __del__(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)

    def append(self, parts: Iterable[Buffer]) -> None:
        """Write behind what is there; on a fault of the disk it holds what it held before."""
        end = self.size
        with disk_faults("write a file in", self._directory):
            for part in parts:
                write_at(self._fd, end, part)
                end += len(part)
        self.size = end

    @property
    def body(self) -> Body:
        """What was written so far."""
        said = f"a file in {self._directory}"
        return Body(self.size, lambda offset, length: read_all(self._fd, offset, length, said))
