"""`hn.adapt.generator`: a path on events that a function makes, such as the loop of a generator.

There is no file: each chunk is a number of events and a seed of its own, so the results depend on the
run's seed and the size of the chunks, not on the number of workers.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from ..analysis.reading.generated import CHUNK
from ..errors import PathError, RunError
from .adapter import Adapter
from .generated import generated, number_in, seed_of_generator

if TYPE_CHECKING:
    from ..analysis import ChunkResult, Dataset, Path, Program
    from ..analysis.loop.result import HistSpec
    from ..analysis.loop.statistics import Statistics
    from ..analysis.loop.task import ChunkTask
    from ..runs import Run

__all__ = ["GeneratorJob", "generator"]

Make = Callable[[int, int, Any], Mapping[str, Any]]


class generator(Adapter):
    """A path that runs on events which `make(events, seed, dataset)` gives.

    `make` returns a mapping: plain columns as arrays of shape (events,), collections as awkward
    arrays of records, one list per event. It is called once per chunk, in a worker; `seed` is 1 to
    900 000 000. Raises RunError for what is no such function, or no path.

    >>> import numpy as np, hepnb as hn
    >>> path = hn.Path("flat")
    >>> path.hist("x", x="x: 10, 0, 1")
    >>> def make(events, seed, dataset):
    ...     return {"x": np.random.default_rng(seed).random(events)}
    >>> hn.adapt.generator(make, path).start(5000, engine="inline").hist("x").sum()
    5000.0
    """

    def __init__(self, make: Make, path: Path) -> None:
        try:
            inspect.signature(make).bind(1, 1, None)
        except (TypeError, ValueError):
            raise RunError(
                f"{make!r:.80} cannot make events: write def make(events, seed, dataset)"
            ) from None
        if not hasattr(path, "freeze"):
            raise RunError(f"{path!r:.80} is no path: give an hn.Path")
        self._make, self._path = make, path

    def job(self) -> GeneratorJob:
        """The function and the path, frozen with all its variations."""
        return self.freeze()

    def freeze(self, variations: str | Sequence[str] = "all") -> GeneratorJob:
        """The function and the path, frozen with the variations that are wanted."""
        return GeneratorJob(self._make, self._path.freeze(variations))

    def datasets_of(self, data: Any) -> tuple[Dataset, ...]:
        """The datasets that `start` understands by a number of events, or by several."""
        return generated(data)

    def start(
        self, data: Any, workers: int = 2, *, chunk: int | None = CHUNK, **settings: Any
    ) -> Run:
        """Make so many events, `10_000` or `{"Z": 10_000, "tt": 2000}`, `chunk` of them at a time.

        Returns at once; see `Path.start` for the other settings.
        """
        return super().start(self.datasets_of(data), workers, chunk=chunk, **settings)


@dataclass(frozen=True)
class GeneratorJob:
    """The job of a generator."""

    make: Make
    program: Program

    @property
    def name(self) -> str:
        """The name of the path."""
        return self.program.name

    @property
    def histograms(self) -> tuple[HistSpec, ...]:
        """Those of the path."""
        return self.program.histograms

    @property
    def variations(self) -> tuple[str, ...]:
        """Those of the path."""
        return self.program.variations

    @property
    def lines(self) -> list[str]:
        """The function and the steps."""
        return [f"events of {self.make!r}", *self.program.lines]

    def check(self, dataset: Dataset, branches: Callable[[], tuple[str, ...]]) -> None:
        """What the function gives is known once it has given it."""

    def open(self, path: str, tree: str | None, dataset: Dataset) -> GeneratorInput:  # noqa: ARG002
        """A number of events."""
        return GeneratorInput(self, number_in(path), dataset)

    def finish(self) -> None:
        """Call the last hooks of the path's modules."""
        self.program.finish()

    def result(self, directory: FilePath) -> None:
        """A path gives nothing else."""
        self.program.result(directory)


class GeneratorInput:
    """The events of one dataset, before they are made."""

    uuid, tree = "generated", "events"
    clusters = ()
    bytes_read = 0

    def __init__(self, job: GeneratorJob, entries: int, dataset: Dataset) -> None:
        self._job, self.entries, self._dataset = job, entries, dataset

    def describe(self) -> None:
        """Nothing is known before events are made."""

    def process(self, task: ChunkTask, costs: Statistics) -> Iterator[ChunkResult]:
        """Make the events of a chunk, and process them as those of a file."""
        job, seed = self._job, seed_of_generator(task.seed)

        def made() -> Any:
            return _as_branches(job.make(task.events, seed, self._dataset), task.events)

        events = costs.timed("generator", task.events, made)
        wanted = job.program.columns(events.fields, self._dataset)
        yield job.program.process(
            events[list(wanted)] if wanted else _nothing(task.events),
            self._dataset,
            first_entry=task.start,
            file=task.key,
        )

    def close(self) -> None:
        """Nothing is open."""


def _nothing(events: int) -> Any:
    import awkward as ak

    return ak.Array(ak.contents.RecordArray([], [], length=events))


def _as_branches(given: Any, events: int) -> Any:
    """A flat record array as a file gives it: `{"Muon": records}` becomes `Muon_pt` and so on."""
    import awkward as ak

    if not isinstance(given, Mapping):
        raise PathError(f"the function gave a {type(given).__name__}: give columns by name, a dict")
    contents: dict[str, Any] = {}
    for name, value in given.items():
        if not hasattr(value, "__len__") or isinstance(value, str):
            raise PathError(f"the function gave {value!r:.80} for {name!r}: give an array")
        array = ak.Array(value)
        if len(array) != events:
            raise PathError(f"the function gave {len(array)} of {name!r} for {events} events")
        fields = ak.fields(array)
        contents |= {f"{name}_{f}": array[f] for f in fields} if fields else {name: array}
    layouts = [array.layout for array in contents.values()]
    return ak.Array(ak.contents.RecordArray(layouts, list(contents), length=events))
