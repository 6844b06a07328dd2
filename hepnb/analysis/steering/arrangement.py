"""The steps of a path in their final form: levels, storages, category axes, sub-paths made flat.

The steps of a sub-path follow the step that leads into it, on levels of their own. What it makes has its
name in front (`tight/ht`), so that it is private without anybody below having to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from ...errors import PathError, nearest
from ..language.axes import category_axis
from ..language.expression import Expression
from ..language.formula import Formula
from .levels import ALL_EVENTS
from .steps import (
    Branch,
    Category,
    Definition,
    Entry,
    Histogram,
    Lookup,
    Merged,
    ModuleStep,
    Replacement,
    Rest,
    Result,
    Selection,
    Skim,
    Step,
    Told,
    Vary,
    Weight,
    lookups_of,
    named,
    owned,
    with_formulas,
)
from .variations import NOMINAL
from .varying import varies

__all__ = ["arrange"]


def arrange(steps: Sequence[Told]) -> tuple[Step, ...]:
    """Copies of the steps with their level, and histograms with everything they left to the path.

    Raises `PathError` for sub-paths that do not fit, and two lines of the cutflow with one name.
    """
    made = tuple(_Scope.of_path(steps).steps(steps))
    _check_cuts(made)
    if any(isinstance(step, Entry) for step in made):
        _check_unique(made)
    return made


@dataclass
class _Scope:
    """One path while it is made flat: what its names mean, and where it stands."""

    names: Mapping[str, str]
    categories: Mapping[str, Category]
    columns: set[str]
    varied: bool
    numbers: Iterator[int]
    level: int = 0
    weighted: bool = False
    prefix: str = ""
    lookups: Mapping[str, Any] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)

    @classmethod
    def of_path(cls, steps: Sequence[Told]) -> _Scope:
        """The scope of a path that is no sub-path."""
        _refuse_circles(steps, ())
        steps = list(_with_branches(steps))
        categories = {step.name: step for step in steps if isinstance(step, Category)}
        columns = {name for step in steps for name in _made(step)}
        varied = _is_varied(steps)
        return cls({}, categories, columns, varied, count(1), lookups=lookups_of(steps))

    @property
    def place(self) -> str:
        """How messages call it."""
        return f"sub-path {self.prefix[:-1]!r}"

    def steps(self, steps: Sequence[Told]) -> Iterator[Step]:
        """The steps of this path, with those of its sub-paths among them."""
        for step in _with_branches(steps):
            if isinstance(step, Branch):
                yield from self._branch(step)
            elif not isinstance(step, Lookup):
                yield self._placed(step)

    def _placed(self, step: Step) -> Step:
        everywhere = isinstance(step, Vary | Replacement)
        if everywhere and self.prefix:
            raise PathError(f"{self.place}: {named(step)} belongs into the path itself")
        placed: Step = replace(step, level=0 if everywhere else self.level)
        placed = with_formulas(placed, self._bound)
        if isinstance(placed, Selection):
            self.level = next(self.numbers)
            placed = replace(placed, into=self.level)
        self.weighted = self.weighted or isinstance(step, Weight)
        if isinstance(placed, Histogram):
            placed = self._finished(_varied(placed) if self.varied else placed)
        if isinstance(placed, Skim):
            return self._with_own(placed)
        return self._renamed(placed) if self.prefix else placed

    def _bound(self, formula: Formula) -> Formula:
        return formula.bound(self.lookups) if isinstance(formula, Expression) else formula

    def _finished(self, step: Histogram) -> Histogram:
        """Category axes in front, a storage that fits the weights, a bare label in `where` spelt out."""
        counts = self.weighted if step.weights is None else bool(step.weights)
        known = self.categories
        axes = [
            category_axis(name, tuple(label for label, _ in known[name].labels))
            if name in known
            else category_axis(name, ())
            for name in step.by
        ]
        where = step.where
        if isinstance(where, Expression) and where.source not in self.columns:
            owners = [c for c, step in known.items() if where.source in dict(step.labels)]
            if len(owners) == 1:
                where = Expression(f"{owners[0]} == {where.source!r}", where.where)
        weigh = counts or step.object_weight is not None
        return replace(
            step,
            axes=(*axes, *step.axes),
            groups=step.by,
            storage=step.storage or ("Weight" if weigh else "Double"),
            where=where,
        )

    def _with_own(self, step: Skim) -> Skim:
        """With the columns that the path makes apart from those of the file."""
        for name in step.columns or ():
            if name in self.categories:
                raise PathError(f"{named(step)}: {name!r} is a category, which no file can hold")
        own = [name for name in step.columns or () if name in self.columns]
        others = None if step.columns is None else tuple(n for n in step.columns if n not in own)
        pairs = tuple((name, self.names.get(name, name)) for name in own)
        return replace(step, columns=others, own=pairs)

    def _renamed(self, step: Step) -> Step:
        """A step of a sub-path: its names spelt out, and those that it uses."""
        step = with_formulas(step, lambda formula: formula.renamed(self.names, self.place))
        changes: dict[str, Any] = {}
        if isinstance(step, Definition | Category | ModuleStep | Selection):
            changes["name"] = f"{self.prefix}{step.name}"
        if isinstance(step, ModuleStep):
            own = {*step.uses.inputs, *step.produces}
            changes["uses"] = step.uses.renamed(self.names)
            changes["produces"] = tuple(self.names[name] for name in step.produces)
            changes["renames"] = tuple((n, new) for n, new in self.names.items() if n in own)
        if isinstance(step, Histogram):
            changes["groups"] = tuple(self.names.get(name, name) for name in step.by)
        return replace(step, **changes)

    # sub-paths

    def _branch(self, branch: Branch) -> Iterator[Step]:
        """Into the sub-path, through it, and what comes back of it."""
        name = self._unused(branch.name)
        inner = list(_with_branches(branch.path._steps))
        into = next(self.numbers)
        scope = self._inner(f"{self.prefix}{name}/", inner, into)
        condition = self._bound(branch.formula or Expression("True", scope.place))
        if self.prefix:
            condition = condition.renamed(self.names, self.place)
        yield Entry(scope.prefix[:-1], condition, self.level, into)
        yield from scope.steps(branch.path._steps)
        if branch.ends:
            before, self.level = self.level, next(self.numbers)
            yield Rest(f"{self.prefix}not {name}", into, before, self.level)
            return
        for column in _coming_back(branch, inner):
            fill = branch.fill
            if isinstance(fill, Mapping):
                fill = fill.get(column)
            own = self.names.get(column, column)
            yield Merged(own, scope.names[column], fill, self.level)

    def _inner(self, prefix: str, steps: Sequence[Told], level: int) -> _Scope:
        columns = {name for step in steps for name in _made(step)}
        categories = {step.name: step for step in steps if isinstance(step, Category)}
        return replace(
            self,
            names={**self.names, **{name: f"{prefix}{name}" for name in sorted(columns)}},
            categories={**self.categories, **categories},
            columns=self.columns | columns,
            level=level,
            prefix=prefix,
            lookups={**self.lookups, **lookups_of(steps)},
            taken=[],
        )

    def _unused(self, name: str) -> str:
        self.taken.append(name)
        times = self.taken.count(name)
        return name if times == 1 else f"{name}-{times}"


def _with_branches(steps: Sequence[Told]) -> Iterator[Told]:
    """The steps, and behind each module the sub-paths that it leads into."""
    for step in steps:
        yield step
        if isinstance(step, ModuleStep):
            yield from step.module._branches


def _made(step: Told) -> tuple[str, ...]:
    """The columns that a step of a path makes, those of its sub-paths that come back among them."""
    if isinstance(step, Branch):
        return _coming_back(step, list(_with_branches(step.path._steps)))
    return owned(step)


def _coming_back(branch: Branch, inner: Sequence[Told]) -> tuple[str, ...]:
    """The columns of a sub-path that its path sees."""
    if branch.ends:
        return ()
    made = [c for step in inner if not isinstance(step, Category) for c in _made(step)]
    if branch.merge_back is None:
        return tuple(made)
    for column in branch.merge_back:
        if column not in made:
            raise PathError(
                f"sub-path {branch.name!r} makes no column {column!r} that could be merged back"
                f"{nearest(column, made)}"
            )
    return branch.merge_back


def _refuse_circles(steps: Sequence[Told], trail: tuple[int, ...]) -> None:
    for step in _with_branches(steps):
        if isinstance(step, Branch):
            if id(step.path) in trail:
                raise PathError(f"sub-path {step.name!r} contains itself")
            _refuse_circles(step.path._steps, (*trail, id(step.path)))


def _is_varied(steps: Sequence[Told]) -> bool:
    return any(
        _is_varied(step.path._steps) if isinstance(step, Branch) else varies(step)
        for step in _with_branches(steps)
    )


def _varied(step: Histogram) -> Histogram:
    """With the axis of its variations, last of the categories, unless it has the nominal alone."""
    if "variation" in step.by or step.variations == (NOMINAL,):
        return step
    return replace(step, by=(*step.by, "variation"))


def _check_cuts(steps: Sequence[Step]) -> None:
    """Each line of the cutflow has a name of its own: by these chunks are added up."""
    known: dict[str, str] = {ALL_EVENTS: "what all events are called there"}
    for step in steps:
        if isinstance(step, Selection | Rest):
            if step.name in known:
                raise PathError(
                    f"{named(step)} has the name of another line of the cutflow "
                    f"({known[step.name]}): rename one"
                )
            known[step.name] = named(step)


def _check_unique(steps: Sequence[Step]) -> None:
    """Results have one name in the whole path, and columns one owner in each of its parts."""
    results: set[tuple[str, str]] = set()
    columns: set[str] = set()
    for step in steps:
        if isinstance(step, Result):
            if (step.kind, step.name) in results:
                raise PathError(
                    f"{named(step)} is there twice, in the path or its sub-paths: rename one"
                )
            results.add((step.kind, step.name))
        for name in owned(step):
            if name in columns:
                raise PathError(
                    f"column {name!r} has two owners, one of them a sub-path: say which columns "
                    "come back with merge_back=[...]"
                )
            columns.add(name)
