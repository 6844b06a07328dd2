"""A large block of which a contribution fills few bins: memory grows with the entries, not the bins.

The filled bins are the bins of a small histogram of boost-histogram itself, so what each one holds is
what it would hold in a large histogram, to the last bit: its entries in their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import boost_histogram as bh
import numpy as np

from .cells import cell_of

__all__ = ["SparseBlock"]

Array = np.ndarray[Any, Any]
_DENSE_FROM = 8  # dense when one bin in so many is filled, or may be by one fill
_REDUCE_ENTRIES = 1 << 20
_SET_BYTES = 500  # of the arrays of one fill, beside the entries
_SORT_BYTES = 48  # of a bin number, while all of them are sorted


class SparseBlock:
    """Stands for a `bh.Histogram` of these axes and this storage while it is filled.

    With `dense=False` it never becomes one. Several that are added up make the block, too.

    >>> block = SparseBlock([bh.axis.Regular(10**9, 0, 1)], "Weight")
    >>> block.fill([0.5, 0.5, 2.0], weight=2.0)
    >>> where, (values, variances) = block.filled()
    >>> where.tolist(), values.tolist(), variances.tolist()
    ([500000001, 1000000001], [4.0, 2.0], [8.0, 4.0])
    """

    LARGE = 1 << 17
    """Blocks of fewer bins are dense from the start."""

    def __init__(self, axes: Sequence[Any], storage: str, *, dense: bool = True) -> None:
        self._axes, self._cell = axes, cell_of(storage)
        self._may_be_dense = dense
        self._bins = int(np.prod([ax.extent for ax in axes], dtype=np.int64))
        self._where = np.zeros(0, np.int64)
        self._numbers = self._cell.zeros(0)
        self._entries: list[tuple[Array, dict[str, Any]]] = []
        self._waiting = 0
        self._dense: Any = None

    @property
    def nbytes(self) -> int:
        """About what it takes in memory, sorting its entries included."""
        fields, given = len(self._cell.fields), 1 + self._cell.variations
        if self._dense is not None:
            return self._bins * 8 * fields
        filled = self._where.size * (_SORT_BYTES + 8 * fields)
        waiting = self._waiting * (_SORT_BYTES + 8 * given)
        return int(filled + waiting) + len(self._entries) * _SET_BYTES

    def fill(self, *columns: Any, **beside: Any) -> None:
        """Add entries: one scalar or flat array per axis, and weights and samples."""
        entries = max(np.size(column) for column in columns)
        if self._may_be_dense and entries * _DENSE_FROM > self._bins:
            self.view(flow=True)
        if self._dense is not None:
            self._dense.fill(*columns, **beside)
            return
        where, inside = self._places(columns)
        if not inside.all():
            beside = {n: v if np.ndim(v) == 0 else v[inside] for n, v in beside.items()}
        self._entries.append((where, beside))
        self._waiting += where.size
        if (
            self._waiting > max(_REDUCE_ENTRIES, self._where.size)
            or len(self._entries) * _SET_BYTES > _REDUCE_ENTRIES
        ):
            self._reduce()
            if self._may_be_dense and self._where.size * _DENSE_FROM > self._bins:
                self.view(flow=True)

    def filled(self) -> tuple[Array, list[Array]] | None:
        """The filled bins (flat, rising, first axis fastest) and their numbers; None when dense."""
        if self._dense is not None:
            return None
        self._reduce()
        kept = self._cell.used(self._numbers)
        return self._where[kept], [part[kept] for part in self._numbers.values()]

    def view(self, flow: bool = False) -> Any:
        """The dense view, as `bh.Histogram.view`; the block is dense from now on."""
        if self._dense is None:
            self._reduce()
            self._dense = bh.Histogram(*self._axes, storage=self._cell.new())
            for field, part in self._cell.split(self._dense.view(flow=True)).items():
                part.reshape(-1, order="F")[self._where] = self._numbers[field]
            self._where, self._numbers = np.zeros(0, np.int64), self._cell.zeros(0)
        return self._dense.view(flow=flow)

    def _places(self, columns: Sequence[Any]) -> tuple[Array, Array]:
        """Bin numbers of the entries that have one, and which entries these are."""
        flat: Array = np.zeros(1, np.int64)
        inside: Array = np.ones(1, bool)
        stride = 1
        for ax, column in zip(self._axes, columns, strict=True):
            index = np.asarray(ax.index(np.atleast_1d(column)), np.int64)
            index += bool(ax.traits.underflow)
            inside = inside & (index >= 0) & (index < ax.extent)
            flat = flat + index * stride
            stride *= ax.extent
        return (flat if inside.all() else flat[inside]), inside

    def _reduce(self) -> None:
        """Add the waiting entries to the bins, each bin's in their order."""
        if not self._entries:
            return
        places = np.concatenate([self._where, *(where for where, _ in self._entries)])
        found, slots = np.unique(places, return_inverse=True)
        bins = bh.axis.Integer(0, found.size, underflow=False, overflow=False)
        small = bh.Histogram(bins, storage=self._cell.new())
        at = self._where.size
        for field, part in self._cell.split(small.view(flow=True)).items():
            part[slots[:at]] = self._numbers[field]
        for where, beside in self._entries:
            if where.size:
                small.fill(slots[at : at + where.size], **beside)
                at += where.size
        parts = self._cell.split(small.view(flow=True))
        self._where, self._numbers = found, {f: part.copy() for f, part in parts.items()}
        self._entries, self._waiting = [], 0
