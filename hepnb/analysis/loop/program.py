"""`Program`: a frozen path; what a worker executes, chunk by chunk. Pure: arrays in, fills out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from ...errors import RunError
from ..language.axes import category_axis
from ..module.run_numbers import with_run_numbers
from ..reading.conventions import Reading, resolve_all
from ..steering.applied import Applied, steps_for
from ..steering.plan import describe, make_plan
from ..steering.steps import Histogram, ModuleStep, Skim, Step, Table, Weight, is_normalised
from ..steering.variations import NOMINAL, Selector
from ..steering.varying import labels_of, own_labels, within
from .result import ChunkResult, HistSpec
from .skims import Skimmed, branches_of_skim, skim_rows
from .statistics import Statistics

if TYPE_CHECKING:
    import awkward as ak

    from ..dataset import Dataset
    from ..reading.events import EventFile
    from ..steering.fingerprint import Fingerprint
    from .input import ProgramInput
    from .stack import Stack

__all__ = ["Program"]


@dataclass(frozen=True)
class Program:
    """A frozen path. It can be pickled (with cloudpickle: functions of notebooks travel by value).

    Its modules are set up when the first chunk is processed; `finish` ends them.
    """

    name: str
    steps: tuple[Step, ...] = field(repr=False)
    selector: Selector = field(default_factory=Selector, repr=False)

    @property
    def variations(self) -> tuple[str, ...]:
        """The names of the variations, in the order of the path."""
        return tuple(labels_of(self.steps))

    def variations_of(self, hist: str) -> tuple[str, ...]:
        """Those of `variations` that a histogram is filled with."""
        step = next(s for s in self.steps if isinstance(s, Histogram) and s.name == hist)
        wanted = Selector(step.variations)
        return tuple(v for v, names in labels_of(self.steps).items() if wanted.picks(names))

    @property
    def histograms(self) -> tuple[HistSpec, ...]:
        """The histograms in the order of the path."""
        return tuple(
            HistSpec(
                s.name,
                tuple(map(self._with_labels(s), s.axes)),
                s.storage or "Double",
                s.label,
                s.by,
                self._has_own_sums(place, s),
            )
            for place, s in enumerate(self.steps)
            if isinstance(s, Histogram)
        )

    def _with_labels(self, hist: Histogram) -> Callable[[Any], Any]:
        """The axis of variations with those that the path names, empty ones too, the nominal first."""

        def labelled(axis: Any) -> Any:
            if axis.name != "variation" or axis.name not in hist.by:
                return axis
            return category_axis(axis.name, (NOMINAL, *self.variations_of(hist.name)), growth=True)

        return labelled

    def _has_own_sums(self, place: int, hist: Histogram) -> bool:
        """Whether normalised weights count in it: all of them, or none."""
        own = [step.name for step in self.steps[:place] if is_normalised(step)]
        return bool(own) and (hist.weights is None or own[0] in hist.weights)

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables."""
        return tuple(step.name for step in self.steps if isinstance(step, Table))

    @property
    def snapshots(self) -> tuple[str, ...]:
        """Names of the snapshots."""
        return tuple(step.name for step in self.steps if isinstance(step, Skim))

    @property
    def modules(self) -> tuple[str, ...]:
        """Names of the class modules."""
        return tuple(step.name for step in self.steps if isinstance(step, ModuleStep))

    @property
    def hash(self) -> str:
        """The digest of all that decides what comes out of an event; see `Path.hash`."""
        return self.fingerprint().digest

    def fingerprint(self) -> Fingerprint:
        """The digest, and what went into it."""
        from ..steering.fingerprint import Fingerprint

        return Fingerprint(self.steps, self.selector.words)

    @property
    def lines(self) -> list[str]:
        """The steps, one a line."""
        return [f"{self.name}:", *(f"  {step!r}" for step in self.steps)]

    def check(self, dataset: Dataset, branches: Callable[[], tuple[str, ...]]) -> None:
        """Raise `PathError` where a file with these branches lacks a column."""
        self.columns(branches(), dataset)

    def open(self, path: str, tree: str | None, dataset: Dataset) -> ProgramInput:
        """Open a file to be processed. Raises `DataError` and `PathError`."""
        from ..reading.events import open_events
        from .input import ProgramInput

        return ProgramInput(self, open_events(path, tree, dataset), dataset)

    def columns(self, branches: Iterable[str], dataset: Dataset | None = None) -> tuple[str, ...]:
        """The branches to read from a file with these branches, in the file's order.

        Of a known `dataset` without those of variations that do not apply to it. Raises `PathError`
        with the nearest name for a column or field that is not there.
        """
        from ..steering.checking import check_branches

        known = tuple(branches)
        steps = self._applied(known, dataset)
        check_branches(steps, make_plan(steps, everything=True), known)
        readings = _readings(steps, known)
        wanted = {b for reading in readings.values() for b in reading.branches}
        for step in steps:
            if isinstance(step, Skim):
                wanted |= set(branches_of_skim(step, known, readings))
        return tuple(b for b in known if b in wanted)

    def describe(self, file: EventFile, dataset: Dataset) -> dict[str, Any]:
        """What a file says of the columns that this path reads: see `hepnb.analysis.reading.schema`."""
        from ..reading.schema import describe_file

        steps = self._applied(file.branches, dataset)
        return describe_file(file, _readings(steps, file.branches))

    def _applied(self, branches: tuple[str, ...], dataset: Dataset | None) -> tuple[Step, ...]:
        """The steps without the variations that do not apply to a file with these branches."""
        if dataset is None:
            met = within(self.steps, lambda scope: scope.is_met(branches))
            return tuple(with_run_numbers(met, branches, None))
        return steps_for(self.steps, dataset, branches)

    def labels_with_sums(self, dataset: Dataset, branches: tuple[str, ...]) -> list[str] | None:
        """The variations whose weights are summed over all events of such a file; None for no sums."""
        own = [s for s in self._applied(branches, dataset) if is_normalised(s)]
        if not own or dataset.kind == "data":
            return None
        return [v for step in own if isinstance(step, Weight) for v in own_labels(step)]

    def process(
        self, events: ak.Array, dataset: Dataset, *, first_entry: int = 0, file: str = ""
    ) -> ChunkResult:
        """Compute one chunk: `events` is the flat record of the branches that `columns` named.

        `first_entry` and `file` say where the chunk lies; with the dataset's name they are the key of
        random numbers. Exceptions of the user's functions pass unchanged. Raises `PathError` when a
        value has the wrong shape, `DataError` when a weight is not finite.
        """
        stack = self.stack(
            events, dataset, first_entry=first_entry, file=file, statistics=Statistics()
        )
        return self.process_stack(stack)

    def process_stack(self, stack: Stack) -> ChunkResult:
        """The result of the chunk that `stack` holds."""
        from .processing import process_chunk

        return process_chunk(self._cache["applied"], stack)

    def skims(self, stack: Stack, sumw: float | None) -> dict[str, Skimmed]:
        """The rows that go into files, and nothing else: of a file that has no events."""
        applied: Applied = self._cache["applied"]
        return {
            step.name: skim_rows(stack, step, applied.readings, sumw)
            for step in applied.steps
            if isinstance(step, Skim)
        }

    def stack(
        self,
        events: ak.Array,
        dataset: Dataset,
        *,
        first_entry: int,
        file: str,
        statistics: Statistics,
    ) -> Stack:
        """One chunk, of which nothing is computed yet; hooks that come before it have run."""
        from .layer import Chunk
        from .stack import Stack

        kind = (tuple(events.fields), dataset)
        if self._cache.get("kind") != kind:
            made = Applied.of(self.steps, *kind)
            self._cache["kind"], self._cache["applied"] = kind, made
        self._enter(dataset, statistics)
        applied: Applied = self._cache["applied"]
        chunk = Chunk(events, applied.readings, dataset, file, first_entry)
        return Stack(
            applied.steps, applied.plan, chunk, statistics, applied.touch, applied.lifetimes
        )

    @cached_property
    def _cache(self) -> dict[str, Any]:
        return {"dataset": None}

    def _enter(self, dataset: Dataset, statistics: Statistics) -> None:
        """Call the hooks of modules that come before the first chunk of a worker and of a dataset."""
        modules = [step for step in self.steps if isinstance(step, ModuleStep)]
        before = self._cache["dataset"]
        if not modules or (before is not None and before == dataset):
            return
        for step in modules:
            module, timed = step.module, partial(statistics.timed, describe(step), 0)
            if before is None:
                timed(module.setup, "setup")
            else:
                timed(partial(module.end_dataset, before), "end_dataset")
            timed(partial(module.begin_dataset, dataset), "begin_dataset")
        self._cache["dataset"] = dataset

    def result(self, directory: FilePath) -> None:  # noqa: ARG002
        """A path gives nothing else. Raises `RunError` that says what it gives."""
        raise RunError(
            f"path {self.name!r} gives histograms and tables: run.hist(name), run.table(name)"
        )

    def finish(self) -> None:
        """Call `end_dataset` and `finish` of the modules; a worker does so after its last chunk."""
        before = self._cache["dataset"]
        if before is None:
            return
        self._cache["dataset"] = None
        for step in self.steps:
            if isinstance(step, ModuleStep):
                step.module.end_dataset(before)
                step.module.finish()

    def __getstate__(self) -> dict[str, Any]:
        return {"name": self.name, "steps": self.steps, "selector": self.selector}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for key, value in state.items():
            object.__setattr__(self, key, value)


def _readings(steps: tuple[Step, ...], branches: tuple[str, ...]) -> dict[str, Reading]:
    plan = make_plan(steps)
    return resolve_all(plan.external, branches, plan.askers)
