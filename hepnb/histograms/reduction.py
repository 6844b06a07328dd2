"""Carry out an index: read only the blocks and bins it needs, reduce them, build the result.

All reductions are NumPy's, block by block, in slabs of a few megabytes; the result alone is ever
dense in memory.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import hist
import numpy as np
import psutil

from .blocks import Blocks
from .cells import Cell
from .indexing import AxisPlan
from .record import Key
from .refusal import HistValueError
from .signature import Signature

__all__ = ["build_hist", "check_size", "reduce_blocks", "reduce_cells"]

SLAB_BINS = 1 << 22

Array = np.ndarray[Any, Any]
Fields = Mapping[str, Array]
Run = tuple[int, int, int, int]


def reduce_blocks(
    blocks: Blocks, signature: Signature, plans: Sequence[AxisPlan], budget: int | None = None
) -> Any:
    """The histogram (or the single number) that `plans`, one per axis, make of `blocks`.

    Gives a `hist.Hist`, or what `hist.Hist` gives when no axis is left. HistValueError when the
    result would not fit into `budget` bytes (None: a third of the memory that is free).
    """
    shape = [p.size for p in plans]
    check_size(signature, shape, budget)
    out = reduce_cells(blocks, signature, plans)
    kept = [i for i, p in enumerate(plans) if p.axis is not None]
    fields = {f: a.reshape([shape[i] for i in kept]) for f, a in out.items()}
    if kept:
        return build_hist(signature, [plans[i].axis for i in kept], fields, blocks.weighted())
    one = build_hist(signature, [_ONE_BIN], {f: a.reshape(1) for f, a in fields.items()}, False)
    return one[0] if all(p.picked for p in plans) else one.sum(flow=True)


_ONE_BIN = hist.axis.Integer(0, 1, flow=False)


def reduce_cells(
    blocks: Blocks, signature: Signature, plans: Sequence[AxisPlan]
) -> dict[str, Array]:
    """Each field of the result that `plans` make, flow bins and summed axes included."""
    cell, shape = signature.cell, [p.size for p in plans]
    out = cell.zeros(shape)
    targets = [plans[i].targets() for i in signature.category_axes]
    dense = _DensePlan(signature, [plans[i] for i in signature.dense_axes])
    for key, goes in _wanted(blocks, targets):
        reduced = dense.reduce(blocks, key)
        for target in itertools.product(*goes):
            where: list[Any] = [slice(None)] * len(shape)
            for i, to in zip(signature.category_axes, target, strict=True):
                where[i] = to
            cell.merge(out, tuple(where), reduced)
    return out


def _wanted(
    blocks: Blocks, targets: Sequence[dict[int, list[int]]]
) -> Iterator[tuple[Key, list[list[int]]]]:
    """The blocks that count and where each goes, in the order of the axes: same sums always."""
    places = _places(blocks)
    wanted = []
    for key in blocks.keys():  # noqa: SIM118 (a method of Blocks, not of a dict)
        at = [place[label] for place, label in zip(places, key, strict=True)]
        goes = [t.get(i, []) for t, i in zip(targets, at, strict=True)]
        if all(goes):
            wanted.append((at, key, goes))
    for _, key, goes in sorted(wanted, key=lambda w: w[0]):
        yield key, goes


class _DensePlan:
    """The plans of the dense axes, and how to apply them to one block."""

    def __init__(self, signature: Signature, plans: Sequence[AxisPlan]) -> None:
        self._signature, self._plans = signature, plans
        self._spans = [p.span() for p in plans]
        self._shape = [p.size for p in plans]
        self._empty = any(lo == hi for lo, hi in self._spans)
        self._single = tuple(i for i, p in enumerate(plans) if p.size == 1)
        self._runs: dict[tuple[int, int, int], tuple[int, list[Run]]] = {}

    def reduce(self, blocks: Blocks, key: Key) -> dict[str, Array]:
        """One array per field, of the result's extents on the dense axes."""
        cell = self._signature.cell
        if not self._plans:
            return {f: a.reshape(()) for f, a in blocks.read(key, 0, 1).items()}
        if self._empty:
            return cell.zeros(self._shape)
        out: dict[str, Array] = {}
        for lo, hi, slab in self._slabs(blocks, key):
            to, part = self._part(slab, lo, hi)
            rows = part[cell.fields[0]].shape[0]
            if not out and rows == self._shape[0]:
                out = part
                continue
            out = out or cell.zeros(self._shape)
            cell.merge(out, slice(to, to + rows), part)
        return out

    def _slabs(self, blocks: Blocks, key: Key) -> Iterator[tuple[int, int, Fields]]:
        """The needed rows of the first dense axis, a few megabytes at a time."""
        shape = self._signature.block_shape
        row = math.prod(shape[1:])
        step = max(1, SLAB_BINS // row)
        lo, hi = self._spans[0]
        for a in range(lo, hi, step):
            b = min(a + step, hi)
            flat = blocks.read(key, a * row, b * row)
            yield a, b, {f: v.reshape((b - a, *shape[1:])) for f, v in flat.items()}

    def _part(self, slab: Fields, lo: int, hi: int) -> tuple[int, dict[str, Array]]:
        """Reduce rows [lo, hi): where they go on the first axis, and what goes there."""
        cell, inner = self._signature.cell, tuple(slice(a, b) for a, b in self._spans[1:])
        part = {f: a[(slice(None), *inner)] for f, a in slab.items()}
        part = cell.pool(part, self._single) if self._single else part
        for i in range(len(self._plans) - 1, 0, -1):
            if i not in self._single:
                part = _merge(cell, part, i, *self._runs_of(i, *self._spans[i])[1:])
        if 0 in self._single:
            return 0, part
        to, size, runs = self._runs_of(0, lo, hi)
        return to, _merge(cell, part, 0, size, runs)

    def _runs_of(self, axis: int, lo: int, hi: int) -> tuple[int, int, list[Run]]:
        plan = self._plans[axis]
        start = np.maximum(plan.start, lo)
        count = np.maximum(np.minimum(plan.start + plan.count, hi) - start, 0)
        if axis:
            first, size = 0, plan.size
        else:
            used = np.flatnonzero(count)
            first, size = int(used[0]), int(used[-1] - used[0] + 1)
        known = self._runs.get((axis, lo, hi))
        if known is None:
            chosen = slice(first, first + size)
            known = self._runs[axis, lo, hi] = (size, _find_runs(start[chosen] - lo, count[chosen]))
        return first, *known


def _find_runs(start: Array, count: Array) -> list[Run]:
    """Stretches (from, to, source, n) of result bins that each take the next n source bins."""
    runs: list[Run] = []
    for to in np.flatnonzero(count):
        source, n = int(start[to]), int(count[to])
        if runs:
            a, b, s, m = runs[-1]
            if m == n and b == to and s + m * (b - a) == source:
                runs[-1] = (a, b + 1, s, m)
                continue
        runs.append((int(to), int(to) + 1, source, n))
    return runs


def _merge(
    cell: Cell, fields: dict[str, Array], axis: int, size: int, runs: list[Run]
) -> dict[str, Array]:
    shape = fields[cell.fields[0]].shape
    if runs == [(0, size, 0, 1)] and shape[axis] == size:
        return fields
    out = cell.zeros((*shape[:axis], size, *shape[axis + 1 :]))
    before = (slice(None),) * axis
    for a, b, source, n in runs:
        part = {f: v[(*before, slice(source, source + n * (b - a)))] for f, v in fields.items()}
        if n > 1:
            cut = (*shape[:axis], b - a, n, *shape[axis + 1 :])
            pooled = cell.pool({f: v.reshape(cut) for f, v in part.items()}, axis + 1)
            part = {f: v.squeeze(axis + 1) for f, v in pooled.items()}
        for f in cell.fields:
            out[f][(*before, slice(a, b))] = part[f]
    return out


def _places(blocks: Blocks) -> list[dict[Any, int]]:
    """Per category axis: label -> bin number, the overflow category (None) last."""
    return [
        {None: len(labels), **{label: n for n, label in enumerate(labels)}}
        for labels in blocks.labels()
    ]


def check_size(signature: Signature, shape: Sequence[int], budget: int | None) -> None:
    """HistValueError, with the size, when a result of this shape would not fit into memory."""
    size = math.prod(shape) * 8 * len(signature.fields)
    if budget is None:
        budget = max(1 << 26, psutil.virtual_memory().available // 3)
    if size > budget:
        raise HistValueError(
            f"histogram {signature.name!r}: the result would take {_told(size)}, more than the "
            f"{_told(budget)} of memory that it may; slice, sum or project it, or use .lazy[...]"
        )


def _told(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def build_hist(signature: Signature, axes: Sequence[Any], fields: Fields, weighted: bool) -> Any:
    """A `hist.Hist` of these axes and numbers, with the signature's storage, name and metadata."""
    made: Any = hist.Hist(*axes, storage=signature.new_storage())
    made.__dict__.update(signature.metadata)
    for given, ax in zip(axes, made.axes, strict=True):
        if (
            not given.label
        ):  # what a rebinning brought along: hist.Hist labels it, an index does not
            ax.__dict__.pop("label")
    if weighted and not signature.cell.parts:
        made *= 1  # as after a weighted fill: the variances are not known
    signature.cell.write(made.view(flow=True), fields)
    return made
