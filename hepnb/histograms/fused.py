"""One block for several labels of a category: entries that differ in their weights alone.

The bin of an entry is looked up once for all (boost-histogram's MultiCell); each label gets the sums
that a fill of its own would give, bit by bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import boost_histogram as bh
import numpy as np

from .record import Key
from .signature import Signature

__all__ = ["MOST_FUSED", "FusedBlock"]

Array = np.ndarray[Any, Any]
MOST_FUSED = 16
"""Labels that are filled together: more are hardly faster, and their weights take memory."""
_ROWS = 1 << 12  # whose weights are close to the processor while they are filled


class FusedBlock:
    """The blocks of these keys, of a histogram that counts weights (Double or Weight)."""

    def __init__(self, signature: Signature, axes: Sequence[Any], keys: Sequence[Key]) -> None:
        self._signature, self._keys = signature, keys
        self._squares = len(signature.fields) == 2
        cells = len(keys) * len(signature.fields)
        self._hist = bh.Histogram(*axes, storage=bh.storage.MultiCell(cells))
        self._cells = np.empty((_ROWS, cells))
        self.nbytes = signature.bins * 8 * cells + self._cells.nbytes

    @staticmethod
    def fits(signature: Signature) -> bool:
        """Whether blocks of this kind can be filled together."""
        return signature.storage in ("Double", "Weight") and bool(signature.dense_axes)

    def fill(self, columns: Sequence[Array], weights: Sequence[Array]) -> None:
        """Add entries: flat arrays of one length, and as many weights for each key."""
        length, labels = len(weights[0]), len(weights)
        for low in range(0, length, _ROWS):
            rows = slice(low, low + _ROWS)
            cells = self._cells[: min(_ROWS, length - low)]
            for number, weight in enumerate(weights):
                cells[:, number] = weight[rows]
            if self._squares:
                np.square(cells[:, :labels], out=cells[:, labels:])
            self._hist.fill(*(c if np.ndim(c) == 0 else c[rows] for c in columns), weight=cells)

    def blocks(self) -> Iterator[tuple[Key, dict[str, Array]]]:
        """Each key with its fields, as flat arrays in C order of the dense axes."""
        view = np.asarray(self._hist.view(flow=True))
        cells = np.ascontiguousarray(view.T.reshape(-1, len(view)).T)
        for number, key in enumerate(self._keys):
            yield (
                key,
                dict(zip(self._signature.fields, cells[number :: len(self._keys)], strict=True)),
            )
