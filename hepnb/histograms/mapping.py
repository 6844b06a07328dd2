"""A histogram as a mapping of its blocks: {tuple of category labels: array}.

This is the seam that `hist.chunked.ChunkedHist(chunks=...)` accepts. What is read is a copy; what is
set is a contribution like any other: atomic, journaled, and exact to the last bit.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .blocks import Blocks
from .record import Key, check_label
from .refusal import HistKeyError, HistTypeError, HistValueError
from .signature import Signature

if TYPE_CHECKING:
    from .homes import Home

__all__ = ["BlockMap"]

Array = np.ndarray[Any, Any]
_SLAB = 1 << 20


class BlockMap(MutableMapping[Key, Array]):
    """The blocks of one histogram by their labels: `H5Hist.chunks`.

    A block is an array of the dense axes' extents (flow bins included), of the dtype that
    `hist.Hist.view` has. A label of None is the overflow category. A block of zeros and a missing
    one are the same on disk: it is a member only of the mapping that set it.

    >>> import hist
    >>> from hepnb.histograms import H5Hist
    >>> h = H5Hist(hist.axis.StrCategory([], growth=True, name="c"), hist.axis.Boolean(name="b"))
    >>> h.chunks["data",] = [1.0, 2.0]
    >>> h["data", :].values().tolist(), list(h.chunks)
    ([1.0, 2.0], [('data',)])
    """

    def __init__(self, home: Home, signature: Signature) -> None:
        self._home, self._signature = home, signature
        blank = signature.cell.blank(signature.block_shape)
        self._dtype, self._shape = blank.dtype, blank.shape
        self._zeros: set[Key] = set()  # set to zeros here
        self._filled: set[Key] = set()  # seen to hold something

    def __getitem__(self, key: Key) -> Array:
        if key not in self:
            raise HistKeyError(f"{self._said}: no block {key!r}")
        found = self._home.read(lambda blocks: self._read(blocks, key))
        shape = self._signature.block_shape
        numbers = {f: flat.reshape(shape) for f, flat in found.items()}
        return np.asarray(self._signature.cell.like_view(numbers))

    def __setitem__(self, key: Key, block: Any) -> None:
        key = self._checked(key)
        array = np.asarray(block)
        if array.shape != self._shape:
            raise HistValueError(
                f"{self._said}: a block has the shape {self._shape}, not {array.shape}"
            )
        if array.dtype.names != self._dtype.names:
            raise HistTypeError(f"{self._said}: a block has dtype {self._dtype}, not {array.dtype}")
        parts = self._signature.cell.split(array)
        new = {f: np.ravel(part).astype(self._signature.dtype) for f, part in parts.items()}
        if not all(np.isfinite(part).all() for part in new.values()):
            raise HistValueError(f"{self._said}: block {key!r} holds NaN or infinity")
        old = self._home.read(lambda blocks: self._read(blocks, key))
        changed = np.flatnonzero(self._signature.cell.used({f: new[f] != old[f] for f in new}))
        if changed.size or key not in self:
            made = self._home.new_contribution()
            part = {f: numbers[changed] for f, numbers in new.items()}
            made.assign(self._signature.name, key, changed, part)
            self._home.contribute(made, f"set-{uuid.uuid4().hex}")
        filled = any(part.any() for part in new.values())
        (self._filled if filled else self._zeros).add(key)
        (self._zeros if filled else self._filled).discard(key)

    def __delitem__(self, key: Key) -> None:
        self[key] = np.zeros_like(self[key])
        self._zeros.discard(key)

    def __contains__(self, key: object) -> bool:
        if key in self._zeros or key in self._filled:
            return True
        return self._home.read(lambda blocks: self._member(blocks, key))

    def __iter__(self) -> Iterator[Key]:
        yield from self._home.read(self._members)

    def __len__(self) -> int:
        return len(self._home.read(self._members))

    def __repr__(self) -> str:
        return f"BlockMap({self._said}: {len(self)} blocks of {self._signature.block_shape})"

    @property
    def _said(self) -> str:
        return f"histogram {self._signature.name!r}"

    def _members(self, blocks: Blocks) -> list[Key]:
        there = dict.fromkeys(blocks.keys())
        return [k for k in there if k in self._zeros or self._holds(blocks, k)]

    def _member(self, blocks: Blocks, key: Any) -> bool:
        there = key in blocks.keys()  # noqa: SIM118 (a method of Blocks, not of a dict)
        return there and self._holds(blocks, key)

    def _holds(self, blocks: Blocks, key: Any) -> bool:
        """Whether a block that is there has any content."""
        if key in self._filled:
            return True
        for lo in range(0, self._signature.bins, _SLAB):
            part = blocks.read(key, lo, min(lo + _SLAB, self._signature.bins))
            if any(numbers.any() for numbers in part.values()):
                self._filled.add(key)
                return True
        return False

    def _read(self, blocks: Blocks, key: Key) -> Mapping[str, Array]:
        """Each field of a block, flat; zeros when it is not there."""
        if key not in blocks.keys():  # noqa: SIM118 (a method of Blocks, not of a dict)
            return self._signature.cell.zeros(self._signature.bins)
        return blocks.read(key, 0, self._signature.bins)

    def _checked(self, key: Any) -> Key:
        axes = self._signature.category_axes
        if not isinstance(key, tuple) or len(key) != len(axes):
            raise HistKeyError(f"{self._said}: a block's key is a tuple of {len(axes)} labels")
        for position, label in zip(axes, key, strict=True):
            check_label(self._signature, position, label)
        return key
