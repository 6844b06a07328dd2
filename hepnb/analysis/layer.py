"""The overlay store: the columns of one chunk, each computed once, on the rows where it is needed.

A layer holds the nominal columns of a chunk. A variation is a further layer over the same chunk that
owns the columns it touches (and its rows, when it touches a select) and takes all others from here;
everything that reads columns does so through `column`, `field`, `count` and `label_codes`, so that it
need not know which layer it stands on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np

from ..errors import PathError, nearest
from .conventions import Reading
from .evaluation import evaluate
from .expression import Expression
from .formula import RESERVED, Formula
from .module import Rows
from .plan import Plan, describe
from .random import EventRandom
from .source import Collection, collect, freeze, freeze_array, simplify, take
from .statistics import Statistics
from .steps import Category, Definition, ModuleStep, Step, named

if TYPE_CHECKING:
    from .dataset import Dataset

__all__ = ["Chunk", "Layer", "View", "truth"]


class Chunk:
    """What a chunk is, whatever the layer: its arrays as read, and where they come from."""

    def __init__(
        self,
        events: ak.Array,
        readings: Mapping[str, Reading],
        dataset: Dataset,
        file: str,
        first: int,
    ) -> None:
        self.length = len(events)
        self.dataset = dataset
        self.file = file
        self.first = first
        self.readings = readings
        self._events = ak.Array(freeze(events.layout))

    def read(self, name: str) -> Any:
        """A branch, or a `Collection`, or a flat record, on all rows."""
        reading = self.readings[name]
        if reading.plain:
            return simplify(self._events[name])
        layouts = {f: self._events.layout.content(f"{name}_{f}") for f in reading.fields}
        if reading.counter is not None:
            offsets = np.zeros(self.length + 1, dtype=np.int64)
            np.cumsum(np.asarray(self._events[reading.counter]), out=offsets[1:])
            return Collection(name, offsets, {})
        if any(layout.is_list for layout in layouts.values()):
            return collect(name, layouts)
        contents = list(layouts.values())
        return ak.Array(ak.contents.RecordArray(contents, list(layouts), length=self.length))


class Layer:
    """The columns of one chunk under one variation. Levels count the selects already applied."""

    variation = "nominal"

    def __init__(
        self, steps: tuple[Step, ...], plan: Plan, chunk: Chunk, statistics: Statistics
    ) -> None:
        self._steps = steps
        self._plan = plan
        self.chunk = chunk
        self.statistics = statistics
        self._rows: list[np.ndarray] = [np.arange(chunk.length)]
        self._between: dict[tuple[int, int], np.ndarray] = {}
        self._columns: dict[tuple[str, int], Any] = {}

    # rows

    def cut(self, keep: np.ndarray) -> None:
        """Apply the next select: `keep` is true for the rows of the last level that pass."""
        level = len(self._rows) - 1
        index = np.flatnonzero(keep)
        self._between[level, level + 1] = index
        self._rows.append(self._rows[-1][index])

    def rows(self, level: int) -> int:
        """The number of rows at a level."""
        return len(self._rows[level])

    def entries(self, level: int) -> np.ndarray:
        """The entries in the file of the rows at a level."""
        return self._rows[level] + self.chunk.first

    def move(self, values: Any, low: int, high: int) -> Any:
        """A column of level `low` on the rows of level `high`."""
        if low == high:
            return values
        index = self._index(low, high)
        return values.take(index) if isinstance(values, Collection) else take(values, index)

    def _index(self, low: int, high: int) -> np.ndarray:
        if (low, high) not in self._between:
            self._between[low, high] = self._index(low, high - 1)[self._between[high - 1, high]]
        return self._between[low, high]

    # columns

    def raw(self, name: str, level: int) -> Any:
        """A column or `Collection` at a level: read, computed, or taken from a lower level."""
        key = (name, level)
        if key in self._columns:
            return self._columns[key]
        owner = self._plan.owners.get(name)
        if owner is None:
            value = self.move(self._read(name), 0, level)
        else:
            at = self._plan.computed_at[owner]
            if at < level:
                value = self.move(self.raw(name, at), at, level)
            else:
                self._compute(owner, at)
                return self._columns[key]
        self._columns[key] = value
        return value

    def _read(self, name: str) -> Any:
        key = (name, 0)
        if key not in self._columns:
            if name not in self.chunk.readings:
                raise PathError(
                    f"no column {name!r}{nearest(name, [*self._plan.owners, *self.chunk.readings])}"
                )
            self._columns[key] = self.chunk.read(name)
        return self._columns[key]

    def _compute(self, owner: int, level: int) -> None:
        step = self._steps[owner]
        if isinstance(step, Definition):
            value = self.value(step.formula, level, owner, name=step.name)
            self._columns[step.name, level] = self._checked(value, level, named(step))
        elif isinstance(step, Category):
            self._columns[step.name, level] = [
                truth(self.value(formula, level, owner), self.rows(level), formula.where)
                for _, formula in step.labels
            ]
        elif isinstance(step, ModuleStep):
            self.run_module(owner, step, level)

    def run_module(self, owner: int, step: ModuleStep, level: int) -> None:
        """Run a module on the rows of its level and take over the columns it produces."""
        if ("", owner) in self._columns:
            return
        columns = {name: self.argument(name, level, owner) for name in step.uses.inputs}
        rows = Rows(columns, self.rows(level), self.chunk.dataset)
        made = self._user(step.name, named(step), level, lambda: step.module.process(rows))
        if len(step.produces) == 1 and not isinstance(made, Mapping):
            made = {step.produces[0]: made}
        if not isinstance(made, Mapping):
            made = {} if made is None else {"?": made}
        missing = [name for name in step.produces if name not in made]
        if missing:
            raise PathError(
                f"{named(step)}: process returned no {missing[0]!r}, which produces names"
            )
        for name in step.produces:
            self._columns[name, level] = self._checked(
                made[name], level, f"{named(step)}, column {name!r}"
            )
        self._columns["", owner] = None

    # values

    def value(self, formula: Formula, level: int, owner: int, name: str = "") -> Any:
        """The value of a formula on the rows of a level, as the user's function or text gives it."""
        label = describe(self._steps[owner])
        if isinstance(formula, Expression):
            view = View(self, level, owner)
            for used in formula.uses.inputs:
                view.prepare(used)
            return self.statistics.timed(label, self.rows(level), lambda: evaluate(formula, view))
        arguments = {
            a: self.argument(a, level, owner, name or formula.where) for a in formula.arguments
        }
        found = self._user(label, formula.where, level, lambda: formula.function(**arguments))
        # As awkward arrays masked values are missing ones; as NumPy arrays they would count.
        return ak.from_numpy(found) if isinstance(found, np.ma.MaskedArray) else found

    def _user(self, label: str, where: str, level: int, compute: Callable[[], Any]) -> Any:
        """Call the user's code: its exceptions pass unchanged, with a note that says where it stands."""
        try:
            return self.statistics.timed(label, self.rows(level), compute)
        except Exception as error:
            error.add_note(f"in {where}, on {self.rows(level)} rows of {self.chunk.dataset.name!r}")
            raise

    def argument(self, name: str, level: int, owner: int, asker: str = "") -> Any:
        """What a function gets for an argument name: a fresh view, so that changing it changes nothing."""
        if name not in self._plan.owners:
            if name == "dataset":
                return self.chunk.dataset
            if name == "variation":
                return self.variation
            if name == "rng":
                key = f"{self.chunk.dataset.name}\n{self.chunk.file}\n{asker}"
                return EventRandom(key, self.entries(level))
        value = self.raw(name, level)
        if isinstance(value, Collection):
            reading = self.chunk.readings[name]
            need = self._plan.needs[owner, name]
            known = set(reading.fields)
            if need.needs_all(known):
                return value.record(
                    tuple(f for f in reading.fields if f in need.fields or value.has(f))
                )
            return value.record(tuple(f for f in reading.fields if f in need.fields | need.hints))
        return ak.Array(value.layout) if isinstance(value, ak.Array) else value

    def _checked(self, value: Any, level: int, where: str) -> Any:
        """A column as it is kept: one value or list per row."""
        rows = self.rows(level)
        if isinstance(value, bool | int | float | np.number | np.bool_):
            return freeze_array(np.full(rows, value))
        plain = isinstance(value, np.ndarray) and not isinstance(value, np.ma.MaskedArray)
        if plain and value.ndim == 1 and value.dtype.kind in "biuf":
            made: Any = freeze_array(value)
        else:
            try:
                array = value if isinstance(value, ak.Array) else ak.Array(value)
                made = simplify(ak.Array(freeze(array.layout), behavior=array.behavior))
            except Exception as error:
                kind = type(value).__name__
                raise PathError(
                    f"{where}: returned {kind}, not one value or list per row"
                ) from error
        if len(made) != rows:
            raise PathError(
                f"{where}: returned {len(made)} rows for {rows}: a definition gives one value or list per row"
            )
        return made

    def labels(self, category: str, level: int) -> tuple[bool, tuple[str, ...], list[np.ndarray]]:
        """A category at a level: exclusive or not, its labels, and which rows each holds."""
        step = self._steps[self._plan.owners[category]]
        assert isinstance(step, Category)
        at = self._plan.computed_at[self._plan.owners[category]]
        masks = self.raw(category, at)
        if at != level:
            masks = [self.move(mask, at, level) for mask in masks]
        return step.exclusive, tuple(label for label, _ in step.labels), masks


class View:
    """The columns of a layer as an expression sees them: at one level, for one step."""

    def __init__(self, layer: Layer, level: int, owner: int) -> None:
        self._layer = layer
        self._level = level
        self._owner = owner
        self._plan = layer._plan

    def prepare(self, name: str) -> None:
        """Compute a name before the expression's own time is taken."""
        if name in self._plan.owners or name not in RESERVED:
            if self._category(name):
                return
            self._layer.raw(name, self._level)

    def _category(self, name: str) -> Category | None:
        owner = self._plan.owners.get(name)
        step = None if owner is None else self._layer._steps[owner]
        return step if isinstance(step, Category) else None

    def column(self, name: str) -> Any:
        """The value of a column, or the record of a collection."""
        if self._category(name):
            raise TypeError(
                f"{name!r} is a category: compare it with a label, such as {name} == 'x'"
            )
        if name in RESERVED and name not in self._plan.owners:
            raise TypeError(f"{name!r} has no value of its own here")
        return self._layer.argument(name, self._level, self._owner)

    def field(self, name: str, field: str) -> Any:
        """One field of a collection or record."""
        if name == "dataset" and name not in self._plan.owners:
            return _metadata(self._layer.chunk.dataset, field)
        value = self._layer.raw(name, self._level)
        if isinstance(value, Collection):
            return value.field(field)
        known = ak.fields(value) if isinstance(value, ak.Array) else []
        if field not in known:
            raise PathError(f"{name!r} has no field {field!r}{nearest(field, known)}")
        return simplify(value[field])

    def count(self, name: str) -> Any:
        """Objects per row."""
        value = self._layer.raw(name, self._level) if not self._category(name) else None
        if isinstance(value, Collection):
            return value.counts()
        from .operations import OPERATIONS

        return OPERATIONS["count"](value)

    def is_label(self, category: str, label: str) -> Any:
        """Which rows are in a label; None when there is no such category."""
        if not self._category(category):
            return None
        exclusive, labels, masks = self._layer.labels(category, self._level)
        place = labels.index(label)
        if not exclusive:
            return masks[place]
        earlier = np.zeros(len(masks[place]), dtype=bool)
        for mask in masks[:place]:
            earlier |= mask
        return masks[place] & ~earlier


def _metadata(dataset: Dataset, field: str) -> Any:
    """A number or text known of the dataset."""
    try:
        value = getattr(dataset, field)
    except AttributeError as error:
        raise PathError(str(error)) from None
    if not isinstance(value, bool | int | float | str):
        raise PathError(f"dataset {dataset.name!r}: {field!r} is no number or text")
    return value


def truth(value: Any, rows: int, where: str) -> Any:
    """A condition as one boolean per row; missing values are false."""
    if isinstance(value, bool | int | float | np.number | np.bool_):
        return freeze_array(np.full(rows, bool(value)))
    if isinstance(value, ak.Array):
        if value.ndim > 1:
            raise PathError(
                f"{where}: one condition per object, but one per event is needed; write any(...) or count(...) >= 1"
            )
        value = ak.to_numpy(ak.fill_none(value, False))
    value = np.asarray(value)
    if value.ndim != 1 or value.dtype.kind not in "biuf":
        raise PathError(
            f"{where}: not a condition (it gives {value.dtype} of {value.ndim} dimensions)"
        )
    if len(value) != rows:
        raise PathError(
            f"{where}: returned {len(value)} rows for {rows}: one condition per row is needed"
        )
    return freeze_array(value.astype(bool, copy=False))
