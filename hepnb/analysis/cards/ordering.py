"""Where the steps of a card stand among its selects.

A card says what there is, not when. Weights stand above all selects and results below all, unless
`after:` says below which one; a definition or category stands as low as those who need it allow, so
that `Muon[:, 0]` sees the events that a select has checked before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..language.expression import Expression
from ..steering.steps import (
    Category,
    Definition,
    Histogram,
    Lookup,
    ModuleStep,
    Replacement,
    Selection,
    Skim,
    Table,
    Told,
    Vary,
    Weight,
    formulas,
    inputs,
    owned,
)

__all__ = ["ordered"]


def ordered(steps: Sequence[Told], after: Mapping[int, int]) -> list[Told]:
    """The steps in an order that a path accepts; `after` says of a step below how many selects it stands."""
    selects = [step for step in steps if isinstance(step, Selection)]
    levels = {id(step): number for number, step in enumerate(selects)}
    owners = {name: step for step in steps for name in owned(step)}
    labels = {
        label: step for step in steps if isinstance(step, Category) for label, _ in step.labels
    }
    for index, step in enumerate(steps):
        if isinstance(step, Vary | Replacement | Lookup):
            levels[id(step)] = 0
        elif isinstance(step, Weight):
            levels[id(step)] = after.get(index, 0)
        elif not isinstance(step, Definition | Category | Selection | ModuleStep):
            levels[id(step)] = after.get(index, len(selects))

    needed: dict[int, int] = {}
    todo = [(step, levels[id(step)]) for step in steps if id(step) in levels]
    while todo:
        step, level = todo.pop()
        for name in _names(step):
            owner = owners.get(name, labels.get(name))
            if owner is not None and level < needed.get(id(owner), len(selects) + 1):
                needed[id(owner)] = level
                todo.append((owner, level))

    def place(step: Told) -> tuple[int, int]:
        level = levels.get(id(step), needed.get(id(step), len(selects)))
        # Results stand below the weights of their level, and the select that ends it below them.
        result = isinstance(step, Histogram | Table | Skim)
        return level, 2 if isinstance(step, Selection) else int(result)

    return sorted(steps, key=place)


def _names(step: Told) -> set[str]:
    """The names that a step needs; the label of a category may be one."""
    found = {name for _, uses in inputs(step) for name in uses.inputs}
    if isinstance(step, Histogram):
        found |= set(step.by)
    for formula in formulas(step):
        if isinstance(formula, Expression):
            found |= {name for name, _ in formula.labels}
    return found
