"""index.h5: the store as plain UHI groups for `hist.Hist(uhi.io.hdf5.read(...))`, h5py and h5ls.

The numbers are virtual datasets over the packs, refreshed at each fold. Histograms of more than
`MOST_BLOCKS` blocks are left out: they are read through hepnb, or exported.
"""

from __future__ import annotations

from pathlib import Path

import h5py

from .catalog import Catalog
from .durable import disk_faults, replace_file
from .manifest import Manifest
from .signature import Signature
from .uhi_group import write_frame

__all__ = ["MOST_BLOCKS", "write_index"]

MOST_BLOCKS = 10_000


def write_index(directory: Path, manifest: Manifest, catalog: Catalog) -> None:
    """Replace index.h5 of the store in `directory`."""
    with h5py.File("index.h5", "w", driver="core", backing_store=False) as f:
        for name, signature in manifest.signatures.items():
            if len(catalog.blocks[name]) <= MOST_BLOCKS:
                storage = write_frame(f.create_group(name), signature, manifest.labels[name])
                _write_virtual(storage, signature, manifest, catalog)
        f.flush()
        image = f.id.get_file_image()
    with disk_faults("write", directory / "index.h5"):
        replace_file(directory / "index.h5", image)


def _write_virtual(
    storage: h5py.Group, signature: Signature, manifest: Manifest, catalog: Catalog
) -> None:
    labels = manifest.labels[signature.name]
    shape = [ax.extent for ax in signature.axes]
    positions: list[dict[str | int | None, int]] = []
    for i, found in zip(signature.category_axes, labels, strict=True):
        shape[i] = len(found) + bool(signature.axes[i].traits.overflow)
        positions.append({None: len(found), **{label: n for n, label in enumerate(found)}})
    blocks = catalog.blocks[signature.name]
    for field in signature.fields:
        if 0 in shape or not blocks:
            storage.create_dataset(field, shape=tuple(shape), dtype=signature.dtype)
            continue
        layout = h5py.VirtualLayout(tuple(shape), signature.dtype)
        for key, (pack, slot) in blocks.items():
            source = h5py.VirtualSource(
                f"packs/{pack}",
                f"histograms/{signature.name}/{field}",
                (catalog.slots[pack][signature.name], signature.bins),
                signature.dtype,
            )
            at: list[int | slice] = [slice(None)] * len(shape)
            for i, label, known in zip(signature.category_axes, key, positions, strict=True):
                at[i] = known[label]
            layout[tuple(at)] = source[slot]
        storage.create_virtual_dataset(field, layout, fillvalue=0)
