"""Setting bins: which bins an index and a value mean, and what they will hold.

Each item is carried out by boost-histogram itself on a one-dimensional histogram of that axis alone,
with a value that numbers its own elements: where they land says which element goes into which bin.
So the rules about lengths, flow bins and ends are boost-histogram's own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import boost_histogram as bh
import hist
import numpy as np

from .cells import Cell
from .gather import bins_of, coordinates, has_arrays, label_at
from .record import Key
from .reduction import check_size
from .refusal import HistValueError, refusal_like
from .signature import Signature

__all__ = ["Piece", "assigned"]

Array = np.ndarray[Any, Any]
_REFUSED = (IndexError, KeyError, TypeError, ValueError, RuntimeError)


@dataclass(frozen=True)
class Piece:
    """New contents of one block: of the bins `where` (rising), or of all bins in C order."""

    key: Key
    where: Array | None
    numbers: Mapping[str, Array]


def assigned(
    signature: Signature,
    axes: Sequence[Any],
    items: Sequence[Any],
    value: Any,
    budget: int | None = None,
) -> list[Piece]:
    """What `h[items] = value` puts where; `axes` are those of the moment.

    Raises the StoreError that is also the error of `hist.Hist`; nothing is changed here.
    """
    said = f"histogram {signature.name!r}"
    try:
        pieces = _scattered if has_arrays(items) else _placed
        found = [
            Piece(p.key, p.where, signature.cell.mended(p.numbers))
            for p in pieces(signature, axes, items, value, budget)
        ]
    except _REFUSED as error:
        text = str(error.args[0]) if error.args else type(error).__name__
        raise refusal_like(error, text if text.startswith(said) else f"{said}: {text}") from None
    for piece in found:
        if not all(np.isfinite(n).all() for n in piece.numbers.values()):
            raise HistValueError(f"{said}: NaN and infinity cannot be set")
    return found


def _scattered(
    signature: Signature, axes: Sequence[Any], items: Sequence[Any], value: Any, budget: int | None
) -> Iterator[Piece]:
    at = coordinates(axes, items, f"histogram {signature.name!r}")
    check_size(signature, at[0].shape, budget)
    region = signature.cell.blank(at[0].shape)
    region[...] = np.asarray(value)
    fields = {f: a.reshape(-1) for f, a in signature.cell.split(region).items()}
    for key, rows, bins in bins_of(signature, axes, at):
        # of several values for one bin the last one stays, as in NumPy
        where, last = np.unique(bins[::-1], return_index=True)
        kept = rows[::-1][last]
        yield Piece(key, where, {f: a[kept] for f, a in fields.items()})


def _placed(
    signature: Signature, axes: Sequence[Any], items: Sequence[Any], value: Any, budget: int | None
) -> Iterator[Piece]:
    sliced = [i for i, item in enumerate(items) if isinstance(item, slice)]
    source, shape = _elements(signature.cell, value, len(sliced))
    bins, taken = [], []
    for i, (ax, item) in enumerate(zip(axes, items, strict=True)):
        element = 1.0
        if i in sliced and shape:
            element = _numbered(value, sliced.index(i), shape)
        to, which = _landed(ax, item, element, f"axis {ax.name or i!r}")
        bins.append(to)
        taken.append(which)
    region = [len(b) for b in bins]
    check_size(signature, region, budget)
    if 0 in region:
        return
    fields = {
        f: np.broadcast_to(
            a[np.ix_(*(taken[i] for i in sliced))] if sliced else a, _kept(region, sliced)
        ).reshape(region)
        for f, a in source.items()
    }
    yield from _by_block(signature, axes, bins, fields)


def _kept(region: Sequence[int], sliced: Sequence[int]) -> tuple[int, ...]:
    return tuple(region[i] for i in sliced)


def _elements(cell: Cell, value: Any, slices: int) -> tuple[dict[str, Array], tuple[int, ...]]:
    """The value as fields with one dimension per slice, and its shape (empty: one for all bins)."""
    full = value.view(flow=True) if isinstance(value, bh.Histogram) else np.asarray(value)
    shape = full.shape
    if cell.parts and not full.dtype.names and full.ndim and shape[-1] == len(cell.parts):
        shape = shape[:-1]
    dims = len(shape)
    if dims and dims != slices + cell.value_dims:
        raise ValueError(
            f"a value of {dims} dimensions does not fit {slices + cell.value_dims} slices"
        )
    shape = shape[cell.value_dims :] if dims else ()
    region = cell.blank(shape if dims else (1,) * slices)
    region[...] = full
    return cell.split(region), shape


def _numbered(value: Any, dimension: int, shape: tuple[int, ...]) -> Any:
    """What stands for the value along one axis: its elements' numbers, from 1."""
    numbers = np.arange(1.0, shape[dimension] + 1)
    if not isinstance(value, bh.Histogram):
        return numbers
    made = bh.Histogram(value.axes[dimension], storage=bh.storage.Double())
    made.view(flow=True)[...] = numbers
    return made


def _landed(ax: Any, item: Any, element: Any, said: str) -> tuple[Array, Array]:
    """The bins (flow bins count from 0) that are set, and which element goes into each."""
    probe = hist.Hist(ax, storage=hist.storage.Double())
    try:
        probe[item] = element
    except _REFUSED as error:
        text = str(error.args[0]) if error.args else type(error).__name__
        raise refusal_like(error, f"{said}: {text}") from None
    landed = probe.view(flow=True).astype(np.int64)
    to = np.flatnonzero(landed)
    return to, landed[to] - 1


def _by_block(
    signature: Signature,
    axes: Sequence[Any],
    bins: Sequence[Array],
    fields: Mapping[str, Array],
) -> Iterator[Piece]:
    dense = [bins[i] for i in signature.dense_axes]
    whole = [len(b) for b in dense] == list(signature.block_shape)
    where = None
    if not whole:
        where = np.ravel_multi_index(np.ix_(*dense), signature.block_shape).reshape(-1)
    for places in itertools.product(*(range(len(bins[i])) for i in signature.category_axes)):
        at: list[Any] = [slice(None)] * len(axes)
        key: list[str | int | None] = []
        for i, n in zip(signature.category_axes, places, strict=True):
            at[i] = n
            key.append(label_at(axes[i], int(bins[i][n])))
        yield Piece(tuple(key), where, {f: a[tuple(at)].reshape(-1) for f, a in fields.items()})
