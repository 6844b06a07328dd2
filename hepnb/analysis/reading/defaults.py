"""Columns that a file lacks, with the values that its dataset gives them instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...errors import DataError
from .conventions import counter_of, fields_of

if TYPE_CHECKING:
    from .events import EventFile

__all__ = ["Defaults", "read_missing"]


def read_missing(where: str, missing: Any) -> str | dict[str, bool | int | float]:
    """What a dataset says of missing columns, by branch. Raises `DataError`."""
    if isinstance(missing, str) and missing in ("error", "skip"):
        return missing
    if not isinstance(missing, Mapping):
        raise DataError(
            f"{where}: missing is 'error', 'skip' or {{column: value}}, not {missing!r}"
        )
    for name, value in missing.items():
        if not isinstance(name, str) or not isinstance(value, bool | int | float):
            raise DataError(f"{where}: missing: {name!r}: {value!r}: give a number for a column")
    return {name.replace(".", "_", 1): value for name, value in missing.items()}


class Defaults:
    """The values for those of the columns `given` that a file with these branches lacks.

    One per event; or one per object, where the column would be a field of a collection.
    """

    def __init__(self, given: Mapping[str, Any], branches: tuple[str, ...]) -> None:
        self.values = {name: value for name, value in given.items() if name not in set(branches)}
        self._branches = branches

    def model(self, name: str) -> tuple[str | None, bool]:
        """The branch that tells how many objects a default column has, and whether it is a counter."""
        parts = name.split("_")
        for count in range(len(parts) - 1, 0, -1):
            collection = "_".join(parts[:count])
            if counter := counter_of(collection, self._branches):
                return counter, True
            if fields := fields_of(collection, self._branches):
                return f"{collection}_{fields[0]}", False
        return None, False

    def make(self, name: str, file: EventFile, start: int, stop: int) -> Any:
        """The column on some entries, as a layout."""
        import awkward as ak
        import numpy as np

        value = self.values[name]
        model, counts_objects = self.model(name)
        counts = None
        if model is not None:
            found = ak.Array(file.read([model], start, stop).layout.content(model))
            if counts_objects:
                counts = np.asarray(found)
            elif found.ndim > 1:
                counts = np.asarray(ak.num(found))
        if counts is None:
            return ak.contents.NumpyArray(np.full(stop - start, value))
        offsets = np.zeros(len(counts) + 1, np.int64)
        np.cumsum(counts, out=offsets[1:])
        objects = ak.contents.NumpyArray(np.full(int(offsets[-1]), value))
        return ak.contents.ListOffsetArray(ak.index.Index64(offsets), objects)
