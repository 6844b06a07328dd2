"""index.h5: the store as plain UHI groups for `hist.Hist(uhi.io.hdf5.read(...))`, h5py and h5ls.

The numbers are virtual datasets over the packs, refreshed at each fold. Histograms of more than
`MOST_BLOCKS` blocks, and MultiCell, for which UHI has no storage, are left out: they are read through
hepnb, or exported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import h5py
import numpy as np

from .catalog import Catalog
from .durable import disk_faults, replace_file
from .manifest import Labels, Manifest
from .record import Key
from .signature import Signature
from .uhi_group import write_frame

__all__ = ["MOST_BLOCKS", "write_index"]

MOST_BLOCKS = 10_000


def write_index(directory: Path, manifest: Manifest, catalog: Catalog) -> None:
    """Replace index.h5 of the store in `directory`."""
    shown = tuple(
        (signature, manifest.labels[name])
        for name, signature in manifest.signatures.items()
        if len(catalog.blocks[name]) <= MOST_BLOCKS and signature.cell.in_uhi
    )
    frames = h5py.h5f.open_file_image(_frames(shown), h5py.h5f.FILE_IMAGE_OPEN_RW)
    with h5py.File(frames) as f:
        for signature, _ in shown:
            _write_virtual(f[signature.name]["storage"], signature, manifest, catalog)
        f.flush()
        image = f.id.get_file_image()
    with disk_faults("write", directory / "index.h5"):
        replace_file(directory / "index.h5", image)


@lru_cache(maxsize=1)
def _frames(shown: tuple[tuple[Signature, Labels], ...]) -> bytes:
    """A file of these histograms without their numbers: most folds bring no other labels."""
    with h5py.File("index.h5", "w", driver="core", backing_store=False) as f:
        for signature, labels in shown:
            write_frame(f.create_group(signature.name), signature, labels)
        f.flush()
        image: bytes = f.id.get_file_image()
        return image


def _write_virtual(
    storage: h5py.Group, signature: Signature, manifest: Manifest, catalog: Catalog
) -> None:
    labels = manifest.labels[signature.name]
    shape = [ax.extent for ax in signature.axes]
    for i, found in zip(signature.category_axes, labels, strict=True):
        shape[i] = len(found) + bool(signature.axes[i].traits.overflow)
    blocks = catalog.blocks[signature.name]
    runs = _runs(signature, labels, blocks) if 0 not in shape else []
    for field in signature.cell.uhi_fields:
        if not runs:
            storage.create_dataset(field, shape=tuple(shape), dtype=signature.dtype)
            continue
        # by hand: h5py's VirtualLayout copies each source deeply, a second for 4000 of them
        made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        made.set_fill_value(np.zeros(1, signature.dtype))
        space = h5py.h5s.create_simple(tuple(shape))
        for run in runs:
            slots = catalog.slots[run.pack][signature.name]
            start, count = [0] * len(shape), list(shape)
            for i, at in zip(signature.category_axes, run.at, strict=True):
                start[i], count[i] = at, 1
            if signature.category_axes:
                count[signature.category_axes[-1]] = run.length
            space.select_hyperslab(tuple(start), tuple(count))
            source = h5py.h5s.create_simple((slots, signature.bins))
            source.select_hyperslab((run.slot, 0), (run.length, signature.bins))
            path = f"histograms/{signature.name}/{field}".encode()
            made.set_virtual(space, f"packs/{run.pack}".encode(), path, source)
        space.select_all()
        kind = h5py.h5t.py_create(signature.dtype)
        h5py.h5d.create(storage.id, field.encode(), kind, space, dcpl=made)


@dataclass
class _Run:
    """Neighbouring slots of a pack that are neighbours on the last category axis too."""

    at: tuple[int, ...]
    pack: str
    slot: int
    length: int = 1


def _runs(
    signature: Signature, labels: Labels, blocks: Mapping[Key, tuple[str, int]]
) -> list[_Run]:
    places: list[dict[str | int | None, int]] = [
        {None: len(found), **{label: n for n, label in enumerate(found)}} for found in labels
    ]
    # slots follow each other as the bins do only if no dense axis stands before a category axis
    joins = bool(places) and [*signature.category_axes] == [*range(len(places))]
    runs: list[_Run] = []
    for at, (pack, slot) in sorted(
        (tuple(p[label] for p, label in zip(places, key, strict=True)), home)
        for key, home in blocks.items()
    ):
        if joins and runs:
            last = runs[-1]
            next_at = (*last.at[:-1], last.at[-1] + last.length)
            if (at, pack, slot) == (next_at, last.pack, last.slot + last.length):
                last.length += 1
                continue
        runs.append(_Run(at, pack, slot))
    return runs
