"""Sums of weights: what a simulated dataset is normalised by, over all its events, before any select.

`Dataset.sumw` is a number that is known, a branch of another tree of the files (`"Runs.genEventSumw"`,
one row per run or file), or an expression of the events themselves (`"genWeight"`).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from ...errors import DataError
from ..columns.entries import flatten
from ..language.expression import Expression
from ..steering.steps import SumOfWeights, named

if TYPE_CHECKING:
    from ..dataset import Dataset
    from .layer import Layer

__all__ = ["branch_of_other_tree", "steps_of_sum", "sum_of"]

_OTHER = re.compile(r"(?P<tree>[A-Za-z_]\w*)\.(?P<branch>[A-Za-z_]\w*)")


def branch_of_other_tree(dataset: Dataset, branches: Collection[str]) -> tuple[str, str] | None:
    """Tree and branch that `sumw` names, unless it is a column of the events.

    >>> from hepnb.analysis import Dataset
    >>> tt = Dataset("tt", "https://example.org/tt.root", kind="mc", sumw="Runs.genEventSumw")
    >>> branch_of_other_tree(tt, ["genWeight"])
    ('Runs', 'genEventSumw')
    """
    if not isinstance(dataset.sumw, str) or dataset.kind == "data":
        return None
    match = _OTHER.fullmatch(dataset.sumw.strip())
    if match is None or f"{match['tree']}_{match['branch']}" in branches:
        return None
    return match["tree"], match["branch"]


def steps_of_sum(dataset: Dataset, branches: Collection[str]) -> tuple[SumOfWeights, ...]:
    """The step that sums the weights of a dataset, where they stand with its events."""
    if not isinstance(dataset.sumw, str) or dataset.kind == "data":
        return ()
    if branch_of_other_tree(dataset, branches) is not None:
        return ()
    where = f"dataset {dataset.name!r}: sumw"
    return (SumOfWeights("sum of weights", Expression(dataset.sumw, where)),)


def sum_of(step: SumOfWeights, index: int, layer: Layer) -> float:
    """The sum over the events of a chunk. Raises `DataError` unless it is a finite number per event."""
    rows = layer.rows(0)
    flat = flatten(layer.value(step.formula, 0, index), rows, named(step))
    if flat.lists is not None or flat.missing is not None:
        raise DataError(f"{step.formula.where}: is not one number per event")
    total = float(flat.values.astype(np.float64).sum())
    if not np.isfinite(total):
        raise DataError(f"{step.formula.where}: the weights of {rows} events add up to {total}")
    return total
