"""A path as it applies to one dataset and one kind of file: the steps, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..loop.sums import steps_of_sum
from ..module.run_numbers import with_run_numbers
from ..reading.conventions import Reading, resolve_all
from .folding import folded
from .lifetimes import Lifetimes
from .plan import Plan, make_plan
from .steps import Histogram, Step
from .touch import Touch
from .variations import NOMINAL, Selector
from .varying import labels_of, of_dataset

if TYPE_CHECKING:
    from ..dataset import Dataset

__all__ = ["Applied", "Varied", "steps_for"]


def steps_for(
    steps: tuple[Step, ...], dataset: Dataset, branches: tuple[str, ...]
) -> tuple[Step, ...]:
    """The steps as they are for a dataset: its sum of weights, no weights and variations that do not apply."""
    mine = folded(of_dataset(steps, dataset, branches), dataset)
    return (*steps_of_sum(dataset, branches), *with_run_numbers(mine, branches, dataset))


@dataclass(frozen=True)
class Varied:
    """The variations that a program makes of the events of one dataset."""

    labels: Mapping[str, tuple[str, ...]]
    is_data: bool

    def of(self, step: Histogram) -> list[str]:
        """Those of one histogram, the nominal first. What does not apply here is filled as the nominal."""
        if self.is_data or "variation" not in step.by:
            return [NOMINAL]
        wanted = Selector(step.variations)
        return [NOMINAL, *(v for v, names in self.labels.items() if wanted.picks(names))]


@dataclass(frozen=True)
class Applied:
    """A path as it applies to one dataset and one kind of file."""

    steps: tuple[Step, ...]
    plan: Plan
    readings: Mapping[str, Reading]
    touch: Touch
    varied: Varied
    lifetimes: Lifetimes

    @classmethod
    def of(
        cls,
        steps: tuple[Step, ...],
        fields: tuple[str, ...],
        dataset: Dataset,
    ) -> Applied:
        """For the branches `fields` that were read of a file of a dataset."""
        mine = steps_for(steps, dataset, fields)
        plan = make_plan(mine)
        readings = resolve_all(plan.external, fields, plan.askers)
        varied = Varied(labels_of(steps), dataset.kind == "data")
        touch = Touch(mine, plan, readings)
        return cls(mine, plan, readings, touch, varied, Lifetimes(mine))
