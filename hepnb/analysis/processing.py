"""One chunk, step by step: selects cut, weights multiply, histograms and tables are filled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np

from ..errors import DataError
from .conventions import Reading
from .fills import fill_histogram, fill_table, flatten, overlaps
from .layer import Chunk, Layer, truth
from .plan import Plan
from .result import ChunkResult
from .source import Collection
from .statistics import Statistics
from .steps import (
    Category,
    Definition,
    Histogram,
    ModuleStep,
    Selection,
    Step,
    Table,
    Weight,
    named,
)

if TYPE_CHECKING:
    from .dataset import Dataset

__all__ = ["process_chunk"]

_MOST_SIZES = 32


def process_chunk(
    steps: tuple[Step, ...],
    plan: Plan,
    events: ak.Array,
    readings: Mapping[str, Reading],
    dataset: Dataset,
    file: str,
    first: int,
    statistics: Statistics,
) -> ChunkResult:
    """The result of one chunk under the nominal layer."""
    layer = Layer(steps, plan, Chunk(events, readings, dataset, file, first), statistics)
    weights = _Weights(layer)
    fills: list[Any] = []
    tables: dict[str, Mapping[str, np.ndarray]] = {}
    cutflow: list[tuple[str, int, float]] = []
    for index, step in enumerate(steps):
        if isinstance(step, Weight):
            weights.add(index, step)
        elif isinstance(step, Selection):
            if step.level == 0:
                cutflow.append(("all", *weights.total(0)))
            keep = truth(
                layer.value(step.formula, step.level, index), layer.rows(step.level), named(step)
            )
            layer.cut(keep)
            cutflow.append((step.name, *weights.total(step.level + 1)))
        elif isinstance(step, ModuleStep):
            if index in plan.computed_at:
                layer.run_module(index, step, plan.computed_at[index])
        elif isinstance(step, Histogram):
            chosen = weights.product(step.level, step.weights)
            fills += fill_histogram(layer, index, step, chosen)
        elif isinstance(step, Table):
            tables[step.name] = fill_table(layer, index, step)
    if not cutflow:
        cutflow.append(("all", *weights.total(0)))
    counts = _counts(layer, steps, plan, readings)
    return ChunkResult(
        events=len(events),
        fills=tuple(fills),
        tables=tables,
        cutflow=tuple(cutflow),
        collections={name: _range(counts) for name, counts in counts.items()},
        sizes={name: _distribution(counts) for name, counts in counts.items()},
        statistics=statistics.table(),
        categories_overlap=_overlaps(layer, steps, plan),
    )


class _Weights:
    """The event weights declared so far, and their products on the rows of any level."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self._known: dict[str, tuple[int, np.ndarray]] = {}

    def add(self, index: int, step: Weight) -> None:
        """Compute a weight on the rows of its level."""
        rows = self._layer.rows(step.level)
        flat = flatten(self._layer.value(step.formula, step.level, index), rows, named(step))
        if flat.offsets is not None or flat.missing is not None:
            what = "one value per object" if flat.offsets is not None else "missing values"
            raise DataError(f"{named(step)}: {what}; an event weight is one number per event")
        values = flat.values.astype(np.float64)
        bad = ~np.isfinite(values)
        if bad.any():
            entry = int(self._layer.entries(step.level)[int(np.argmax(bad))])
            raise DataError(
                f"{named(step)}: not finite in {int(bad.sum())} of {rows} events (first: entry {entry})"
            )
        self._known[step.name] = (step.level, values)

    def product(self, level: int, names: tuple[str, ...] | None = None) -> np.ndarray | None:
        """The product of the weights (all so far, or those named) on the rows of a level; None for none."""
        result: np.ndarray | None = None
        for name in self._known if names is None else names:
            at, values = self._known[name]
            moved = self._layer.move(values, at, level)
            with np.errstate(over="ignore"):
                result = moved if result is None else result * moved
        return result

    def total(self, level: int) -> tuple[int, float]:
        """Rows and sum of weights at a level."""
        product = self.product(level)
        rows = self._layer.rows(level)
        if product is None:
            return rows, float(rows)
        with np.errstate(over="ignore"):
            total = float(product.sum())
        if not np.isfinite(total):
            raise DataError(f"the weights of {rows} events multiply and add up to {total}")
        return rows, total


def _counts(
    layer: Layer, steps: tuple[Step, ...], plan: Plan, readings: Mapping[str, Reading]
) -> dict[str, np.ndarray]:
    """Objects per event of the collections that were read or defined."""
    made = {}
    for name, reading in readings.items():
        if not reading.plain:
            value = layer.raw(name, 0)
            if isinstance(value, Collection):
                made[name] = value.counts()
    for index, step in enumerate(steps):
        if isinstance(step, Definition) and index in plan.computed_at:
            value = layer.raw(step.name, plan.computed_at[index])
            if isinstance(value, ak.Array) and value.ndim > 1 and ak.fields(value):
                made[step.name] = np.asarray(ak.num(value, axis=1))
    return made


def _range(counts: np.ndarray) -> tuple[int, int, int, int]:
    if not len(counts):
        return 0, 0, 0, 0
    return len(counts), int(counts.sum()), int(counts.min()), int(counts.max())


def _distribution(counts: np.ndarray) -> tuple[int, ...]:
    """Events with 0, 1, ... objects; the last place, if it is taken, has all with more."""
    return tuple(np.bincount(np.minimum(counts, _MOST_SIZES - 1)).tolist())


def _overlaps(layer: Layer, steps: tuple[Step, ...], plan: Plan) -> dict[str, int]:
    """Events in more than one label of an exclusive category."""
    made = {}
    for index, step in enumerate(steps):
        if isinstance(step, Category) and step.exclusive and index in plan.computed_at:
            made[step.name] = overlaps(layer.labels(step.name, plan.computed_at[index])[2])
    return made
