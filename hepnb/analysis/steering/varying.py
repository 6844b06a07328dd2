"""The variations of a path's steps: their names, and the steps that are left where some do not apply."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ..language.formula import make_formula
from .steps import Step, Told, Vary, Weight
from .variations import EVERYWHERE, Scope, Selector

if TYPE_CHECKING:
    from ..dataset import Dataset

__all__ = ["labels_of", "names_of", "of_dataset", "own_labels", "selected", "varies", "within"]


def own_labels(step: Vary | Weight) -> tuple[str, ...]:
    """The variations of a step."""
    named = (label for label, _ in step.variations)
    return (*named, *step.numbered) if isinstance(step, Weight) else tuple(named)


def varies(step: Told) -> bool:
    """Whether a step has variations."""
    return isinstance(step, Vary | Weight) and bool(own_labels(step))


def labels_of(steps: Iterable[Step]) -> dict[str, tuple[str, ...]]:
    """The variations in the order of the path, each with all names by which it may be asked for."""
    found: dict[str, tuple[str, ...]] = {}
    for step in steps:
        if isinstance(step, Vary | Weight):
            for label in own_labels(step):
                found[label] = (*found.get(label, (label,)), *_together(step))
    return found


def names_of(steps: Iterable[Step]) -> Iterator[str]:
    """Everything by which a selector may ask for variations."""
    for step in steps:
        if isinstance(step, Vary | Weight) and varies(step):
            yield from own_labels(step)
            yield from _together(step)


def _together(step: Vary | Weight) -> tuple[str, ...]:
    """The names of all variations of a step: its nuisance and its sets."""
    return (step.nuisance if isinstance(step, Vary) else step.name, *step.scope.sets)


def _unvaried(step: Weight) -> Weight:
    return replace(step, variations=(), each=None, count=0, numbers=(), scope=EVERYWHERE)


def within(steps: Iterable[Step], applies: Callable[[Scope], bool]) -> Iterator[Step]:
    """The steps without the variations whose scope does not apply."""
    for step in steps:
        if not isinstance(step, Vary | Weight) or applies(step.scope):
            yield step
        elif isinstance(step, Weight):
            yield _unvaried(step)


def of_dataset(steps: Iterable[Step], dataset: Dataset, columns: Iterable[str]) -> Iterator[Step]:
    """The steps as they are for a dataset in a file with these columns: weights of other datasets are 1."""
    meant = (
        replace(_unvaried(step), formula=make_formula(1.0, step.formula.where))
        if isinstance(step, Weight) and not step.scope.covers(dataset)
        else step
        for step in steps
    )
    return within(meant, lambda scope: scope.applies(dataset, columns))


def selected(steps: Iterable[Step], selector: Selector) -> Iterator[Step]:
    """The steps with the variations that a selector picks."""
    for step in steps:
        if not isinstance(step, Vary | Weight):
            yield step
            continue
        picked = {label for label in own_labels(step) if selector.picks((label, *_together(step)))}
        kept = tuple(one for one in step.variations if one[0] in picked)
        if isinstance(step, Weight):
            numbers = tuple(n for label, n in step.numbered.items() if label in picked)
            each = step.each if numbers else None
            yield replace(step, variations=kept, each=each, numbers=numbers)
        elif kept:
            yield replace(step, variations=kept)
