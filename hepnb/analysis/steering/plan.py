"""What a frozen path needs: who owns each column, on which rows it is computed, which fields are read.

Raises the errors of order: cycles, names used above the select they stand below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...errors import PathError
from ..language.formula import RESERVED
from ..language.usage import Use
from .levels import Levels
from .steps import (
    Category,
    Definition,
    Merged,
    ModuleStep,
    Replacement,
    Step,
    Vary,
    inputs,
    named,
    owned,
)

__all__ = ["Plan", "describe", "make_plan"]


@dataclass
class Plan:
    """The derived facts of a path. Steps are known by their index.

    `owners`: column name -> step. `computed_at`: step -> level on whose rows it is computed, for the
    steps that are needed. `needs`: (step, name) -> what the step and those it serves use of `name`.
    `external`: the names that no step owns, with all their uses; `askers`: who asked first for a name
    or for a field (`Muon.pt`).
    """

    levels: Levels = field(default_factory=Levels)
    owners: dict[str, int] = field(default_factory=dict)
    computed_at: dict[int, int] = field(default_factory=dict)
    needs: dict[tuple[int, str], Use] = field(default_factory=dict)
    external: dict[str, Use] = field(default_factory=dict)
    askers: dict[str, str] = field(default_factory=dict)


def make_plan(steps: Sequence[Step], everything: bool = False) -> Plan:
    """Plan the steps that lead to a result; with `everything`, unused definitions too."""
    plan = Plan(Levels(steps))
    for index, step in enumerate(steps):
        for name in owned(step):
            plan.owners.setdefault(name, index)
    for index, step in enumerate(steps):
        if not isinstance(step, Definition | Category | Merged):
            _visit(plan, steps, index, step.level, [(index, step.name)])
    if everything:
        for index, step in enumerate(steps):
            if index not in plan.computed_at:
                _visit(plan, steps, index, step.level, [(index, step.name)])
    _spread(plan, steps)
    return plan


def _visit(
    plan: Plan, steps: Sequence[Step], index: int, level: int, trail: list[tuple[int, str]]
) -> None:
    """Compute step `index` on the rows of `level`, and its inputs on at least these rows."""
    before = plan.computed_at.get(index)
    at = level if before is None else plan.levels.meet(before, level)
    if at == before:
        return
    plan.computed_at[index] = at
    step = steps[index]
    for who, uses in inputs(step):
        for name, use in uses.inputs.items():
            plan.askers.setdefault(name, who)
            for used in use.fields:
                plan.askers.setdefault(f"{name}.{used}", who)
            owner = plan.owners.get(name)
            if owner is None or name in RESERVED:
                continue
            # What comes back from a sub-path is computed there.
            there = steps[owner].level if isinstance(step, Merged) else at
            if not plan.levels.contains(steps[owner].level, there):
                _raise_order(plan, steps, index, who, name, there)
            _follow(plan, steps, owner, name, there, trail)
    if isinstance(step, Merged):
        for inner in plan.levels.between(steps[plan.owners[step.source]].level, step.level):
            maker = plan.levels.maker(inner)
            _follow(plan, steps, maker, named(steps[maker]), steps[maker].level, trail)


def _follow(
    plan: Plan,
    steps: Sequence[Step],
    index: int,
    name: str,
    level: int,
    trail: list[tuple[int, str]],
) -> None:
    """Visit what a step needs, unless that needs the step itself."""
    before = [place for place, (known, _) in enumerate(trail) if known == index]
    if before:
        loop = [*(step for _, step in trail[before[0] :]), name]
        raise PathError(f"definitions go round in a circle: {' -> '.join(loop)}")
    _visit(plan, steps, index, level, [*trail, (index, name)])


def _raise_order(
    plan: Plan, steps: Sequence[Step], index: int, who: str, name: str, level: int
) -> None:
    *_, lowest = plan.levels.between(steps[plan.owners[name]].level, level)
    cut = steps[plan.levels.maker(lowest)]
    # Variations and replacements hold everywhere, wherever they are told.
    if steps[index] is cut or isinstance(steps[index], Vary | Replacement):
        mend = f"move the definition of {name!r} above it"
    else:
        mend = f"move it below the {cut.kind}, or {name!r} above"
    raise PathError(
        f"{who} uses {name!r}, which sees only rows that pass {named(cut)} below it; {mend}"
    )


def _spread(plan: Plan, steps: Sequence[Step]) -> None:
    """Carry the fields that consumers use back to the collections they come from."""
    for index in plan.computed_at:
        for _, uses in inputs(steps[index]):
            for name, use in uses.inputs.items():
                plan.needs.setdefault((index, name), Use()).merge(use)
                plan.needs[index, name].value |= use.value
    grew = True
    while grew:
        grew = False
        for index in plan.computed_at:
            step = steps[index]
            if not isinstance(step, Definition | Merged):
                continue
            passes = {n: e for _, uses in inputs(step) for n, e in uses.passes.items()}
            for (_, wanted), use in list(plan.needs.items()):
                if wanted == step.name:
                    for name, exact in passes.items():
                        grew |= plan.needs[index, name].merge(use, exact)
    for (_, name), use in plan.needs.items():
        if name not in plan.owners and name not in RESERVED:
            total = plan.external.setdefault(name, Use())
            total.merge(use)
            total.value |= use.value


def describe(step: Step) -> str:
    """How statistics call a step."""
    return step.name if isinstance(step, Definition | ModuleStep) else named(step)
