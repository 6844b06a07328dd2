"""The manifest: the one small file that says what a store consists of, replaced in one step.

hepnb-store 1 <crc32 of the rest, hex>
{JSON}
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import StoreError
from .durable import disk_faults, open_plain, replace_file
from .signature import Signature

__all__ = ["FORMAT", "Manifest"]

FORMAT = 1
_FIRST_LINE = re.compile(rb"hepnb-store (\d+) ([0-9a-f]{8})\n")
_PACK = re.compile(r"\d{8}\.h5")
_COUNTS = ("generation", "frontier", "contributions", "ledger_bytes", "wal_first")
Labels = tuple[tuple[str | int, ...], ...]


@dataclass(frozen=True)
class Manifest:
    """What a store consists of after its last fold.

    `packs` name the files under packs/, oldest first: of a block that several hold, the last one
    counts; `checksums` are their CRC-32. `frontier`: every order below it is folded. `ledger_bytes`: where the ledger ends.
    `wal_first`: the first journal segment still needed. `notes`: the journal position up to which
    notes are in the ledger. `labels`: per histogram and category axis, in order of appearance.
    """

    signatures: Mapping[str, Signature]
    meta: Mapping[str, Any] = field(default_factory=dict)
    generation: int = 0
    packs: tuple[str, ...] = ()
    checksums: Mapping[str, int] = field(default_factory=dict)
    frontier: int = 0
    contributions: int = 0
    ledger_bytes: int = 0
    wal_first: int = 1
    notes: tuple[int, int] = (1, 0)
    labels: Mapping[str, Labels] = field(default_factory=dict)
    weighted: tuple[str, ...] = ()
    sealed: bool = False

    def save(self, directory: Path) -> None:
        """Replace the manifest of the store in `directory`, durably."""
        shallow = {k: getattr(self, k) for k in self.__dataclass_fields__}
        shallow["signatures"] = [s.to_dict() for s in self.signatures.values()]
        text = json.dumps(shallow, sort_keys=True).encode() + b"\n"
        line = f"hepnb-store {FORMAT} {zlib.crc32(text):08x}\n".encode()
        with disk_faults("write", directory / "manifest"):
            replace_file(directory / "manifest", line + text)

    @classmethod
    def load(cls, directory: Path) -> Manifest:
        """Read the manifest; StoreError when there is none, or it is damaged, foreign or newer."""
        return cls.load_stamped(directory)[0]

    @classmethod
    def load_stamped(cls, directory: Path) -> tuple[Manifest, tuple[int, int, int]]:
        """The manifest, and the stamp (`stamp_of`) of the very file that was read."""
        path = directory / "manifest"
        try:
            fd = open_plain(path)
        except (FileNotFoundError, NotADirectoryError):
            raise StoreError(f"{directory} holds no histogram store; is the path right?") from None
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error.strerror}") from None
        with os.fdopen(fd, "rb") as file, disk_faults("read", path):
            stamp = _stamp(os.fstat(file.fileno()))
            data = file.read()
        return cls._parse(path, data), stamp

    @classmethod
    def _parse(cls, path: Path, data: bytes) -> Manifest:
        match = _FIRST_LINE.match(data)
        if not match:
            raise StoreError(f"{path} is not the manifest of a histogram store")
        if int(match[1]) > FORMAT:
            raise StoreError(
                f"{path} has store version {int(match[1])}, this hepnb reads up to {FORMAT}; update hepnb"
            )
        text = data[match.end() :]
        if zlib.crc32(text) != int(match[2], 16):
            raise StoreError(f"{path} is damaged: its checksum does not fit")
        try:
            d = json.loads(text)
            signatures = [Signature.from_dict(s) for s in d["signatures"]]
            d["signatures"] = {s.name: s for s in signatures}
            d["packs"] = tuple(_pack_name(p) for p in d["packs"])
            d["notes"] = (int(d["notes"][0]), int(d["notes"][1]))
            d["weighted"] = tuple(d["weighted"])
            for count in _COUNTS:
                if not isinstance(d[count], int) or d[count] < 0:
                    raise ValueError(f"{count} {d[count]!r}")
            d["labels"] = {
                str(n): tuple(tuple(axis) for axis in axes) for n, axes in d["labels"].items()
            }
            return cls(**d)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise StoreError(f"{path} cannot be read ({error}); was it written by hand?") from None


def stamp_of(directory: Path) -> tuple[int, int, int] | None:
    """What changes whenever the manifest is replaced: (inode, mtime in ns, size)."""
    try:
        return _stamp((directory / "manifest").lstat())
    except FileNotFoundError:
        return None


def _stamp(s: os.stat_result) -> tuple[int, int, int]:
    return s.st_ino, s.st_mtime_ns, s.st_size


def _pack_name(name: Any) -> str:
    if not isinstance(name, str) or not _PACK.fullmatch(name):
        raise ValueError(f"pack {name!r}")
    return name
