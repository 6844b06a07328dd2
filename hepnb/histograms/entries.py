"""What a fill is given: columns, weights and samples, checked before anything is filled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boost_histogram as bh
import numpy as np

from ..errors import nearest
from .refusal import HistTypeError, HistValueError
from .signature import Signature

__all__ = ["column_of", "rows_of", "sample_of", "values_of", "weight_of"]

Array = np.ndarray[Any, Any]


def rows_of(values: Any, rows: Array | None, some: slice) -> Any:
    """`some` of the `rows` (of all without) of a column; a scalar stands for each of them."""
    if np.ndim(values) == 0:
        return values
    return values[some] if rows is None else values[rows[some]]


def values_of(signature: Signature, columns: Mapping[str, Any]) -> list[Any]:
    """What is given by name, in the order of the axes. Raises HistTypeError for one too many or few."""
    names = [ax.name for ax in signature.axes]
    for column in columns:
        if column not in names:
            raise HistTypeError(
                f"histogram {signature.name!r} has no axis {column!r}{nearest(column, names)}"
            )
    missing = [n for n in names if n not in columns]
    if missing:
        raise HistTypeError(f"histogram {signature.name!r}: no values for axis {missing[0]!r}")
    return [columns[n] for n in names]


def column_of(values: Any, ax: Any, position: int, said: str) -> Any:
    """One dense axis' values as a scalar or 1-D array that boost-histogram takes as it is."""
    said = f"{said}: axis {ax.name or position!r}"
    array = np.asarray(values)
    if array.ndim > 1:
        raise HistValueError(f"{said} takes a scalar or a flat array, not shape {array.shape}")
    if array.dtype.kind not in "biuf":
        raise HistTypeError(f"{said} takes numbers, not {array.dtype}")
    if isinstance(ax, (bh.axis.Integer, bh.axis.Boolean)):
        if array.dtype.kind == "f":
            raise HistTypeError(f"{said} takes whole numbers, not {array.dtype}; round them first")
        if array.dtype.itemsize >= 4 and array.dtype != np.int32:
            array = np.clip(array, -(2**31), 2**31 - 1).astype(np.int32)  # its index is 32 bit
    return array if array.ndim else array[()]


def weight_of(weight: Any, signature: Signature, said: str) -> Any:
    """Checked weights: None, one number, one per entry, or (MultiCell) a row per entry."""
    n = signature.cell.variations
    if n:
        array = _finite("weight", weight if weight is not None else (), 2, said)
        if array.ndim != 2 or array.shape[1] != n:
            raise HistValueError(
                f"{said}: MultiCell storage takes a weight of shape (entries, {n}), "
                f"not {array.shape if weight is not None else None}"
            )
        return array
    if weight is None:
        return None
    array = _finite("weight", weight, 1, said)
    if signature.cell.whole and (array != np.floor(array)).any():
        raise HistValueError(
            f"{said}: {signature.storage} storage counts; use Weight for fractional weights"
        )
    return array if array.ndim else array[()]


def sample_of(sample: Any, signature: Signature, said: str) -> Any:
    """Checked samples: there for mean storages, and for no other."""
    if not signature.cell.takes_sample:
        if sample is not None:
            raise HistTypeError(f"{said}: {signature.storage} storage takes no sample; use Mean")
        return None
    if sample is None:
        raise HistTypeError(f"{said}: {signature.storage} storage needs sample=, what it averages")
    array = _finite("sample", sample, 1, said)
    return array if array.ndim else array[()]


def _finite(what: str, values: Any, most: int, said: str) -> Array:
    array = np.asarray(values)
    if array.ndim > most or array.dtype.kind not in "biuf":
        raise HistTypeError(
            f"{said}: {what} must be a number or a flat array of numbers, "
            f"not {array.dtype} of shape {array.shape}"
        )
    array = array.astype(np.float64, copy=False)
    if not np.isfinite(array).all():
        bad = np.argwhere(~np.isfinite(np.atleast_1d(array)))
        first = tuple(int(i) for i in bad[0])
        shown = ", ".join(map(str, first))
        raise HistValueError(
            f"{said}: {what}[{shown}] is {np.atleast_1d(array)[first]} "
            f"({len(bad)} of {array.size} not finite); select or mend those events first"
        )
    return array
