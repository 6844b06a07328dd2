"""The files of a log: pairs of a text and an index, begun anew by size, bounded in number.

When there would be too many, the oldest after the first few goes: the head and the tail of a log
are what one looks for. The readers see the gap by the numbers of the files.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .block import COUNTS, ENTRY, REPEAT, TEXT

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SegmentWriter", "form", "numbers", "path_of", "read_index"]

SEGMENT_BYTES = 8 << 20
MOST_SEGMENTS = 32
HEAD_SEGMENTS = 4
_NAME = re.compile(r"(\d{8})\.index")


def numbers(directory: Path) -> list[int]:
    """The segments there are."""
    try:
        names = [entry.name for entry in directory.iterdir()]
    except OSError:
        return []
    return sorted(int(found[1]) for found in map(_NAME.fullmatch, names) if found)


def path_of(directory: Path, number: int, kind: str) -> Path:
    """The file of a segment; its kind is `text` or `index`."""
    return directory / f"{number:08d}.{kind}"


def form() -> np.dtype[np.void]:
    """`ENTRY` as NumPy sees it."""
    import numpy as np

    fields: list[Any] = [("kind", "<u4"), ("worker", "<i4"), ("first", "<u8"), ("time", "<f8")]
    fields += [("offset", "<u4"), ("size", "<u4"), ("chunk", "<u8"), ("logger", "<u8")]
    fields += [("levels", "<u8", 5), ("number", "<u4"), ("spare", "<u4")]
    return np.dtype(fields)


def read_index(file: Path, start: int = 0) -> np.ndarray:
    """The whole entries of an index from byte `start` on. Raises OSError."""
    import numpy as np

    with file.open("rb") as stream:
        stream.seek(start)
        data = stream.read()
    return np.frombuffer(data[: len(data) // ENTRY.size * ENTRY.size], dtype=form())


class SegmentWriter:
    """Appends to the newest segment; goes on where an earlier writer ended, or was killed.

    `records` counts those that can be read, `next` is the number of the next one, `counts` are the
    totals that were last written.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._text = self._index = -1
        self._sizes = [0, 0]
        self._records: dict[int, int] = {}
        self.next = 0
        self.counts = (0, 0, 0, 0, 0)
        for number in numbers(directory):
            entries = read_index(path_of(directory, number, "index"))
            blocks = entries[entries["kind"] == TEXT]
            self._records[number] = int(blocks["number"].sum())
            if len(blocks):
                self.next = int(blocks["first"][-1] + blocks["number"][-1])
            if len(totals := entries[entries["kind"] == COUNTS]):
                self.counts = tuple(totals["levels"][-1].tolist())
        if self._records:
            self._open(max(self._records))

    @property
    def records(self) -> int:
        """How many records a reader finds; what was left out is one of them."""
        return sum(self._records.values()) + self._has_gap

    @property
    def _has_gap(self) -> bool:
        return bool(self._records) and max(self._records) != len(self._records)

    def _open(self, number: int) -> None:
        """Open, or make, a segment; what an earlier writer did not finish is cut off."""
        self.close()
        self._directory.mkdir(mode=0o700, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        text, index = (path_of(self._directory, number, kind) for kind in ("text", "index"))
        self._text, self._index = os.open(text, flags, 0o600), os.open(index, flags, 0o600)
        self._sizes = [0, 0]
        if index.stat().st_size:
            entries = read_index(index)
            ends = (entries["offset"] + entries["size"]).tolist()
            self._sizes = [max(ends, default=0), len(entries) * ENTRY.size]
        self._cut()
        self._records.setdefault(number, 0)

    def _cut(self) -> None:
        os.ftruncate(self._text, self._sizes[0])
        os.ftruncate(self._index, self._sizes[1])

    def end(self) -> int:
        """Where in the newest text file the next block will lie; makes room for it first."""
        if self._text < 0 or sum(self._sizes) > SEGMENT_BYTES:
            number = max(self._records, default=0) + 1
            self._open(number)
            kept = self._drop_one() if len(self._records) > MOST_SEGMENTS else b""
            self.append(b"", kept, 0)
        return self._sizes[0]

    def append(self, text: bytes, entries: bytes, records: int) -> None:
        """Write whole blocks and their entries, or nothing. Raises OSError."""
        try:
            _write(self._text, text, self._sizes[0])
            _write(self._index, entries, self._sizes[1])
        except OSError:
            self._cut()
            raise
        self._sizes[0] += len(text)
        self._sizes[1] += len(entries)
        self._records[max(self._records)] += records

    def _drop_one(self) -> bytes:
        """Remove the oldest segment after the head; returns what it says of records in the head."""
        number = sorted(self._records)[HEAD_SEGMENTS]
        index = path_of(self._directory, number, "index")
        entries = read_index(index)
        begin = int(entries["first"][entries["kind"] == TEXT][:1].sum())
        about_head = entries[(entries["kind"] == REPEAT) & (entries["first"] < begin)]
        last = {int(entry["first"]): entry.tobytes() for entry in about_head}
        index.unlink()
        path_of(self._directory, number, "text").unlink()
        del self._records[number]
        return b"".join(last.values())

    def close(self) -> None:
        """Close the files."""
        for descriptor in (self._text, self._index):
            if descriptor >= 0:
                os.close(descriptor)
        self._text = self._index = -1


def _write(descriptor: int, data: bytes, at: int) -> None:
    """All of the data, at this place. Raises OSError."""
    rest = memoryview(data)
    while rest:
        written = os.pwrite(descriptor, rest, at)
        rest = rest[written:]
        at += written
