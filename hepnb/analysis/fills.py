"""From columns to fills: jagged inputs become one entry per object, categories become groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import awkward as ak
import numpy as np

from ..errors import PathError
from .formula import RESERVED
from .layer import Layer
from .steps import Histogram, Table, named

__all__ = ["Fill", "fill_histogram", "fill_table", "first_label", "flatten", "overlaps"]


@dataclass(frozen=True)
class Fill:
    """Entries of one histogram in one combination of categories: 1-D arrays of equal length."""

    hist: str
    categories: Mapping[str, str | int | bool]
    columns: Mapping[str, np.ndarray]
    weight: np.ndarray | None


@dataclass(frozen=True)
class Flat:
    """A column without its shape: offsets (None: one value per row), values, and which are missing."""

    offsets: np.ndarray | None
    values: np.ndarray
    missing: np.ndarray | None


def flatten(value: Any, rows: int, where: str) -> Flat:
    """The flat values of one column. Raises `PathError` for records, texts and lists of lists."""
    if isinstance(value, bool | int | float | np.number | np.bool_):
        value = np.full(rows, value)
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "biuf":
        flat = Flat(None, value, None)
        length = len(value)
    else:
        array = value if isinstance(value, ak.Array) else ak.Array(value)
        length = len(array)
        flat = _flatten_awkward(array, where)
    if length != rows:
        raise PathError(f"{where}: gives {length} rows for {rows}")
    return flat


def _flatten_awkward(array: ak.Array, where: str) -> Flat:
    if _is_record(array.layout):
        raise PathError(
            f"{where}: a collection cannot be filled; name one of its fields, such as x.pt"
        )
    if array.ndim > 2:
        raise PathError(f"{where}: lists of lists cannot be filled; flatten(axis=2) or pick one")
    offsets = None
    layout = array.layout
    if array.ndim == 2:
        if layout.is_numpy:
            layout = layout.to_RegularArray()
        if layout.is_option:
            layout = ak.to_layout(ak.fill_none(array, [], axis=0))
        if layout.is_indexed:
            layout = layout.project()
        lists = layout.to_ListOffsetArray64(True)
        offsets = np.asarray(lists.offsets)
        layout = lists.content[: offsets[-1]]
    missing = None
    if layout.is_option:
        missing = np.asarray(layout.mask_as_bool(valid_when=False))
        layout = ak.to_layout(ak.fill_none(ak.Array(layout), 0))
    if layout.is_indexed:
        layout = layout.project()
    if not isinstance(layout, ak.contents.NumpyArray):
        layout = ak.to_layout(ak.to_packed(ak.Array(layout)))
    values = np.asarray(ak.to_numpy(ak.Array(layout)))
    if values.dtype.kind not in "biuf":
        raise PathError(f"{where}: {values.dtype} cannot be filled; numbers are needed")
    return Flat(offsets, values, missing if missing is not None and missing.any() else None)


def _is_record(layout: Any) -> bool:
    """Whether the objects of an array are records (an empty record has no fields to show for it)."""
    while hasattr(layout, "content") and not isinstance(layout, ak.contents.RecordArray):
        layout = layout.content
    return isinstance(layout, ak.contents.RecordArray)


class _Entries:
    """Flat columns of one common shape, with the row of each entry."""

    def __init__(self, rows: int, flats: Mapping[str, Flat], place: str) -> None:
        jagged = {name: flat.offsets for name, flat in flats.items() if flat.offsets is not None}
        self.offsets: np.ndarray | None = None
        if jagged:
            first = next(iter(jagged))
            self.offsets = jagged[first]
            for name, offsets in jagged.items():
                if offsets is not self.offsets and not np.array_equal(offsets, self.offsets):
                    raise PathError(
                        f"{place}: {first!r} and {name!r} have different numbers of objects per event"
                    )
        self._index = (
            None if self.offsets is None else np.repeat(np.arange(rows), np.diff(self.offsets))
        )
        self._flats = flats
        keep: np.ndarray | None = None
        for flat in flats.values():
            if flat.missing is not None:
                present = ~self._spread(flat.missing, flat.offsets)
                keep = present if keep is None else keep & present
        self.keep = keep

    def require(self, condition: np.ndarray, offsets: np.ndarray | None) -> None:
        """Keep only entries where a condition per row or per object holds."""
        spread = self._spread(condition, offsets)
        self.keep = spread if self.keep is None else self.keep & spread

    def per_row(self, values: np.ndarray) -> np.ndarray:
        """One value per row, repeated for its objects; dropped entries left out."""
        return self._kept(self._spread(values, None))

    def columns(self) -> dict[str, np.ndarray]:
        """The values of each column."""
        return {
            name: self._kept(self._spread(flat.values, flat.offsets))
            for name, flat in self._flats.items()
        }

    def _spread(self, values: np.ndarray, offsets: np.ndarray | None) -> np.ndarray:
        if self._index is None or offsets is not None:
            return values
        return values[self._index]

    def _kept(self, values: np.ndarray) -> np.ndarray:
        return values if self.keep is None else values[self.keep]


def fill_histogram(
    layer: Layer, owner: int, step: Histogram, weight: np.ndarray | None
) -> list[Fill]:
    """The fills of one histogram: one per combination of categories that has entries.

    `weight` is the product of its event weights on the rows of its level, or None. Floating point
    values are filled as float64, whole numbers as int64 or uint64, whatever the file stores.
    """
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
        if flat.offsets is not None and all(f.offsets is None for f in flats.values()):
            raise PathError(
                f"{named(step)}: {word} has one value per object, but every axis one per event"
            )
    for name in step.by:
        if name not in RESERVED:
            layer.labels(name, level)
    return layer.statistics.timed(
        named(step), rows, lambda: _fill(layer, step, flats, extras, weight)
    )


def _fill(
    layer: Layer,
    step: Histogram,
    flats: dict[str, Flat],
    extras: dict[str, Flat],
    weight: np.ndarray | None,
) -> list[Fill]:
    """Bring the columns to one shape, drop what is not wanted, and split by category."""
    factor, condition = extras.get("object_weight"), extras.get("where")
    shaped = {word: flat for word, flat in extras.items() if flat.offsets is not None}
    if factor is not None:
        shaped["object_weight"] = factor
    entries = _Entries(layer.rows(step.level), flats | shaped, named(step))
    if condition is not None:
        holds = condition.values.astype(bool)
        if condition.missing is not None:
            holds = holds & ~condition.missing
        entries.require(holds, condition.offsets)
    kinds = {axis.name: axis for axis in step.axes}
    values = entries.columns()
    columns = {name: _wide(values[name], kinds[name]) for name in flats}
    weights = None if weight is None else entries.per_row(weight)
    if factor is not None:
        extra = values["object_weight"].astype(np.float64)
        weights = extra if weights is None else weights * extra
    made = []
    for categories, index in _groups(layer, step, entries):
        picked = columns if index is None else {name: v[index] for name, v in columns.items()}
        if len(next(iter(picked.values()))):
            w = weights if index is None or weights is None else weights[index]
            made.append(Fill(step.name, categories, picked, w))
    return made


def _wide(values: np.ndarray, axis: Any) -> np.ndarray:
    """Values in the type they are filled in."""
    if values.dtype.kind == "f":
        return values.astype(np.float64, copy=False)
    if values.dtype.kind == "b" and type(axis).__name__ == "Boolean":
        return values
    # Numbers above 2^63 - 1 would come out negative.
    return values.astype(np.uint64 if values.dtype == np.uint64 else np.int64, copy=False)


def _groups(
    layer: Layer, step: Histogram, entries: _Entries
) -> Iterator[tuple[dict[str, str], np.ndarray | None]]:
    """The combinations of categories and the entries of each (None: all of them)."""
    fixed: dict[str, str] = {}
    exclusive: list[tuple[str, tuple[str, ...]]] = []
    code: np.ndarray | None = None
    loose: list[tuple[str, list[tuple[str, np.ndarray]]]] = []
    for name in step.by:
        if name in ("dataset", "variation"):
            fixed[name] = layer.chunk.dataset.name if name == "dataset" else layer.variation
            continue
        single, labels, masks = layer.labels(name, step.level)
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
        name: flat if flat.missing is None else Flat(flat.offsets, _with_nan(flat), None)
        for name, flat in flats.items()
    }
    return _Entries(rows, filled, named(step)).columns()


def _with_nan(flat: Flat) -> np.ndarray:
    values = flat.values.astype(np.float64)
    values[flat.missing] = np.nan
    return values


def overlaps(masks: list[np.ndarray]) -> int:
    """Rows that more than one label holds."""
    return int((np.sum(masks, axis=0) > 1).sum()) if len(masks) > 1 and len(masks[0]) else 0
