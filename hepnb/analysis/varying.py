"""The variations of a path's steps: their names, and the steps that are left where some do not apply."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from .steps import Step, Vary, Weight
from .variations import NOMINAL, Scope, Selector

__all__ = ["labels_of", "names_of", "selected", "within"]


def labels_of(steps: Sequence[Step]) -> tuple[str, ...]:
    """The names of all variations, in the order of the path."""
    found = (s.variations for s in steps if isinstance(s, Vary | Weight))
    return tuple(dict.fromkeys(label for variations in found for label, _ in variations))


def names_of(steps: Iterable[Step]) -> Iterator[str]:
    """Everything by which a selector may ask for variations."""
    for step in steps:
        if isinstance(step, Vary | Weight):
            yield from (label for label, _ in step.variations)
            yield from step.scope.sets
            if isinstance(step, Vary):
                yield step.nuisance
            elif step.variations or step.each is not None:
                yield step.name
                if step.each is not None:
                    yield f"{step.name}0"


def within(steps: Iterable[Step], applies: Callable[[Scope], bool]) -> Iterator[Step]:
    """The steps without the variations whose scope does not apply."""
    for step in steps:
        if not isinstance(step, Vary | Weight) or applies(step.scope):
            yield step
        elif isinstance(step, Weight):
            yield replace(step, variations=(), each=None, scope=Scope())


def selected(steps: Iterable[Step], selector: Selector) -> Iterator[Step]:
    """The steps with the variations that a selector picks."""
    for step in steps:
        if not isinstance(step, Vary | Weight):
            yield step
            continue
        nuisance = step.nuisance if isinstance(step, Vary) else step.name
        kept = tuple(
            (label, formula)
            for label, formula in step.variations
            if selector.picks(label, nuisance, step.scope.sets)
        )
        if isinstance(step, Weight):
            each = None if selector.words == (NOMINAL,) else step.each
            yield replace(step, variations=kept, each=each)
        elif kept:
            yield replace(step, variations=kept)
