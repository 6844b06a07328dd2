"""Find a sample: the user's folder, the cache, a download, a toy; in this order, and say which."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import DataError, nearest
from ..folders import cache_dir
from ..whole import written_whole
from .checksums import verified
from .download import Progress, fetch
from .registry import SAMPLES, Entry

__all__ = ["Sample", "get"]

Origin = Literal["data-dir", "cache", "download", "toy"]

TOY_EVENTS = 100_000
TOY_SEED = 2012


@dataclass(frozen=True)
class Sample:
    """Files that are there, and where they came from.

    `note` is the sentence to print: a toy must never pass for data.
    """

    name: str
    files: tuple[Path, ...]
    tree: str
    origin: Origin
    note: str

    @property
    def path(self) -> Path:
        """The first file, which is the only one of most samples."""
        return self.files[0]

    @property
    def real(self) -> bool:
        """Whether these are the published events, not a toy."""
        return self.origin != "toy"


def get(name: str, *, download: bool = True, progress: Progress | None = None) -> Sample:
    """The sample `name`: real if it can be had, else a toy that says so.

    `HEPNB_DATA_DIR` is looked into first, then the cache (`HEPNB_CACHE_DIR`, by default
    `$XDG_CACHE_HOME/hepnb`), then the published address is tried unless `download` is false or
    `HEPNB_OFFLINE` is set. Files are checked against the registry before they are believed.

    Raises `DataError` for a name that is not in the registry and for a cache that cannot be
    written.

    >>> get("dimuonn")
    Traceback (most recent call last):
    ...
    hepnb.errors.DataError: no sample 'dimuonn'; did you mean 'dimuon'?
    """
    if name not in SAMPLES:
        raise DataError(f"no sample {name!r}{nearest(name, SAMPLES)}")
    entry = SAMPLES[name]
    missed: list[str] = []
    folder = os.environ.get("HEPNB_DATA_DIR")
    if folder and (files := _lying(entry, Path(folder), missed)):
        note = f"{entry.name}: real data from HEPNB_DATA_DIR ({files[0]})"
        return Sample(name, files, entry.tree, "data-dir", note)
    cache = cache_dir() / "samples"
    if files := _lying(entry, cache, missed):
        note = f"{entry.name}: real data from the cache ({files[0]})"
        return Sample(name, files, entry.tree, "cache", note)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        if not download or os.environ.get("HEPNB_OFFLINE"):
            missed.append("downloads are switched off")
        elif files := _downloaded(entry, cache, progress, missed):
            note = f"{entry.name}: real data, downloaded from {entry.record} ({files[0]})"
            return Sample(name, files, entry.tree, "download", note)
        return _toy(entry, cache, missed)
    except OSError as error:
        raise DataError(
            f"the cache {cache} cannot be written: {error.strerror}; set HEPNB_CACHE_DIR"
        ) from error


def _lying(entry: Entry, folder: Path, missed: list[str]) -> tuple[Path, ...]:
    """All files of the sample below `folder`, or none of them."""
    files = tuple(folder / source.path for source in entry.sources)
    if not all(file.is_file() for file in files):
        return ()
    for file, source in zip(files, entry.sources, strict=True):
        if not verified(file, source, entry.tree):
            missed.append(f"{file} is not the file that was meant")
            return ()
    return files


def _downloaded(
    entry: Entry, cache: Path, progress: Progress | None, missed: list[str]
) -> tuple[Path, ...]:
    try:
        return tuple(
            fetch(source, cache / source.path, entry.tree, progress) for source in entry.sources
        )
    except DataError as error:
        missed.append(str(error))
        return ()


def _toy(entry: Entry, cache: Path, missed: list[str]) -> Sample:
    """The stand-in, made once per version of its recipe."""
    version = f"toy{entry.toy_version}-{TOY_EVENTS}-{TOY_SEED}"
    file = cache / f"{entry.name}-{version}.root"
    if not file.is_file():
        with written_whole(file) as part:
            entry.toy(part, TOY_EVENTS, TOY_SEED)
    reason = "; ".join(missed)
    note = f"{entry.name}: TOY, not data: {TOY_EVENTS} events made on the spot, because {reason}"
    return Sample(entry.name, (file,), entry.tree, "toy", note)
