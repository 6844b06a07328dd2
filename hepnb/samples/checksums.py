"""Is this the file we mean? By the bytes of the file, or by the numbers in its columns."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .registry import Excerpt, Source

__all__ = ["content", "sha256", "verified"]


def sha256(file: Path) -> str:
    """The hexadecimal sha256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def content(file: Path, tree: str) -> str:
    """The hexadecimal sha256 of all columns of a tree, whatever wrote the file.

    Columns go in by name in sorted order, each as its name and its flat values in little-endian
    bytes, integers as 64 bits. The lengths of jagged columns are those of their counter column,
    which is in.
    """
    import awkward as ak
    import numpy as np
    import uproot

    digest = hashlib.sha256()
    with uproot.open(file) as root:
        branches = root[tree]
        for name in sorted(branches.keys()):
            flat = ak.to_numpy(ak.flatten(branches[name].array(), axis=None))
            kind = "<i8" if np.issubdtype(flat.dtype, np.integer) else flat.dtype.newbyteorder("<")
            digest.update(name.encode() + b"\0")
            digest.update(np.ascontiguousarray(flat, dtype=kind).tobytes())
    return digest.hexdigest()


def verified(file: Path, source: Source, tree: str) -> bool:
    """Whether a file is what the registry says, byte by byte or number by number."""
    if file.stat().st_size == source.size and sha256(file) == source.sha256:
        return True
    if not isinstance(source.origin, Excerpt):
        return False
    try:
        return content(file, tree) == source.origin.content
    except Exception:  # noqa: BLE001 - a damaged file fails in as many ways as there are readers
        return False
