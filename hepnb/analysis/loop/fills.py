"""From columns to fills: categories become groups, variations become weights or fills of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import PathError
from ..columns.entries import Entries, flatten
from ..columns.flat import Flat
from ..language.formula import RESERVED
from ..steering.steps import Histogram, Table, named

if TYPE_CHECKING:
    from .layer import Layer
    from .stack import Stack
    from .weights import Weights

__all__ = ["Fill", "fill_histogram", "fill_table", "first_label", "overlaps"]

Array = np.ndarray[Any, Any]
_MOST_KEPT = 64 << 20


@dataclass(frozen=True)
class Fill:
    """Entries of one histogram in one combination of categories: 1-D arrays of equal length.

    `weights` holds those of each variation (None: each entry counts one), `nominal` among them;
    they are made when they are asked for.
    """

    hist: str
    categories: Mapping[str, str | int | bool]
    columns: Mapping[str, Array]
    weights: Mapping[str, Array | None]

    @property
    def weight(self) -> Array | None:
        """The weights of the first variation, which is the nominal where it is there."""
        return next(iter(self.weights.values()))


def fill_histogram(
    stack: Stack, weights: Weights, owner: int, step: Histogram, labels: Sequence[str]
) -> Iterator[Fill]:
    """The fills of one histogram: one per combination of categories that has entries.

    Variations (`labels`) that differ from the nominal in their weights alone are filled together.
    Floating point values are filled as float64, whole numbers as int64 or uint64, whatever the file
    stores.
    """
    factors = weights.seen_at(step.level, step.weights)
    touching = stack.touch.step(owner) | weights.touch(factors)
    apart = [v for v in labels if v in touching or stack.differs(v, step.level)]
    together = [v for v in labels if v not in apart]
    for group in (together, *([v] for v in apart)):
        by_label = _ByLabel(group, partial(weights.product, step.level, factors))
        yield from _fill_layer(stack.layer(group[0]), owner, step, by_label)


class _ByLabel(Mapping[str, Any]):
    """The weights of each variation, made when they are asked for: there may be hundreds.

    Those that take little memory together are kept, as every category asks for them again.
    """

    def __init__(
        self, labels: Sequence[str], make: Callable[[str], Array | None], rows: int | None = None
    ) -> None:
        small = rows is not None and len(labels) * rows * 8 <= _MOST_KEPT
        self._labels, self._make = labels, cache(make) if small else make

    def __getitem__(self, label: str) -> Array | None:
        if label not in self._labels:
            raise KeyError(label)
        return self._make(label)

    def __iter__(self) -> Iterator[str]:
        return iter(self._labels)

    def __len__(self) -> int:
        return len(self._labels)

    def then(
        self, change: Callable[[Array | None], Array | None], rows: int | None = None
    ) -> _ByLabel:
        """The same after a further step, for so many rows if they may be kept."""
        return _ByLabel(self._labels, lambda label: change(self._make(label)), rows)


def _fill_layer(layer: Layer, owner: int, step: Histogram, weights: _ByLabel) -> list[Fill]:
    level, rows = step.level, layer.rows(step.level)
    flats = {
        axis: flatten(layer.value(formula, level, owner), rows, formula.where)
        for axis, formula in step.inputs
    }
    extras = {
        word: flatten(layer.value(formula, level, owner), rows, formula.where)
        for word, formula in (("object_weight", step.object_weight), ("where", step.where))
        if formula is not None
    }
    for word, flat in extras.items():
        if flat.lists is not None and all(f.lists is None for f in flats.values()):
            raise PathError(
                f"{named(step)}: {word} has one value per object, but every axis one per event"
            )
    for name in step.groups:
        if name not in RESERVED:
            layer.labels(name, level)
    return layer.statistics.timed(
        named(step), rows, lambda: _fill(layer, step, flats, extras, weights)
    )


def _fill(
    layer: Layer,
    step: Histogram,
    flats: dict[str, Flat],
    extras: dict[str, Flat],
    weights: _ByLabel,
) -> list[Fill]:
    """Bring the columns to one shape, drop what is not wanted, and split by category."""
    factor, condition = extras.get("object_weight"), extras.get("where")
    shaped = {word: flat for word, flat in extras.items() if flat.lists is not None}
    if factor is not None:
        shaped["object_weight"] = factor
    entries = Entries(flats | shaped, named(step))
    if condition is not None:
        holds = condition.values.astype(bool)
        if condition.missing is not None:
            holds = holds & ~condition.missing
        entries.require(holds, condition.lists)
    kinds = {axis.name: axis for axis in step.axes}
    values = entries.columns()
    columns = {name: _wide(values[name], kinds[name]) for name in flats}
    extra = None if factor is None else values["object_weight"].astype(np.float64)

    def per_entry(weight: Array | None) -> Array | None:
        if weight is None:
            return extra
        spread = entries.per_row(weight)
        return spread if extra is None else spread * extra

    shaped_weights = weights.then(per_entry, len(next(iter(columns.values()))))
    made = []
    for categories, index in _groups(layer, step, entries):
        picked = columns if index is None else {name: v[index] for name, v in columns.items()}
        if len(next(iter(picked.values()))):
            made.append(Fill(step.name, categories, picked, shaped_weights.then(_picking(index))))
    return made


def _picking(index: Array | None) -> Callable[[Array | None], Array | None]:
    return lambda weight: weight if weight is None or index is None else weight[index]


def _wide(values: np.ndarray, axis: Any) -> np.ndarray:
    """Values in the type they are filled in."""
    if values.dtype.kind == "f":
        return values.astype(np.float64, copy=False)
    if values.dtype.kind == "b" and type(axis).__name__ == "Boolean":
        return values
    # Numbers above 2^63 - 1 would come out negative.
    return values.astype(np.uint64 if values.dtype == np.uint64 else np.int64, copy=False)


def _groups(
    layer: Layer, step: Histogram, entries: Entries
) -> Iterator[tuple[dict[str, str], np.ndarray | None]]:
    """The combinations of categories and the entries of each (None: all of them)."""
    fixed: dict[str, str] = {}
    exclusive: list[tuple[str, tuple[str, ...]]] = []
    code: np.ndarray | None = None
    loose: list[tuple[str, list[tuple[str, np.ndarray]]]] = []
    for name, column in zip(step.by, step.groups, strict=True):
        if name == "dataset":
            fixed[name] = layer.chunk.dataset.name
        if name in RESERVED:
            continue
        single, labels, masks = layer.labels(column, step.level)
        if single:
            codes = first_label(masks, layer.rows(step.level))
            if code is None:
                code = codes
            else:
                joined = code.astype(np.int32) * len(labels) + codes
                code = np.where((code < 0) | (codes < 0), np.int32(-1), joined)
            exclusive.append((name, labels))
        else:
            loose.append(
                (
                    name,
                    [
                        (label, entries.per_row(mask))
                        for label, mask in zip(labels, masks, strict=True)
                    ],
                )
            )
    order = {name: place for place, name in enumerate(step.by)}
    base = [(fixed, None)] if code is None else _split(entries.per_row(code), exclusive, fixed)
    for categories, index in base:
        for more, picked in _combine(loose, index):
            named_all = {**categories, **more}
            yield dict(sorted(named_all.items(), key=lambda item: order[item[0]])), picked


def first_label(masks: list[np.ndarray], rows: int) -> np.ndarray:
    """The place of the first label that holds each row, -1 for none."""
    codes = np.full(rows, -1, dtype=np.int16)
    for place in range(len(masks) - 1, -1, -1):
        codes[masks[place]] = place
    return codes


def _split(
    codes: np.ndarray, categories: list[tuple[str, tuple[str, ...]]], fixed: dict[str, str]
) -> Iterator[tuple[dict[str, str], np.ndarray]]:
    """Entries of each code in their order; the code counts combinations like digits of a number."""
    if not len(codes):
        return
    if codes.max() < np.iinfo(np.int16).max:
        codes = codes.astype(np.int16)  # sorted by radix: linear, and still in order
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    for start, stop in zip(starts, [*starts[1:], len(ordered)], strict=True):
        rest = int(ordered[start])
        if rest < 0:
            continue
        labels = {}
        for name, known in reversed(categories):
            rest, place = divmod(rest, len(known))
            labels[name] = known[place]
        yield {**fixed, **labels}, order[start:stop]


def _combine(
    loose: list[tuple[str, list[tuple[str, np.ndarray]]]], index: np.ndarray | None
) -> Iterator[tuple[dict[str, str], np.ndarray | None]]:
    """Every label of categories that may overlap."""
    if not loose:
        yield {}, index
        return
    (name, labels), *rest = loose
    for label, mask in labels:
        picked = np.flatnonzero(mask) if index is None else index[mask[index]]
        for more, final in _combine(rest, picked):
            yield {name: label, **more}, final


def fill_table(layer: Layer, owner: int, step: Table) -> dict[str, np.ndarray]:
    """The rows of a table. Missing numbers become NaN (and whole numbers floats, where some are missing)."""
    rows = layer.rows(step.level)
    flats = {
        name: flatten(layer.value(formula, step.level, owner), rows, formula.where)
        for name, formula in step.columns
    }
    filled = {
        name: flat if flat.missing is None else Flat(flat.lists, _with_nan(flat))
        for name, flat in flats.items()
    }
    return Entries(filled, named(step)).columns()


def _with_nan(flat: Flat) -> np.ndarray:
    values = flat.values.astype(np.float64)
    values[flat.missing] = np.nan
    return values


def overlaps(masks: list[np.ndarray]) -> int:
    """Rows that more than one label holds."""
    return int((np.sum(masks, axis=0) > 1).sum()) if len(masks) > 1 and len(masks[0]) else 0
