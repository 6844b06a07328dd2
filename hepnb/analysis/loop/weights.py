"""Event weights and their variations: factors of the rows of any level, multiplied in their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np

from ...errors import DataError, PathError
from ..columns.entries import flatten
from ..columns.flat import as_awkward
from ..steering.steps import Weight, named
from ..steering.variations import NOMINAL
from ..steering.varying import own_labels
from .sums import OwnSums

if TYPE_CHECKING:
    from .layer import Layer
    from .stack import Stack

__all__ = ["Weights"]


class Weights:
    """The event weights declared so far, and their products on the rows of any level."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._steps: dict[int, Weight] = {}
        self._known: dict[tuple[int, str, str], np.ndarray] = {}
        self._each: dict[tuple[int, str], np.ndarray] = {}
        self._own: dict[str, set[int]] = {}
        self._touched: dict[int, frozenset[str]] = {}
        self._products: dict[tuple[str, tuple[int, ...]], tuple[np.ndarray, int]] = {}
        self._at_level: dict[tuple[tuple[int, ...], int], np.ndarray] = {}

    def add(self, index: int, step: Weight) -> None:
        """Compute a weight on the rows of its level, where nothing varies it."""
        self._steps[index] = step
        self._touched[index] = self._stack.touch.step(index)
        self._value(index, NOMINAL, NOMINAL)
        if step.each is not None:
            self._lists(index, NOMINAL)
        for label in own_labels(step):
            self._own.setdefault(label, set()).add(index)

    def seen_at(self, level: int, chosen: Sequence[str] | None = None) -> tuple[int, ...]:
        """The weights so far of which a level's rows have one, by their steps; those of sub-paths
        hold there alone. All of them, or those that are chosen."""
        contains = self._stack.plan.levels.contains
        return tuple(
            index
            for index, step in self._steps.items()
            if contains(step.level, level) and (chosen is None or step.name in chosen)
        )

    def touch(self, weights: Sequence[int]) -> frozenset[str]:
        """The variations that change the values of these weights."""
        return frozenset().union(*(self._touched[index] for index in weights))

    def product(self, level: int, weights: Sequence[int], label: str = NOMINAL) -> Any:
        """The product of these weights in their order, under a variation; None for none.

        On the rows that this variation has at a level: float64 of shape (rows,). What the variation
        of a weight leaves alone is brought to these rows once for all, and only there multiplied.
        """
        if not weights:
            return None
        own = self._own.get(label, set()).intersection(weights)
        first = min((weights.index(index) for index in own), default=len(weights))
        layer = self._stack.layer(label)
        values = self._moved(layer.variation, tuple(weights[:first]), level) if first else None
        made: np.ndarray | None = None
        for index in weights[first:]:
            if index in own:
                factor = self._value(index, self._sharing(layer.variation, (index,)), label)
                factor = layer.move(factor, self._steps[index].level, level)
            else:
                factor = self._moved(layer.variation, (index,), level)
            with np.errstate(over="ignore"):
                made = None if values is None else np.multiply(values, factor, out=made)
            values = factor if made is None else made
        return values

    def _moved(self, variation: str, weights: tuple[int, ...], level: int) -> np.ndarray:
        """The nominal product of weights on the rows that a variation has at a level.

        Kept for the nominal rows, which all variations of weights share.
        """
        key = (weights, level)
        if variation == NOMINAL and key in self._at_level:
            return self._at_level[key]
        values, at = self._multiplied(variation, weights)
        moved: np.ndarray = self._stack.layer(variation).move(values, at, level)
        if variation == NOMINAL:
            self._at_level[key] = moved
        return moved

    def _multiplied(self, variation: str, weights: tuple[int, ...]) -> tuple[np.ndarray, int]:
        """The nominal product on the rows of the lowest level that has all of these weights.

        It is kept, for all products that begin with it.
        """
        variation = self._sharing(variation, weights)
        key = (variation, weights)
        if key in self._products:
            return self._products[key]
        *before, last = weights
        values, level = self._value(last, variation, NOMINAL), self._steps[last].level
        if before:
            earlier, low = self._multiplied(variation, tuple(before))
            layer = self._stack.layer(variation)
            if self._stack.plan.levels.contains(low, level):
                earlier = layer.move(earlier, low, level)
            else:
                values, level = layer.move(values, level, low), low
            with np.errstate(over="ignore"):
                values = earlier * values
        self._products[key] = values, level
        return values, level

    def _sharing(self, variation: str, weights: tuple[int, ...]) -> str:
        """The nominal where a variation has its values of these weights and its rows."""
        if variation == NOMINAL:
            return variation
        differs = any(self._stack.differs(variation, self._steps[i].level) for i in weights)
        return variation if differs or variation in self.touch(weights) else NOMINAL

    def total(self, level: int, label: str = NOMINAL) -> tuple[int, float]:
        """Rows and sum of weights at a level, under a variation."""
        product = self.product(level, self.seen_at(level), label)
        rows = self._stack.layer(label).rows(level)
        return rows, float(rows) if product is None else _added(product)

    def own_sums(self) -> OwnSums:
        """The sums over all events that the normalised weights so far have. Raises `DataError`."""
        own = [index for index, step in self._steps.items() if step.normalised]
        with_them = self.seen_at(0)
        varied = (label for index in own for label in own_labels(self._steps[index]))
        return OwnSums(
            self._sum([index for index in with_them if index not in own], NOMINAL),
            {label: self._sum(with_them, label) for label in (NOMINAL, *varied)},
        )

    def _sum(self, weights: Sequence[int], label: str) -> float:
        """Over all events."""
        product = self.product(0, weights, label)
        rows = self._stack.layer(label).rows(0)
        return float(rows) if product is None else _added(product)

    def _value(self, index: int, variation: str, label: str) -> np.ndarray:
        """One factor: its values in a layer, as the nominal or one of its own variations."""
        key = (index, variation, label)
        if key in self._known:
            return self._known[key]
        step = self._steps[index]
        layer = self._stack.layer(variation)
        formulas = dict(step.variations)
        if label == NOMINAL or label in formulas:
            formula = formulas.get(label, step.formula)
            made = self._checked(layer.value(formula, step.level, index), layer, step)
        else:
            made = self._lists(index, variation)[step.numbered[label]]
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

    def _lists(self, index: int, variation: str) -> np.ndarray:
        """The values of shape (count, rows) that come as a list in every event.

        An event without any has the nominal, where the variations are of what a file must have.
        """
        if (index, variation) in self._each:
            return self._each[index, variation]
        step = self._steps[index]
        layer = self._stack.layer(variation)
        rows = layer.rows(step.level)
        assert step.each is not None
        found = as_awkward(layer.value(step.each, step.level, index))
        array = found if isinstance(found, ak.Array) else ak.Array(found)
        if array.ndim != 2 or len(array) != rows:
            raise PathError(f"{step.each.where}: expected a list of weights for each event")
        lengths = np.asarray(ak.fill_none(ak.num(array), -1))
        empty = (lengths == 0) & bool(step.scope.requires)
        self._refuse_other_lengths(lengths, empty, layer, step)
        try:
            some = ak.to_numpy(ak.to_regular(array[~empty]), allow_missing=False)
        except ValueError:
            raise DataError(f"{step.each.where}: missing values") from None
        values = np.empty((step.count, rows))
        values[:, ~empty] = some.reshape(-1, step.count).T
        values[:, empty] = self._value(index, variation, NOMINAL)[empty]
        self._refuse_infinite(values.sum(axis=0), layer, step)
        self._each[index, variation] = values
        return values

    def _refuse_other_lengths(
        self, lengths: np.ndarray, empty: np.ndarray, layer: Layer, step: Weight
    ) -> None:
        wrong = (lengths != step.count) & ~empty
        if not wrong.any():
            return
        first = int(np.argmax(wrong))
        has = int(lengths[first])
        mend = f"say count={has}, or make such files a dataset with a weight of its own (only=)"
        if has < 1:
            mend = "with requires= of its branch events that have none count as the nominal"
        raise DataError(
            f"{named(step)}: {max(has, 0)} values in entry {int(layer.entries(step.level)[first])}, "
            f"where count={step.count}: {mend}"
        )

    def _refuse_infinite(self, values: np.ndarray, layer: Layer, step: Weight) -> None:
        finite = np.isfinite(values)
        if not finite.all():
            bad = ~finite
            entry = int(layer.entries(step.level)[int(np.argmax(bad))])
            raise DataError(
                f"{named(step)}: not finite in {int(bad.sum())} of {len(values)} events "
                f"(first: entry {entry})"
            )


def _added(product: np.ndarray) -> float:
    """The sum of weights. Raises `DataError` where it is no number."""
    with np.errstate(over="ignore"):
        total = float(product.sum())
    if not np.isfinite(total):
        raise DataError(f"the weights of {len(product)} events multiply and add up to {total}")
    return total
