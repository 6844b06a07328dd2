"""One value per row from those of its objects, on flat columns.

Sums and products of floating point numbers take the objects in their order, in the type of the column,
as awkward does: the results are the same to the last bit.
"""

from __future__ import annotations

import numpy as np

from .flat import Array, Flat

__all__ = ["all_of", "any_of", "largest", "least", "product", "total"]


def total(flat: Flat) -> Array:
    """The sum over the objects: of whole numbers and conditions as int64 or uint64."""
    assert flat.lists is not None
    values = flat.values
    if values.dtype.kind == "b":
        return flat.lists.sums(values)
    values = _wide(values)
    made = np.zeros(len(flat.lists), values.dtype)
    np.add.at(made, flat.lists.rows, values)
    return made


def product(flat: Flat) -> Array:
    """The product over the objects, 1 where there are none: of whole numbers as int64 or uint64."""
    assert flat.lists is not None
    values = _wide(flat.values)
    made = np.ones(len(flat.lists), values.dtype)
    np.multiply.at(made, flat.lists.rows, values)
    return made


def _wide(values: Array) -> Array:
    """Whole numbers and conditions in the type that holds most."""
    if values.dtype.kind == "f":
        return values
    return values.astype(np.uint64 if values.dtype.kind == "u" else np.int64, copy=False)


def any_of(flat: Flat) -> Array:
    """Whether any object is true."""
    assert flat.lists is not None
    made: Array = flat.lists.sums(flat.values != 0) > 0
    return made


def all_of(flat: Flat) -> Array:
    """Whether all objects are true."""
    assert flat.lists is not None
    made: Array = flat.lists.sums(flat.values == 0) == 0
    return made


def least(flat: Flat) -> Flat:
    """The least object, missing where there is none."""
    return _extreme(flat, np.fmin, np.minimum, +1)


def largest(flat: Flat) -> Flat:
    """The largest object, missing where there is none."""
    return _extreme(flat, np.fmax, np.maximum, -1)


def _extreme(flat: Flat, numbers: np.ufunc, whole: np.ufunc, sign: int) -> Flat:
    """Values that are not a number lose against all others, as in awkward."""
    assert flat.lists is not None
    dtype = flat.values.dtype
    if dtype.kind == "f":
        made, compare = np.full(len(flat), sign * np.inf, dtype), numbers
    else:
        bounds = np.iinfo(dtype)
        made = np.full(len(flat), bounds.max if sign > 0 else bounds.min, dtype)
        compare = whole
    compare.at(made, flat.lists.rows, flat.values)
    return Flat(None, made, flat.lists.counts == 0)
