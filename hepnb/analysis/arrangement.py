"""The steps of a path in their final form: how many selects stand above each, storages, category axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .axes import category_axis
from .expression import Expression
from .steps import (
    Category,
    Histogram,
    Replacement,
    Selection,
    Step,
    Vary,
    Weight,
    owned,
    varies,
)
from .variations import NOMINAL

__all__ = ["arrange"]


def arrange(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Copies of the steps with their level, and histograms with everything they left to the path."""
    categories = {step.name: step for step in steps if isinstance(step, Category)}
    columns = {name for step in steps for name in owned(step)}
    varied = any(varies(step) for step in steps)
    level, weighted = 0, False
    made: list[Step] = []
    for step in steps:
        everywhere = isinstance(step, Vary | Replacement)
        placed: Step = replace(step, level=0 if everywhere else level)
        level += isinstance(step, Selection)
        weighted = weighted or isinstance(step, Weight)
        if isinstance(placed, Histogram):
            placed = _finish(_varied(placed) if varied else placed, categories, columns, weighted)
        made.append(placed)
    return tuple(made)


def _varied(step: Histogram) -> Histogram:
    """With the axis of its variations, last of the categories, unless it has the nominal alone."""
    if "variation" in step.by or step.variations == (NOMINAL,):
        return step
    return replace(step, by=(*step.by, "variation"))


def _finish(
    step: Histogram, categories: dict[str, Category], columns: set[str], weighted: bool
) -> Histogram:
    """Category axes in front, a storage that fits the weights, a bare label in `where` spelt out."""
    counts = weighted if step.weights is None else bool(step.weights)
    axes = [
        category_axis(name, tuple(label for label, _ in categories[name].labels))
        if name in categories
        else category_axis(name, ())
        for name in step.by
    ]
    where = step.where
    if isinstance(where, Expression) and where.source not in columns:
        owners = [c for c, step in categories.items() if where.source in dict(step.labels)]
        if len(owners) == 1:
            where = Expression(f"{owners[0]} == {where.source!r}", where.where)
    weigh = counts or step.object_weight is not None
    return replace(
        step,
        axes=(*axes, *step.axes),
        storage=step.storage or ("Weight" if weigh else "Double"),
        where=where,
    )
