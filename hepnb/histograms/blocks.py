"""The blocks that a reader sees: one interface, over a snapshot of a store or in memory.

A further backend needs only these four methods.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import numpy as np

from .manifest import Labels
from .record import Key
from .signature import Signature

__all__ = ["Blocks", "MemoryBlocks"]

Array = np.ndarray[Any, Any]


class Blocks(Protocol):
    """The blocks of one histogram at one moment."""

    def labels(self) -> Labels:
        """The labels of each category axis, in order of first appearance."""

    def keys(self) -> Iterable[Key]:
        """The tuples of labels that have a block; all others are empty."""

    def read(self, key: Key, lo: int, hi: int) -> Mapping[str, Array]:
        """Bins [lo, hi) (C order, flow bins included) of a block: a flat array per field.

        Several threads call it at once.
        """

    def weighted(self) -> bool:
        """Whether any fill had weights."""


class MemoryBlocks:
    """Blocks that live in memory, for a histogram without a directory."""

    def __init__(self, signature: Signature) -> None:
        self._signature = signature
        self._labels: list[dict[str | int, None]] = [
            dict.fromkeys(signature.uhi["axes"][i]["categories"]) for i in signature.category_axes
        ]
        self._blocks: dict[Key, dict[str, Array]] = {}
        self._weighted = False

    def labels(self) -> Labels:
        """The labels of each category axis."""
        return tuple(tuple(axis) for axis in self._labels)

    def keys(self) -> Iterable[Key]:
        """The tuples of labels that have a block."""
        return list(self._blocks)

    def read(self, key: Key, lo: int, hi: int) -> Mapping[str, Array]:
        """Bins [lo, hi) of a block, one flat array per field; not to be written to."""
        return {f: a[lo:hi] for f, a in self._blocks[key].items()}

    def weighted(self) -> bool:
        """Whether any fill had weights."""
        return self._weighted

    def writable(self, key: Key) -> Mapping[str, Array]:
        """The whole block, made if it is not there, to add to."""
        if key not in self._blocks:
            self._blocks[key] = self._signature.cell.zeros(self._signature.bins)
            for axis, label in zip(self._labels, key, strict=True):
                if label is not None:
                    axis.setdefault(label)
        return self._blocks[key]

    def mark_weighted(self) -> None:
        """Remember that a fill had weights."""
        self._weighted = True
