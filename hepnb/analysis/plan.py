"""What a frozen path needs: who owns each column, on which rows it is computed, which fields are read.

Raises the errors of order: cycles, names used above the select they stand below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..errors import PathError
from .formula import RESERVED
from .steps import Category, Definition, ModuleStep, Selection, Step, inputs, named, owned
from .usage import Use

__all__ = ["Plan", "describe", "make_plan"]


@dataclass
class Plan:
    """The derived facts of a path. Steps are known by their index.

    `owners`: column name -> step. `computed_at`: step -> level on whose rows it is computed, for the
    steps that are needed. `needs`: (step, name) -> what the step and those it serves use of `name`.
    `external`: the names that no step owns, with all their uses; `askers`: who asked first for a name
    or for a field (`Muon.pt`).
    """

    owners: dict[str, int] = field(default_factory=dict)
    computed_at: dict[int, int] = field(default_factory=dict)
    needs: dict[tuple[int, str], Use] = field(default_factory=dict)
    external: dict[str, Use] = field(default_factory=dict)
    askers: dict[str, str] = field(default_factory=dict)


def make_plan(steps: Sequence[Step], everything: bool = False) -> Plan:
    """Plan the steps that lead to a result; with `everything`, unused definitions too."""
    plan = Plan()
    for index, step in enumerate(steps):
        for name in owned(step):
            plan.owners.setdefault(name, index)
    for index, step in enumerate(steps):
        if not isinstance(step, Definition | Category):
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
    if plan.computed_at.get(index, level + 1) <= level:
        return
    plan.computed_at[index] = level
    for who, uses in inputs(steps[index]):
        for name, use in uses.inputs.items():
            plan.askers.setdefault(name, who)
            for used in use.fields:
                plan.askers.setdefault(f"{name}.{used}", who)
            owner = plan.owners.get(name)
            if owner is None or name in RESERVED:
                continue
            before = [place for place, (known, _) in enumerate(trail) if known == owner]
            if before:
                loop = [*(step for _, step in trail[before[0] :]), name]
                raise PathError(f"definitions go round in a circle: {' -> '.join(loop)}")
            if steps[owner].level > level:
                _raise_order(steps, index, who, name, level)
            _visit(plan, steps, owner, level, [*trail, (owner, name)])


def _raise_order(steps: Sequence[Step], index: int, who: str, name: str, level: int) -> None:
    cuts = [step for step in steps if isinstance(step, Selection)]
    cut = cuts[level].name
    if isinstance(steps[index], Selection) and steps[index].name == cut:
        mend = f"move the definition of {name!r} above it"
    else:
        mend = f"move it below the select, or {name!r} above"
    raise PathError(
        f"{who} uses {name!r}, which sees only rows that pass select {cut!r} below it; {mend}"
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
            if not isinstance(step, Definition):
                continue
            passes = step.formula.uses.passes
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
