"""The columns of a layer as an expression sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np

from ...errors import PathError, nearest
from ..columns.picked import Picked
from ..columns.source import Collection, simplify
from ..language.formula import RESERVED
from ..steering.steps import Category

if TYPE_CHECKING:
    from ..dataset import Dataset
    from .layer import Layer

__all__ = ["View"]


class View:
    """The columns of a layer as an expression sees them: at one level, for one step."""

    def __init__(self, layer: Layer, level: int) -> None:
        self._layer = layer
        self._level = level

    def prepare(self, name: str) -> None:
        """Compute a name before the expression's own time is taken."""
        if name in self._layer.plan.owners or name not in RESERVED:
            if self._category(name):
                return
            self._layer.raw(name, self._level)

    def _category(self, name: str) -> Category | None:
        owner = self._layer.plan.owners.get(name)
        step = None if owner is None else self._layer.steps[owner]
        return step if isinstance(step, Category) else None

    def column(self, name: str) -> Any:
        """The value of a column, or the record of a collection."""
        if self._category(name):
            raise TypeError(
                f"{name!r} is a category: compare it with a label, such as {name} == 'x'"
            )
        if name in RESERVED and name not in self._layer.plan.owners:
            raise TypeError(f"{name!r} has no value of its own here")
        return self._layer.raw(name, self._level)

    def field(self, name: str, field: str) -> Any:
        """One field of a collection or record."""
        if name == "dataset" and name not in self._layer.plan.owners:
            return _metadata(self._layer.chunk.dataset, field)
        value = self._layer.raw(name, self._level)
        if isinstance(value, Collection | Picked):
            return value[field]
        known = ak.fields(value) if isinstance(value, ak.Array) else []
        if field not in known:
            raise PathError(f"{name!r} has no field {field!r}{nearest(field, known)}")
        return simplify(value[field])

    def count(self, name: str) -> Any:
        """Objects per row."""
        value = self._layer.raw(name, self._level) if not self._category(name) else None
        if isinstance(value, Collection):
            return value.counts()
        from ..columns.operations import OPERATIONS

        return OPERATIONS["count"](value)

    def is_label(self, category: str, label: str) -> Any:
        """Which rows are in a label; None when there is no such category."""
        if not self._category(category):
            return None
        exclusive, labels, masks = self._layer.labels(category, self._level)
        place = labels.index(label)
        if not exclusive:
            return masks[place]
        earlier = np.zeros(len(masks[place]), dtype=bool)
        for mask in masks[:place]:
            earlier |= mask
        return masks[place] & ~earlier


def _metadata(dataset: Dataset, field: str) -> Any:
    """A number or text known of the dataset."""
    try:
        value = getattr(dataset, field)
    except AttributeError as error:
        raise PathError(str(error)) from None
    if not isinstance(value, bool | int | float | str):
        raise PathError(f"dataset {dataset.name!r}: {field!r} is no number or text")
    return value
