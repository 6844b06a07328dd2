"""Sums of weights: what a simulated dataset is normalised by, over all its events, before any select.

`Dataset.sumw` is a number that is known, a branch of another tree of the files (`"Runs.genEventSumw"`,
one row per run or file), or an expression of the events themselves (`"genWeight"`). Normalised weights
have sums of their own, one for each of their variations; a skim tells those of all that it was made of.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ...errors import DataError
from ..columns.entries import flatten
from ..language.expression import Expression
from ..steering.steps import SumOfWeights, named
from ..steering.variations import NOMINAL

if TYPE_CHECKING:
    from ..dataset import Dataset
    from ..reading.events import EventFile
    from .layer import Layer

__all__ = ["OwnSums", "branch_of_other_tree", "steps_of_sum", "sum_of", "told_sums"]

RUNS = "Runs"
_OWN = "hepnbSumw_"

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


@dataclass(frozen=True)
class OwnSums:
    """Sums over all events: `above` of the weights above the last normalised one, without those that are.

    `labels` has those of the same with the normalised weights: `nominal`, and one for each of their
    variations.
    """

    above: float
    labels: Mapping[str, float]

    def share(self, part: Fraction) -> OwnSums:
        """Of a part of the events."""
        labels = {name: float(Fraction(total) * part) for name, total in self.labels.items()}
        return OwnSums(float(Fraction(self.above) * part), labels)

    def columns(self) -> dict[str, float]:
        """As a skim has them in its tree `Runs`."""
        return {f"{_OWN}above": self.above, **{f"{_OWN}{n}": w for n, w in self.labels.items()}}


def told_sums(file: EventFile, labels: Collection[str]) -> OwnSums | None:
    """The sums that a skim tells of all events that it stands for; None for a file that is none.

    Raises `DataError` where it does not tell those of `labels`, or has lost events without telling any.
    """
    found = file.totals(RUNS, _OWN)
    if not found:
        counts = file.totals(RUNS, "genEventCount")
        events = counts.get("")
        if events is not None and events != file.entries:
            raise DataError(
                f"{file.path}: has {file.entries} of {events:.0f} events, and no sums of the normalised "
                "weights over all: make the skim with this path, or leave normalised= away"
            )
        return None
    missing = [label for label in (NOMINAL, *labels) if label not in found]
    if missing:
        raise DataError(
            f"{file.path}: has sums of the weights of all its events, but none of {missing[0]!r}: "
            "make the skim with this path"
        )
    return OwnSums(found.pop("above"), found)
