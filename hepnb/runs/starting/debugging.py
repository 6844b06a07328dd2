"""`hn.debug`: a chunk of a path or of a run, computed in this process, with its live columns."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from ...errors import HepnbError, RunError
from ...given import given_names
from ..bundle import Bundle
from ..directory import RunDirectory, find_run
from ..engines.seeding import event_key, generators_put_back, seed_generators, seed_of
from ..handle.run import Run
from ..plan import Plan
from ..spec import RunSpec
from .launch import in_parts
from .preparing import Inputs, prepare

if TYPE_CHECKING:
    from ...analysis import Dataset
    from ...analysis.debugging import ChunkLook, SavedChunk
    from ..job import Job
    from ..plan import Chunk

__all__ = ["debug"]


def debug(
    path: Any,
    data: Any = None,
    chunk: int | None = None,
    *,
    variation: str = "nominal",
    **settings: Any,
) -> ChunkLook:
    """Run one chunk here and look at its columns at the step that failed.

    With a path it takes what `path.start` takes, and `chunk` is its number in the whole run (by
    default the first). With a run, or its id, it is a chunk of that run, with that run's code and
    seeds: by default the first that failed. What a worker had read of it is kept in the run's
    directory, so its file is not needed. The result is a `ChunkLook`: `look.error`, `look.step`,
    `look["column"]`; `raise look.error`, then `%debug`, goes to the failing line. Raises RunError for
    a chunk that is not there, DataError for a file that cannot be read.

    >>> import tempfile, hepnb as hn
    >>> from hepnb.samples import toy_dimuon
    >>> path = hn.Path("pairs")
    >>> path.select("one", "count(Muon) >= 1")
    >>> path.define("second", lambda Muon: Muon.pt[:, 1])
    >>> path.table("t", ["second"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     look = debug(path, toy_dimuon(f"{folder}/toy.root", events=100))
    >>> look.step, look.Muon.fields
    ('second', ['pt'])
    """
    (variation,) = given_names([variation], "debug: variation", RunError)
    if isinstance(path, Run | str | os.PathLike):
        return _of_run(path, chunk, variation)
    chosen = in_parts(settings)
    inputs = Inputs.of(data, allow_duplicates=bool(chosen.get("allow_duplicates")))
    made = prepare(path, inputs, **chosen)
    inputs.check(made.job)
    plan, found = _find(made.job, made.datasets, made.spec, chunk or 0, {})
    return _look(made.job, made.datasets, made.spec, plan, found, variation, None)


def _of_run(run: Run | str | os.PathLike[str], order: int | None, variation: str) -> ChunkLook:
    from ...analysis.debugging import SavedChunk
    from ...histograms import Store

    directory = RunDirectory(run.directory) if isinstance(run, Run) else find_run(run)
    directory.check_private()
    spec, bundle = RunSpec.read(directory.spec), Bundle.read(directory.bundle)
    ledger = list(Store.open(directory.path).ledger())
    if order is None:
        # A chunk is lost, or, where its failure ended the run, left: a later one may have filled that.
        filled = {e.order for e in ledger}
        lost = [e.order for e in ledger if e.order is not None and e.meta["k"] == "lost chunk"]
        left = [e.meta["order"] for e in ledger if e.order is None and e.meta["k"] == "left"]
        lost += [order for order in left if order not in filled]
        if not lost:
            raise RunError(f"no chunk of run {directory.id} failed: give the number of one, chunk=")
        order = min(lost)
    opened = {e.meta["file"]: e.meta for e in ledger if e.order is None and e.meta["k"] == "opened"}
    plan, found = _find(bundle.job, bundle.datasets, spec, order, opened)
    saved = SavedChunk.of(directory.path, order)
    return _look(bundle.job, bundle.datasets, spec, plan, found, variation, saved)


def _find(
    job: Job,
    datasets: tuple[Dataset, ...],
    spec: RunSpec,
    order: int,
    opened: Mapping[int, Mapping[str, Any]],
) -> tuple[Plan, Chunk]:
    """The plan as far as the chunk of this number; files that the journal does not know are opened."""
    named = {dataset.name: dataset for dataset in datasets}
    plan = Plan(spec.files, "debug", spec.chunk, spec.allow_duplicates)
    for index, file in enumerate(spec.files):
        if index in opened:
            facts = {name: opened[index][name] for name in ("uuid", "tree", "entries", "size")}
            plan.opened(index, **facts, clusters=tuple(opened[index]["clusters"]))
        else:
            try:
                with closing(job.open(file.path, file.tree, named[file.dataset])) as found:
                    facts = {"uuid": found.uuid, "tree": found.tree, "entries": found.entries}
                    plan.opened(index, **facts, size=0, clusters=tuple(found.clusters))
            except HepnbError as error:
                plan.not_opened(index, str(error))
        for chunk in plan.cut():
            if chunk.order == order:
                return plan, chunk
    raise RunError(f"there is no chunk {order}: they go from 0 to {len(plan.chunks) - 1}")


def _look(
    job: Job,
    datasets: tuple[Dataset, ...],
    spec: RunSpec,
    plan: Plan,
    chunk: Chunk,
    variation: str,
    saved: SavedChunk | None,
) -> ChunkLook:
    from ...analysis import Program, open_events
    from ...analysis.debugging import ChunkLook

    if not isinstance(job, Program):
        raise RunError(f"hn.debug knows paths only; {job.name!r} is none")
    file = plan.files[chunk.file]
    (dataset,) = (d for d in datasets if d.name == file.spec.dataset)
    seed = spec.settings.seed
    key = event_key(file.uuid, seed)
    if saved is not None:
        first, events = saved.start, saved.events(key)
    else:
        first = chunk.start
        with open_events(file.spec.path, file.spec.tree, dataset) as source:
            columns = job.columns(source.branches, dataset)
            events = source.read(columns, chunk.start, chunk.stop)
    with generators_put_back():
        seed_generators(seed_of(seed, dataset.name, file.uuid, chunk.start))
        where = file.spec.path
        return ChunkLook(
            job, events, dataset, first=first, key=key, file=where, variation=variation
        )
