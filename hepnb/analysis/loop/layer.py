"""The columns of one chunk under one variation, each computed once, on the rows where it is needed.

Everything that reads columns does so through `column`, `field`, `count` and `labels`, so that it need
not know on which layer it stands, nor where a column was computed (see `stack`).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np

from ...errors import PathError, Place, nearest
from ..columns.evaluation import evaluate
from ..columns.flat import Flat, Lists, as_awkward, as_flat, freeze_array
from ..columns.momenta import record_of
from ..columns.picked import Picked
from ..columns.references import linked
from ..columns.source import Collection, collect, freeze, override, simplify, spread, take
from ..language.expression import Expression
from ..language.formula import Formula
from ..reading.conventions import Reading
from ..steering.plan import describe
from ..steering.steps import Category, Definition, Merged, ModuleStep, Replacement, named
from ..steering.variations import NOMINAL
from .calling import call_module
from .random import EventRandom
from .view import View

if TYPE_CHECKING:
    from ..dataset import Dataset
    from ..steering.lifetimes import Lifetimes
    from .stack import Stack

__all__ = ["AS_READ", "Chunk", "Layer", "truth"]

AS_READ = ""
"""The values of the file, before replacements."""


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
        self.events = ak.Array(freeze(events.layout))

    def read(self, name: str) -> Any:
        """A branch, or a `Collection`, or a flat record, on all rows."""
        reading = self.readings[name]
        if reading.plain:
            layout = self.events.layout.content(name)
            flat = as_flat(layout)
            return simplify(ak.Array(layout)) if flat is None else flat
        layouts = {f: self.events.layout.content(f"{name}_{f}") for f in reading.contents}
        if reading.counter is not None:
            return Collection(name, Lists(np.asarray(self.events[reading.counter])), {})
        if any(layout.is_list for layout in layouts.values()):
            return collect(name, layouts)
        contents = list(layouts.values())
        return ak.Array(ak.contents.RecordArray(contents, list(layouts), length=self.length))


class Layer:
    """The columns of one chunk with the values of one variation, on the rows of a group of them.

    It belongs to its stack and goes with it: were each to hold the other, the arrays of a chunk would
    stay until Python looks for such circles.
    """

    def __init__(self, stack: Stack, variation: str, group: frozenset[str]) -> None:
        self._stack: Stack = weakref.proxy(stack)
        self.steps, self.plan = stack.steps, stack.plan
        self.chunk, self.statistics = stack.chunk, stack.statistics
        self.variation, self.group = variation, group
        self.key = (variation, group)
        self._between: dict[tuple[int, int], np.ndarray] = {}
        self._columns: dict[tuple[str, int], Any] = {}
        self._values: dict[tuple[int, int, int], Any] = {}
        self._freed: set[str] = set()

    # rows

    def rows(self, level: int) -> int:
        """The number of rows at a level."""
        return len(self._stack.rows(self.group, level))

    def entries(self, level: int) -> np.ndarray:
        """The entries in the file of the rows at a level."""
        return self._stack.rows(self.group, level).places + self.chunk.first

    def move(self, values: Any, low: int, high: int) -> Any:
        """A column of level `low` on the rows of level `high`."""
        if low == high:
            return values
        if (low, high) not in self._between:
            rows = self._stack.rows
            index = rows(self.group, high).within(rows(self.group, low))
            self._between[low, high] = np.arange(self.rows(low)) if index is None else index
        return _taken(values, self._between[low, high])

    def _from(self, home: Layer, values: Any, level: int) -> Any:
        """A column of another layer on the rows of this one."""
        rows = self._stack.rows
        index = rows(self.group, level).within(rows(home.group, level))
        return values if index is None else _taken(values, index)

    # columns

    def raw(self, name: str, level: int) -> Any:
        """A column or `Collection` at a level: read, computed, or taken from elsewhere."""
        key = (name, level)
        if key in self._columns:
            return self._columns[key]
        owner = self.plan.owners.get(name)
        home = self._stack.home(self._stack.touch.column(name), self)
        if home is not self:
            value = self._from(home, home.raw(name, level), level)
        elif owner is None:
            value = self._read(name, level)
        else:
            at = self.plan.computed_at[owner]
            if at == level:
                self._compute(owner, at)
                return self._columns[key]
            value = self.move(self.raw(name, at), at, level)
        self._columns[key] = value
        return value

    def _read(self, name: str, level: int) -> Any:
        """A column of the file, replaced and varied."""
        if name not in self.chunk.readings:
            raise PathError(
                f"no column {name!r}{nearest(name, [*self.plan.owners, *self.chunk.readings])}"
            )
        above = self.plan.levels.above(level) if level else 0
        if level and (name, above) in self._columns:
            return self.move(self._columns[name, above], above, level)
        value = self.move(self._stack.read(name), 0, level)
        if links := self.chunk.readings[name].links:
            stack, key = self._stack, self.key
            value = linked(value, links, lambda target: stack.at(*key).raw(target, level))
        return self._overridden(name, value, level)

    def _overridden(self, name: str, value: Any, level: int) -> Any:
        """A column with what this layer's variation makes of it, from its nominal values."""
        if self.variation == AS_READ:
            return value
        for index, field, formula in self._stack.overrides(name, self.variation):
            replaces = isinstance(self.steps[index], Replacement)
            base = self._stack.at(AS_READ if replaces else NOMINAL, self.group)
            made = base.value(formula, level, index)
            value = override(value, field, self._checked(made, level, formula.where), formula.where)
        return value

    def _compute(self, owner: int, level: int) -> None:
        step = self.steps[owner]
        if isinstance(step, Definition):
            value = self.value(step.formula, level, owner, name=step.name)
            value = self._checked(value, level, named(step))
            self._columns[step.name, level] = self._overridden(step.name, value, level)
        elif isinstance(step, Category):
            self._columns[step.name, level] = [
                truth(self.value(formula, level, owner), self.rows(level), formula.where)
                for _, formula in step.labels
            ]
        elif isinstance(step, ModuleStep):
            self.run_module(owner, step, level)
        elif isinstance(step, Merged):
            value = self._checked(self._merged(owner, step, level), level, named(step))
            self._columns[step.name, level] = self._overridden(step.name, value, level)

    def run_module(self, owner: int, step: ModuleStep, level: int) -> None:
        """Run a module on the rows of its level and take over the columns it produces."""
        if ("", owner) in self._columns:
            return
        for name, made in call_module(self, owner, step, level).items():
            value = self._checked(made, level, f"{named(step)}, column {name!r}")
            self._columns[name, level] = self._overridden(name, value, level)
        self._columns["", owner] = None

    def _merged(self, owner: int, step: Merged, level: int) -> Any:
        """A column of a sub-path on rows of which some did not get there."""
        source = self.plan.owners[step.source]
        there = self.plan.computed_at[source]
        mine, theirs = (self._stack.rows(self.group, at) for at in (level, there))
        values = self.argument(step.source, there, owner)
        return spread(values, mine.places_in(theirs), step.fill, named(step))

    def free(self, lifetimes: Lifetimes, below: int) -> None:
        """Forget the columns that no step below this one needs, and of those only counted, the fields.

        Should one be asked for all the same it is computed again. The fields of collections of the file
        stay, as references lead to them.
        """
        held = {name for name, _ in self._columns}
        for name in held - {""}:
            owner = self.plan.owners.get(name)
            if owner is not None and isinstance(self.steps[owner], ModuleStep):
                continue
            left = lifetimes.left(name, below, held | self._freed)
            keys = [key for key in self._columns if key[0] == name]
            if not left:
                self._freed.add(name)
                for key in keys:
                    del self._columns[key]
            elif owner is not None and all(left):
                for key in keys:
                    value = self._columns[key]
                    if isinstance(value, Collection):
                        self._columns[key] = value.bare()

    # values

    def value(self, formula: Formula, level: int, owner: int, name: str = "") -> Any:
        """The value of a formula on the rows of a level, as the user's function or text gives it.

        What the variation does not touch is computed once, for all layers that share it.
        """
        touching = self._stack.touch.formula(owner, formula)
        home = self._stack.home(touching, self)
        if home is self:
            return self._valued(formula, level, owner, name)
        key = (id(formula), level, owner)
        if key not in home._values:
            home._values[key] = home._valued(formula, level, owner, name)
        return self._from(home, home._values[key], level)

    def _valued(self, formula: Formula, level: int, owner: int, name: str) -> Any:
        label = describe(self.steps[owner])
        if isinstance(formula, Expression):
            known = self._parts(formula, level, owner)
            view = View(self, level)
            for used in formula.uses.inputs:
                view.prepare(used)
            compute = partial(evaluate, formula, view, known=known)
            return self.statistics.timed(label, self.rows(level), compute)
        names, asker = dict(formula.renames), name or formula.where
        arguments = {
            a: self.argument(names.get(a, a), level, owner, asker) for a in formula.arguments
        }
        found = self.user(label, formula.where, level, lambda: formula.function(**arguments))
        # As awkward arrays masked values are missing ones; as NumPy arrays they would count.
        return ak.from_numpy(found) if isinstance(found, np.ma.MaskedArray) else found

    def _parts(self, formula: Expression, level: int, owner: int) -> dict[int, Any]:
        """The parts of an expression that have one value for several layers, where their rows agree."""
        if self.variation == AS_READ:
            return {}
        found = {}
        for part in self._stack.touch.parts(owner, formula, self.variation):
            home = self._stack.home(part.touching, self)
            if home is self or home.rows(level) != self.rows(level):
                continue
            key = (id(part.node), level, owner)
            if key not in home._values:
                view = View(home, level)
                for used in part.names:
                    view.prepare(used)
                compute = partial(evaluate, formula, view, part.node)
                label = describe(self.steps[owner])
                home._values[key] = self.statistics.timed(label, self.rows(level), compute)
            found[id(part.node)] = home._values[key]
        return found

    def user(self, label: str, where: str, level: int, compute: Callable[[], Any]) -> Any:
        """Call the user's code: its exceptions pass unchanged, with a note that says where it stands."""
        try:
            return self.statistics.timed(label, self.rows(level), compute)
        except BaseException as error:
            among = f"on {self.rows(level)} rows of {self.chunk.dataset.name!r}"
            error.add_note(Place(where, among))
            raise

    def argument(self, name: str, level: int, owner: int, asker: str = "") -> Any:
        """What a function gets for an argument name: a fresh view, so that changing it changes nothing."""
        if name not in self.plan.owners:
            if name == "dataset":
                return self.chunk.dataset
            if name == "variation":
                return self.variation or NOMINAL
            if name == "rng":
                key = f"{self.chunk.dataset.name}\n{self.chunk.file}\n{asker}"
                return EventRandom(key, self.entries(level))
        value = self.raw(name, level)
        if isinstance(value, Collection):
            reading = self.chunk.readings.get(name) or Reading(name, False, value.fields)
            return record_of(value, reading, self.plan.needs[owner, name], asker)
        return ak.Array(value.layout) if isinstance(value, ak.Array) else as_awkward(value)

    def whole(self, name: str, level: int) -> Any:
        """A column with all fields that were read or defined, in the form that functions get."""
        value = self.raw(name, level)
        if isinstance(value, Collection):
            reading = self.chunk.readings.get(name)
            return value.record(tuple(value.fields if reading is None else reading.fields))
        return ak.Array(value.layout) if isinstance(value, ak.Array) else as_awkward(value)

    def _checked(self, value: Any, level: int, where: str) -> Any:
        """A column as it is kept: one value or list per row."""
        rows = self.rows(level)
        if isinstance(value, bool | int | float | np.number | np.bool_):
            return freeze_array(np.full(rows, value))
        plain = isinstance(value, np.ndarray) and not isinstance(value, np.ma.MaskedArray)
        if isinstance(value, Flat | Collection | Picked):
            made: Any = value
        elif plain and value.ndim == 1 and value.dtype.kind in "biuf":
            made = freeze_array(value)
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
        step = self.steps[self.plan.owners[category]]
        assert isinstance(step, Category)
        at = self.plan.computed_at[self.plan.owners[category]]
        masks = self.raw(category, at)
        if at != level:
            masks = self.move(masks, at, level)
        return step.exclusive, tuple(label for label, _ in step.labels), masks


def _taken(values: Any, index: np.ndarray) -> Any:
    """The rows `index` of a column, a collection, or the masks of a category."""
    if isinstance(values, list):
        return [_taken(mask, index) for mask in values]
    if isinstance(values, bool | int | float | np.number | np.bool_):
        return values
    return take(values, index)


def truth(value: Any, rows: int, where: str) -> Any:
    """A condition as one boolean per row; missing values are false."""
    if isinstance(value, bool | int | float | np.number | np.bool_):
        return freeze_array(np.full(rows, bool(value)))
    if isinstance(value, Flat) and value.lists is None and value.missing is not None:
        value = value.values.astype(bool) & ~value.missing
    value = as_awkward(value)
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
