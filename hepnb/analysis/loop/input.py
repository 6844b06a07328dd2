"""`ProgramInput`: an open file as a program reads it, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from ...errors import MissingColumn
from ..debugging.saved import save_chunk
from .statistics import Statistics
from .sums import OwnSums, branch_of_other_tree, told_sums

if TYPE_CHECKING:
    from ..dataset import Dataset
    from ..reading.cache import ColumnCache
    from ..reading.events import EventFile
    from .program import Program
    from .result import ChunkResult
    from .skims import Skimmed
    from .task import ChunkTask

__all__ = ["ProgramInput"]


class ProgramInput:
    """A file, and the columns that the program reads from it. Closes the file where it lacks one.

    `skipped` says why it is read as one without events, where the dataset wants that.
    """

    def __init__(self, program: Program, file: EventFile, dataset: Dataset) -> None:
        self._program, self._file, self._dataset = program, file, dataset
        self.uuid, self.tree, self.entries = file.uuid, file.tree, file.entries
        self.skipped = ""
        self._columns: tuple[str, ...] = ()
        try:
            self._columns = program.columns(file.branches, dataset)
        except BaseException as error:
            if isinstance(error, MissingColumn) and dataset.missing == "skip":
                self.skipped = f"{file.path}: skipped with its {file.entries} events: {error}"
                self.entries = 0
                return
            file.close()
            raise

    def cache_in(self, cache: ColumnCache, *, always: bool) -> None:
        """Keep the columns of a file that is slow to read (or of any) decompressed in a cache."""
        if always or self._file.is_slow:
            self._file.cache_in(cache)

    @property
    def clusters(self) -> tuple[int, ...]:
        """Entries at which reading may start without decompressing a piece twice."""
        return (0,) if self.skipped else self._file.clusters

    @property
    def bytes_read(self) -> int:
        """Bytes asked for so far."""
        return self._file.bytes_read

    @cached_property
    def sumw(self) -> float | None:
        """The file's own sum of weights, where the dataset says that it has one."""
        place = branch_of_other_tree(self._dataset, self._file.branches)
        if place is None:
            return None
        return 0.0 if self.skipped else self._file.total(*place)

    @cached_property
    def own_sums(self) -> OwnSums | None:
        """The file's own sums of normalised weights, where it is a skim that tells them."""
        labels = self._program.labels_with_sums(self._dataset, self._file.branches)
        return None if labels is None or self.skipped else told_sums(self._file, labels)

    def told(self) -> dict[str, Any]:
        """What the file says of sums of weights, and why it is skipped."""
        own = self.own_sums
        sums = None if own is None else (own.above, dict(own.labels))
        return {"sumw": self.sumw, "own_sums": sums, "skipped": self.skipped}

    def describe(self) -> dict[str, Any]:
        """What the file says of the columns that are read."""
        return self._program.describe(self._file, self._dataset)

    def process(self, task: ChunkTask, costs: Statistics) -> Iterator[ChunkResult]:
        """What each part of the chunk gives; reading is written down in `costs`."""
        for start, stop in _parts(task.start, task.stop, task.parts):
            yield self._part(start, stop, task, costs)

    def _part(self, start: int, stop: int, task: ChunkTask, costs: Statistics) -> ChunkResult:
        read = partial(self._file.read, self._columns, start, stop)
        events = costs.timed("input", stop - start, read, "read")
        try:
            made = self._program.process(events, self._dataset, first_entry=start, file=task.key)
        except Exception:
            if task.directory != FilePath():
                save_chunk(task.directory, task.order, events, start, task.key)
            raise
        # Of a sum that the file tells, each chunk carries its share: a chunk that is lost takes its own.
        part = Fraction(stop - start, self.entries) if self.entries else Fraction(1)
        told: dict[str, Any] = {}
        if self.sumw is not None:
            told["sumw"] = float(Fraction(self.sumw) * part)
        if self.own_sums is not None:
            told["own_sums"] = self.own_sums.share(part)
            made = replace(made, own_sums=None)
        return replace(made, skims={n: replace(skim, **told) for n, skim in made.skims.items()})

    def skims_of_nothing(self) -> Mapping[str, Skimmed]:
        """The skims of a file that tells a sum of weights, and has no events any more."""
        told = self.sumw is not None or self.own_sums is not None
        if self.entries or self.skipped or not told or not self._program.snapshots:
            return {}
        events = self._file.read(self._columns, 0, 0)
        stack = self._program.stack(
            events, self._dataset, first_entry=0, file=self.uuid, statistics=Statistics()
        )
        made = self._program.skims(stack, self.sumw)
        return {name: replace(skim, own_sums=self.own_sums) for name, skim in made.items()}

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _parts(start: int, stop: int, parts: int) -> Iterator[tuple[int, int]]:
    """[start, stop) in so many ranges of about one length.

    >>> list(_parts(0, 10, 3))
    [(0, 3), (3, 6), (6, 10)]
    """
    edges = sorted({start + (stop - start) * n // parts for n in range(parts + 1)})
    yield from pairwise(edges)
