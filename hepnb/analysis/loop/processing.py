"""One chunk, step by step: selects cut, weights multiply, histograms and tables are filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import awkward as ak
import numpy as np

from ..columns.source import Collection
from ..reading.conventions import Reading
from ..steering.applied import Applied
from ..steering.levels import ALL_EVENTS
from ..steering.plan import Plan
from ..steering.steps import (
    Category,
    Definition,
    Histogram,
    ModuleStep,
    Rest,
    Selection,
    Skim,
    Step,
    SumOfWeights,
    Table,
    Weight,
    is_normalised,
)
from ..steering.variations import NOMINAL
from .fills import fill_histogram, fill_table, overlaps
from .layer import Layer
from .result import ChunkResult, CutRow
from .skims import Skimmed, skim_rows
from .stack import Stack
from .sums import OwnSums, sum_of
from .weights import Weights

__all__ = ["process_chunk"]

_MOST_SIZES = 32


def process_chunk(path: Applied, stack: Stack) -> ChunkResult:
    """The result of one chunk, with all its variations."""
    steps, plan = path.steps, path.plan
    nominal = stack.layer()
    weights = Weights(stack)
    fills: list[Any] = []
    total: float | None = None
    last = max((index for index, step in enumerate(steps) if is_normalised(step)), default=None)
    own: OwnSums | None = None
    tables: dict[str, Mapping[str, np.ndarray]] = {}
    skims: dict[str, Skimmed] = {}
    cutflows: dict[str, list[CutRow]] = {label: [] for label in stack.members}
    above: dict[str, str] = {}
    at_level = {0: ALL_EVENTS}
    for index, step in enumerate(steps):
        if isinstance(step, SumOfWeights):
            total = sum_of(step, index, nominal)
        elif isinstance(step, Weight):
            weights.add(index, step)
            if index == last and not path.varied.is_data:
                own = weights.own_sums()
        elif isinstance(step, Selection | Rest):
            if not cutflows[NOMINAL]:
                _count(ALL_EVENTS, 0, weights, cutflows)
            _count(step.name, step.into, weights, cutflows)
            above[step.name], at_level[step.into] = at_level[step.level], step.name
        elif isinstance(step, ModuleStep):
            if index in plan.computed_at:
                nominal.run_module(index, step, plan.computed_at[index])
        elif isinstance(step, Histogram):
            fills += fill_histogram(stack, weights, index, step, path.varied.of(step))
        elif isinstance(step, Table):
            tables[step.name] = fill_table(nominal, index, step)
        elif isinstance(step, Skim):
            skims[step.name] = skim_rows(stack, step, path.readings, total)
    if not cutflows[NOMINAL]:
        _count(ALL_EVENTS, 0, weights, cutflows)
    counts = _counts(nominal, steps, plan, path.readings)
    if own is not None:
        skims = {name: replace(skim, own_sums=own) for name, skim in skims.items()}
    return ChunkResult(
        events=stack.chunk.length,
        fills=tuple(fills),
        tables=tables,
        skims=skims,
        cutflow=tuple(cutflows.pop(NOMINAL)),
        cutflows={label: tuple(rows) for label, rows in cutflows.items()},
        above=above,
        collections={name: _range(counts) for name, counts in counts.items()},
        sizes={name: _distribution(counts) for name, counts in counts.items()},
        statistics=stack.statistics.table(),
        categories_overlap=_overlaps(nominal, steps, plan),
        sumw=total,
        own_sums=own,
    )


def _count(cut: str, level: int, weights: Weights, cutflows: Mapping[str, list[CutRow]]) -> None:
    """A row of the cutflow of each variation of a column."""
    for label, rows in cutflows.items():
        rows.append((cut, *weights.total(level, label)))


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
            if isinstance(value, Collection):
                made[step.name] = value.counts()
            elif isinstance(value, ak.Array) and value.ndim > 1 and ak.fields(value):
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
