"""Giving a histogram away: one self-contained UHI file that every HDF5 build reads.

The bytes depend on the contents alone: categories of growing axes are sorted, blocks are written in
that order, and no id, time, version or chunking of the data enters.
"""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ..whole import written_whole
from .blocks import Blocks
from .durable import disk_faults
from .manifest import Labels
from .record import Key
from .refusal import HistValueError
from .signature import Signature
from .threads import in_order
from .uhi_group import write_frame
from .variations import VariationBlocks, with_variations

__all__ = ["export_file"]

CHUNK_BINS = 1 << 16
COMPRESS_FROM = 1000
GZIP_LEVEL = 4

Array = np.ndarray[Any, Any]


def export_file(file: Path, histograms: Iterable[tuple[Signature, Blocks]]) -> Path:
    """Write one UHI group per histogram to `file`, which is replaced in one step.

    Read it with `hist.Hist(uhi.io.hdf5.read(h5py.File(file)[name]))`. At most one block is in memory.
    Raises HistValueError for a suffix that is not one of HDF5, StoreError when the disk fails.
    """
    if file.suffix.lower() not in (".h5", ".hdf5", ".hdf"):
        raise HistValueError(f"{file}: give an exported file the suffix .h5 (or .hdf5)")
    with (
        disk_faults("write", file),
        written_whole(file, mode=0o666, durable=True) as part,  # to give away, as the umask allows
        h5py.File(part, "w", libver=("earliest", "v110"), locking=False) as f,
    ):
        for signature, blocks in histograms:
            _write(f.create_group(signature.name), signature, blocks)
    return file


def _write(group: h5py.Group, signature: Signature, blocks: Blocks) -> None:
    if signature.cell.variations:
        signature, blocks = with_variations(signature), VariationBlocks(blocks, signature)
    labels = canonical_labels(signature, blocks.labels())
    storage = write_frame(group, signature, labels)
    shape = [ax.extent for ax in signature.axes]
    places: list[dict[str | int | None, int]] = []
    for i, found in zip(signature.category_axes, labels, strict=True):
        shape[i] = len(found) + bool(signature.axes[i].traits.overflow)
        places.append({None: len(found), **{label: n for n, label in enumerate(found)}})
    keys = sorted(
        ([p[label] for p, label in zip(places, key, strict=True)], key)
        for key in blocks.keys()  # noqa: SIM118 (a method of Blocks, not of a dict)
    )
    for field in signature.cell.uhi_fields:
        if math.prod(shape) < COMPRESS_FROM:
            whole = np.zeros(shape, signature.dtype)
            for at, key in keys:
                flat = _numbers(signature, blocks, field, key, 0, signature.bins)
                whole[_where(signature, at)] = flat.reshape(signature.block_shape)
            storage.create_dataset(field, data=whole)
            continue
        dataset = storage.create_dataset(
            field,
            tuple(shape),
            signature.dtype,
            chunks=_chunks(signature, shape),
            compression="gzip",
            compression_opts=GZIP_LEVEL,
            shuffle=True,
        )
        dense = [dataset.chunks[i] for i in signature.dense_axes]
        jobs = (
            chunk for at, key in keys for chunk in _parts(signature, blocks, field, at, key, dense)
        )
        # HDF5 runs its filters in one thread; the same bytes are made here in a few.
        for (place, _), made in in_order(partial(_filtered, dense), jobs):
            dataset.id.write_direct_chunk(place, made)


def canonical_labels(signature: Signature, labels: Labels) -> Labels:
    """The labels of each category axis as they are exported: declared ones first, grown ones sorted."""
    out = []
    for i, found in zip(signature.category_axes, labels, strict=True):
        declared = tuple(signature.uhi["axes"][i]["categories"])
        grown = sorted(label for label in found if label not in signature.declared[i])
        out.append((*declared, *grown))
    return tuple(out)


def _chunks(signature: Signature, shape: Sequence[int]) -> tuple[int, ...]:
    """One category tuple and at most 0.5 MB: whole last axes, a part of one, one bin of the first."""
    chunks, left = [1] * len(shape), CHUNK_BINS
    for i in reversed(signature.dense_axes):
        parts = -(-shape[i] // max(1, min(left, shape[i])))
        chunks[i] = -(-shape[i] // parts)
        left //= shape[i]
        if left <= 1:
            break
    return tuple(chunks)


def _parts(
    signature: Signature,
    blocks: Blocks,
    field: str,
    at: Sequence[int],
    key: Key,
    chunk: Sequence[int],
) -> Iterator[tuple[tuple[int, ...], Array]]:
    """Where each chunk of a block begins, and its bins, unless all are zero (the same as none)."""
    shape = signature.block_shape
    row = math.prod(shape[1:])
    first = chunk[0] if shape else 1
    for lo in range(0, shape[0] if shape else 1, first):
        hi = min(lo + first, shape[0] if shape else 1)
        flat = _numbers(signature, blocks, field, key, lo * row, hi * row)
        rows = flat.reshape((hi - lo, *shape[1:]) if shape else ())
        cuts = [range(0, n, c) for n, c in zip(shape[1:], chunk[1:], strict=True)]
        for starts in itertools.product(*cuts):
            ends = (min(s + c, n) for s, c, n in zip(starts, chunk[1:], shape[1:], strict=True))
            inner = tuple(slice(s, e) for s, e in zip(starts, ends, strict=True))
            part = rows[(slice(None), *inner)] if shape else rows
            if part.any():
                yield _place(signature, at, (lo, *starts)), part


def _filtered(chunk: Sequence[int], job: tuple[tuple[int, ...], Array]) -> bytes:
    """A chunk as HDF5's shuffle and gzip filters make it; one at the edge is filled with zeros."""
    _, part = job
    if part.shape != tuple(chunk):
        whole = np.zeros(chunk, part.dtype)
        whole[tuple(slice(n) for n in part.shape)] = part
        part = whole
    by_byte = np.ascontiguousarray(part).reshape(-1).view(np.uint8).reshape(-1, part.itemsize)
    return zlib.compress(by_byte.T.tobytes(), GZIP_LEVEL)


def _place(signature: Signature, at: Sequence[int], dense: Sequence[int]) -> tuple[int, ...]:
    where = [0] * len(signature.axes)
    for i, position in zip(signature.category_axes, at, strict=True):
        where[i] = position
    for i, start in zip(signature.dense_axes, dense, strict=False):
        where[i] = start
    return tuple(where)


def _numbers(signature: Signature, blocks: Blocks, field: str, key: Key, lo: int, hi: int) -> Array:
    return signature.cell.for_uhi(blocks.read(key, lo, hi))[field]


def _where(signature: Signature, at: Sequence[int]) -> tuple[int | slice, ...]:
    where: list[int | slice] = [slice(None)] * len(signature.axes)
    for i, position in zip(signature.category_axes, at, strict=True):
        where[i] = position
    return tuple(where)
