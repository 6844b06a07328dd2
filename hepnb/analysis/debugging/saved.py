"""Chunks whose computation failed, as they were read: files in the run's directory, to be replayed.

A file is a piece of the column cache (`hepnb.analysis.reading.cache.piece`), which executes nothing when read.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ...errors import DataError, one_line
from ..reading.cache.piece import Damaged, Piece, packed, write_piece

if TYPE_CHECKING:
    import awkward as ak

__all__ = ["FOLDER", "SavedChunk", "save_chunk"]

FOLDER = "failed"
_MOST = 10
_LARGEST = 200_000_000


def save_chunk(directory: Path, order: int, events: ak.Array, first: int, key: str) -> None:
    """Keep what was read of a chunk that failed, unless there are many, or the disk is full.

    Nothing that goes wrong here makes the failure worse: the chunk is then read from its file again.
    """
    folder = directory / FOLDER
    with contextlib.suppress(Exception):
        folder.mkdir(mode=0o700, exist_ok=True)
        done = [file.name.partition("-")[0] for file in folder.iterdir()]
        if str(order) in done or len(done) >= _MOST:
            return
        columns = {name: events.layout.content(name) for name in events.fields}
        piece = packed(key, first, first + len(events), columns)
        if piece[2] <= _LARGEST:
            write_piece(folder, f"{order}-{first}-{first + len(events)}", piece)


@dataclass(frozen=True)
class SavedChunk:
    """What was read of a failed chunk, or of the part of it that failed."""

    file: Path
    start: int
    stop: int

    @classmethod
    def of(cls, directory: Path, order: int) -> Self | None:
        """The one of this chunk, if it was kept."""
        for file in (directory / FOLDER).glob(f"{order}-*.cols"):
            start, stop = file.stem.split("-")[1:]
            return cls(file, int(start), int(stop))
        return None

    def events(self, key: str) -> Any:
        """The flat record of the branches that were read. Raises DataError for a damaged file."""
        import awkward as ak

        try:
            piece = Piece(self.file, key, self.start, self.stop)
            names = sorted(piece.columns)
            layouts = piece.load(names)
        except (OSError, Damaged) as error:
            raise DataError(f"{self.file}: cannot be read ({one_line(error)})") from None
        contents = [layouts[name] for name in names]
        return ak.Array(ak.contents.RecordArray(contents, names, length=self.stop - self.start))
