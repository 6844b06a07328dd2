"""What a run asks of that which it runs: `Job`, and an open `Input` of it.

A path freezes into one (`hepnb.analysis.Program`); adapters are others (`hepnb.adapt`). A job is
pickled into the bundle, so it and what it holds must be able to travel. It knows no process: the
same calls come in a worker here, in one elsewhere, and in the process that debugs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from ..analysis import ChunkResult, Dataset, Program
    from ..analysis.loop.result import HistSpec
    from ..analysis.loop.skims import Skimmed
    from ..analysis.loop.statistics import Statistics
    from ..analysis.loop.task import ChunkTask
    from ..analysis.reading.cache import ColumnCache
    from ..analysis.steering.fingerprint import Fingerprint

__all__ = ["ColumnsInput", "Freezes", "HasHash", "HasProgram", "Input", "Job", "MakesEvents"]


class Input(Protocol):
    """One open input: a file, or what a job calls so. It may be processed in any order of chunks.

    `entries` is what it is cut into chunks by; `uuid` is the same only for the same content.
    """

    uuid: str
    tree: str
    entries: int

    @property
    def clusters(self) -> Sequence[int]:
        """Entries at which chunks best begin and end, or none."""

    @property
    def bytes_read(self) -> int:
        """Bytes read so far."""

    def describe(self) -> dict[str, Any] | None:
        """What it says of its columns: see `hepnb.analysis.reading.schema`."""

    def process(self, task: ChunkTask, costs: Statistics) -> Iterator[ChunkResult]:
        """What a chunk gives, in one or more parts that are added up.

        Raises DataError where the input cannot be read, and whatever the user's code raises.
        """

    def close(self) -> None:
        """No more is asked of it."""


@runtime_checkable
class ColumnsInput(Protocol):
    """An input that is a file of columns: it can be cached, skimmed, and tells of all its events."""

    def cache_in(self, cache: ColumnCache, *, always: bool) -> None:
        """Keep the columns of one that is slow to read (or of any) decompressed in a cache."""

    def told(self) -> Mapping[str, Any]:
        """What it says beside its events: `sumw`, `own_sums`, and why it is `skipped` (or nothing)."""

    def skims_of_nothing(self) -> Mapping[str, Skimmed]:
        """The skims of a file that has no events, and tells sums all the same."""


class Job(Protocol):
    """What is run."""

    @property
    def name(self) -> str:
        """The name of its runs."""

    @property
    def histograms(self) -> tuple[HistSpec, ...]:
        """Those that are known before it runs; a chunk may bring others (`ChunkResult.hists`)."""

    @property
    def variations(self) -> tuple[str, ...]:
        """The names of its systematic variations."""

    @property
    def lines(self) -> Sequence[str]:
        """What it does, as text for people."""

    def check(self, dataset: Dataset, branches: Callable[[], tuple[str, ...]]) -> None:
        """Tell before the run what can be told: `branches()` opens a first file.

        Raises PathError where that file does not fit, and lets DataError pass where it is unreadable.
        """

    def open(self, path: str, tree: str | None, dataset: Dataset) -> Input:
        """Open an input. Raises HepnbError in one line where that cannot be."""

    def finish(self) -> None:
        """The worker has no more chunks."""

    def result(self, directory: Path) -> Any:
        """What all chunks gave so far beside histograms and tables, from the run's directory.

        Raises RunError where there is no such thing.
        """


@runtime_checkable
class HasHash(Protocol):
    """A job whose chunks can be known again, so that a later run may take them over."""

    def fingerprint(self) -> Fingerprint:
        """The hash of what it does, and what that does not see."""


@runtime_checkable
class HasProgram(Protocol):
    """A job that runs a path on events that it makes."""

    @property
    def program(self) -> Program:
        """The frozen path."""


@runtime_checkable
class MakesEvents(Protocol):
    """What can be started for a number of events, and gives a job that makes them."""

    def datasets_of(self, data: Any) -> tuple[Dataset, ...]:
        """The datasets that are meant. Raises DataError for what is no number of events."""


class Freezes(Protocol):
    """What can be started: it gives a job that later changes do not reach."""

    def freeze(self, variations: str | Sequence[str] = "all") -> Job:
        """The job, with the systematic variations that are wanted."""
