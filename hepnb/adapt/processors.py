"""`hn.adapt.coffea`: a coffea processor, unchanged, as a run.

A worker makes NanoEvents of each chunk as coffea's own runner does, and calls `process`. Histograms
of the accumulator go into the run's store; everything else is kept with the chunk as plain data, and
`run.result()` adds it up by coffea's own rules, in the order of the chunks.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import msgpack

from ..analysis.loop.result import ChunkResult, HistSpec
from ..analysis.reading.events import EventFile, open_events
from ..errors import RunError, nearest, one_line
from .adapter import Adapter
from .values import HistOf, decode, encode, with_hists

if TYPE_CHECKING:
    from ..analysis import Dataset
    from ..analysis.loop.statistics import Statistics
    from ..analysis.loop.task import ChunkTask

__all__ = ["CoffeaJob", "coffea"]

_TABLE = "accumulator"


class coffea(Adapter):
    """A coffea processor (or a function of events) that runs unchanged.

    `schema` is one of coffea's, by class or name. Histograms of the accumulator are live as
    `run.hist(name)`: one at `["tt"]["mass"]` is named `tt:mass`. `run.result()` is the accumulator, after
    `postprocess`. Raises RunError where coffea is not installed, or for what is no processor.
    """

    def __init__(self, processor: Any, *, schema: Any = "NanoAODSchema") -> None:
        module = _installed()
        known = hasattr(processor, "process") or callable(processor)
        if not known or isinstance(processor, type):
            hint = f": make one, {processor.__name__}()" if isinstance(processor, type) else ""
            raise RunError(f"{processor!r:.80} is no coffea processor{hint}")
        names = [n for n in vars(module) if n.endswith("Schema")]
        if isinstance(schema, str):
            if schema not in names:
                raise RunError(f"coffea has no schema {schema!r}{nearest(schema, names)}")
            schema = getattr(module, schema)
        self._processor, self._schema = processor, schema

    def job(self) -> CoffeaJob:
        """A copy of the processor, with its schema."""
        try:
            return CoffeaJob(copy.deepcopy(self._processor), self._schema)
        except Exception as error:
            raise RunError(
                f"the processor cannot be copied ({one_line(error)}): open files in process()"
            ) from error


def _installed() -> Any:
    try:
        import coffea.nanoevents
        import coffea.processor
    except ImportError as error:
        raise RunError(
            f"coffea cannot be imported ({one_line(error)}): pip install 'hepnb[coffea]'"
        ) from None
    return coffea.nanoevents


@dataclass(frozen=True)
class CoffeaJob:
    """The job of a coffea processor."""

    processor: Any
    schema: Any
    histograms: tuple[HistSpec, ...] = ()
    variations: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of its class or function."""
        named = self.processor if hasattr(self.processor, "__name__") else type(self.processor)
        return str(named.__name__)

    @property
    def lines(self) -> list[str]:
        """What is run, in words."""
        return [f"{self.name}: a coffea processor", f"  {self.processor!r}", f"  {self.schema!r}"]

    def check(self, dataset: Dataset, branches: Callable[[], tuple[str, ...]]) -> None:  # noqa: ARG002
        """Raise DataError where a first file is unreadable."""
        branches()

    def open(self, path: str, tree: str | None, dataset: Dataset) -> CoffeaInput:
        """Open a ROOT file."""
        return CoffeaInput(self, open_events(path, tree), dataset)

    def finish(self) -> None:
        """A processor has no such hook."""

    def result(self, directory: FilePath) -> Any:
        """The accumulator of all chunks so far, after `postprocess`."""
        from ..histograms import Store

        _installed()
        from coffea.processor import accumulate

        store = Store.open(directory)
        made = accumulate(_accumulators(store))

        def hist_of(place: HistOf) -> Any:
            full = store.hist(place.name).to_hist()
            full.name, full.label = place.own_name, place.label
            return full

        made = with_hists(made, hist_of)
        finish = getattr(self.processor, "postprocess", None)
        finished = finish(made) if callable(finish) else None
        return made if finished is None else finished


def _accumulators(store: Any) -> Iterator[Any]:
    """What each chunk gave, in the order of the chunks."""
    if not store.committed:
        return
    unpacker = msgpack.Unpacker(max_buffer_size=0)
    unpacker.feed(store.table(_TABLE)["bytes"].tobytes())
    yield from map(decode, unpacker)


class CoffeaInput:
    """An open file of which NanoEvents are made."""

    def __init__(self, job: CoffeaJob, file: EventFile, dataset: Dataset) -> None:
        self._job, self._file, self._dataset = job, file, dataset
        self.uuid, self.tree, self.entries = file.uuid, file.tree, file.entries
        self.clusters = file.clusters

    @property
    def bytes_read(self) -> int:
        """Bytes asked for so far."""
        return self._file.bytes_read

    def describe(self) -> None:
        """What is read is known to coffea alone."""

    def process(self, task: ChunkTask, costs: Statistics) -> Iterator[ChunkResult]:
        """The histograms of the chunk's accumulator, and the rest of it in a table of bytes."""
        import numpy as np

        processor = self._job.processor
        process = getattr(processor, "process", processor)
        events = costs.timed("NanoEvents", task.events, lambda: self._events(task))
        given = costs.timed(self._job.name, task.events, lambda: process(events))
        if given is None:
            raise RunError(f"process() of {self._job.name} gave None: return the accumulator")
        hists: dict[str, Any] = {}
        data = msgpack.packb(encode(given, hists))
        table = {"bytes": np.frombuffer(data, np.uint8)}
        yield ChunkResult(events=task.events, hists=hists, tables={_TABLE: table})

    def _events(self, task: ChunkTask) -> Any:
        """NanoEvents with the metadata that coffea's runner gives; columns are read when used."""
        from coffea.nanoevents import NanoEventsFactory

        meta = {
            "dataset": self._dataset.name,
            "filename": self._file.path,
            "treename": self.tree,
            "entrystart": task.start,
            "entrystop": task.stop,
            "fileuuid": self.uuid,
            **self._dataset.meta,
        }
        return NanoEventsFactory.from_root(
            self._file.directory,
            treepath=self._file.tree_path,
            schemaclass=self._job.schema,
            metadata=meta,
            entry_start=task.start,
            entry_stop=task.stop,
            mode="virtual",
        ).events()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
