"""One piece of the column cache: some columns of one range of entries of one file.

A file of the form `hnc1`, length and checksum of the header, the header (msgpack), then the buffers of
the arrays as they are in memory, each with its checksum. Buffers that are equal, such as the offsets of
the fields of a collection, are there once. Nothing in it is ever executed.
"""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ....whole import written_whole

__all__ = ["Damaged", "Piece", "packed", "write_piece"]

_MAGIC = b"hnc1"
_HEAD = struct.Struct("<4sII")
_LONGEST = 64_000_000
_SPARE = 1_000_000_000  # bytes that are left free on a disk


class Damaged(Exception):
    """A piece is not what was written."""


def packed(
    identity: str, start: int, stop: int, columns: Mapping[str, Any]
) -> tuple[bytes, list[memoryview], int]:
    """The head of a piece, its buffers, and the length of all; `columns` are layouts of `stop - start`."""
    import awkward as ak
    import msgpack

    buffers: list[memoryview] = []
    places: dict[tuple[int, int], int] = {}
    table: list[tuple[int, int, int]] = []
    described = {}
    offset = 0
    for name, layout in columns.items():
        form, length, container = ak.to_buffers(ak.Array(layout))
        if length != stop - start:
            raise ValueError(f"{name}: {length} entries for {stop - start}")
        parts = {}
        for key, array in container.items():
            data = np.ascontiguousarray(array).data.cast("B") if array.size else memoryview(b"")
            mark = (len(data), _checksum(data))
            place = places.get(mark)
            if place is None or buffers[place] != data:
                place = places[mark] = len(buffers)
                buffers.append(data)
                table.append((offset, *mark))
                offset += len(data)
            parts[key] = place
        described[name] = [form.to_dict(verbose=False), parts]
    header = msgpack.packb(
        {"of": identity, "range": [start, stop], "columns": described, "buffers": table}
    )
    head = _HEAD.pack(_MAGIC, len(header), _checksum(header)) + header
    return head, buffers, len(head) + offset


def write_piece(folder: Path, stem: str, piece: tuple[bytes, list[memoryview], int]) -> bool:
    """Write what `packed` gave as `stem.cols`, whole or not at all; False where the disk is full.

    Raises OSError where it cannot be written.
    """
    head, buffers, size = piece
    if shutil.disk_usage(folder).free < _SPARE + size:
        return False
    with written_whole(folder / f"{stem}.cols") as part, part.open("wb", buffering=0) as file:
        for view in (memoryview(head), *buffers):
            left = view
            while left:
                left = left[file.write(left) :]
    return True


class Piece:
    """A piece that lies in the cache: its `columns`, each loaded when asked for.

    Raises OSError where it is gone, `Damaged` where it is not what was written.
    """

    def __init__(self, path: Path, identity: str, start: int, stop: int) -> None:
        import msgpack

        self.path, self.start, self.stop = path, start, stop
        with path.open("rb", buffering=0) as file:
            head = file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                raise Damaged("short")
            magic, length, checksum = _HEAD.unpack(head)
            if magic != _MAGIC or length > _LONGEST:
                raise Damaged("no piece")
            header = file.read(length)
        if len(header) < length or _checksum(header) != checksum:
            raise Damaged("header")
        found = msgpack.unpackb(header)
        if found["of"] != identity or found["range"] != [start, stop]:
            raise Damaged("another file")
        self._data = _HEAD.size + length
        self._columns: dict[str, tuple[dict[str, Any], dict[str, int]]] = found["columns"]
        self._buffers: list[tuple[int, int, int]] = found["buffers"]

    @property
    def columns(self) -> frozenset[str]:
        """Names of its columns."""
        return frozenset(self._columns)

    def load(self, names: list[str]) -> dict[str, Any]:
        """Layouts of these columns, on the whole range."""
        loaded: dict[int, np.ndarray] = {}
        made = {}
        with self.path.open("rb", buffering=0) as file:
            os.utime(file.fileno())  # used now: what was not used for longest goes first
            for name in names:
                form, parts = self._columns[name]
                for place in parts.values():
                    if place not in loaded:
                        loaded[place] = self._buffer(file, *self._buffers[place])
                container = {key: loaded[place] for key, place in parts.items()}
                made[name] = _layout(form, self.stop - self.start, container)
        return made

    def _buffer(self, file: Any, offset: int, length: int, checksum: int) -> np.ndarray:
        buffer = np.empty(length, np.uint8)
        view, done = buffer.data, 0
        file.seek(self._data + offset)
        while done < length:
            count = file.readinto(view[done:])
            if not count:
                raise Damaged("short")
            done += count
        if _checksum(view) != checksum:
            raise Damaged("buffer")
        return buffer


def _layout(form: dict[str, Any], length: int, container: dict[str, np.ndarray]) -> Any:
    """The array of a form. Numbers and lists of numbers are put together here, in a tenth of the time."""
    import awkward as ak

    if form == _numbers(form, "node0"):
        numbers = container["node0-data"].view(form["primitive"])
        return ak.contents.NumpyArray(numbers[:length])
    inner = form.get("content", {})
    lists = {"class": "ListOffsetArray", "offsets": "i64", "content": inner, "form_key": "node0"}
    if form == lists and inner == _numbers(inner, "node1"):
        offsets = container["node0-offsets"].view(np.int64)
        numbers = container["node1-data"].view(inner["primitive"])
        content = ak.contents.NumpyArray(numbers[: offsets[-1]])
        return ak.contents.ListOffsetArray(ak.index.Index64(offsets), content)
    return ak.from_buffers(ak.forms.from_dict(form), length, container, highlevel=False)


def _numbers(form: dict[str, Any], key: str) -> dict[str, Any]:
    """The form of one number per entry, of the type of `form`."""
    return {"class": "NumpyArray", "primitive": form.get("primitive"), "form_key": key}


def _checksum(data: bytes | memoryview) -> int:
    from isal import isal_zlib

    return int(isal_zlib.crc32(data))
