"""An index on the dense axes of a block, carried out slab by slab: a few megabytes at a time.

A slab is a range of bins in C order. Slabs are cut on the first axis unless its bins are large, or
hold whole chunks of bins that the index does not want: then further inside, so that those are not read.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .blocks import Blocks
from .cells import Cell
from .indexing import AxisPlan
from .record import Key
from .signature import Signature

__all__ = ["DensePlan", "Slab"]

SLAB_BINS = 1 << 19
SKIPPED_BINS = 1 << 16
SMALL_BINS = 1 << 15

Array = np.ndarray[Any, Any]
Fields = Mapping[str, Array]
Run = tuple[int, int, int, int]


@dataclass(frozen=True)
class Slab:
    """Bins `outer` of the axes before the one that is cut, [lo, hi) of that one, all of the others."""

    outer: tuple[int, ...]
    lo: int
    hi: int


class DensePlan:
    """The plans of the dense axes, and how to apply them to one block."""

    def __init__(self, signature: Signature, plans: Sequence[AxisPlan]) -> None:
        self._cell, self.shape = signature.cell, [p.size for p in plans]
        self._extents = extents = signature.block_shape
        self._spans = [p.span() for p in plans]
        self._rows = [math.prod(extents[i + 1 :]) for i in range(len(plans))]
        self._cut = cut = self._axis_to_cut()
        self._goes = [p.targets() for p in plans[:cut]]
        self._plans = plans[cut:]
        self._single = tuple(i for i, p in enumerate(self._plans) if p.size == 1)
        self._runs: dict[tuple[int, int, int], tuple[int, int, list[Run]]] = {}
        self.large = signature.bins >= SMALL_BINS
        """Whether a slab is worth a thread."""

    def _axis_to_cut(self) -> int:
        skipped = [
            (n - (hi - lo)) * row
            for n, (lo, hi), row in zip(self._extents, self._spans, self._rows, strict=True)
        ]
        cut = 0
        while cut + 1 < len(self._rows) and (
            self._rows[cut] > SLAB_BINS or max(skipped[cut + 1 :]) >= SKIPPED_BINS
        ):
            cut += 1
        return cut

    def slabs(self) -> list[Slab]:
        """The slabs of each block that hold what is wanted."""
        if not self._rows:
            return [Slab((), 0, 1)]
        if any(lo == hi for lo, hi in self._spans):
            return []
        step = max(1, SLAB_BINS // self._rows[self._cut])
        first, last = self._spans[self._cut]
        cuts = [(lo, min(lo + step, last)) for lo in range(first, last, step)]
        outer = itertools.product(*(range(lo, hi) for lo, hi in self._spans[: self._cut]))
        return [Slab(place, lo, hi) for place in outer for lo, hi in cuts]

    def reduce(self, blocks: Blocks, key: Key, slab: Slab) -> tuple[int, dict[str, Array]]:
        """Read and reduce: the first bin that it goes to on the cut axis, and what goes there."""
        if not self._rows:
            return 0, {f: a.reshape(()) for f, a in blocks.read(key, slab.lo, slab.hi).items()}
        cell, row = self._cell, self._rows[self._cut]
        start = sum(i * n for i, n in zip(slab.outer, self._rows, strict=False))
        flat = blocks.read(key, start + slab.lo * row, start + slab.hi * row)
        shape = (slab.hi - slab.lo, *self._extents[self._cut + 1 :])
        inner = tuple(slice(lo, hi) for lo, hi in self._spans[self._cut + 1 :])
        part = {f: a.reshape(shape)[(slice(None), *inner)] for f, a in flat.items()}
        part = cell.pool(part, self._single) if self._single else part
        for i in range(len(self._plans) - 1, 0, -1):
            if i not in self._single:
                part = _merge(cell, part, i, *self._runs_of(i, *self._spans[self._cut + i])[1:])
        if 0 in self._single:
            return 0, part
        to, size, runs = self._runs_of(0, slab.lo, slab.hi)
        return to, _merge(cell, part, 0, size, runs)

    def put(self, slab: Slab, to: int, part: Fields, into: Fields) -> None:
        """Merge a reduced slab into the reduced block."""
        if not self._rows:
            self._cell.merge(into, (), part)
            return
        stop = to + part[self._cell.fields[0]].shape[0]
        for place in itertools.product(
            *(goes.get(i, ()) for goes, i in zip(self._goes, slab.outer, strict=True))
        ):
            self._cell.merge(into, (*place, slice(to, stop)), part)

    def _runs_of(self, axis: int, lo: int, hi: int) -> tuple[int, int, list[Run]]:
        """Where bins [lo, hi) of an axis go: the first bin there, how many, and the runs to it."""
        known = self._runs.get((axis, lo, hi))
        if known is None:
            plan = self._plans[axis]
            start = np.maximum(plan.start, lo)
            count = np.maximum(np.minimum(plan.start + plan.count, hi) - start, 0)
            first, size = 0, plan.size
            if axis == 0:
                used = np.flatnonzero(count)
                first, size = (int(used[0]), int(used[-1] - used[0] + 1)) if used.size else (0, 0)
            chosen = slice(first, first + size)
            known = first, size, _find_runs(start[chosen] - lo, count[chosen])
            self._runs[axis, lo, hi] = known
        return known


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
