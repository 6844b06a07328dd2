"""Event weights and their variations: factors of the rows of any level, multiplied in their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np

from ..errors import DataError, PathError
from .entries import flatten
from .flat import as_awkward
from .steps import Weight, named
from .variations import NOMINAL, label_of

if TYPE_CHECKING:
    from .layer import Layer
    from .stack import Stack
    from .variations import Selector

__all__ = ["Weights"]


class Weights:
    """The event weights declared so far, and their products on the rows of any level."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._steps: dict[str, tuple[int, Weight]] = {}
        self._known: dict[tuple[str, str, str], np.ndarray] = {}
        self._each: dict[tuple[str, str], np.ndarray] = {}
        self._counts: dict[str, int] = {}

    def counted(self, selector: Selector) -> dict[str, tuple[str, ...]]:
        """The variations of weights that come as arrays, whose number the events tell, and their names."""
        found = {
            label_of(name, n): (label_of(name, n), name, *self._steps[name][1].scope.sets)
            for name, count in self._counts.items()
            for n in range(count)
        }
        return {label: names for label, names in found.items() if selector.picks(names)}

    def add(self, index: int, step: Weight) -> None:
        """Compute a weight on the rows of its level, where nothing varies it."""
        self._steps[step.name] = (index, step)
        self._value(step.name, NOMINAL, NOMINAL)
        if step.each is not None:
            self._counts[step.name] = len(self._matrix(step.name, NOMINAL))

    def names(self, chosen: Sequence[str] | None) -> tuple[str, ...]:
        """The weights that are chosen; all so far, if None."""
        return tuple(self._steps if chosen is None else chosen)

    def touch(self, names: Sequence[str]) -> frozenset[str]:
        """The variations that change the values of these weights."""
        touch = self._stack.touch.step
        return frozenset().union(*(touch(self._steps[name][0]) for name in names))

    def product(self, level: int, names: Sequence[str], label: str = NOMINAL) -> np.ndarray | None:
        """The product of these weights under a variation; None for none.

        On the rows that this variation has at a level: float64 of shape (rows,).
        """
        layer = self._stack.layer(label)
        result: np.ndarray | None = None
        for name in names:
            step = self._steps[name][1]
            values = self._value(
                name, layer.variation, label if label in self._of(step) else NOMINAL
            )
            moved = layer.move(values, step.level, level)
            with np.errstate(over="ignore"):
                result = moved if result is None else result * moved
        return result

    def total(self, level: int, label: str = NOMINAL) -> tuple[int, float]:
        """Rows and sum of weights at a level, under a variation."""
        product = self.product(level, self.names(None), label)
        rows = self._stack.layer(label).rows(level)
        if product is None:
            return rows, float(rows)
        with np.errstate(over="ignore"):
            total = float(product.sum())
        if not np.isfinite(total):
            raise DataError(f"the weights of {rows} events multiply and add up to {total}")
        return rows, total

    def _of(self, step: Weight) -> tuple[str, ...]:
        """The labels of one weight's variations."""
        counted = (label_of(step.name, n) for n in range(self._counts.get(step.name, 0)))
        return (*(label for label, _ in step.variations), *counted)

    def _value(self, name: str, variation: str, label: str) -> np.ndarray:
        """One factor: its values in a layer, as the nominal or one of its own variations."""
        key = (name, variation, label)
        if key in self._known:
            return self._known[key]
        index, step = self._steps[name]
        layer = self._stack.layer(variation)
        formulas = dict(step.variations)
        if label == NOMINAL or label in formulas:
            formula = formulas.get(label, step.formula)
            made = self._checked(layer.value(formula, step.level, index), layer, step)
        else:
            made = self._matrix(name, variation)[int(label.removeprefix(label_of(name, "")))]
        self._known[key] = made
        return made

    def _checked(self, value: Any, layer: Layer, step: Weight) -> np.ndarray:
        rows = layer.rows(step.level)
        flat = flatten(value, rows, named(step))
        if flat.lists is not None or flat.missing is not None:
            what = "one value per object" if flat.lists is not None else "missing values"
            raise DataError(f"{named(step)}: {what}; an event weight is one number per event")
        values = flat.values.astype(np.float64)
        self._refuse_infinite(values, layer, step)
        return values

    def _matrix(self, name: str, variation: str) -> np.ndarray:
        """Values of shape (variations, rows) of an array with as many in each event."""
        if (name, variation) in self._each:
            return self._each[name, variation]
        index, step = self._steps[name]
        layer = self._stack.layer(variation)
        assert step.each is not None
        value = layer.value(step.each, step.level, index)
        array = as_awkward(value)
        array = array if isinstance(array, ak.Array) else ak.Array(array)
        where = step.each.where
        if not len(array):
            return np.zeros((0, 0))
        if array.ndim != 2 or len(array) != layer.rows(step.level):
            raise PathError(f"{where}: expected a list of weights for each event")
        counts = np.unique(np.asarray(ak.num(array, axis=1)))
        if len(counts) > 1:
            raise DataError(f"{where}: {counts[0]} weights in some events, {counts[-1]} in others")
        values = np.asarray(ak.to_numpy(ak.to_regular(array))).T.astype(np.float64, order="C")
        self._refuse_infinite(values.sum(axis=0), layer, step)
        self._each[name, variation] = values
        return values

    def _refuse_infinite(self, values: np.ndarray, layer: Layer, step: Weight) -> None:
        bad = ~np.isfinite(values)
        if bad.any():
            entry = int(layer.entries(step.level)[int(np.argmax(bad))])
            raise DataError(
                f"{named(step)}: not finite in {int(bad.sum())} of {len(values)} events "
                f"(first: entry {entry})"
            )
