"""Carry out an index: read only the blocks and bins it needs, reduce them, build the result.

All reductions are NumPy's, block by block, in slabs of a few megabytes; the result alone is ever
dense in memory.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import boost_histogram as bh
import hist
import numpy as np
import psutil

from .blocks import Blocks
from .indexing import AxisPlan
from .record import Key
from .refusal import HistValueError
from .signature import Signature

__all__ = ["reduce_blocks"]

SLAB_BINS = 1 << 22

Array = np.ndarray[Any, Any]
Run = tuple[int, int, int, int]


def reduce_blocks(blocks: Blocks, signature: Signature, plans: Sequence[AxisPlan]) -> Any:
    """The histogram (or the single number) that `plans`, one per axis, make of `blocks`.

    Gives a `hist.Hist`, or float, int or WeightedSum when no axis is left. HistValueError when the
    result would not fit into memory.
    """
    shape = [p.size for p in plans]
    _check_size(signature, shape)
    out = {f: np.zeros(shape, signature.dtype) for f in signature.fields}
    targets = [plans[i].targets() for i in signature.category_axes]
    dense = _DensePlan(signature, [plans[i] for i in signature.dense_axes])
    places = _places(blocks)
    wanted = []
    for key in blocks.keys():  # noqa: SIM118 (a method of Blocks, not of a dict)
        at = [place[label] for place, label in zip(places, key, strict=True)]
        goes = [t.get(i, []) for t, i in zip(targets, at, strict=True)]
        if all(goes):
            wanted.append((at, key, goes))
    for _, key, goes in sorted(wanted, key=lambda w: w[0]):  # same sums whatever the history
        reduced = dense.reduce(blocks, key)
        for target in itertools.product(*goes):
            where: list[Any] = [slice(None)] * len(shape)
            for i, to in zip(signature.category_axes, target, strict=True):
                where[i] = to
            for field in signature.fields:
                out[field][tuple(where)] += reduced[field]
    kept = [i for i, p in enumerate(plans) if p.axis is not None]
    arrays = [out[f].reshape([shape[i] for i in kept]) for f in signature.fields]
    return _result(signature, [plans[i].axis for i in kept], arrays, plans, blocks.weighted())


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
        fields, dtype = self._signature.fields, self._signature.dtype
        if not self._plans:
            return {f: a.reshape(()) for f, a in blocks.read(key, 0, 1).items()}
        if self._empty:
            return {f: np.zeros(self._shape, dtype) for f in fields}
        out: dict[str, Array] = {}
        for lo, hi, slab in self._slabs(blocks, key):
            for field in fields:
                to, part = self._part(slab[field], lo, hi)
                if part.shape[0] == self._shape[0] and field not in out:
                    out[field] = part
                    continue
                into = out.setdefault(field, np.zeros(self._shape, dtype))
                into[to : to + part.shape[0]] += part
        return out

    def _slabs(self, blocks: Blocks, key: Key) -> Iterator[tuple[int, int, dict[str, Array]]]:
        """The needed rows of the first dense axis, a few megabytes at a time."""
        shape = self._signature.block_shape
        row = math.prod(shape[1:])
        step = max(1, SLAB_BINS // row)
        lo, hi = self._spans[0]
        for a in range(lo, hi, step):
            b = min(a + step, hi)
            flat = blocks.read(key, a * row, b * row)
            yield a, b, {f: v.reshape((b - a, *shape[1:])) for f, v in flat.items()}

    def _part(self, slab: Array, lo: int, hi: int) -> tuple[int, Array]:
        """Reduce rows [lo, hi): where they go on the first axis, and what goes there."""
        slab = slab[(slice(None), *(slice(a, b) for a, b in self._spans[1:]))]
        slab = slab.sum(axis=self._single, keepdims=True) if self._single else slab
        for i in range(len(self._plans) - 1, 0, -1):
            if i not in self._single:
                slab = _merge(slab, i, *self._runs_of(i, *self._spans[i])[1:])
        if 0 in self._single:
            return 0, slab
        to, size, runs = self._runs_of(0, lo, hi)
        return to, _merge(slab, 0, size, runs)

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


def _merge(array: Array, axis: int, size: int, runs: list[Run]) -> Array:
    if runs == [(0, size, 0, 1)] and array.shape[axis] == size:
        return array
    out = np.zeros((*array.shape[:axis], size, *array.shape[axis + 1 :]), array.dtype)
    before = (slice(None),) * axis
    for a, b, source, n in runs:
        part = array[(*before, slice(source, source + n * (b - a)))]
        if n > 1:
            cut = (*array.shape[:axis], b - a, n, *array.shape[axis + 1 :])
            part = part.reshape(cut).sum(axis=axis + 1)
        out[(*before, slice(a, b))] += part
    return out


def _places(blocks: Blocks) -> list[dict[Any, int]]:
    """Per category axis: label -> bin number, the overflow category (None) last."""
    return [
        {None: len(labels), **{label: n for n, label in enumerate(labels)}}
        for labels in blocks.labels()
    ]


def _check_size(signature: Signature, shape: Sequence[int]) -> None:
    size = math.prod(shape) * 8 * len(signature.fields)
    if size > 1 << 26 and size > psutil.virtual_memory().available // 3:
        raise HistValueError(
            f"histogram {signature.name!r}: the result would take {size / 1e9:.1f} GB; "
            "slice, sum, rebin or project it"
        )


def _result(
    signature: Signature,
    axes: Sequence[Any],
    arrays: Sequence[Array],
    plans: Sequence[AxisPlan],
    weighted: bool,
) -> Any:
    if not axes:
        numbers = [a[()] for a in arrays]
        if len(numbers) > 1:
            return bh.accumulators.WeightedSum(value=float(numbers[0]), variance=float(numbers[1]))
        picked = all(p.picked for p in plans)
        return numbers[0].item() if picked else float(numbers[0])
    return build_hist(signature, axes, arrays, weighted)


def build_hist(
    signature: Signature, axes: Sequence[Any], arrays: Sequence[Array], weighted: bool
) -> Any:
    """A `hist.Hist` of these axes and numbers, with the signature's storage, name and metadata."""
    made: Any = hist.Hist(*axes, storage=signature.new_storage())
    made.__dict__.update(signature.metadata)
    view = made.view(flow=True)
    if len(arrays) > 1:
        view["value"], view["variance"] = arrays
        return made
    if weighted:
        made *= 1  # as after a weighted fill: the variances are not known
    made.view(flow=True)[...] = arrays[0]
    return made
