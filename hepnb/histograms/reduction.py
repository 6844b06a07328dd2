"""Carry out an index: read only the blocks and bins it needs, reduce them, build the result.

All reductions are NumPy's, in slabs of a few megabytes, which a few threads read and reduce at once;
the result alone is ever dense in memory. Where slabs are cut and in which order they are merged
follows from the axes and the index alone, and so do the bits of a result.
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
from .indexing import AxisPlan
from .record import Key
from .refusal import HistValueError
from .signature import Signature
from .slabs import DensePlan, Slab
from .stopping import check_stop
from .threads import in_order

__all__ = ["build_hist", "check_size", "reduce_blocks", "reduce_cells"]

Array = np.ndarray[Any, Any]
Fields = Mapping[str, Array]


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
    blocks: Blocks, signature: Signature, plans: Sequence[AxisPlan], threads: int | None = None
) -> dict[str, Array]:
    """Each field of the result that `plans` make, flow bins and summed axes included."""
    cell, shape = signature.cell, [p.size for p in plans]
    out = cell.zeros(shape)
    targets = [plans[i].targets() for i in signature.category_axes]
    dense = DensePlan(signature, [plans[i] for i in signature.dense_axes])
    slabs = dense.slabs()

    def reduced(job: tuple[Key, list[list[int]], Slab]) -> tuple[int, dict[str, Array]]:
        key, _, slab = job
        return dense.reduce(blocks, key, slab)

    jobs = ((key, goes, s) for key, goes in _wanted(blocks, targets) for s in slabs)
    for (_, goes, slab), (to, part) in in_order(reduced, jobs, threads if dense.large else 1):
        check_stop()
        if slab is slabs[0]:
            block = cell.zeros(dense.shape)
        dense.put(slab, to, part, block)
        if slab is not slabs[-1]:
            continue
        for target in itertools.product(*goes):
            where: list[Any] = [slice(None)] * len(shape)
            for i, bin_ in zip(signature.category_axes, target, strict=True):
                where[i] = bin_
            cell.merge(out, tuple(where), block)
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
