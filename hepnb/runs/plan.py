"""The plan of a run: which files, cut into which chunks, in which order; what is still to do.

A chunk's order follows from the files, their order and the chunk size alone, never from timing:
files are opened by workers in any order, but cut strictly one after the other. Folding by this
order is what makes results independent of the number of workers. The plan knows no process.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from .spec import FileSpec

__all__ = ["Chunk", "FileState", "Plan", "events_per_chunk"]

_SMALLEST, _LARGEST, _PARTS = 50_000, 200_000, 4


def events_per_chunk(entries: int) -> int:
    """The chunk size for a file, from its number of entries only.

    >>> events_per_chunk(100_000), events_per_chunk(1000), events_per_chunk(10_000_000)
    (50000, 50000, 200000)
    """
    return min(_LARGEST, max(_SMALLEST, -(-entries // _PARTS)))


def entry_ranges(
    entries: int, chunk: int | None, clusters: Sequence[int] = ()
) -> Iterator[tuple[int, int]]:
    """The [start, stop) of a file's chunks: of `chunk` events each, or of a chosen size.

    A chosen size ends at the file's own clusters where these are not larger, since a cluster that
    is cut is decompressed twice.

    >>> list(entry_ranges(100, 60))
    [(0, 60), (60, 100)]
    >>> list(entry_ranges(120_000, None, [0, 40_000, 80_000, 120_000]))
    [(0, 80000), (80000, 120000)]
    """
    step = chunk or events_per_chunk(entries)
    ends = () if chunk else sorted({*clusters, entries})
    start = 0
    while start < entries:
        wanted = start + step
        first = next((end for end in ends if end >= wanted), None)
        stop = first if first is not None and first - start <= 2 * step else min(wanted, entries)
        yield start, stop
        start = stop


@dataclass(frozen=True, slots=True)
class Chunk:
    """Entries [start, stop) of one file; `order` is its place in the whole run.

    There may be a million: what the chunks of a file have in common they share, the `stem` of their
    ids and the `name` of the file.
    """

    order: int
    file: int
    start: int
    stop: int
    stem: str
    name: str

    @property
    def id(self) -> str:
        """What no other chunk of any run is called."""
        return f"{self.stem}/{self.start}-{self.stop}"

    @property
    def label(self) -> str:
        """What a person calls it."""
        return f"{self.name}:{self.start}-{self.stop}"

    @property
    def events(self) -> int:
        """How many events it holds."""
        return self.stop - self.start


@dataclass
class FileState:
    """What became of one file: waiting, running, ok, skipped or failed, and why."""

    spec: FileSpec
    status: str = "waiting"
    reason: str = ""
    uuid: str = ""
    tree: str = ""
    entries: int | None = None
    bytes: int = 0
    sumw: float | None = None
    own_sums: tuple[float, Mapping[str, float]] | None = None
    clusters: tuple[int, ...] = ()
    events_done: int = 0
    events_lost: int = 0
    chunks_open: int = 0

    def fail(self, reason: str) -> None:
        """The file, or a part of it, is lost: the first reason stays."""
        self.status = "failed"
        self.reason = self.reason or reason

    def skip(self, reason: str) -> None:
        """The file, or a part of it, is not processed, by no fault of its own."""
        if self.status not in ("failed", "skipped"):
            self.status, self.reason = "skipped", reason


@dataclass
class Plan:
    """All files and chunks of a run and their states.

    >>> plan = Plan([FileSpec("d", "a.root")], run="r", chunk=60)
    >>> plan.next_file()
    0
    >>> plan.opened(0, uuid="u", tree="Events", entries=100, size=10)
    >>> [(c.order, c.start, c.stop) for c in plan.cut()]
    [(0, 0, 60), (1, 60, 100)]
    """

    specs: Sequence[FileSpec]
    run: str
    chunk: int | None = None
    allow_duplicates: bool = False
    files: list[FileState] = field(init=False)
    chunks: list[Chunk] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.files = [FileState(spec) for spec in self.specs]
        self._unopened = deque(range(len(self.files)))
        self._uncut = 0
        self._known: set[int] = set()
        self._uuids: dict[tuple[str, str], str] = {}

    def next_file(self) -> int | None:
        """The next file to be opened, if any: one that the journal tells of is known already."""
        while self._unopened:
            index = self._unopened.popleft()
            if index not in self._known:
                return index
        return None

    def opened(
        self,
        index: int,
        *,
        uuid: str,
        tree: str,
        entries: int,
        size: int,
        clusters: tuple[int, ...] = (),
        sumw: float | None = None,
        own_sums: tuple[float, Mapping[str, float]] | None = None,
        skipped: str = "",
    ) -> None:
        """A file can be read and is this large; `sumw` and `own_sums` are the sums of weights that it tells.

        `skipped` is why none of its events shall be read.
        """
        file = self.files[index]
        file.sumw, file.own_sums = sumw, own_sums
        file.uuid, file.tree, file.entries, file.bytes = uuid, tree, entries, size
        # Of the clusters only those at which chunks end are kept: they give the same chunks again.
        ranges = () if self.chunk else entry_ranges(entries, None, clusters)
        file.clusters = tuple(stop for _, stop in ranges)
        self._known.add(index)
        if entries == 0:
            reason = skipped or f"tree {tree!r} has no entries"
            file.status, file.reason = "skipped", reason

    def not_opened(self, index: int, reason: str) -> None:
        """A file cannot be read at all."""
        self.files[index].fail(reason)
        self._known.add(index)

    def cut(self) -> Iterator[Chunk]:
        """The chunks of every file whose turn has come, in order; each chunk comes once."""
        while self._uncut < len(self.files) and self._uncut in self._known:
            index = self._uncut
            self._uncut += 1
            file = self.files[index]
            if file.status == "failed" or not file.entries or self._is_duplicate(file):
                continue
            stem = f"{self.run}/{file.spec.dataset}/{index}/{file.tree}"
            name = PurePath(file.spec.path).name
            for start, stop in entry_ranges(file.entries, self.chunk, file.clusters):
                chunk = Chunk(len(self.chunks), index, start, stop, stem, name)
                self.chunks.append(chunk)
                file.chunks_open += 1
                yield chunk

    def _is_duplicate(self, file: FileState) -> bool:
        key = (file.spec.dataset, f"{file.uuid}/{file.tree}")
        first = self._uuids.setdefault(key, file.spec.path)
        if first == file.spec.path or self.allow_duplicates or not file.uuid:
            return False
        file.fail(
            f"has the same content (uuid {file.uuid}) as {first} in dataset {file.spec.dataset!r}: "
            "remove one, or pass allow_duplicates=True"
        )
        file.events_lost = file.entries or 0
        return True

    def started(self, chunk: Chunk) -> None:
        """A worker has begun the chunk."""
        file = self.files[chunk.file]
        if file.status == "waiting":
            file.status = "running"

    def finished(self, chunk: Chunk) -> None:
        """The chunk is committed."""
        file = self.files[chunk.file]
        file.events_done += chunk.events
        file.chunks_open -= 1
        if not file.chunks_open and file.status != "failed":
            file.status = "ok"

    def lost(self, chunk: Chunk, reason: str) -> None:
        """The chunk will never be committed, by a fault of its own."""
        self._drop(chunk)
        self.files[chunk.file].fail(reason)

    def not_reached(self, chunk: Chunk, reason: str) -> None:
        """The chunk will never be committed, since the run ended before it."""
        self._drop(chunk)
        self.files[chunk.file].skip(reason)

    def _drop(self, chunk: Chunk) -> None:
        file = self.files[chunk.file]
        file.events_lost += chunk.events
        file.chunks_open -= 1

    @property
    def all_cut(self) -> bool:
        """Whether every file has been opened and cut: only then are the totals known."""
        return self._uncut == len(self.files)

    @property
    def events_total(self) -> int | None:
        """All events of all files that opened, or None while files are still unopened."""
        return sum(file.entries or 0 for file in self.files) if self.all_cut else None

    @property
    def events_expected(self) -> tuple[float, float] | tuple[None, None]:
        """All events and the uncertainty of that number [events], while files are still unopened.

        The unopened files are taken to be like the opened ones: their mean, with the error of the
        mean and the spread of those to come. (None, None) before any file is open.
        """
        if not self._known:
            return None, None
        sizes = [self.files[index].entries or 0 for index in self._known]
        left = len(self.files) - len(sizes)
        if not left:
            return float(sum(sizes)), 0.0
        mean = sum(sizes) / len(sizes)
        # One file says nothing of the spread: then the unopened part may be off by all of itself.
        variance = (
            sum((size - mean) ** 2 for size in sizes) / (len(sizes) - 1)
            if len(sizes) > 1
            else mean**2
        )
        error = math.sqrt(variance * (left + left * left / len(sizes)))
        return sum(sizes) + left * mean, error

    @property
    def events_lost(self) -> int:
        """Events that no total contains: failed chunks and duplicates; unreadable files add to
        `files_failed` instead, since nobody knows how many events they held."""
        return sum(file.events_lost for file in self.files)
