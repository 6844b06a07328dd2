"""Columns as flat numbers: their values in one array, and beside it where the objects of each event are.

Expressions compute on these with NumPy alone; awkward arrays are made of them, without copying, where
a function of the user asks for one, and for what flat numbers cannot be (lists of lists, text).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property
from typing import Any

import awkward as ak
import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

__all__ = ["Array", "Flat", "Lists", "aligned", "as_awkward", "as_flat", "column", "freeze_array"]

Array = np.ndarray[Any, Any]
Where = Callable[[], Array]
"""Where some objects are among all, found out when it is asked for."""


def freeze_array(values: Any) -> Any:
    """A NumPy array that nobody can change by mistake: columns are shared between definitions."""
    view = values.view()
    view.flags.writeable = False
    return view


class Lists:
    """How many objects each row has, shared by all columns of these objects.

    >>> lists = Lists(np.array([2, 0, 1]))
    >>> lists.offsets.tolist(), lists.rows.tolist()
    ([0, 2, 2, 3], [0, 0, 2])
    """

    def __init__(self, counts: Array) -> None:
        self.counts: Array = freeze_array(counts.astype(np.int64, copy=False))

    @classmethod
    def between(cls, offsets: Array) -> Lists:
        """Row `i` has the objects `offsets[i]` to `offsets[i + 1]`; the first of all is 0."""
        made = cls(np.diff(offsets))
        made.offsets = offsets.astype(np.int64, copy=False)
        return made

    def __len__(self) -> int:
        return len(self.counts)

    @cached_property
    def offsets(self) -> Array:
        """Where the objects of each row begin, and where the last of them end."""
        offsets = np.zeros(len(self) + 1, dtype=np.int64)
        np.cumsum(self.counts, out=offsets[1:])
        return offsets

    @property
    def objects(self) -> int:
        """The objects of all rows."""
        return int(self.offsets[-1])

    @cached_property
    def rows(self) -> Array:
        """The row of each object."""
        return np.repeat(np.arange(len(self)), self.counts)

    def same(self, other: Lists) -> bool:
        """Whether both have the same number of objects in every row."""
        return self is other or np.array_equal(self.counts, other.counts)

    def sums(self, mask: Array) -> Array:
        """The objects of each row for which a mask holds: int64."""
        return np.bincount(self.rows.take(np.flatnonzero(mask)), minlength=len(self))

    def kept(self, mask: Array) -> tuple[Lists, Where]:
        """The lists of the objects for which a mask holds, and where these are."""
        index = np.flatnonzero(mask)
        rows = self.rows.take(index)
        made = Lists(np.bincount(rows, minlength=len(self)))
        made.rows = rows
        return made, lambda: index

    def sliced(self, part: slice) -> tuple[Lists, Where]:
        """The lists of the objects in a slice of every row, and where these are."""
        counts = self.counts
        low = np.zeros_like(counts) if part.start is None else _bound(part.start, counts)
        high = counts if part.stop is None else _bound(part.stop, counts)
        made = Lists(np.maximum(high - low, 0))
        return made, cache(lambda: _places(self.offsets[:-1] + low, made))

    def taken(self, index: Array) -> tuple[Lists, Where]:
        """The lists of the rows `index`, and where their objects are."""
        made = Lists(self.counts.take(index))
        return made, cache(lambda: _places(self.offsets.take(index), made))

    def place(self, number: int) -> tuple[Array, Array]:
        """Where object `number` of each row is (from the end when negative), and which have none."""
        low, high = self.offsets[:-1], self.offsets[1:]
        place = low + number if number >= 0 else high + number
        missing = (place >= high) | (place < low)
        place[missing] = 0
        return place, missing


def _places(starts: Array, lists: Lists) -> Array:
    """Where the objects of lists are that come from places next to each other, from `starts` on."""
    index = np.arange(lists.objects, dtype=np.int64)
    index += np.repeat(starts - lists.offsets[:-1], lists.counts)
    return index


def _bound(number: int, counts: Array) -> Array:
    bound = np.minimum(number, counts) if number >= 0 else np.maximum(counts + number, 0)
    return bound.astype(np.int64, copy=False)


class Flat(NDArrayOperatorsMixin):  # type: ignore[misc, unused-ignore]
    """Numbers of one column: one per object of `lists`, or one per row without lists.

    `missing` (None: nothing) says which of them are not there; their values mean nothing. Functions
    of NumPy apply to the values; one value per row stands for each object of the row.
    """

    def __init__(self, lists: Lists | None, values: Array, missing: Array | None = None) -> None:
        self.lists, self.values, self.missing = lists, values, missing

    def __len__(self) -> int:
        return len(self.values) if self.lists is None else len(self.lists)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs or ufunc.nout != 1:
            return NotImplemented
        if not all(
            isinstance(i, Flat | bool | int | float | np.ndarray | np.generic) for i in inputs
        ):
            return NotImplemented
        columns, lists, missing = aligned(inputs)
        return Flat(lists, ufunc(*columns), missing)

    def kept(self, mask: Flat) -> Flat:
        """The objects for which a mask of the same lists holds."""
        assert self.lists is not None
        lists, index = self.lists.kept(mask.values)
        return self._at(lists, index)

    def sliced(self, part: slice) -> Flat:
        """The objects in a slice of every row."""
        assert self.lists is not None
        return self._at(*self.lists.sliced(part))

    def picked(self, place: Array, missing: Array | None = None) -> Any:
        """The object at `place` for each row, where it is not `missing`."""
        values = self.values if len(self.values) else np.zeros(1, self.values.dtype)
        return column(None, values.take(place), missing)

    def taken(self, index: Array) -> Flat:
        """The rows `index`."""
        if self.lists is None:
            return self._at(None, lambda: index)
        return self._at(*self.lists.taken(index))

    def _at(self, lists: Lists | None, where: Where) -> Flat:
        index = where()
        missing = None if self.missing is None else self.missing.take(index)
        return Flat(lists, self.values.take(index), missing)

    def awkward(self) -> ak.Array:
        """The same as an awkward array whose numbers nobody can change through NumPy."""
        layout: Any = ak.contents.NumpyArray(freeze_array(self.values))
        if self.missing is not None:
            mask = ak.index.Index8(self.missing.view(np.int8))
            layout = ak.contents.ByteMaskedArray(mask, layout, valid_when=False)
        if self.lists is not None:
            layout = ak.contents.ListOffsetArray(ak.index.Index64(self.lists.offsets), layout)
        return ak.Array(layout)


def column(lists: Lists | None, values: Array, missing: Array | None) -> Any:
    """A column in its plainest form: NumPy for one value per row, of which none is missing."""
    return values if lists is None and missing is None else Flat(lists, values, missing)


def aligned(inputs: Any) -> tuple[list[Any], Lists | None, Array | None]:
    """The values of columns of equal lists, or of one value per row, entry by entry."""
    lists: Lists | None = None
    for column in inputs:
        if isinstance(column, Flat) and column.lists is not None:
            if lists is not None and not lists.same(column.lists):
                raise ValueError("the columns have different numbers of objects per event")
            lists = lists or column.lists
    columns: list[Any] = []
    missing: Array | None = None
    for column in inputs:
        values, gone = column, None
        if isinstance(column, Flat):
            values, gone = column.values, column.missing
        if lists is not None and np.ndim(values) and getattr(column, "lists", None) is None:
            if len(values) != len(lists):
                raise ValueError(f"{len(values)} values for {len(lists)} events")
            values = values[lists.rows]
            gone = None if gone is None else gone[lists.rows]
        columns.append(values)
        if gone is not None:
            missing = gone if missing is None else missing | gone
    return columns, lists, missing


def as_awkward(value: Any) -> Any:
    """A column in the form in which functions of awkward take it."""
    return value.awkward() if hasattr(value, "awkward") else value


def as_flat(layout: Any) -> Any:
    """The numbers of an awkward layout: NumPy for one per row, else `Flat`; None if it has no such form."""
    lists, missing = None, None
    if layout.is_list:
        if layout.parameters:
            return None
        layout = layout.to_ListOffsetArray64(True)
        lists = Lists.between(np.asarray(layout.offsets))
        layout = layout.content[: lists.objects]
    if layout.is_option and layout.content.is_numpy:
        layout = layout.to_IndexedOptionArray64()
        index = np.asarray(layout.index)
        missing = index < 0
        layout = layout.content
        if not len(layout):
            layout = ak.contents.NumpyArray(np.zeros(1, layout.dtype))
        index = np.where(missing, 0, index)
    if not layout.is_numpy or layout.parameters or layout.purelist_depth > 1:
        return None
    values = np.asarray(layout.data)
    if values.dtype.kind not in "biuf":
        return None
    if missing is not None:
        values = values.take(index)
    values = freeze_array(values)
    return column(lists, values, missing)
