"""Indexing by arrays of bin numbers: single bins are read (or written), no histogram is made.

The rules are NumPy's, on the bins with their flow bins, as in boost-histogram: the index is applied
to the coordinates of the bins instead of their contents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .blocks import Blocks
from .indexing import plan_axis
from .record import Key
from .refusal import HistIndexError, refusal_like
from .signature import Signature

__all__ = ["bins_of", "coordinates", "gather", "has_arrays"]

WINDOW_BINS = 1 << 20

Array = np.ndarray[Any, Any]


def has_arrays(items: Sequence[Any]) -> bool:
    """Whether an index picks single bins by arrays."""
    return any(isinstance(item, np.ndarray) and item.ndim for item in items)


def gather(blocks: Blocks, signature: Signature, axes: Sequence[Any], items: Sequence[Any]) -> Any:
    """The contents of the bins that an index with arrays picks, as `hist.Hist.view` has them."""
    at = coordinates(axes, items, f"histogram {signature.name!r}")
    out = signature.cell.zeros(at[0].size)
    held = set(blocks.keys())
    for key, picked, unsorted in bins_of(signature, axes, at):
        if key not in held:
            continue
        order = np.argsort(unsorted, kind="stable")
        rows, bins, first = picked[order], unsorted[order], 0
        while first < len(bins):
            lo = int(bins[first])
            last = int(np.searchsorted(bins, lo + WINDOW_BINS))
            here = bins[first:last]
            found = blocks.read(key, lo, int(here[-1]) + 1)
            for field, numbers in found.items():
                out[field][rows[first:last]] = numbers[here - lo]
            first = last
    return signature.cell.like_view({f: a.reshape(at[0].shape) for f, a in out.items()})


def coordinates(axes: Sequence[Any], items: Sequence[Any], said: str) -> list[Array]:
    """Per axis the bin number (flow bins count from 0) of each bin that the index picks."""
    index = []
    for i, (ax, item) in enumerate(zip(axes, items, strict=True)):
        index.append(_numbers(ax, item, f"{said}: axis {ax.name or i!r}"))
    shape = tuple(ax.extent for ax in axes)
    out = []
    for i, n in enumerate(shape):
        own = np.arange(n).reshape([n if j == i else 1 for j in range(len(shape))])
        try:
            out.append(np.broadcast_to(own, shape)[tuple(index)])
        except (IndexError, ValueError) as error:
            raise refusal_like(error, f"{said}: {error}") from None
    return out


def bins_of(
    signature: Signature, axes: Sequence[Any], at: Sequence[Array]
) -> Iterator[tuple[Key, Array, Array]]:
    """The picked bins by block: (key, which of the picked bins, their numbers in the block)."""
    flat = [a.reshape(-1) for a in at]
    dense = [flat[i] for i in signature.dense_axes]
    bins = np.zeros(flat[0].size, np.int64)
    for column, n in zip(dense, signature.block_shape, strict=True):
        bins = bins * n + column
    codes = np.zeros(flat[0].size, np.int64)
    for i in signature.category_axes:
        codes = codes * axes[i].extent + flat[i]
    for code in np.unique(codes):
        rows = np.flatnonzero(codes == code)
        key = tuple(label_at(axes[i], int(flat[i][rows[0]])) for i in signature.category_axes)
        yield key, rows, bins[rows]


def label_at(ax: Any, n: int) -> str | int | None:
    """The label of bin `n` of a category axis; None for its overflow bin."""
    return ax.value(n) if n < ax.size else None


def _numbers(ax: Any, item: Any, said: str) -> Any:
    offset = int(ax.traits.underflow)
    if isinstance(item, np.ndarray) and item.ndim:
        if item.dtype.kind not in "biu":
            raise HistIndexError(f"{said}: an array of {item.dtype} is no index; use bin numbers")
        return item + offset
    if isinstance(item, slice):
        ends = (item.start, item.stop)
        if item.step is not None or not all(e is None or isinstance(e, int) for e in ends):
            raise HistIndexError(
                f"{said}: beside arrays only plain slices of bin numbers can stand"
            )
        start, stop = (
            default if e is None else e + ax.size if e < 0 else e
            for e, default in zip(ends, (0, ax.size), strict=True)
        )
        return slice(start + offset, stop + offset)
    plan = plan_axis(ax, item, said)
    if not plan.picked:
        raise HistIndexError(f"{said}: beside arrays only bins and plain slices can stand")
    return int(plan.start[0])
