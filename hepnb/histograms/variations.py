"""MultiCell for those who do not know it: one more category axis, `variation`, with Double storage.

The UHI standard has no MultiCell storage; this is how an exported file holds one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import hist
import numpy as np

from .blocks import Blocks
from .manifest import Labels
from .record import Key
from .signature import Signature

__all__ = ["VariationBlocks", "with_variations"]

Array = np.ndarray[Any, Any]


def with_variations(signature: Signature) -> Signature:
    """The signature with `variation` (0, 1, ...) as first axis."""
    first = hist.axis.IntCategory(
        range(signature.cell.variations), name="variation", overflow=False
    )
    return Signature.from_axes(
        signature.name, [first, *signature.axes], metadata=signature.metadata, in_memory=True
    )


class VariationBlocks:
    """The blocks of a MultiCell histogram, each variation apart."""

    def __init__(self, blocks: Blocks, signature: Signature) -> None:
        self._blocks, self._fields = blocks, signature.fields

    def labels(self) -> Labels:
        """The labels of each category axis, the variations first."""
        return (tuple(range(len(self._fields))), *self._blocks.labels())

    def keys(self) -> Iterable[Key]:
        """The tuples of labels that have a block."""
        own = list(self._blocks.keys())
        return [(n, *key) for n in range(len(self._fields)) for key in own]

    def read(self, key: Key, lo: int, hi: int) -> Mapping[str, Array]:
        """Bins [lo, hi) of one variation."""
        variation, *rest = key
        return {"values": self._blocks.read(tuple(rest), lo, hi)[self._fields[int(variation or 0)]]}

    def weighted(self) -> bool:
        """Its variances are not known."""
        return True
