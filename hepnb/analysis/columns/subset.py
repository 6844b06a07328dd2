"""Sub-collections: some objects of a collection, which remember their places in it."""

from __future__ import annotations

from typing import Any

import awkward as ak
import numpy as np

from .flat import Flat, as_awkward, as_flat
from .source import Collection

__all__ = ["INDEX", "subset"]

INDEX = "index"
"""The field that holds the place of each object in the collection of the file."""


def subset(parent: Any, condition: Any, *others: Any) -> Collection:
    """The objects of `parent` for which a condition holds and that are in none of `others`.

    They have a field `index` more: their place in the collection that is no sub-collection itself.
    """
    if not isinstance(parent, Collection):
        raise TypeError("a sub-collection is made of a collection")
    mask = condition
    if condition is True:
        mask = Flat(parent.lists, np.ones(parent.lists.objects, dtype=bool))
    if not isinstance(mask, Flat):
        mask = as_flat(ak.to_layout(as_awkward(condition))) if np.ndim(condition) else None
    if not isinstance(mask, Flat) or mask.lists is None or not mask.lists.same(parent.lists):
        raise TypeError("the condition of a sub-collection is one per object of its collection")
    keep = mask.values.astype(bool)
    if mask.missing is not None:
        keep &= ~mask.missing
    if not parent.has(INDEX):
        parent = parent.with_lazy({INDEX: lambda: _places(parent)})
    for other in others:
        if not isinstance(other, Collection) or not other.has(INDEX):
            raise TypeError("not_in takes sub-collections")
        keep &= ~np.isin(_keys(parent), _keys(other))
    kept: Collection = parent.kept(Flat(parent.lists, keep))
    return kept


def _places(collection: Collection) -> Any:
    lists = collection.lists
    return ak.contents.NumpyArray(np.arange(lists.objects) - lists.offsets[:-1][lists.rows])


def _keys(collection: Collection) -> np.ndarray:
    """A number for each object that no other object of the chunk has: its row and its place."""
    index = np.asarray(collection.contents([INDEX]).content(INDEX).data)
    keys: np.ndarray = collection.lists.rows.astype(np.int64) << 32 | index
    return keys
