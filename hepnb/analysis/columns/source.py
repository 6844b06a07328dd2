"""The columns of one chunk as read: plain arrays and jagged collections that share their offsets.

Fields of a collection stay flat arrays beside one array of offsets; records are put together only
when a function asks for one, and without copying.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import awkward as ak
import numpy as np

from ...errors import PathError, nearest
from .flat import Flat, Lists, as_awkward, as_flat, freeze_array
from .picked import Picked

__all__ = ["Collection", "collect", "freeze", "override", "simplify", "spread", "take"]


def freeze(layout: Any) -> Any:
    """The same layout with numbers that nobody can change through NumPy; nothing is copied."""
    if isinstance(layout, ak.contents.NumpyArray):
        return layout.copy(data=freeze_array(layout.data))
    if isinstance(layout, ak.contents.RecordArray | ak.contents.UnionArray):
        return layout.copy(contents=[freeze(content) for content in layout.contents])
    return layout.copy(content=freeze(layout.content)) if hasattr(layout, "content") else layout


def simplify(array: ak.Array) -> Any:
    """Numbers and collections of numbers as flat arrays (read-only), anything else as it is."""
    layout = array.layout
    flat = as_flat(layout)
    if flat is not None:
        return flat
    return array if array.behavior else _as_collection(layout) or array


def _as_collection(layout: Any) -> Collection | None:
    """Lists of plain records as a collection: the fields that were picked move when they are used."""
    if not layout.is_list or layout.parameters:
        return None
    lists = layout.to_ListOffsetArray64(True)
    content = lists.content
    index = None
    if content.is_indexed and not content.is_option:
        index, content = np.asarray(content.index)[: lists.offsets[-1]], content.content
    if not content.is_record or content.is_tuple or content.parameters or not content.fields:
        return None
    end = lists.offsets[-1] if index is None else None
    contents = {f: content.content(f)[:end] for f in content.fields}
    shape = Lists.between(np.asarray(lists.offsets))
    if index is not None:
        return Collection("objects", shape, _Carried(contents, partial(np.asarray, index)))
    return Collection("objects", shape, contents)


def take(values: Any, index: np.ndarray) -> Any:
    """The rows `index` of a column."""
    if isinstance(values, np.ndarray):
        return freeze_array(values[index])
    if isinstance(values, Flat | Collection | Picked):
        return values.taken(index)
    return simplify(values[index])


def _carry(content: Any, carry: np.ndarray) -> Any:
    """The objects `carry` of a content."""
    if isinstance(content, ak.contents.NumpyArray):
        return ak.contents.NumpyArray(freeze_array(np.asarray(content.data).take(carry, axis=0)))
    if isinstance(content, ak.contents.RecordArray):
        parts = [_carry(content.content(i), carry) for i in range(len(content.fields))]
        return ak.contents.RecordArray(
            parts, None if content.is_tuple else content.fields, length=len(carry)
        )
    return ak.to_layout(ak.Array(content)[carry])


def collect(name: str, layouts: Mapping[str, Any]) -> Collection:
    """The branches of a collection under one array of offsets.

    A branch that disagrees with most others about the number of objects (or has none) is no field
    of this collection: asking for it by name is an error that says so.
    """
    lists = {f: c.to_ListOffsetArray64(True) for f, c in layouts.items() if c.is_list}
    totals = [int(layout.offsets[-1]) for layout in lists.values()]
    usual = max(totals, key=totals.count)
    model = next(f for f, total in zip(lists, totals, strict=True) if total == usual)
    offsets = np.asarray(lists[model].offsets)
    contents, odd = {}, {}
    for field in layouts:
        if field not in lists:
            odd[field] = f"{name}_{field} has one value per event, {name}_{model} a list"
        elif not _equal(np.asarray(lists[field].offsets), offsets):
            odd[field] = f"{name}_{model} and {name}_{field} have different numbers of objects"
        else:
            contents[field] = lists[field].content[: offsets[-1]]
    return Collection(name, Lists.between(offsets), contents, odd)


def _equal(some: np.ndarray, others: np.ndarray) -> bool:
    """Whether two arrays of offsets are the same; often they are one."""
    same = some.ctypes.data == others.ctypes.data and len(some) == len(others)
    return same or np.array_equal(some, others)


def spread(values: Any, index: np.ndarray, fill: Any, where: str) -> Any:
    """The rows `index` of a column, and `fill` where it is negative: None for a missing value.

    Raises `PathError` for a fill that does not go with the column.
    """
    if fill is None or not isinstance(values, np.ndarray):
        made = ak.Array(
            ak.contents.IndexedOptionArray.simplified(
                ak.index.Index64(index.astype(np.int64)), ak.to_layout(values)
            )
        )
        return made if fill is None else ak.fill_none(made, fill, axis=0)
    try:
        if np.ndim(fill) or np.asarray(fill).dtype.kind not in "biuf":
            raise TypeError
        kind = np.result_type(values.dtype, fill)
        made = np.full(len(index), fill, kind)
    except (TypeError, ValueError, OverflowError):
        raise PathError(f"{where}: fill={fill!r} does not go with {values.dtype} values") from None
    inside = index >= 0
    made[inside] = values[index[inside]]
    return made


class Collection:
    """A jagged collection: its lists and the flat contents of its fields, all of the same rows.

    Of the objects that were picked, contents move when they are asked for.
    """

    def __init__(
        self,
        name: str,
        lists: Lists,
        contents: Mapping[str, Any],
        odd: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.lists = lists
        self._contents = contents
        self._odd = odd or {}
        self._fields: dict[str, Any] = {}

    def __len__(self) -> int:
        return len(self.lists)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields that were read."""
        return tuple(self._contents)

    def has(self, field: str) -> bool:
        """Whether there is such a field, one number per object."""
        return field in self._contents

    def counts(self) -> np.ndarray:
        """Objects per row."""
        return self.lists.counts

    def bare(self) -> Collection:
        """How many objects each row has, and none of their fields."""
        return Collection(self.name, Lists(self.lists.counts), {})

    def __getitem__(self, name: str) -> Any:
        """One field, jagged."""
        if name not in self._fields:
            content = self._content(name)
            flat = as_flat(content)
            self._fields[name] = (
                Flat(self.lists, flat)
                if isinstance(flat, np.ndarray)
                else simplify(ak.Array(self._list(content)))
            )
        return self._fields[name]

    def record(self, fields: tuple[str, ...]) -> ak.Array:
        """The objects with these fields, in the order of the file."""
        return ak.Array(self._list(self.contents(fields)))

    def awkward(self) -> ak.Array:
        """The objects with all fields that were read."""
        return self.record(self.fields)

    def kept(self, mask: Flat) -> Collection:
        """The objects for which a mask of the same lists holds."""
        return self._at(*self.lists.kept(mask.values))

    def sliced(self, part: slice) -> Collection:
        """The objects in a slice of every row."""
        return self._at(*self.lists.sliced(part))

    def taken(self, index: np.ndarray) -> Collection:
        """The same collection on the rows `index`."""
        return self._at(*self.lists.taken(index))

    def picked(self, place: np.ndarray, missing: np.ndarray | None = None) -> Picked:
        """The object at `place` for each row, where it is not `missing`."""
        return Picked(self.name, self._contents, place, missing)

    def _at(self, lists: Lists, index: Callable[[], np.ndarray]) -> Collection:
        return Collection(self.name, lists, _Carried(self._contents, index), self._odd)

    def with_lazy(self, makers: Mapping[str, Callable[[], Any]]) -> Collection:
        """The same objects with further contents, each made when it is first asked for."""
        return Collection(self.name, self.lists, _Made(makers, self._contents), self._odd)

    def contents(self, fields: Iterable[str]) -> Any:
        """The objects of all rows, one after the other, with these fields."""
        names = list(fields)
        parts = [self._content(name) for name in names]
        return ak.contents.RecordArray(parts, names, length=self.lists.objects)

    def _content(self, field: str) -> Any:
        if field not in self._contents:
            reason = self._odd.get(
                field, f"it has no field {field!r}{nearest(field, self._contents)}"
            )
            raise PathError(f"collection {self.name!r}: {reason}")
        return self._contents[field]

    def _list(self, content: Any) -> Any:
        return ak.contents.ListOffsetArray(ak.index.Index64(self.lists.offsets), content)

    def override(self, field: str, content: Any) -> Collection:
        """The same objects with other numbers in one field."""
        return self.with_lazy({field: lambda: content})


def override(value: Any, field: str, made: Any, where: str) -> Any:
    """A column with other values: `made` is one value per row, or one per object of a field."""
    if not field:
        return made
    if isinstance(value, Collection):
        if isinstance(made, Flat) and made.lists is value.lists and made.missing is None:
            return value.override(field, ak.contents.NumpyArray(freeze_array(made.values)))
        layout = ak.to_layout(as_awkward(made))
        lists = layout.to_ListOffsetArray64(True) if layout.is_list else None
        if lists is None or not value.lists.same(Lists.between(np.asarray(lists.offsets))):
            raise PathError(
                f"{where}: gives another number of objects per event than {value.name!r} has"
            )
        return value.override(field, lists.content[: value.lists.objects])
    return ak.with_field(as_awkward(value), as_awkward(made), field)


class _Made(Mapping[str, Any]):
    """Contents and others that are made when they are first asked for."""

    def __init__(self, makers: Mapping[str, Callable[[], Any]], below: Mapping[str, Any]) -> None:
        self._makers, self._below = makers, below
        self._ready: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._makers:
            return self._below[name]
        if name not in self._ready:
            self._ready[name] = self._makers[name]()
        return self._ready[name]

    def __contains__(self, name: object) -> bool:
        return name in self._makers or name in self._below

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._below, *self._makers]))

    def __len__(self) -> int:
        return len(list(iter(self)))


class _Carried(Mapping[str, Any]):
    """Contents that are moved when first asked for."""

    def __init__(self, contents: Mapping[str, Any], carry: Callable[[], np.ndarray]) -> None:
        self._contents = contents
        self._carry = carry
        self._moved: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._moved:
            self._moved[name] = _carry(self._contents[name], self._carry())
        return self._moved[name]

    def __contains__(self, name: object) -> bool:
        return name in self._contents

    def __iter__(self) -> Iterator[str]:
        return iter(self._contents)

    def __len__(self) -> int:
        return len(self._contents)
