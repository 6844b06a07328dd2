"""Packs: immutable HDF5 files that hold folded blocks and table rows.

    /histograms/<name>/values     [slot, bins]   (and /variances for Weight storage; for means all
                                  fields, and the variances that UHI knows them by)
    /histograms/<name>/keys       msgpack list of each slot's category labels, as bytes
    /tables/<name>/<first row>/<column>   [rows]

HDF5 builds a pack through the file layer of `durable`, in little memory, so that a fault of the disk
is met in one place and never leaves a half-written HDF5 file that anybody would open.
"""

from __future__ import annotations

import itertools
import math
import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import hdf5plugin
import msgpack
import numpy as np

from ..errors import StoreError
from .bitshuffle import codes, decode, encode
from .durable import build_file, disk_faults
from .record import Key
from .refusal import PackGoneError
from .signature import Signature
from .threads import in_order

__all__ = ["PackFiles", "PackPlan", "Piece", "chunk_shape", "write_pack"]

CHUNK_BYTES = 1 << 19
RANGE_BYTES = 1 << 22  # of a large block, that a fold holds at a time
_OPEN_PACKS = 128
_DECODED = 128

Array = np.ndarray[Any, Any]
Fill = Callable[[str, Key, int, int], Mapping[str, Array]]
"""Give (histogram, key, first bin, last bin + 1) as one flat array per field."""


@dataclass(frozen=True)
class Piece:
    """Rows [start, start + rows) of a table, whose columns are read when they are needed."""

    table: str
    start: int
    rows: int
    read: Callable[[], Mapping[str, Array]]


@dataclass(frozen=True)
class PackPlan:
    """What one pack will hold."""

    blocks: Mapping[str, Sequence[Key]]
    pieces: Sequence[Piece] = ()


def chunk_shape(slots: int, shape: Sequence[int]) -> tuple[int, int]:
    """An HDF5 chunk of 0.25 to 1 MB: many small blocks, or whole rows of a large one.

    >>> chunk_shape(500, (100, 10)), chunk_shape(1, (200, 300, 200)), chunk_shape(1, (10**9,))
    ((65, 1000), (1, 60000), (1, 64000))
    """
    most = CHUNK_BYTES // 8
    row = math.prod(shape)
    if row <= 2 * most:
        return max(1, min(slots, most // row)), row
    for n in shape:
        row //= n
        if row <= 2 * most:
            break
    rows = max(1, most // row)
    return 1, row * next((m for m in range(rows, rows // 2, -1) if n % m == 0), rows)


def write_pack(path: Path, plan: PackPlan, signatures: Mapping[str, Signature], fill: Fill) -> int:
    """Build the pack of `plan` and write it durably (its directory is not synced); its CRC-32."""

    def build(file: BinaryIO) -> None:
        with h5py.File(file, "w", libver="v110") as f:
            for name, keys in plan.blocks.items():
                _write_blocks(f.create_group(f"histograms/{name}"), signatures[name], keys, fill)
            for piece in plan.pieces:
                group = f.create_group(f"tables/{piece.table}/{piece.start}", track_order=True)
                for column, values in piece.read().items():
                    _write_column(group, column, values)

    with disk_faults("write", path):
        return build_file(path, build)


def _write_blocks(group: h5py.Group, signature: Signature, keys: Sequence[Key], fill: Fill) -> None:
    rows, columns = chunk_shape(len(keys), signature.block_shape)
    cell = signature.cell
    sets = {
        field: group.create_dataset(
            field,
            (len(keys), signature.bins),
            signature.dtype,
            chunks=(rows, columns),
            compression=hdf5plugin.Bitshuffle(cname="lz4"),
        )
        for field in dict.fromkeys((*cell.fields, *cell.uhi_fields))
    }
    group["keys"] = np.frombuffer(msgpack.packb([list(k) for k in keys]), np.uint8)
    width = columns
    if rows == 1:
        width = max(1, RANGE_BYTES // (8 * len(sets) * columns)) * columns
    coded = {field: codes(dataset) for field, dataset in sets.items()}

    def make(job: tuple[int, int]) -> dict[str, list[bytes] | Array]:
        """Slots and bins from `job` on, coded chunk by chunk where that can be done here."""
        slot, lo = job
        hi = min(lo + width, signature.bins)
        filled = [fill(signature.name, key, lo, hi) for key in keys[slot : slot + rows]]
        shown = [{**f, **cell.for_uhi(f)} for f in filled]
        made = {field: np.stack([f[field] for f in shown]) for field in sets}
        return {f: _chunks(a, rows, columns) if coded[f] else a for f, a in made.items()}

    jobs = itertools.product(range(0, len(keys), rows), range(0, signature.bins, width))
    for (slot, lo), made in in_order(make, jobs, None if rows == 1 else 1):
        for field, dataset in sets.items():
            part = made[field]
            if isinstance(part, list):
                for i, chunk in enumerate(part):
                    dataset.id.write_direct_chunk((slot, lo + i * columns), chunk)
            else:
                dataset[slot : slot + len(part), lo : lo + part.shape[1]] = part


def _chunks(numbers: Array, rows: int, columns: int) -> list[bytes]:
    """One row of chunks, the last one filled up with zeros."""
    out = []
    for lo in range(0, numbers.shape[1], columns):
        part = np.ascontiguousarray(numbers[:, lo : lo + columns])
        if part.shape != (rows, columns):
            whole = np.zeros((rows, columns), numbers.dtype)
            whole[: part.shape[0], : part.shape[1]] = part
            part = whole
        out.append(encode(part))
    return out


def _write_column(group: h5py.Group, column: str, values: Array) -> None:
    if len(values) < 1000:
        group.create_dataset(column, data=values)
        return
    group.create_dataset(
        column,
        data=values,
        chunks=(min(len(values), CHUNK_BYTES // values.dtype.itemsize),),
        compression=hdf5plugin.Bitshuffle(cname="lz4"),
    )


@dataclass(frozen=True)
class _Numbers:
    """One field of the blocks of a pack: its dataset, the shape of its chunks, who decodes them."""

    dataset: h5py.Dataset
    rows: int
    columns: int
    coded: bool  # here; otherwise by HDF5

    def chunk(self, slot: int, first: int) -> bytes | Array:
        """The chunk that begins there, as it is packed; its numbers where it is not."""
        try:
            skipped, chunk = self.dataset.id.read_direct_chunk((slot, first))
        except (MemoryError, OSError, RuntimeError):
            if self.dataset.id.get_chunk_info_by_coord((slot, first)).byte_offset is not None:
                raise
            return np.zeros(1, self.dataset.dtype)  # never written
        return np.frombuffer(chunk, self.dataset.dtype) if skipped else bytes(chunk)


class PackFiles:
    """The packs of one directory, opened when needed; safe to use on a store of somebody else."""

    def __init__(self, directory: Path, signatures: Mapping[str, Signature]) -> None:
        self._directory, self._signatures = directory / "packs", signatures
        self._open: OrderedDict[str, h5py.File] = OrderedDict()
        self._keys: dict[tuple[str, str], tuple[Key, ...]] = {}
        self._numbers: dict[str, dict[tuple[str, str], _Numbers]] = {}
        self._decoded: OrderedDict[tuple[str, str, str], tuple[int, Array]] = OrderedDict()
        self._lock = threading.RLock()

    def close(self) -> None:
        """Close all files."""
        with self._lock:
            for pack in list(self._open):
                self._shut(pack)

    def know(self, signatures: Mapping[str, Signature]) -> None:
        """Take the signatures of a newer manifest; what was known before never changes."""
        self._signatures = signatures

    def forget(self, packs: Sequence[str]) -> None:
        """Close packs that no manifest names any more."""
        with self._lock:
            for pack in packs:
                self._shut(pack)
            gone = set(packs)
            self._keys = {k: v for k, v in self._keys.items() if k[0] not in gone}

    def keys(self, pack: str) -> Mapping[str, tuple[Key, ...]]:
        """The keys of each histogram's slots in this pack."""
        with self._lock:
            names = self._names(pack, "histograms")
            for name in names:
                if (pack, name) not in self._keys:
                    raw = self._dataset(pack, f"histograms/{name}/keys")[()]
                    listed = msgpack.unpackb(raw.tobytes(), strict_map_key=False)
                    self._keys[pack, name] = tuple(tuple(k) for k in listed)
            return {name: self._keys[pack, name] for name in names}

    def read(self, pack: str, name: str, slot: int, lo: int, hi: int) -> dict[str, Array]:
        """Bins [lo, hi) of one block, one flat array per field: only the chunks they lie in are read.

        Several threads may read at once; what HDF5 does of it is done by one at a time.
        """
        signature = self._signatures[name]
        return {f: self._field(pack, signature, f, slot, lo, hi) for f in signature.fields}

    def _field(
        self, pack: str, signature: Signature, field: str, slot: int, lo: int, hi: int
    ) -> Array:
        with self._lock, disk_faults("read", self._directory / pack):
            numbers = self._numbers_of(pack, signature, field)
            if numbers.rows != 1:
                return self._small(pack, numbers, (pack, signature.name, field), slot)[lo:hi].copy()
            if not numbers.coded:
                found: Array = numbers.dataset[slot, lo:hi]
                return found
            columns = numbers.columns
            starts = range(lo - lo % columns, hi, columns)
            chunks = [numbers.chunk(slot, first) for first in starts]
        out = np.empty(hi - lo, signature.dtype)
        for first, chunk in zip(starts, chunks, strict=True):
            if lo <= first and first + columns <= hi:
                self._decode(pack, chunk, out[first - lo : first - lo + columns])
            else:
                whole = np.empty(columns, signature.dtype)
                self._decode(pack, chunk, whole)
                a, b = max(first, lo), min(first + columns, hi)
                out[a - lo : b - lo] = whole[a - first : b - first]
        return out

    def _decode(self, pack: str, chunk: bytes | Array, into: Array) -> None:
        if isinstance(chunk, np.ndarray):
            into.reshape(-1)[:] = chunk
            return
        try:
            decode(chunk, into)
        except ValueError as error:
            raise StoreError(
                f"{self._directory / pack}: a chunk cannot be unpacked, {error}; "
                "`hepnb hist check` looks through the store"
            ) from None

    def _small(self, pack: str, numbers: _Numbers, name: tuple[str, str, str], slot: int) -> Array:
        """A small block: its neighbours in the HDF5 chunk are decoded once and kept for a while."""
        first = slot - slot % numbers.rows
        known = self._decoded.pop(name, None)
        if known is None or known[0] != first:
            known = first, self._together(pack, numbers, first)
        self._decoded[name] = known
        if len(self._decoded) > _DECODED:
            self._decoded.popitem(last=False)
        block: Array = known[1][slot - first]
        return block

    def _together(self, pack: str, numbers: _Numbers, first: int) -> Array:
        if not numbers.coded:
            found: Array = numbers.dataset[first : first + numbers.rows]
            return found
        out = np.empty((numbers.rows, numbers.columns), numbers.dataset.dtype)
        self._decode(pack, numbers.chunk(first, 0), out)
        return out

    def _numbers_of(self, pack: str, signature: Signature, field: str) -> _Numbers:
        known = self._numbers.setdefault(pack, {}).get((signature.name, field))
        if known is not None:
            return known
        dataset = self._dataset(pack, f"histograms/{signature.name}/{field}")
        slots = len(self.keys(pack).get(signature.name, ()))
        if dataset.shape != (slots, signature.bins) or dataset.dtype != signature.dtype:
            raise StoreError(f"{self._directory / pack}: {signature.name!r} does not fit its axes")
        rows, columns = dataset.chunks or (1, signature.bins)
        coded = dataset.chunks is not None and codes(dataset)
        if rows != 1 and columns != signature.bins:
            rows, coded = 1, False  # not as we write it: HDF5 knows how to read it
        found = _Numbers(dataset, rows, columns, coded)
        self._numbers.setdefault(pack, {})[signature.name, field] = found
        return found

    def pieces(self, pack: str) -> list[Piece]:
        """The table rows that this pack holds."""
        out = []
        with self._lock:
            for table in self._names(pack, "tables"):
                for start in self._names(pack, f"tables/{table}"):
                    group = f"tables/{table}/{start}"
                    columns = self._names(pack, group)
                    rows = len(self._dataset(pack, f"{group}/{columns[0]}")) if columns else 0
                    out.append(Piece(table, int(start), rows, self._reader(pack, group, columns)))
        return out

    def _reader(
        self, pack: str, group: str, columns: Sequence[str]
    ) -> Callable[[], Mapping[str, Array]]:
        def read() -> Mapping[str, Array]:
            with self._lock:
                return {c: self._dataset(pack, f"{group}/{c}")[()] for c in columns}

        return read

    def _shut(self, pack: str) -> None:
        self._numbers.pop(pack, None)
        for key in [k for k in self._decoded if k[0] == pack]:
            del self._decoded[key]
        if file := self._open.pop(pack, None):
            file.close()

    def _names(self, pack: str, group: str) -> list[str]:
        found = self._file(pack)
        for part in group.split("/"):
            if part not in found:
                return []
            found = self._step(found, part, pack)
        return list(found)

    def _dataset(self, pack: str, path: str) -> h5py.Dataset:
        found: Any = self._file(pack)
        for part in path.split("/"):
            found = self._step(found, part, pack)
        if not isinstance(found, h5py.Dataset) or found.is_virtual or found.external:
            raise StoreError(f"{self._directory / pack}: {path} points outside; refused")
        return found

    def _step(self, group: Any, part: str, pack: str) -> Any:
        link = group.get(part, getlink=True) if isinstance(group, h5py.Group) else None
        if not isinstance(link, h5py.HardLink):
            raise StoreError(f"{self._directory / pack}: {part!r} is missing or a link; refused")
        return group[part]

    def _file(self, pack: str) -> h5py.File:
        file = self._open.get(pack)
        if file is None:
            path = self._directory / pack
            try:
                if not stat.S_ISREG(os.lstat(path).st_mode):
                    raise StoreError(f"{path} is not a plain file; refused")
                file = h5py.File(path, "r", rdcc_nbytes=1 << 20)
            except FileNotFoundError:
                raise PackGoneError(f"{path} is not there; the store is not complete") from None
            except OSError as error:
                raise StoreError(f"{path} cannot be read as HDF5: {error}") from None
            self._open[pack] = file
            while len(self._open) > _OPEN_PACKS:
                self._shut(next(iter(self._open)))
        self._open.move_to_end(pack)
        return file
