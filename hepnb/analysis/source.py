"""The columns of one chunk as read: plain arrays and jagged collections that share their offsets.

Fields of a collection stay flat arrays beside one array of offsets; records are put together only
when a function asks for one, and without copying.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import awkward as ak
import numpy as np

from ..errors import PathError, nearest

__all__ = ["Collection", "freeze", "freeze_array", "override", "simplify", "take"]


def freeze_array(values: Any) -> Any:
    """A NumPy array that nobody can change by mistake: columns are shared between definitions."""
    view = values.view()
    view.flags.writeable = False
    return view


def freeze(layout: Any) -> Any:
    """The same layout with numbers that nobody can change through NumPy; nothing is copied."""
    if isinstance(layout, ak.contents.NumpyArray):
        return layout.copy(data=freeze_array(layout.data))
    if isinstance(layout, ak.contents.RecordArray | ak.contents.UnionArray):
        return layout.copy(contents=[freeze(content) for content in layout.contents])
    return layout.copy(content=freeze(layout.content)) if hasattr(layout, "content") else layout


def simplify(array: ak.Array) -> Any:
    """A flat array of numbers as NumPy (read-only), anything else as it is."""
    layout = array.layout
    if isinstance(layout, ak.contents.NumpyArray) and layout.purelist_depth == 1:
        return freeze_array(np.asarray(layout.data))
    return array


def take(values: Any, index: np.ndarray) -> Any:
    """The rows `index` of a column."""
    if isinstance(values, np.ndarray):
        return freeze_array(values[index])
    layout = values.layout
    if isinstance(layout, ak.contents.ListOffsetArray):
        offsets, carry = _gather(np.asarray(layout.offsets), index)
        return ak.Array(
            ak.contents.ListOffsetArray(ak.index.Index64(offsets), _carry(layout.content, carry))
        )
    return simplify(values[index])


def _gather(offsets: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Offsets of the picked lists, and where their objects are."""
    starts = offsets[:-1][index].astype(np.int64, copy=False)
    counts = offsets[1:][index] - starts
    made = np.zeros(len(index) + 1, dtype=np.int64)
    np.cumsum(counts, out=made[1:])
    carry = np.arange(made[-1], dtype=np.int64)
    carry += np.repeat(starts - made[:-1], counts)
    return made, carry


def _carry(content: Any, carry: np.ndarray) -> Any:
    """The objects `carry` of a content."""
    if isinstance(content, ak.contents.NumpyArray):
        return ak.contents.NumpyArray(np.asarray(content.data)[carry])
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
    return Collection(name, offsets, contents, odd)


def _equal(some: np.ndarray, others: np.ndarray) -> bool:
    """Whether two arrays of offsets are the same; often they are one."""
    same = some.ctypes.data == others.ctypes.data and len(some) == len(others)
    return same or np.array_equal(some, others)


class Collection:
    """A jagged collection: offsets and flat contents by field, all of the same rows."""

    def __init__(
        self,
        name: str,
        offsets: np.ndarray,
        contents: Mapping[str, Any],
        odd: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.offsets = offsets
        self._contents = contents
        self._odd = odd or {}
        self._fields: dict[str, Any] = {}

    def has(self, field: str) -> bool:
        """Whether there is such a field, one number per object."""
        return field in self._contents

    def counts(self) -> np.ndarray:
        """Objects per row."""
        counts: np.ndarray = freeze_array(np.diff(self.offsets))
        return counts

    def field(self, name: str) -> Any:
        """One field, jagged."""
        if name not in self._fields:
            self._fields[name] = ak.Array(self._list(self._content(name)))
        return self._fields[name]

    def record(self, fields: tuple[str, ...]) -> Any:
        """The objects with these fields, in the order of the file."""
        contents = [self._content(f) for f in fields]
        return ak.Array(
            self._list(
                ak.contents.RecordArray(contents, list(fields), length=int(self.offsets[-1]))
            )
        )

    def take(self, index: np.ndarray) -> Collection:
        """The same collection on the rows `index`; contents move when they are asked for."""
        offsets, carry = _gather(self.offsets, index)
        return Collection(self.name, offsets, _Carried(self._contents, carry), self._odd)

    def _content(self, field: str) -> Any:
        if field not in self._contents:
            reason = self._odd.get(
                field, f"it has no field {field!r}{nearest(field, self._contents)}"
            )
            raise PathError(f"collection {self.name!r}: {reason}")
        return self._contents[field]

    def _list(self, content: Any) -> Any:
        return ak.contents.ListOffsetArray(ak.index.Index64(self.offsets), content)

    def override(self, field: str, content: Any) -> Collection:
        """The same objects with other numbers in one field."""
        return Collection(
            self.name, self.offsets, _Overlaid(field, content, self._contents), self._odd
        )


def override(value: Any, field: str, made: Any, where: str) -> Any:
    """A column with other values: `made` is one value per row, or one per object of a field."""
    if not field:
        return made
    if isinstance(value, Collection):
        layout = ak.to_layout(made)
        lists = layout.to_ListOffsetArray64(True) if layout.is_list else None
        if lists is None or not np.array_equal(np.asarray(lists.offsets), value.offsets):
            raise PathError(
                f"{where}: gives another number of objects per event than {value.name!r} has"
            )
        return value.override(field, lists.content[: value.offsets[-1]])
    return ak.with_field(value, made, field)


class _Overlaid(Mapping[str, Any]):
    """Contents with another one in one place; the others stay where they are."""

    def __init__(self, field: str, content: Any, below: Mapping[str, Any]) -> None:
        self._field, self._content, self._below = field, content, below

    def __getitem__(self, name: str) -> Any:
        return self._content if name == self._field else self._below[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._below, self._field]))

    def __len__(self) -> int:
        return len(list(iter(self)))


class _Carried(Mapping[str, Any]):
    """Contents that are moved when first asked for."""

    def __init__(self, contents: Mapping[str, Any], carry: np.ndarray) -> None:
        self._contents = contents
        self._carry = carry
        self._moved: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._moved:
            self._moved[name] = _carry(self._contents[name], self._carry)
        return self._moved[name]

    def __contains__(self, name: object) -> bool:
        return name in self._contents

    def __iter__(self) -> Iterator[str]:
        return iter(self._contents)

    def __len__(self) -> int:
        return len(self._contents)
