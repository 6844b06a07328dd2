"""A large block of which a contribution fills few bins: memory grows with the entries, not the bins.

The sums are those of boost-histogram to the last bit: each bin adds its entries in their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import boost_histogram as bh
import numpy as np

__all__ = ["SparseBlock"]

Array = np.ndarray[Any, Any]
_DENSE_FROM = 8  # dense when one bin in so many is filled, or may be by one fill
_REDUCE_ENTRIES = 1 << 20


class SparseBlock:
    """Stands for a `bh.Histogram` of these axes and storage Double, Int64 or Weight while it is filled.

    >>> block = SparseBlock([bh.axis.Regular(10**9, 0, 1)], "Weight")
    >>> block.fill([0.5, 0.5, 2.0], weight=2.0)
    >>> where, (values, variances) = block.filled()
    >>> where.tolist(), values.tolist(), variances.tolist()
    ([500000001, 1000000001], [4.0, 2.0], [8.0, 4.0])
    """

    LARGE = 1 << 17
    """Blocks of fewer bins are dense from the start."""
    STORAGES = ("Double", "Int64", "Weight")

    def __init__(self, axes: Sequence[Any], storage: str) -> None:
        self._axes, self._storage = axes, storage
        self._bins = int(np.prod([ax.extent for ax in axes], dtype=np.int64))
        self._fields = 2 if storage == "Weight" else 1
        self._where = np.zeros(0, np.int64)
        self._sums: list[Array] = [np.zeros(0) for _ in range(self._fields)]
        self._entries: list[tuple[Array, list[Array]]] = []
        self._waiting = 0
        self._dense: Any = None

    def fill(self, *columns: Any, weight: Any = None) -> None:
        """Add entries: one scalar or flat array per axis, and weights."""
        entries = max(np.size(column) for column in columns)
        if self._dense is None and entries * _DENSE_FROM > self._bins:
            self.view(flow=True)
        if self._dense is not None:
            self._dense.fill(*columns, weight=weight)
            return
        where, inside = self._places(columns)
        given = np.broadcast_to(np.float64(1) if weight is None else weight, inside.shape)
        weights = given if inside.all() else given[inside]
        sums = [weights, weights * weights][: self._fields]
        self._entries.append((where, sums))
        self._waiting += where.size
        if self._waiting > max(_REDUCE_ENTRIES, self._where.size):
            self._reduce()
            if self._where.size * _DENSE_FROM > self._bins:
                self.view(flow=True)

    def filled(self) -> tuple[Array, list[Array]] | None:
        """The filled bins (flat, rising, first axis fastest) and their numbers; None when dense."""
        if self._dense is not None:
            return None
        self._reduce()
        kept = np.zeros(self._where.size, bool)
        for part in self._sums:
            kept |= part != 0
        return self._where[kept], [part[kept] for part in self._sums]

    def view(self, flow: bool = False) -> Any:
        """The dense view, as `bh.Histogram.view`; the block is dense from now on."""
        if self._dense is None:
            self._reduce()
            self._dense = bh.Histogram(*self._axes, storage=getattr(bh.storage, self._storage)())
            view = self._dense.view(flow=True)
            parts = [view["value"], view["variance"]] if self._fields == 2 else [view]
            for part, sums in zip(parts, self._sums, strict=True):
                part.reshape(-1, order="F")[self._where] = sums
            self._where, self._sums = np.zeros(0, np.int64), []
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
        """Add the waiting entries to the sums, each bin's in their order."""
        if not self._entries:
            return
        places = np.concatenate([self._where, *(where for where, _ in self._entries)])
        self._where, inverse = np.unique(places, return_inverse=True)
        for i, before in enumerate(self._sums):
            numbers = np.concatenate([before, *(sums[i] for _, sums in self._entries)])
            added: Array = np.bincount(inverse, numbers, self._where.size)
            self._sums[i] = added
        self._entries, self._waiting = [], 0
