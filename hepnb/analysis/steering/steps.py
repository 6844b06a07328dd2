"""The steps of a path, as immutable data. `level` is the set of rows that a step sees (`levels`).

A path that has sub-paths is flattened before it runs (`arrangement`): names that are made in a sub-path
are spelt `sub-path/name` there, and a step's `renames` say which names of its code mean which of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ..language.formula import Formula
from ..language.usage import Use, Uses
from ..module.module import Module
from .variations import EVERYWHERE, Scope, label_of

__all__ = [
    "ALL_READ",
    "Branch",
    "Category",
    "Definition",
    "Entry",
    "Histogram",
    "Lookup",
    "Merged",
    "ModuleStep",
    "Replacement",
    "Rest",
    "Result",
    "Selection",
    "Skim",
    "Step",
    "SumOfWeights",
    "Table",
    "Told",
    "Vary",
    "Weight",
    "formulas",
    "inputs",
    "is_normalised",
    "lookups_of",
    "named",
    "owned",
    "target_of",
    "with_formulas",
]


ALL_READ = "all that is read"
"""The columns of a snapshot that names none."""


@dataclass(frozen=True)
class Definition:
    """The owner of one column."""

    name: str
    formula: Formula
    level: int = 0

    kind = "definition"


@dataclass(frozen=True)
class ModuleStep:
    """A class module: the owner of the columns it produces."""

    name: str
    module: Module
    uses: Uses = field(compare=False)
    produces: tuple[str, ...] = ()
    level: int = 0
    renames: tuple[tuple[str, str], ...] = ()
    run_column: str = ""

    kind = "module"


@dataclass(frozen=True)
class Selection:
    """A cut: what stands below it sees only the rows that pass."""

    name: str
    formula: Formula
    level: int = 0
    into: int = 0

    kind = "select"


@dataclass(frozen=True)
class Entry(Selection):
    """The way into a sub-path: its rows are those that pass."""

    kind = "sub-path"


@dataclass(frozen=True)
class Rest:
    """What follows a sub-path that ends: the rows that did not go into level `of`."""

    name: str
    of: int
    level: int = 0
    into: int = 0

    kind = "rest"


@dataclass(frozen=True)
class Merged:
    """A column that a sub-path made, on all rows: `fill` where the sub-path has none (None: missing)."""

    name: str
    source: str
    fill: Any = None
    level: int = 0

    kind = "merged column"


@dataclass(frozen=True)
class Branch:
    """A sub-path as it is declared: only rows that pass `formula` go through it (None: all do).

    `ends` takes these rows out of what follows; `merge_back` are the columns that come back (None:
    all that it makes), with `fill` elsewhere. It is made into other steps when the path is arranged.
    """

    name: str
    path: Any = field(compare=False)
    formula: Formula | None
    ends: bool = False
    merge_back: tuple[str, ...] | None = ()
    fill: Any = None
    level: int = 0

    kind = "sub-path"


@dataclass(frozen=True)
class Weight:
    """A factor of the event weight of everything below it.

    `variations` are other values of the factor by name. `each` has a list of `count` more in every
    event, of which those of `numbers` are wanted, called `name_0`, `name_1`, ... `normalised`: each
    value of it has a sum of weights of its own.
    """

    name: str
    formula: Formula
    level: int = 0
    variations: tuple[tuple[str, Formula], ...] = ()
    each: Formula | None = None
    count: int = 0
    numbers: tuple[int, ...] = ()
    scope: Scope = EVERYWHERE
    normalised: bool = False

    kind = "weight"

    @property
    def numbered(self) -> dict[str, int]:
        """The variations that come as a list, with their places in it."""
        return {label_of(self.name, number): number for number in self.numbers}


@dataclass(frozen=True)
class Replacement:
    """A correction: everything sees this value of a column of the file, or of a field."""

    name: str
    formula: Formula
    level: int = 0

    kind = "replacement"


@dataclass(frozen=True)
class Vary:
    """Variations of one column, or of one field of a collection; `name` is `nuisance: column`."""

    name: str
    nuisance: str
    target: str
    variations: tuple[tuple[str, Formula], ...]
    scope: Scope = EVERYWHERE
    level: int = 0

    kind = "variation"


@dataclass(frozen=True)
class Category:
    """Labels of events, each with its condition."""

    name: str
    labels: tuple[tuple[str, Formula], ...]
    exclusive: bool = True
    level: int = 0

    kind = "category"


@dataclass(frozen=True)
class Histogram:
    """A histogram: its inputs, axes, categories, and the weights that stand above it.

    `groups` are the columns of the categories that `by` names.
    """

    name: str
    inputs: tuple[tuple[str, Formula], ...]
    axes: tuple[Any, ...]
    by: tuple[str, ...] = ()
    storage: str | None = None
    label: str = ""
    weights: tuple[str, ...] | None = None
    object_weight: Formula | None = None
    where: Formula | None = None
    variations: tuple[str, ...] = ("all",)
    groups: tuple[str, ...] = ()
    level: int = 0

    kind = "histogram"


@dataclass(frozen=True)
class Table:
    """Columns written out row by row."""

    name: str
    columns: tuple[tuple[str, Formula], ...]
    level: int = 0

    kind = "table"

    @property
    def text(self) -> str:
        """The names of the columns."""
        return ", ".join(name for name, _ in self.columns)


@dataclass(frozen=True)
class Skim:
    """Columns of the rows that pass, written to files.

    `columns` are patterns of the file's branches (None: all that the path reads), `own` the columns
    that the path makes, by the names that they get.
    """

    name: str
    columns: tuple[str, ...] | None
    any_variation: bool = True
    format: str = "ttree"
    own: tuple[tuple[str, str], ...] = ()
    level: int = 0

    kind = "snapshot"

    @property
    def text(self) -> str:
        """The columns, as text for people."""
        kept = (ALL_READ,) if self.columns is None else self.columns
        return ", ".join([*kept, *(name for name, _ in self.own)])


@dataclass(frozen=True)
class Lookup:
    """A table that the expressions below may call; they hold it when the path is arranged."""

    name: str
    table: Any = field(compare=False)
    level: int = 0

    kind = "lookup"


@dataclass(frozen=True)
class SumOfWeights:
    """The sum of an expression over all events of a dataset, by which it is normalised."""

    name: str
    formula: Formula
    level: int = 0

    kind = "sum"


Step = (
    Definition
    | ModuleStep
    | Selection
    | Rest
    | Merged
    | Weight
    | Replacement
    | Vary
    | Category
    | Histogram
    | Table
    | Skim
    | SumOfWeights
)
"""A step of a path that was arranged."""
Told = Step | Branch | Lookup
"""A step as a path is told it."""
Result = Histogram | Table | Skim
"""A step whose rows come out of the run."""


def named(step: Told) -> str:
    """How messages call a step."""
    return f"{step.kind} {step.name!r}"


def formulas(step: Told) -> Iterator[Formula]:
    """Every formula of a step, wherever it stands in it."""
    for one in fields(step):
        value = getattr(step, one.name)
        if isinstance(value, Formula):
            yield value
        elif _has_formulas(value):
            yield from (formula for _, formula in value)


def with_formulas(step: Step, change: Callable[[Formula], Formula]) -> Step:
    """The step with each of its formulas changed."""
    made: dict[str, Any] = {}
    for one in fields(step):
        value = getattr(step, one.name)
        if isinstance(value, Formula):
            made[one.name] = change(value)
        elif _has_formulas(value):
            made[one.name] = tuple((name, change(formula)) for name, formula in value)
    return replace(step, **made) if made else step


def _has_formulas(value: Any) -> bool:
    """Whether a field holds formulas by name."""
    pairs = isinstance(value, tuple) and value and isinstance(value[0], tuple)
    return bool(pairs) and isinstance(value[0][1], Formula)


def inputs(step: Told) -> Iterator[tuple[str, Uses]]:
    """Every computation of a step: what messages call it, and what it uses."""
    if isinstance(step, ModuleStep):
        yield named(step), step.uses
        if step.run_column:
            yield f"{named(step)}, run number", _plain((step.run_column,))
    if isinstance(step, Merged):
        yield named(step), Uses({step.source: Use()}, {step.source: True})
    for formula in formulas(step):
        yield formula.where, formula.uses
    if isinstance(step, Skim) and step.own:
        uses = {column: Use(whole=True, value=True) for _, column in step.own}
        yield named(step), Uses(uses, {})
    if isinstance(step, Histogram) and step.by:
        yield f"{named(step)}, by", _plain(step.groups or step.by)
    if isinstance(step, Vary | Replacement):
        yield f"{named(step)}, target", _target(step)
    if isinstance(step, Vary | Weight) and step.scope.requires:
        yield f"{named(step)}, requires", _plain(step.scope.requires)


def is_normalised(step: Step) -> bool:
    """Whether it is a weight each value of which has a sum of weights of its own."""
    return isinstance(step, Weight) and step.normalised


def lookups_of(steps: Iterable[Told]) -> dict[str, Any]:
    """The tables that a path was told, by name."""
    return {step.name: step.table for step in steps if isinstance(step, Lookup)}


def _target(step: Vary | Replacement) -> Uses:
    """Its own column must be there, whether or not anything else reads it."""
    column, _, field = target_of(step).partition(".")
    return Uses({column: Use(fields={field}) if field else Use(value=True)}, {})


def target_of(step: Vary | Replacement) -> str:
    """The column, or `collection.field`, that a step gives other values."""
    return step.target if isinstance(step, Vary) else step.name


def _plain(names: tuple[str, ...]) -> Uses:
    return Uses({name: Use(value=True) for name in names}, {})


def owned(step: Told) -> tuple[str, ...]:
    """The column names a step owns (a category's name is taken in the same way)."""
    if isinstance(step, ModuleStep):
        return step.produces
    if isinstance(step, Branch):
        return step.merge_back or ()
    return (step.name,) if isinstance(step, Definition | Category | Merged) else ()
