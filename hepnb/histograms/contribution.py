"""What one chunk of data adds to a store: filled by a worker, shipped as one record.

A fill goes into a small dense block per tuple of categories, by boost-histogram itself, on the
dense axes in reverse order: its memory is then exactly the C order that packs and exports keep.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import boost_histogram as bh
import numpy as np

from ..errors import nearest
from .categories import by_category
from .record import BlockEntry, Key, Record, TableEntry, write_body
from .refusal import HistKeyError, HistTypeError, HistValueError
from .signature import Signature, check_name
from .sparse_block import SparseBlock

__all__ = ["Contribution"]

Array = np.ndarray[Any, Any]
_SPARSE_BELOW = 0.3


@dataclass
class _Block:
    """One block being filled."""

    hist: Any  # bh.Histogram or SparseBlock on the reversed dense axes
    weighted: bool = False

    def numbers(self, signature: Signature) -> list[Array]:
        """Each field as a flat array in C order of the dense axes."""
        view = np.asarray(self.hist.view(flow=True).T).reshape(-1)
        if len(signature.fields) == 1:
            return [view]
        return [view["value"], view["variance"]]


class Contribution:
    """What one chunk (or one job) adds to any number of histograms and tables of one store.

    >>> import hist
    >>> s = Signature.from_axes("m", [hist.axis.Regular(4, 0, 4, name="x")])
    >>> c = Contribution({"m": s})
    >>> c.fill("m", x=[0.5, 1.5])
    >>> body = c.encode("chunk-0", 0, {"events": 2})
    """

    def __init__(self, signatures: Mapping[str, Signature]) -> None:
        self._signatures = signatures
        self._blocks: dict[tuple[str, Key], _Block] = {}
        self._tables: dict[str, list[dict[str, Array]]] = {}

    def fill(self, name: str, /, *, weight: Any = None, **columns: Any) -> None:
        """Fill histogram `name`: one scalar or 1-D array per axis name, and weights if any.

        Everything is checked before anything changes. Raises HistKeyError, HistTypeError or
        HistValueError (all StoreErrors) naming the axis or the weight.
        """
        signature = self._signature(name)
        names = [ax.name for ax in signature.axes]
        for column in columns:
            if column not in names:
                raise HistTypeError(
                    f"histogram {name!r} has no axis {column!r}{nearest(column, names)}"
                )
        missing = [n for n in names if n not in columns]
        if missing:
            raise HistTypeError(f"histogram {name!r}: no values for axis {missing[0]!r}")
        self.fill_in_order(signature, [columns[n] for n in names], weight)

    def fill_in_order(self, signature: Signature, values: Sequence[Any], weight: Any) -> None:
        """Fill with the values of each axis in the axes' order."""
        said = f"histogram {signature.name!r}"
        columns = [
            _column(v, signature.axes[i], i, said) if i in signature.dense_axes else v
            for i, v in enumerate(values)
        ]
        weight = _weight(weight, signature, said)
        groups, length = by_category(signature, columns, weight, said)
        dense = [columns[i] for i in reversed(signature.dense_axes)]
        for key, rows in groups:
            if rows is not None and rows.size == 0:
                continue
            picked = [c if np.ndim(c) == 0 or rows is None else c[rows] for c in dense]
            w = weight if rows is None or np.ndim(weight) == 0 else weight[rows]
            n = length if rows is None else rows.size
            if n == 0:
                continue
            if not dense:
                picked = [np.zeros(1 if n is None else n, np.int64)]
            elif n is not None and all(np.ndim(c) == 0 for c in picked):
                picked[0] = np.full(n, picked[0])  # every column a scalar, but n entries
            block = self._block(signature, key)
            block.hist.fill(*picked, weight=w)
            block.weighted |= w is not None

    def add_hist(self, signature: Signature, full: Any) -> None:
        """Add all contents of a `hist.Hist` that has exactly the axes of `signature`."""
        view = full.view(flow=True)
        for place in np.ndindex(*(full.axes[i].extent for i in signature.category_axes)):
            at: list[Any] = [slice(None)] * full.ndim
            key: list[str | int | None] = []
            for i, n in zip(signature.category_axes, place, strict=True):
                at[i] = n
                key.append(full.axes[i].value(n) if n < full.axes[i].size else None)
            part = view[tuple(at)]
            block = self._block(signature, tuple(key))
            into = block.hist.view(flow=True)
            into[...] = part.T if signature.dense_axes else part
            block.weighted |= full.variances() is None

    def table(self, name: str, columns: Mapping[str, Any]) -> None:
        """Add rows to the flat table `name`: 1-D arrays of numbers or booleans of equal length."""
        check_name(name)
        made = {check_name(n): np.atleast_1d(np.asarray(c)) for n, c in columns.items()}
        for column, values in made.items():
            if values.ndim != 1 or values.dtype.kind not in "biufc":
                raise HistTypeError(
                    f"table {name!r}: column {column!r} must be a flat array of numbers, "
                    f"not {values.ndim}-dimensional {values.dtype}"
                )
        if len({len(v) for v in made.values()}) > 1:
            lengths = ", ".join(f"{n} {len(v)}" for n, v in made.items())
            raise HistValueError(f"table {name!r}: columns differ in length ({lengths})")
        before = self._tables.setdefault(name, [])
        if before and list(before[0]) != list(made):
            raise HistValueError(f"table {name!r}: columns {list(made)}, before {list(before[0])}")
        before.append(made)

    def encode(self, id: str, order: int | None, meta: Mapping[str, Any]) -> bytes:
        """One record body: who (`id`, unique), when (`order`), `meta` and all that was filled."""
        entries, sections = [], []
        for (name, key), block in self._blocks.items():
            entry, parts = _encode_block(self._signatures[name], key, block)
            entries.append(entry)
            sections.append(parts)
        tables, columns = [], []
        for name, pieces in self._tables.items():
            whole = {n: np.concatenate([p[n] for p in pieces]) for n in pieces[0]}
            whole = {n: c.astype(c.dtype.newbyteorder("<"), copy=False) for n, c in whole.items()}
            rows = len(next(iter(whole.values()))) if whole else 0
            described = tuple((n, c.dtype) for n, c in whole.items())
            tables.append(TableEntry(name, rows, described, 0))
            columns.append(list(whole.values()))
        record = Record(id, order, dict(meta), tuple(entries), tuple(tables))
        return bytes(write_body(record, sections, columns))

    def _signature(self, name: str) -> Signature:
        if name not in self._signatures:
            raise HistKeyError(f"no histogram {name!r}{nearest(name, self._signatures)}")
        return self._signatures[name]

    def _block(self, signature: Signature, key: Key) -> _Block:
        found = self._blocks.get((signature.name, key))
        if found is None:
            axes = [signature.axes[i] for i in reversed(signature.dense_axes)]
            if not axes:
                axes = [bh.axis.Integer(0, 1, underflow=False, overflow=False)]
            large = (
                signature.bins >= SparseBlock.LARGE and signature.storage in SparseBlock.STORAGES
            )
            storage = getattr(bh.storage, signature.storage)()
            found = _Block(
                SparseBlock(axes, signature.storage)
                if large
                else bh.Histogram(*axes, storage=storage)
            )
            self._blocks[signature.name, key] = found
        return found


def _encode_block(signature: Signature, key: Key, block: _Block) -> tuple[BlockEntry, list[Array]]:
    few = block.hist.filled() if isinstance(block.hist, SparseBlock) else None
    if few is not None:
        where, parts = few
        sparse = True
    else:
        numbers = block.numbers(signature)
        used = numbers[-1] != 0
        if len(numbers) > 1:
            used |= numbers[0] != 0  # a tiny weight's square may underflow
        where = np.flatnonzero(used)
        sparse = where.size < _SPARSE_BELOW * signature.bins
        parts = [n[where] for n in numbers] if sparse else numbers
    index_bytes = 4 if signature.bins <= 1 << 32 else 8
    count = int(where.size) if sparse else None
    parts = [np.asarray(p, signature.dtype) for p in parts]
    if not all(np.isfinite(p).all() for p in parts):
        raise HistValueError(
            f"histogram {signature.name!r}: the weights or their squares add up to more than a "
            "number holds; scale them down"
        )
    if sparse:
        parts.insert(0, where.astype(f"<u{index_bytes}"))
    entry = BlockEntry(
        signature.name,
        key,
        signature.bins,
        count,
        index_bytes,
        signature.fields,
        signature.dtype,
        block.weighted,
        0,
    )
    return entry, parts


def _column(values: Any, ax: Any, position: int, said: str) -> Any:
    """One dense axis' values as a scalar or 1-D array that boost-histogram takes as it is."""
    said = f"{said}: axis {ax.name or position!r}"
    array = np.asarray(values)
    if array.ndim > 1:
        raise HistValueError(f"{said} takes a scalar or a flat array, not shape {array.shape}")
    if array.dtype.kind not in "biuf":
        raise HistTypeError(f"{said} takes numbers, not {array.dtype}")
    if isinstance(ax, (bh.axis.Integer, bh.axis.Boolean)):
        if array.dtype.kind == "f":
            raise HistTypeError(f"{said} takes whole numbers, not {array.dtype}; round them first")
        if array.dtype.itemsize >= 4 and array.dtype != np.int32:
            array = np.clip(array, -(2**31), 2**31 - 1).astype(np.int32)  # its index is 32 bit
    return array if array.ndim else array[()]


def _weight(weight: Any, signature: Signature, said: str) -> Any:
    if weight is None:
        return None
    array = np.asarray(weight)
    if array.ndim > 1 or array.dtype.kind not in "biuf":
        raise HistTypeError(
            f"{said}: weight must be a number or a flat array of numbers, "
            f"not {array.dtype} of shape {array.shape}"
        )
    array = array.astype(np.float64, copy=False)
    bad = ~np.isfinite(array)
    if bad.any():
        first = int(np.flatnonzero(np.atleast_1d(bad))[0])
        raise HistValueError(
            f"{said}: weight[{first}] is {np.atleast_1d(array)[first]} "
            f"({int(bad.sum())} of {array.size} not finite); select or mend those events first"
        )
    if signature.storage == "Int64" and (array != np.floor(array)).any():
        raise HistValueError(f"{said}: Int64 storage counts; use Weight for fractional weights")
    return array if array.ndim else array[()]
