"""One object of each event, such as the leading jet: its place in the collection, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import awkward as ak
import numpy as np

from ...errors import PathError, nearest
from .flat import Flat, freeze_array

__all__ = ["Picked"]

Array = np.ndarray[Any, Any]


class Picked:
    """The objects at `place` of a collection, one for each row; those that are `missing` are none."""

    def __init__(
        self, name: str, contents: Mapping[str, Any], place: Array, missing: Array | None
    ) -> None:
        self._name, self._contents = name, contents
        self._place, self._missing = place, missing

    def __len__(self) -> int:
        return len(self._place)

    def __getitem__(self, field: str) -> Any:
        if field not in self._contents:
            raise PathError(
                f"an object of {self._name!r} has no field {field!r}{nearest(field, self._contents)}"
            )
        content = self._contents[field]
        if not content.is_numpy or content.purelist_depth > 1 or not len(content):
            return self.awkward([field])[field]
        values = freeze_array(np.asarray(content.data).take(self._place, axis=0))
        return values if self._missing is None else Flat(None, values, self._missing)

    def taken(self, index: Array) -> Picked:
        """The rows `index`."""
        missing = None if self._missing is None else self._missing[index]
        return Picked(self._name, self._contents, self._place[index], missing)

    def awkward(self, fields: list[str] | None = None) -> ak.Array:
        """The objects as records of awkward, with some of the fields."""
        chosen = list(self._contents) if fields is None else fields
        contents = [self._contents[f] for f in chosen]
        place = self._place if self._missing is None else np.where(self._missing, -1, self._place)
        record = ak.contents.RecordArray(contents, chosen)
        kind = ak.contents.IndexedArray if self._missing is None else ak.contents.IndexedOptionArray
        return ak.Array(kind.simplified(ak.index.Index64(place), record))
