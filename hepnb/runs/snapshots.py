"""The files that a run's snapshots wrote: only those whose chunk is in the journal count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import RunError, nearest

if TYPE_CHECKING:
    from .directory import RunDirectory
    from .spec import RunSpec

__all__ = ["files_of", "stem_of_chunk", "stem_of_empty"]


def stem_of_chunk(order: int, part: int, parts: int) -> str:
    """What the file of a chunk is called, or of a part of one that was read in parts.

    >>> stem_of_chunk(3, 0, 1), stem_of_chunk(3, 1, 2)
    ('chunk-000003', 'chunk-000003-1-of-2')
    """
    return f"chunk-{order:06d}" + (f"-{part}-of-{parts}" if parts > 1 else "")


def stem_of_empty(file: int) -> str:
    """What the file is called that carries the sum of weights of an input without events."""
    return f"empty-{file:06d}"


def files_of(directory: RunDirectory, spec: RunSpec, name: str) -> dict[str, list[str]]:
    """The files of a snapshot by dataset, in the order of the events.

    Raises RunError for an unknown name, and for a file that is gone.
    """
    from ..analysis.loop.skim_files import FOLDER
    from ..histograms import Store

    found: list[tuple[int, int, str]] = []
    known: set[str] = set()
    folder = directory.path / FOLDER
    for entry in Store.open(directory.path).ledger():
        index = entry.meta.get("file", -1)
        if entry.order is not None:
            skims = entry.meta.get("skims", {})
            known |= set(skims)
            found += [(index, entry.order + 1, place) for place in skims.get(name, ())]
        elif entry.meta["k"] == "opened" and not entry.meta["entries"]:
            empty = (folder / name).glob(f"{stem_of_empty(index)}.*")
            found += [(index, 0, str(file.relative_to(directory.path))) for file in empty]
    if not found and name not in known:
        known |= {inner.name for inner in folder.iterdir()} if folder.is_dir() else set()
        raise RunError(f"run {directory.id}: no files of a snapshot {name!r}{nearest(name, known)}")
    made: dict[str, list[str]] = {dataset: [] for dataset in spec.datasets}
    for index, _, place in sorted(found):
        file = directory.path / place
        if not file.is_file():
            raise RunError(f"run {directory.id}: {file} of snapshot {name!r} is gone")
        made.setdefault(spec.files[index].dataset, []).append(str(file))
    return {dataset: files for dataset, files in made.items() if files}
