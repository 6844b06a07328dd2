"""What a variation touches: the columns that are made from what it varies, field by field of the file.

Whatever a variation does not touch has its nominal value there, and is computed once for all.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ..columns.references import Link
from ..language.expression import Expression
from ..language.formula import Formula
from ..language.usage import Use
from ..reading.conventions import Reading
from .plan import Plan
from .steps import Merged, Rest, Step, Vary, inputs, owned
from .variations import NOMINAL

__all__ = ["Part", "Touch", "forms"]

Labels = frozenset[str]
_NONE: Labels = frozenset()
_COMPUTED = (ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call, ast.IfExp)


class Part(NamedTuple):
    """A part of an expression, the names that it uses, and the variations that touch it."""

    node: ast.expr
    names: tuple[str, ...]
    touching: Labels


class Touch:
    """Which variations touch each column and each step of a path in one kind of file."""

    def __init__(self, steps: Sequence[Step], plan: Plan, readings: Mapping[str, Reading]) -> None:
        self._steps, self._plan, self._readings = steps, plan, readings
        self.shapes = tuple(
            dict.fromkeys(label for s in steps if isinstance(s, Vary) for label, _ in s.variations)
        )
        self._direct = self._targets()
        self._owned: dict[str, Labels] = {}
        self._columns: dict[str, Labels] = {}
        self._known: dict[int, Labels] = {}
        self._formulas: dict[tuple[int, int], Labels] = {}
        self._nodes: dict[int, Part] = {}
        self._parts: dict[tuple[int, int, str], tuple[Part, ...]] = {}
        if self.shapes:
            self._follow()

    def column(self, name: str) -> Labels:
        """The variations that touch a column, or any field of a collection that is read."""
        if name in self._plan.owners:
            return self._owned.get(name, _NONE)
        if name not in self._columns:
            own = [v for (column, _), v in self._direct.items() if column == name]
            reading = self._readings.get(name)
            links = reading.links if reading else ()
            self._columns[name] = _NONE.union(*own, *map(self._linked, links))
        return self._columns[name]

    def formula(self, index: int, formula: Formula) -> Labels:
        """The variations that touch a formula of step `index`."""
        key = (index, id(formula))
        if key not in self._formulas:
            self._formulas[key] = self.names(index, formula.uses.inputs)
        return self._formulas[key]

    def names(self, index: int, names: Mapping[str, Use]) -> Labels:
        """The variations that touch a computation of step `index` that uses these names."""
        if not self.shapes:
            return _NONE
        needs = self._plan.needs
        return self._uses({name: needs.get((index, name), use) for name, use in names.items()})

    def parts(self, index: int, formula: Expression, variation: str) -> tuple[Part, ...]:
        """The largest parts of an expression of step `index` that this variation leaves alone.

        For the nominal, those that fewer variations touch than the whole.
        """
        if not self.shapes:
            return ()
        key = (index, id(formula), variation)
        if key not in self._parts:
            whole = self.formula(index, formula)
            self._parts[key] = tuple(self._of(formula, formula.tree, variation, whole))
        return self._parts[key]

    def _of(
        self, formula: Expression, node: ast.AST, variation: str, whole: Labels
    ) -> Iterator[Part]:
        if isinstance(node, _COMPUTED):
            part = self._part(formula, node)
            alone = (
                part.touching < whole if variation == NOMINAL else variation not in part.touching
            )
            if alone and part.names:
                yield part
                return
        for child in ast.iter_child_nodes(node):
            if not (isinstance(node, ast.Call) and child is node.func):
                yield from self._of(formula, child, variation, whole)

    def _part(self, formula: Expression, node: ast.expr) -> Part:
        """A node; without names where it has none, or gives objects with fields yet to be chosen."""
        if id(node) not in self._nodes:
            uses = formula.uses_of(node)
            names = () if uses.passes else tuple(uses.inputs)
            self._nodes[id(node)] = Part(node, names, self._uses(uses.inputs))
        return self._nodes[id(node)]

    def _uses(self, names: Mapping[str, Use]) -> Labels:
        return _NONE.union(*(self._use(name, use) for name, use in names.items()))

    def step(self, index: int) -> Labels:
        """The variations that touch anything that a step computes with."""
        if index not in self._known:
            self._known[index] = self._step(index)
        return self._known[index]

    def _step(self, index: int) -> Labels:
        step = self._steps[index]
        found = self.names(index, dict(self._inputs(index)))
        if isinstance(step, Rest):
            return found | self._level(step.of)
        if isinstance(step, Merged):
            source = self._steps[self._plan.owners[step.source]]
            between = self._plan.levels.between(source.level, step.level)
            return found.union(*(self._level(level) for level in between))
        return found

    def _level(self, level: int) -> Labels:
        """The variations that touch what decides which rows of the level above are in it."""
        return self._step(self._plan.levels.maker(level))

    def _targets(self) -> dict[tuple[str, str], Labels]:
        """Varied columns as (name, field), as they may be written: `MET.pt` is `MET_pt`."""
        found: dict[tuple[str, str], Labels] = {}
        for step in self._steps:
            if not isinstance(step, Vary):
                continue
            labels = frozenset(label for label, _ in step.variations)
            for form in forms(step.target, self._plan):
                found[form] = found.get(form, _NONE) | labels
        return found

    def _inputs(self, index: int) -> Iterator[tuple[str, Use]]:
        for _, uses in inputs(self._steps[index]):
            for name, use in uses.inputs.items():
                yield name, self._plan.needs.get((index, name), use)

    def _use(self, name: str, use: Use) -> Labels:
        if name == "variation" and name not in self._plan.owners:
            return frozenset(self.shapes)
        if name in self._plan.owners:
            return self._owned.get(name, _NONE)
        reading = self._readings.get(name)
        known = reading.known if reading else ()
        touching = [
            labels
            for (column, field), labels in self._direct.items()
            if column == name
            and (not field or field in use.fields | use.hints or use.needs_all(known))
        ]
        followed = [
            self._linked(link)
            for link in (reading.links if reading else ())
            if link.name in use.fields | use.hints
        ]
        return _NONE.union(*touching, *followed)

    def _linked(self, link: Link) -> Labels:
        """The variations that touch what a reference leads to, in the fields that are read of it."""
        touching = [
            labels
            for (column, field), labels in self._direct.items()
            if column == link.reference.target and field in link.fields
        ]
        return _NONE.union(*touching, *map(self._linked, link.links))

    def _follow(self) -> None:
        """Carry what is touched down to everything made from it."""
        owners = [i for i in self._plan.computed_at if owned(self._steps[i])]
        for form, labels in self._direct.items():
            if form[0] in self._plan.owners:
                self._owned[form[0]] = labels
        grew = True
        while grew:
            grew = False
            for index in owners:
                labels = self._step(index)
                for name in owned(self._steps[index]):
                    old = self._owned.get(name, _NONE)
                    if not labels <= old:
                        self._owned[name] = old | labels
                        grew = True


def forms(target: str, plan: Plan) -> tuple[tuple[str, str], ...]:
    """A target as (column, field), in both ways in which a column of the file can be written."""
    column, _, field = target.partition(".")
    if column in plan.owners:
        return ((column, field),)
    if field:
        return (column, field), (f"{column}_{field}", "")
    group, _, rest = column.partition("_")
    return ((column, ""), (group, rest)) if group and rest else ((column, ""),)
