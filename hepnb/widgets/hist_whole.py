"""A histogram packed to be sent to the browser whole, where it is sliced without the kernel."""

from __future__ import annotations

import math
from typing import Any

import boost_histogram as bh
import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_BYTES", "bytes_of", "pack"]

MOST_BYTES = 8 << 20
"""A larger histogram is sliced in the kernel."""

_STORAGES = {
    ("value", "variance"): "sum",
    ("count", "value", "_sum_of_deltas_squared"): "mean",
    (
        "sum_of_weights",
        "sum_of_weights_squared",
        "value",
        "_sum_of_weighted_deltas_squared",
    ): "weighted_mean",
}
_FIELDS = {bh.storage.Weight: 2, bh.storage.Mean: 3, bh.storage.WeightedMean: 4}
_TYPES = (("u1", 8), ("u2", 16), ("u4", 32))


def bytes_of(h: Any) -> float:
    """Bytes that the numbers of a histogram take, flow bins included; infinite where none fit."""
    storage = getattr(h, "storage_type", None)
    if storage is None or storage is bh.storage.MultiCell:  # not numbers of one kind per bin
        return math.inf
    cells: int = math.prod(axis.extent for axis in h.axes)
    return 8 * cells * next((n for kind, n in _FIELDS.items() if issubclass(storage, kind)), 1)


def pack(h: Any, version: int) -> dict[str, object]:
    """The numbers of an in-memory `hist.Hist`, first axis fastest, for widgets_js/src/whole.ts.

    Each field travels as the smallest of uint8, uint16, uint32 and float64 that holds it exactly.
    `known` says that the variances are the values.
    """
    view = np.asarray(h.view(flow=True))
    names = view.dtype.names
    return {
        "version": version,
        "storage": "sum" if names is None else _STORAGES[names],
        "known": names is None and h.variances() is not None,
        "fields": [_packed(view if name is None else view[name]) for name in names or (None,)],
    }


def _packed(numbers: NDArray[Any]) -> dict[str, object]:
    flat = numbers.ravel(order="F")
    kind = "f8"
    if flat.size and flat.min() >= 0 and (flat == np.floor(flat)).all():
        kind = next((name for name, bits in _TYPES if flat.max() < 1 << bits), "f8")
    return {"type": kind, "data": flat.astype(f"<{kind}").tobytes()}
