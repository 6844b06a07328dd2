"""The overlay store: one chunk under the nominal and all its variations, each column computed once.

A *layer* holds columns with the values of one variation, on the rows of a group of variations. What a
variation touches is computed in a layer of its own. All else is computed once, in a layer with nominal
values, on the rows that any variation needs which does not touch it: what stands below a select sees
only rows that pass this select in one of these variations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..steering.steps import Replacement, Rest, Selection, Step, Vary, named, target_of
from ..steering.touch import Touch, forms
from ..steering.variations import NOMINAL
from .layer import AS_READ, Layer, truth
from .rows import Rows

if TYPE_CHECKING:
    from ..language.formula import Formula
    from ..steering.lifetimes import Lifetimes
    from ..steering.plan import Plan
    from .layer import Chunk
    from .statistics import Statistics

__all__ = ["Stack"]

Group = frozenset[str]


class Stack:
    """The layers of one chunk, and which rows each variation has at each level (`levels`)."""

    def __init__(
        self,
        steps: tuple[Step, ...],
        plan: Plan,
        chunk: Chunk,
        statistics: Statistics,
        touch: Touch,
        lifetimes: Lifetimes,
    ) -> None:
        self.steps, self.plan, self.chunk, self.statistics = steps, plan, chunk, statistics
        self.touch, self._lifetimes = touch, lifetimes
        self.members = (NOMINAL, *touch.shapes)
        everything = Rows(np.arange(chunk.length), chunk.length)
        self._rows: dict[int, dict[str, Rows]] = {0: dict.fromkeys(self.members, everything)}
        self._unions: dict[tuple[Group, int], Rows] = {}
        self._layers: dict[tuple[str, Group], Layer] = {}
        self._read: dict[str, Any] = {}
        self._overrides = _overrides(steps, plan)
        self._others: dict[Group, Group] = {}

    # layers

    def layer(self, variation: str = NOMINAL) -> Layer:
        """A layer with the values and the rows of one variation; the nominal one for weights alone."""
        if variation not in self.members:
            variation = NOMINAL
        return self.at(variation, frozenset({variation}))

    def at(self, variation: str, group: Group) -> Layer:
        """The layer with the values of a variation on the rows of a group of them."""
        key = (variation, group)
        if key not in self._layers:
            self._layers[key] = Layer(self, variation, group)
        return self._layers[key]

    def home(self, touching: Group, layer: Layer) -> Layer:
        """Where `layer` finds what these variations touch: where it is computed once for many."""
        if layer.variation in touching or layer.variation == AS_READ:
            return layer
        if touching not in self._others:
            self._others[touching] = frozenset(self.members) - touching
        group = self._others[touching]
        if not layer.group <= group:
            group = layer.group
        return self.at(NOMINAL, group)

    # rows

    def rows(self, group: Group, level: int) -> Rows:
        """The rows that pass the selects above in any variation of the group."""
        if (group, level) not in self._unions:
            mine = self._passing(level)
            self._unions[group, level] = Rows.union([mine[v] for v in group])
        return self._unions[group, level]

    def differs(self, variation: str, level: int) -> bool:
        """Whether a variation has other rows than the nominal at a level."""
        rows = self._passing(level)
        return variation in rows and rows[variation] is not rows[NOMINAL]

    def _passing(self, level: int) -> dict[str, Rows]:
        """The rows of each variation at a level: those that pass the step that makes it."""
        if level not in self._rows:
            index = self.plan.levels.maker(level)
            step = self.steps[index]
            assert isinstance(step, Selection | Rest)
            made = self._rest(step) if isinstance(step, Rest) else self._selected(index, step)
            self._rows[level] = made
        return self._rows[level]

    def _selected(self, index: int, step: Selection) -> dict[str, Rows]:
        level = step.level
        touching = self.touch.step(index)
        passed: dict[tuple[tuple[str, Group], int], Rows] = {}
        kept: dict[tuple[str, Group], np.ndarray] = {}
        after: dict[str, Rows] = {}
        for variation in self.members:
            home = self.home(touching, self.layer(variation))
            mine = self._passing(level)[variation]
            key = (home.key, id(mine))
            if key not in passed:
                if home.key not in kept:
                    value = home.value(step.formula, level, index)
                    kept[home.key] = truth(value, home.rows(level), named(step))
                keep = kept[home.key]
                within = mine.within(self.rows(home.group, level))
                passed[key] = mine.kept(keep if within is None else keep[within])
            after[variation] = passed[key]
            if home.variation != NOMINAL:
                home.free(self._lifetimes, index)
        return after

    def _rest(self, step: Rest) -> dict[str, Rows]:
        gone, made = self._passing(step.of), dict[tuple[int, int], Rows]()
        after = {}
        for variation, mine in self._passing(step.level).items():
            key = (id(mine), id(gone[variation]))
            if key not in made:
                made[key] = mine.kept(mine.places_in(gone[variation]) < 0)
            after[variation] = made[key]
        return after

    # the file

    def read(self, name: str) -> Any:
        """A column as the file has it, on all rows."""
        if name not in self._read:
            self._read[name] = self.chunk.read(name)
        return self._read[name]

    def overrides(self, name: str, variation: str) -> Iterable[tuple[int, str, Formula]]:
        """The replacements of a column (or its fields), and what a variation makes of it then."""
        yield from self._overrides.get((name, AS_READ), ())
        yield from self._overrides.get((name, variation), ())


def _overrides(
    steps: tuple[Step, ...], plan: Plan
) -> Mapping[tuple[str, str], list[tuple[int, str, Formula]]]:
    """(column, variation) -> (step, field, formula); the variation is `AS_READ` for replacements."""
    found: dict[tuple[str, str], list[tuple[int, str, Formula]]] = {}
    for index, step in enumerate(steps):
        if isinstance(step, Replacement):
            pairs: tuple[tuple[str, Formula], ...] = ((AS_READ, step.formula),)
        elif isinstance(step, Vary):
            pairs = step.variations
        else:
            continue
        for column, field in forms(target_of(step), plan):
            for label, formula in pairs:
                found.setdefault((column, label), []).append((index, field, formula))
    return found
