"""The steps of a path, as immutable data. `level` is the number of selects above a step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .formula import Formula
from .module import Module
from .usage import Use, Uses
from .variations import EVERYWHERE, Scope

__all__ = [
    "Category",
    "Definition",
    "Histogram",
    "ModuleStep",
    "Replacement",
    "Selection",
    "Step",
    "SumOfWeights",
    "Table",
    "Vary",
    "Weight",
    "formulas",
    "inputs",
    "named",
    "owned",
    "target_of",
    "varies",
]


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

    kind = "module"


@dataclass(frozen=True)
class Selection:
    """A cut: what stands below it sees only the rows that pass."""

    name: str
    formula: Formula
    level: int = 0

    kind = "select"


@dataclass(frozen=True)
class Weight:
    """A factor of the event weight of everything below it.

    `variations` are other values of the factor by name, `each` an array with one of them in every
    column (`name0`, `name1`, ...).
    """

    name: str
    formula: Formula
    level: int = 0
    variations: tuple[tuple[str, Formula], ...] = ()
    each: Formula | None = None
    scope: Scope = EVERYWHERE

    kind = "weight"


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
    """A histogram: its inputs, axes, categories, and the weights that stand above it."""

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
    level: int = 0

    kind = "histogram"


@dataclass(frozen=True)
class Table:
    """Columns written out row by row."""

    name: str
    columns: tuple[tuple[str, Formula], ...]
    level: int = 0

    kind = "table"


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
    | Weight
    | Replacement
    | Vary
    | Category
    | Histogram
    | Table
    | SumOfWeights
)


def named(step: Step) -> str:
    """How messages call a step."""
    return f"{step.kind} {step.name!r}"


def formulas(step: Step) -> Iterator[Formula]:
    """Every formula of a step."""
    if isinstance(step, Category):
        yield from (formula for _, formula in step.labels)
    elif isinstance(step, Histogram):
        yield from (formula for _, formula in step.inputs)
        yield from (formula for formula in (step.object_weight, step.where) if formula is not None)
    elif isinstance(step, Table):
        yield from (formula for _, formula in step.columns)
    elif isinstance(step, Vary):
        yield from (formula for _, formula in step.variations)
    elif isinstance(step, Weight):
        yield step.formula
        yield from (formula for _, formula in step.variations)
        yield from () if step.each is None else (step.each,)
    elif not isinstance(step, ModuleStep):
        yield step.formula


def inputs(step: Step) -> Iterator[tuple[str, Uses]]:
    """Every computation of a step: what messages call it, and what it uses."""
    if isinstance(step, ModuleStep):
        yield named(step), step.uses
    for formula in formulas(step):
        yield formula.where, formula.uses
    if isinstance(step, Histogram) and step.by:
        yield f"{named(step)}, by", _plain(step.by)
    if isinstance(step, Vary | Replacement):
        yield f"{named(step)}, target", _target(step)
    if isinstance(step, Vary | Weight) and step.scope.requires:
        yield f"{named(step)}, requires", _plain(step.scope.requires)


def varies(step: Step) -> bool:
    """Whether a step has variations."""
    if isinstance(step, Weight):
        return bool(step.variations) or step.each is not None
    return isinstance(step, Vary)


def _target(step: Vary | Replacement) -> Uses:
    """Its own column must be there, whether or not anything else reads it."""
    column, _, field = target_of(step).partition(".")
    return Uses({column: Use(fields={field}) if field else Use(value=True)}, {})


def target_of(step: Vary | Replacement) -> str:
    """The column, or `collection.field`, that a step gives other values."""
    return step.target if isinstance(step, Vary) else step.name


def _plain(names: tuple[str, ...]) -> Uses:
    return Uses({name: Use(value=True) for name in names}, {})


def owned(step: Step) -> tuple[str, ...]:
    """The column names a step owns (a category's name is taken in the same way)."""
    if isinstance(step, ModuleStep):
        return step.produces
    return (step.name,) if isinstance(step, Definition | Category) else ()
