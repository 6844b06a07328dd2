"""A histogram as a table: values are looked up in its bins."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from ...errors import DataError
from .shapes import called, elementwise

__all__ = ["HistTable"]

_WORDS = ("error", "clamp", "flow")


class HistTable:
    """The bins of a histogram by the values of its axes; see `hn.lookup`."""

    def __init__(self, h: Any, outside: str | float | None, what: str, source: str = "") -> None:
        """Of a histogram, which `source` names if it is in a file."""
        import hist

        where = called(source)
        if hasattr(h, "to_hist"):
            h = h.to_hist()
        if not hasattr(h, "axes"):
            raise DataError(f"{where}: expected a histogram or a file, not {type(h).__name__}")
        h = h if isinstance(h, hist.Hist) else hist.Hist(h)
        said: Any = outside
        is_number = isinstance(said, Real) and not isinstance(said, bool)
        is_word = isinstance(said, str) and said in _WORDS
        if not (is_word or is_number):
            raise DataError(
                f"{where}: say what is outside the axes: outside='error', 'clamp', 'flow' or a number"
            )
        if what not in ("value", "error"):
            raise DataError(f"{where}: what is 'value' or 'error', not {what!r}")
        found = h.values(flow=True) if what == "value" else h.variances(flow=True)
        if found is None:
            raise DataError(f"{where}: the histogram has no variances")
        self._where, self.outside = where, outside
        self.source, self.what = source, what
        self._axes = tuple(h.axes)
        self._values = np.sqrt(found) if what == "error" else np.asarray(found, dtype=float)

    @property
    def arguments(self) -> tuple[str, ...]:
        """What it is called with: the names of its axes."""
        return tuple(axis.name or f"axis {n}" for n, axis in enumerate(self._axes))

    @property
    def content(self) -> tuple[Any, ...]:
        """What decides what it finds, wherever it was read."""
        return self._axes, self._values, self.outside

    def __repr__(self) -> str:
        names = ", ".join(axis.name or str(n) for n, axis in enumerate(self._axes))
        return f"<{self._where}: of {names}>"

    def __call__(self, *values: Any) -> Any:
        """The contents at these values, float64, in their common shape."""
        if len(values) != len(self._axes):
            names = self.arguments
            raise DataError(
                f"{self._where}: has {len(names)} axes ({', '.join(names)}), "
                f"but {len(values)} values were given"
            )
        shaped = [v if isinstance(v, str) else _plain(v) for v in values]
        if all(isinstance(v, str) for v in shaped):
            return self._found(*shaped)[0]
        return elementwise(self._found, shaped, self._where)

    def _found(self, *values: Any) -> np.ndarray:
        place: list[np.ndarray] = []
        lost = np.zeros(1, dtype=bool)
        for axis, value in zip(self._axes, values, strict=True):
            index, out = self._index(axis, value)
            place.append(index)
            lost = lost | out
        found: np.ndarray = np.atleast_1d(self._values[tuple(place)])
        if isinstance(self.outside, str):
            return found
        return np.where(lost, float(self.outside or 0.0), found)

    def _index(self, axis: Any, value: Any) -> tuple[np.ndarray, np.ndarray]:
        """Places in the array with flow bins, and which values are outside."""
        from hist.axis import StrCategory

        under, over = int(axis.traits.underflow), int(axis.traits.overflow)
        values = np.atleast_1d(np.asarray(value))
        by_text = isinstance(axis, StrCategory)
        if len(values) and by_text != (values.dtype.kind in "UO"):
            wanted = "a text" if by_text else "numbers"
            raise DataError(f"{self._where}: {axis.name or 'an axis'!r} is {wanted}")
        index = _categories(axis, values) if not axis.traits.ordered else axis.index(values)
        nan = np.zeros(len(index), dtype=bool)
        if values.dtype.kind == "f":
            nan = np.isnan(values)
        lost = (index < 0) | (index >= len(axis)) | nan
        nearest = self.outside == "clamp" and axis.traits.ordered  # categories have no nearest bin
        bad = nan if nearest or self.outside == "flow" else lost
        if self.outside == "flow":
            bad = bad | ((index < 0) & (not under)) | ((index >= len(axis)) & (not over))
        if bad.any() and isinstance(self.outside, str):
            first = values[int(np.argmax(bad))]
            raise DataError(
                f"{self._where}: {int(bad.sum())} of {len(index)} values of "
                f"{axis.name or 'an axis'!r} are outside {_range(axis)} (first: {first!s})"
            )
        if self.outside != "flow":
            index = np.clip(index, 0, len(axis) - 1)
        return index + under, lost


def _categories(axis: Any, values: np.ndarray) -> np.ndarray:
    """Places of texts or whole numbers among the categories; behind the last for those that are none."""
    places = {category: place for place, category in enumerate(axis)}
    known, inverse = np.unique(values, return_inverse=True)
    found = [places.get(value, len(places)) for value in known.tolist()]
    return np.array(found, dtype=np.int64)[inverse]


def _plain(value: Any) -> Any:
    """Lists of numbers as arrays."""
    return np.asarray(value) if isinstance(value, list | tuple) else value


def _range(axis: Any) -> str:
    if axis.traits.continuous or axis.traits.ordered:
        return f"[{axis.edges[0]:g}, {axis.edges[-1]:g}]"
    return ", ".join(map(str, axis))
