"""A histogram as a mapping of its blocks: {tuple of category labels: array}.

This is the seam that `hist.chunked.ChunkedHist(chunks=...)` accepts. What is read is a copy; what is
set is a contribution like any other: atomic, journaled, and exact to the last bit.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

import boost_histogram as bh
import numpy as np

from .blocks import Blocks
from .record import BlockEntry, Key, Record, check_label, write_body
from .refusal import HistKeyError, HistTypeError, HistValueError
from .signature import Signature

if TYPE_CHECKING:
    from .homes import Home

__all__ = ["BlockMap"]

Array = np.ndarray[Any, Any]
_VIEW_FIELDS = {"Double": (), "Int64": (), "AtomicInt64": (), "Weight": ("value", "variance")}
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
        if signature.storage not in _VIEW_FIELDS:
            raise HistTypeError(
                f"histogram {signature.name!r}: blocks of {signature.storage} storage cannot be set; "
                f"a mapping takes {', '.join(_VIEW_FIELDS)}"
            )
        self._home, self._signature = home, signature
        like = bh.Histogram(bh.axis.Integer(0, 1), storage=signature.new_storage())
        self._dtype = like.view().dtype
        self._zeros: set[Key] = set()  # set to zeros here
        self._filled: set[Key] = set()  # seen to hold something

    def __getitem__(self, key: Key) -> Array:
        if key not in self:
            raise HistKeyError(f"{self._said}: no block {key!r}")
        out = np.zeros(self._signature.block_shape, self._dtype)
        numbers = self._home.read(lambda blocks: self._read(blocks, key))
        for field, flat in zip(self._parts(out), numbers, strict=True):
            field[...] = flat.reshape(self._signature.block_shape)
        return out

    def __setitem__(self, key: Key, block: Any) -> None:
        key = self._checked(key)
        array = np.asarray(block)
        if array.shape != self._signature.block_shape:
            raise HistValueError(
                f"{self._said}: a block has the shape {self._signature.block_shape}, "
                f"not {array.shape}"
            )
        if array.dtype.names != self._dtype.names:
            raise HistTypeError(f"{self._said}: a block has dtype {self._dtype}, not {array.dtype}")
        new = [np.ravel(part).astype(self._signature.dtype) for part in self._parts(array)]
        if not all(np.isfinite(part).all() for part in new):
            raise HistValueError(f"{self._said}: block {key!r} holds NaN or infinity")
        old = self._home.read(lambda blocks: self._read(blocks, key))
        change = _Change(self._signature, key, old, new)
        if change.bins.size or key not in self:
            self._home.contribute(change, f"set-{uuid.uuid4().hex}")  # type: ignore[arg-type]
        filled = any(part.any() for part in new)
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

    def _read(self, blocks: Blocks, key: Key) -> list[Array]:
        """Each field of a block, flat; zeros when it is not there."""
        bins, dtype = self._signature.bins, self._signature.dtype
        if key not in blocks.keys():  # noqa: SIM118 (a method of Blocks, not of a dict)
            return [np.zeros(bins, dtype) for _ in self._signature.fields]
        found = blocks.read(key, 0, bins)
        return [found[f] for f in self._signature.fields]

    def _parts(self, block: Array) -> Sequence[Array]:
        names = _VIEW_FIELDS[self._signature.storage]
        return [block[n] for n in names] if names else [block]

    def _checked(self, key: Any) -> Key:
        axes = self._signature.category_axes
        if not isinstance(key, tuple) or len(key) != len(axes):
            raise HistKeyError(f"{self._said}: a block's key is a tuple of {len(axes)} labels")
        for position, label in zip(axes, key, strict=True):
            check_label(self._signature, position, label)
        return key


class _Change:
    """From old to new numbers of one block, as a record: minus the old ones, then plus the new.

    Adding the difference would round; x - x is 0 and 0 + y is y, always.
    """

    def __init__(
        self, signature: Signature, key: Key, old: Sequence[Array], new: Sequence[Array]
    ) -> None:
        self._signature, self._key = signature, key
        changed = np.zeros(signature.bins, bool)
        for a, b in zip(old, new, strict=True):
            changed |= a != b
        self.bins = np.flatnonzero(changed)
        self._numbers = [[-part[self.bins] for part in old], [part[self.bins] for part in new]]

    def encode(self, id: str, order: int | None, meta: Mapping[str, Any]) -> bytes:
        """The record's body; its two blocks have the same key."""
        signature = self._signature
        width = 4 if signature.bins <= 1 << 32 else 8
        entry = BlockEntry(
            signature.name,
            self._key,
            signature.bins,
            self.bins.size,
            width,
            signature.fields,
            signature.dtype,
            False,
            0,
        )
        where = self.bins.astype(f"<u{width}")
        sections = [[where, *numbers] for numbers in self._numbers]
        record = Record(id, order, dict(meta), (entry, entry))
        return bytes(write_body(record, sections))
