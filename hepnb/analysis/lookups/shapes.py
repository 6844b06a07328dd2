"""One value or list per event: a function of flat arrays on columns of any such shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import awkward as ak
import numpy as np

from ...errors import DataError

__all__ = ["called", "elementwise"]


def called(source: str) -> str:
    """How messages call what is looked up in a source."""
    return f"lookup {source!r}" if source else "lookup"


def elementwise(function: Callable[..., np.ndarray], values: Sequence[Any], where: str) -> Any:
    """`function` of flat arrays, on columns that are broadcast against each other.

    NumPy arrays of shape (rows,), jagged arrays and single numbers go together; texts pass as they
    are. Missing values stay missing. Raises `DataError`, naming `where`, for records and for lists of
    different lengths.
    """
    arrays = [place for place, value in enumerate(values) if not isinstance(value, str)]
    jagged = [values[place] for place in arrays if isinstance(values[place], ak.Array)]
    if not jagged:
        flat = np.broadcast_arrays(*(np.asarray(values[place]) for place in arrays))
        found = function(*_with(values, arrays, [np.atleast_1d(part) for part in flat]))
        return found if flat[0].ndim else found[0]
    if any(ak.fields(value) for value in jagged):
        raise DataError(f"{where}: a collection was given; name one of its fields, such as Muon.pt")
    try:
        shaped = ak.broadcast_arrays(*(values[place] for place in arrays))
    except ValueError:
        raise DataError(f"{where}: its columns have lists of different lengths") from None
    deep = shaped[0].ndim > 1
    counts = ak.num(shaped[0], axis=1) if deep else None
    parts = [ak.flatten(part, axis=1) if deep else part for part in shaped]
    missing = np.zeros(len(parts[0]), dtype=bool)
    for part in parts:
        missing |= np.asarray(ak.is_none(part))
    plain = [ak.to_numpy(ak.drop_none(part[~missing])) for part in parts]
    found = function(*_with(values, arrays, plain))
    if missing.any():
        whole = np.zeros(len(missing), dtype=found.dtype)
        whole[~missing] = found
        result = ak.mask(ak.Array(whole), ~missing)
    else:
        result = ak.Array(found)
    return ak.unflatten(result, counts) if deep else result


def _with(values: Sequence[Any], places: Sequence[int], arrays: Sequence[Any]) -> list[Any]:
    """The values with these arrays in those places."""
    found = list(values)
    for place, array in zip(places, arrays, strict=True):
        found[place] = array
    return found
