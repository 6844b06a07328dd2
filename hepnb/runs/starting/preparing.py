"""What a run needs before it may start: its data, its frozen path, both checked; then its files.

One run is prepared by `start`, many on the same data by `scan`; nothing runs here.
"""

from __future__ import annotations

import os
import time
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from ...errors import DataError, HepnbError, PathError, RunError
from ...given import given_mapping, shown
from ..bundle import Bundle
from ..settings import MOST_WORKERS, Settings, whole
from ..spec import FileSpec, RunSpec, search_path
from .provenance import record_sources, warn_of_edits
from .reusing import key_of

if TYPE_CHECKING:
    from ...analysis import Dataset
    from ...analysis.loop.result import HistSpec
    from ..directory import RunDirectory
    from ..job import Freezes, Job

__all__ = ["Inputs", "Prepared", "prepare"]

ENGINES = ("local", "inline")
_POLICIES = ("fail", "skip")
_LOOKED_AT = 3
_WHOLE = range(-(2**63), 2**64)  # what messages can carry


@dataclass(frozen=True)
class Inputs:
    """The data of a run: datasets, and all their files in the order in which they count."""

    datasets: tuple[Dataset, ...]
    files: tuple[FileSpec, ...]

    @classmethod
    def of(cls, data: Any, *, allow_duplicates: bool = False) -> Inputs:
        """What `data` means. Raises DataError if no file is there, or one is given twice."""
        from ...analysis import as_datasets

        datasets = as_datasets(data)
        files = tuple(
            FileSpec(dataset.name, str(file), dataset.tree)
            for dataset in datasets
            for file in dataset.files
        )
        if not allow_duplicates:
            _refuse_duplicates(files)
        return cls(datasets, files)

    @cached_property
    def _looked(self) -> dict[FileSpec, tuple[str, ...] | DataError]:
        """The branches of the files that were opened, or why they cannot be."""
        return {}

    def check(self, job: Job) -> None:
        """Tell a misspelt column now, in the cell: when none of the first files that open has it."""
        unfit: list[HepnbError] = []
        unreadable: list[HepnbError] = []
        datasets = {dataset.name: dataset for dataset in self.datasets}
        for file in self.files[:_LOOKED_AT]:
            try:
                job.check(
                    datasets[file.dataset], partial(self._branches, file, datasets[file.dataset])
                )
                return
            except DataError as error:
                unreadable.append(error)
            except PathError as error:
                unfit.append(PathError(f"{error} (in {file.path})"))
        if unfit:
            raise unfit[0]
        if len(self.files) <= _LOOKED_AT:
            raise unreadable[0]

    def _branches(self, file: FileSpec, dataset: Dataset) -> tuple[str, ...]:
        """The branches of a file. Raises DataError where it cannot be read; it is opened once."""
        if file not in self._looked:
            self._looked[file] = _look(file, dataset)
        found = self._looked[file]
        if isinstance(found, DataError):
            raise found
        return found


@dataclass(frozen=True)
class Prepared:
    """A run that may start: what is asked, and what its workers will load."""

    spec: RunSpec
    job: Job
    datasets: tuple[Dataset, ...]

    def write(self, directory: RunDirectory) -> None:
        """Put it into a fresh run directory, which is removed again where that fails.

        Raises RunError where the path cannot travel to workers, or the disk refuses.
        """
        from ...histograms.lock import StoreLock

        warn_of_edits()
        try:
            cells = Bundle.cell_sources()
            Bundle(self.job, self.datasets, cells).write(directory.bundle)
            record_sources(directory.source, self.job, cells)
            self.spec.write(directory.spec)
            # Where locks do not work nothing could tell who writes: say so now.
            StoreLock(directory.path).release()
        except (HepnbError, OSError) as error:
            directory.discard()
            if isinstance(error, HepnbError):
                raise
            raise RunError(
                f"run directory {directory.path}: {error.strerror}: give another out="
            ) from None


def prepare(
    path: Freezes,
    inputs: Inputs,
    workers: int = 2,
    *,
    chunk: int | None = None,
    on_error: str = "fail",
    allow_duplicates: bool = False,
    engine: str = "local",
    settings: Settings | None = None,
    parameters: Mapping[str, Any] | None = None,
    variations: str | Sequence[str] = "all",
) -> Prepared:
    """Freeze the path and check what can be known before a file is opened; see `start`.

    `Inputs.check` is what remains. Raises RunError for a setting that makes no sense.
    """
    from ...analysis.reading.cache import column_cache
    from ...histograms import Signature

    if not hasattr(path, "freeze"):
        raise RunError(f"what is run is a path, as hn.Path() makes it, not {shown(path)}")
    given = given_mapping(parameters or {}, "parameters", RunError)
    workers = whole("workers", workers, 1, MOST_WORKERS)
    chunk = None if chunk is None else whole("chunk", chunk)
    if on_error not in _POLICIES:
        raise RunError(f"on_error={on_error!r}: choose 'fail' or 'skip'")
    if engine not in ENGINES:
        raise RunError(f"engine={engine!r}: choose {' or '.join(map(repr, ENGINES))}")
    try:
        here = str(FilePath.cwd())
    except FileNotFoundError:
        raise RunError("the working directory is gone: change to another one") from None
    settings = settings or Settings()
    if settings.cache is not False:
        column_cache()  # a size that is none is told here, not by workers
    job = path.freeze(variations)
    _warn_of_data(job, inputs.datasets)
    signatures = {
        h.name: Signature.from_axes(h.name, _axes(h, inputs), h.storage, h.label).to_dict()
        for h in job.histograms
    }
    spec = RunSpec(
        name=job.name,
        files=inputs.files,
        workers=1 if engine == "inline" else workers,
        signatures=signatures,
        datasets={
            d.name: {"kind": d.kind, "xsec": d.xsec, "sumw": d.sumw} for d in inputs.datasets
        },
        chunk=chunk,
        on_error=on_error,
        allow_duplicates=allow_duplicates,
        engine=engine,
        settings=settings,
        parameters={name: _kept(name, value) for name, value in given.items()},
        python_path=tuple(entry or here for entry in search_path()),
        working_directory=here,
        created=time.time(),
        own_sums=tuple(h.name for h in job.histograms if h.own_sums),
    )
    key, _ = key_of(job, inputs.datasets, spec)
    return Prepared(replace(spec, key=key), job, inputs.datasets)


def _axes(h: HistSpec, inputs: Inputs) -> list[Any]:
    """The axes of a histogram; that of the datasets has all of them, empty ones too."""
    from ...analysis.language.axes import category_axis

    names = tuple(dataset.name for dataset in inputs.datasets)
    every = category_axis("dataset", names, growth=True)
    return [every if ax.name == "dataset" and "dataset" in h.by else ax for ax in h.axes]


def _kept(name: str, value: Any) -> Any:
    """A parameter as it is kept with the run; numbers of NumPy are Python's. Raises RunError."""
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _kept(name, part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_kept(name, part) for part in value]
    if isinstance(value, str) and not any("\ud800" <= char <= "\udfff" for char in value):
        return str(value)
    if isinstance(value, float | bool | None) or (type(value) is int and value in _WHOLE):
        return value
    raise RunError(
        f"parameters: {name} is {shown(value)}: give a number of 64 bits or a text, or lists and "
        "mappings of these"
    )


def _warn_of_data(job: Job, datasets: tuple[Dataset, ...]) -> None:
    """A dataset is data unless it is said to be simulated; data are never varied."""
    if job.variations and all(dataset.kind == "data" for dataset in datasets):
        warnings.warn(
            f"path {job.name!r} has variations, but all datasets are data, which are never "
            "varied; simulation is told by hn.Dataset(name, files, kind='mc')",
            UserWarning,
            stacklevel=4,
        )


def _refuse_duplicates(files: tuple[FileSpec, ...]) -> None:
    counts = Counter((f.dataset, os.path.realpath(f.path), f.tree) for f in files)
    (dataset, file, _), most = counts.most_common(1)[0]
    if most > 1:
        raise DataError(
            f"{file} is given {most} times in dataset {dataset!r}: "
            "remove the repetition, or pass allow_duplicates=True"
        )


def _look(file: FileSpec, dataset: Dataset) -> tuple[str, ...] | DataError:
    from ...analysis import open_events

    try:
        with open_events(file.path, file.tree, dataset) as events:
            return events.branches
    except DataError as error:
        return error
