"""Columns without their shape: jagged inputs become one entry per object, of one common shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import awkward as ak
import numpy as np

from ...errors import PathError
from .flat import Flat, Lists, as_awkward

__all__ = ["Entries", "flatten"]


def flatten(value: Any, rows: int, where: str) -> Flat:
    """The flat values of one column. Raises `PathError` for records, texts and lists of lists."""
    if isinstance(value, bool | int | float | np.number | np.bool_):
        value = np.full(rows, value)
    if isinstance(value, Flat):
        flat = value if value.missing is None else _filled(value.lists, value.values, value.missing)
        length = len(value)
    elif isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "biuf":
        flat = Flat(None, value)
        length = len(value)
    else:
        value = as_awkward(value)
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
    lists = None
    layout = array.layout
    if array.ndim == 2:
        if layout.is_numpy:
            layout = layout.to_RegularArray()
        if layout.is_option:
            layout = ak.to_layout(ak.fill_none(array, [], axis=0))
        if layout.is_indexed:
            layout = layout.project()
        layout = layout.to_ListOffsetArray64(True)
        lists = Lists.between(np.asarray(layout.offsets))
        layout = layout.content[: lists.objects]
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
    return Flat(lists, values) if missing is None else _filled(lists, values, missing)


def _filled(lists: Lists | None, values: np.ndarray, missing: np.ndarray) -> Flat:
    """Numbers of which some may be missing: 0 there, and of one type whether any are or not."""
    values = np.where(missing, np.int64(0), values)
    return Flat(lists, values, missing if missing.any() else None)


def _is_record(layout: Any) -> bool:
    """Whether the objects of an array are records (an empty record has no fields to show for it)."""
    while hasattr(layout, "content") and not isinstance(layout, ak.contents.RecordArray):
        layout = layout.content
    return isinstance(layout, ak.contents.RecordArray)


class Entries:
    """Flat columns of one common shape, with the row of each entry."""

    def __init__(self, flats: Mapping[str, Flat], place: str) -> None:
        jagged = {name: flat.lists for name, flat in flats.items() if flat.lists is not None}
        self.lists: Lists | None = None
        if jagged:
            first = next(iter(jagged))
            self.lists = jagged[first]
            for name, lists in jagged.items():
                if not lists.same(self.lists):
                    raise PathError(
                        f"{place}: {first!r} and {name!r} have different numbers of objects per event"
                    )
        self._flats = flats
        keep: np.ndarray | None = None
        for flat in flats.values():
            if flat.missing is not None:
                present = ~self._spread(flat.missing, flat.lists)
                keep = present if keep is None else keep & present
        self.keep = keep

    def require(self, condition: np.ndarray, lists: Lists | None) -> None:
        """Keep only entries where a condition per row or per object holds."""
        spread = self._spread(condition, lists)
        self.keep = spread if self.keep is None else self.keep & spread

    def per_row(self, values: np.ndarray) -> np.ndarray:
        """One value per row, repeated for its objects; dropped entries left out."""
        return self._kept(self._spread(values, None))

    def columns(self) -> dict[str, np.ndarray]:
        """The values of each column."""
        return {
            name: self._kept(self._spread(flat.values, flat.lists))
            for name, flat in self._flats.items()
        }

    def _spread(self, values: np.ndarray, lists: Lists | None) -> np.ndarray:
        if self.lists is None or lists is not None:
            return values
        return values[self.lists.rows]

    def _kept(self, values: np.ndarray) -> np.ndarray:
        return values if self.keep is None else values[self.keep]
