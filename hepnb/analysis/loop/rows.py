"""Which rows of a chunk are meant: places in it, rising. Variations that agree share one object."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

__all__ = ["Rows"]


class Rows:
    """Places in a chunk of `length` rows: int64, rising.

    >>> every = Rows(np.arange(4), 4)
    >>> some = every.kept(np.array([True, False, True, False]))
    >>> some.places, some.within(every)
    (array([0, 2]), array([0, 2]))
    """

    def __init__(self, places: np.ndarray, length: int) -> None:
        self.places = places
        self._length = length

    def __len__(self) -> int:
        return len(self.places)

    @classmethod
    def union(cls, parts: Sequence[Rows]) -> Rows:
        """The rows that are in any part."""
        distinct = list({id(part): part for part in parts}.values())
        if len(distinct) == 1:
            return distinct[0]
        mask = np.zeros(distinct[0]._length, dtype=bool)
        for part in distinct:
            mask[part.places] = True
        return cls(np.flatnonzero(mask), len(mask))

    def kept(self, keep: np.ndarray) -> Rows:
        """Those where `keep`, one boolean for each, is true."""
        return Rows(self.places.take(np.flatnonzero(keep)), self._length)

    def within(self, larger: Rows) -> np.ndarray | None:
        """Where they are among the rows of a larger set; None when these are the same."""
        if larger is self or len(larger) == len(self):
            return None
        if len(larger) == self._length:
            return self.places
        return np.flatnonzero(self._mask[larger.places])

    def places_in(self, other: Rows) -> np.ndarray:
        """Where each is among the rows of any other set; -1 for those that are not."""
        at = np.full(self._length, -1)
        at[other.places] = np.arange(len(other))
        found: np.ndarray = at[self.places]
        return found

    @cached_property
    def _mask(self) -> np.ndarray:
        mask = np.zeros(self._length, dtype=bool)
        mask[self.places] = True
        return mask
