"""Events that several data streams hold: which to keep, and the module that drops the others."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...errors import PathError
from ...given import shown
from ..module.module import Module, Rows

__all__ = ["Places", "Unique", "copies_of", "number_of"]


def number_of(text: str) -> int:
    """A number of 63 bits that stands for the uuid of a file, or for a dataset."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


class Places(Module):
    """Where each event lies: the numbers of its dataset and file, and its entry there."""

    produces = ("event_dataset", "event_file", "event_entry")

    def process(self, events: Rows) -> dict[str, Any]:
        """The three columns, int64."""
        both = (events.dataset.name, events.file)
        numbers = (np.full(len(events), number_of(text), dtype=np.int64) for text in both)
        return dict(zip(self.produces, (*numbers, events.entries), strict=True))


def copies_of(keys: np.ndarray) -> np.ndarray:
    """Of events with the same key all but the first, by their place; `keys` is (columns, events).

    >>> copies_of(np.array([[1, 1, 1, 1], [7, 8, 7, 7]]))
    array([2, 3])
    """
    order = np.lexsort(keys)  # stable: events of one key stay in their order
    repeated = np.zeros(len(order), dtype=bool)
    repeated[1:] = (keys[:, order[1:]] == keys[:, order[:-1]]).all(axis=0)
    return np.sort(order[repeated])


class Unique(Module):
    """Tells the events that are no copy of an earlier one: `path.add_module(hn.Unique(found))`.

    `found` is what `hn.find_duplicates` found in the same data. It makes the boolean column
    `is_unique`: `path.select("unique", "is_unique")` drops the copies.
    """

    produces = ("is_unique",)

    def __init__(self, found: Any) -> None:
        dropped = getattr(found, "dropped", None)
        if not isinstance(dropped, Mapping):
            raise PathError(
                f"Unique: expected what hn.find_duplicates(data) returns, not {shown(found)}"
            )
        self._dropped: Mapping[int, np.ndarray] = dropped

    def process(self, events: Rows) -> np.ndarray:
        """False for each copy."""
        copies = self._dropped.get(number_of(events.file))
        if copies is None:
            return np.ones(len(events), dtype=bool)
        return ~np.isin(events.entries, copies)
