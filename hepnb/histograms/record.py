"""The body of one journal record: who, when, and what it adds. No files here, and no pickle.

    u32 length of the header | u32 zero | header (msgpack) | padding to 8 | sections, each padded to 8

The header names each block (histogram, category labels, bins, sparse or dense) and each table's
columns; the sections follow in that order. A sparse block is its bin numbers (flat, C order,
rising, u4 or u8) and then each field's numbers; a dense block is each field's numbers for all bins.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgpack
import numpy as np

from ..errors import StoreError, nearest
from .body import Body, Read
from .cells import Cell
from .durable import Buffer
from .refusal import HistKeyError, HistTypeError
from .signature import Signature, check_name

__all__ = [
    "BlockEntry",
    "Key",
    "Record",
    "TableEntry",
    "check",
    "parse",
    "validate",
    "write_body",
    "write_sections",
]

Array = np.ndarray[Any, Any]
Key = tuple[str | int | None, ...]
"""The labels of one block, one per category axis; None stands for the overflow category."""

_HEAD = struct.Struct("<II")
_INDEX: dict[int, np.dtype[Any]] = {4: np.dtype("<u4"), 8: np.dtype("<u8")}
_COLUMN_KINDS = "biufc"
_AT_ONCE = 1 << 18  # numbers that are looked at together


@dataclass(frozen=True)
class BlockEntry:
    """One block of a record: where its numbers stand in the body."""

    hist: str
    key: Key
    bins: int
    count: int | None  # bins written when sparse; None when dense
    index_bytes: int
    cell: Cell
    weighted: bool
    offset: int
    assigns: bool = False  # the numbers replace what the bins hold

    @property
    def fields(self) -> tuple[str, ...]:
        """The arrays of a block."""
        return self.cell.fields

    @property
    def nbytes(self) -> int:
        """Bytes of all its sections."""
        n = self.bins if self.count is None else self.count
        index = 0 if self.count is None else _padded(n * self.index_bytes)
        return index + len(self.fields) * n * 8

    def index(self, read: Read, lo: int, hi: int) -> Array:
        """The bin numbers of entries `lo` to `hi` of a sparse block."""
        width = self.index_bytes
        return np.frombuffer(read(self.offset + lo * width, (hi - lo) * width), _INDEX[width])

    def within(self, read: Read, lo: int, hi: int) -> tuple[int, Array]:
        """The bin numbers in [lo, hi) of a sparse block, and the number of the first such entry."""
        first, last = 0, self.count or 0
        if last > _AT_ONCE:

            def bin_of(n: int) -> int:
                return int(self.index(read, n, n + 1)[0])

            first = bisect_left(range(last), lo, key=bin_of)
            last = bisect_left(range(last), hi, lo=first, key=bin_of)
        where = self.index(read, first, last)
        a, b = (int(n) for n in np.searchsorted(where, (lo, hi)))
        return first + a, where[a:b]

    def numbers(self, read: Read, field: int, lo: int, hi: int) -> np.ndarray[Any, Any]:
        """Numbers `lo` to `hi` of one field, counted in entries (sparse) or bins (dense)."""
        n = self.bins if self.count is None else self.count
        start = self.offset + self.nbytes - (len(self.fields) - field) * n * 8
        return np.frombuffer(read(start + lo * 8, (hi - lo) * 8), self.cell.dtype)

    def add_into(self, read: Read, into: Mapping[str, np.ndarray[Any, Any]], lo: int) -> None:
        """Add this block's bins [lo, lo + length) to the flat arrays `into`, or put them there."""
        length = len(into[self.fields[0]])
        first, bins = lo, slice(None)  # type: int, Any
        if self.count is not None:
            first, where = self.within(read, lo, lo + length)
            if where.size == 0:
                return
            length, bins = where.size, where.astype(np.int64) - lo
        part = {f: self.numbers(read, i, first, first + length) for i, f in enumerate(self.fields)}
        if self.assigns:
            for name in self.fields:
                into[name][bins] = part[name]
        else:
            self.cell.merge(into, bins, part)


@dataclass(frozen=True)
class TableEntry:
    """Rows of one flat table in a record."""

    name: str
    rows: int
    columns: tuple[tuple[str, np.dtype[Any]], ...]
    offset: int

    def read(self, read: Read) -> dict[str, np.ndarray[Any, Any]]:
        """The columns, each of shape (rows,)."""
        out, at = {}, self.offset
        for name, dtype in self.columns:
            out[name] = np.frombuffer(read(at, self.rows * dtype.itemsize), dtype)
            at += _padded(self.rows * dtype.itemsize)
        return out


@dataclass(frozen=True)
class Record:
    """The header of one record."""

    id: str
    order: int | None
    meta: Any
    blocks: tuple[BlockEntry, ...] = ()
    tables: tuple[TableEntry, ...] = ()

    def bare(self) -> Record:
        """Without blocks and tables: what the ledger keeps."""
        return replace(self, blocks=(), tables=())


def write_body(record: Record) -> bytearray:
    """The body of `record`, whose entries' offsets are not used, up to its sections."""
    header = {
        "id": record.id,
        "order": record.order,
        "meta": record.meta,
        "blocks": [
            [b.hist, list(b.key), b.bins, b.count, b.index_bytes, b.weighted, *[1] * b.assigns]
            for b in record.blocks
        ],
        "tables": [[t.name, t.rows, [[n, d.str] for n, d in t.columns]] for t in record.tables],
    }
    try:
        head = msgpack.packb(header)
    except (TypeError, ValueError, OverflowError) as error:
        raise HistTypeError(
            f"record {record.id!r} carries meta that msgpack cannot hold: {error}"
        ) from None
    body = bytearray(_HEAD.pack(len(head), 0))
    body += head
    body += bytes(-len(body) % 8)
    return body


def write_sections(parts: Iterable[Array]) -> Iterable[Buffer]:
    """The sections of one entry as they follow the header."""
    for part in parts:
        if part.size:
            yield np.ascontiguousarray(part).view(np.uint8).data
            yield bytes(-part.nbytes % 8)


def parse(data: Buffer | Body, signatures: Mapping[str, Signature]) -> Record:
    """Read a body's header and check that it fits the signatures and the body's length.

    Nothing else of it is read. Raises StoreError. The numbers themselves are checked by `validate`.
    """
    body = data if isinstance(data, Body) else Body.of(data)
    try:
        length, _ = _HEAD.unpack(body.read(0, _HEAD.size))
        if length > body.length:
            raise ValueError("header")
        header = msgpack.unpackb(body.read(_HEAD.size, length), strict_map_key=False)
        at = _padded(_HEAD.size + length)
        blocks, tables = [], []
        for hist, key, *rest in header["blocks"]:
            entry = _block(signatures, hist, tuple(key), *rest, at=at)
            at += entry.nbytes
            blocks.append(entry)
        for name, rows, columns in header["tables"]:
            table = _table(name, rows, columns, at)
            at += sum(_padded(rows * d.itemsize) for _, d in table.columns)
            tables.append(table)
        ident, order = header["id"], header["order"]
        if not isinstance(ident, str) or not (order is None or (_whole(order) and order >= 0)):
            raise ValueError("id or order")
        record = Record(ident, order, header["meta"], tuple(blocks), tuple(tables))
    except StoreError:
        raise
    except (ValueError, TypeError, KeyError, struct.error, msgpack.UnpackException) as error:
        raise StoreError(f"not a record of this format: {error or type(error).__name__}") from None
    if at != body.length:
        raise StoreError(f"record {ident!r} has {body.length} bytes where its header says {at}")
    return record


def check(data: Buffer | Body, signatures: Mapping[str, Signature]) -> Record:
    """Read and check all of a body that came from another process. Raises StoreError."""
    body = data if isinstance(data, Body) else Body.of(data)
    record = parse(body, signatures)
    validate(record, body)
    return record


def validate(record: Record, data: Buffer | Body) -> None:
    """Check every number of a record that came from another process; StoreError names the block."""
    body = data if isinstance(data, Body) else Body.of(data)
    for block in record.blocks:
        said = f"record {record.id!r}, histogram {block.hist!r} {list(block.key)}"
        size, last = block.bins if block.count is None else block.count, -1
        for lo in range(0, size, _AT_ONCE):
            hi = min(lo + _AT_ONCE, size)
            if block.count is not None:
                where = block.index(body.read, lo, hi)
                if not _rising(where, last, block.bins):
                    raise StoreError(f"{said}: bin numbers are not rising or not in the block")
                last = int(where[-1])
            for i in range(len(block.fields)):
                if not np.isfinite(block.numbers(body.read, i, lo, hi)).all():
                    raise StoreError(f"{said}: holds NaN or infinity; look at the weights")


def _block(
    signatures: Mapping[str, Signature],
    hist: str,
    key: Key,
    bins: int,
    count: int | None,
    index_bytes: int,
    weighted: bool,
    assigns: int = 0,
    *,
    at: int,
) -> BlockEntry:
    signature = signatures.get(hist)
    if signature is None:
        raise HistKeyError(f"no histogram {hist!r} in this store{nearest(str(hist), signatures)}")
    if bins != signature.bins or index_bytes not in _INDEX:
        raise StoreError(f"histogram {hist!r} has blocks of {signature.bins} bins, not {bins}")
    if count is not None and not (_whole(count) and 0 <= count <= bins):
        raise StoreError(f"histogram {hist!r}: a sparse block of {count} bins cannot be")
    if len(key) != len(signature.category_axes):
        raise StoreError(
            f"histogram {hist!r} has {len(signature.category_axes)} category axes, not {len(key)}"
        )
    for label, i in zip(key, signature.category_axes, strict=True):
        check_label(signature, i, label)
    return BlockEntry(
        hist,
        key,
        bins,
        count,
        index_bytes,
        signature.cell,
        bool(weighted),
        at,
        bool(assigns),
    )


def check_label(signature: Signature, position: int, label: Any) -> None:
    """Refuse a label that this category axis cannot hold."""
    ax = signature.axes[position]
    known = label in signature.declared[position]
    if label is None:
        fits = bool(ax.traits.overflow)
    elif signature.uhi["axes"][position]["type"] == "category_str":
        fits = isinstance(label, str) and (known or ax.traits.growth)
    else:
        fits = _whole(label) and (known or (ax.traits.growth and fits_category(label)))
    if not fits:
        raise StoreError(
            f"axis {ax.name!r} of histogram {signature.name!r} cannot hold category {label!r}"
        )


def fits_category(label: int) -> bool:
    """Whether boost-histogram's categories, of 32 bits, can hold this number."""
    return -(1 << 31) <= label < 1 << 31


def _table(name: Any, rows: Any, columns: Any, at: int) -> TableEntry:
    described = tuple((check_name(n), np.dtype(d)) for n, d in columns)
    if not _whole(rows) or rows < 0 or any(d.kind not in _COLUMN_KINDS for _, d in described):
        raise ValueError(f"table {name!r}")
    return TableEntry(check_name(name), rows, described, at)


def _rising(where: Array, after: int, below: int) -> bool:
    inside = after < int(where[0]) and int(where[-1]) < below
    return inside and bool(np.all(where[1:] > where[:-1]))


def _whole(x: Any) -> bool:
    return isinstance(x, int) and not isinstance(x, bool)


def _padded(n: int) -> int:
    return -(-n // 8) * 8
