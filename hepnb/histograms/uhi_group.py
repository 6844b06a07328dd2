"""The UHI group of a histogram in an HDF5 file: axes and metadata, without the numbers."""

from __future__ import annotations

from typing import Any

import h5py
import uhi.io.hdf5

from .manifest import Labels
from .signature import Signature

__all__ = ["write_frame"]


def write_frame(group: h5py.Group, signature: Signature, labels: Labels) -> h5py.Group:
    """Write `signature` into an empty group as the UHI standard says; returns its storage group.

    `labels` are the categories of each category axis, in the order they shall have.
    """
    form: dict[str, Any] = dict(signature.uhi)
    form["axes"] = [dict(a) for a in form["axes"]]
    for i, found in zip(signature.category_axes, labels, strict=True):
        form["axes"][i]["categories"] = list(found)
    text = h5py.string_dtype()
    empty = {
        i: form["axes"][i].pop("categories")
        for i in signature.category_axes
        if not form["axes"][i]["categories"]
    }
    uhi.io.hdf5.write(group, form)  # type: ignore[arg-type]
    for i in empty:
        dtype = text if form["axes"][i]["type"] == "category_str" else "i8"
        group[f"ref_axes/axis_{i}"].create_dataset("categories", shape=(0,), dtype=dtype)
    storage = group["storage"]
    assert isinstance(storage, h5py.Group)
    return storage
