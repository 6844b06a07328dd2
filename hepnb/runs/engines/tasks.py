"""What a worker does with a task: open a file, or make the contribution of a chunk.

A task comes as a plain map and is answered with one, whatever the user's code does; nothing here
knows how either travels. A file stays open from task to task until it was read whole; results are
not kept.
"""

from __future__ import annotations

import contextlib
import os
import time
import traceback
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...analysis.loop.skim_files import write_skim
from ...analysis.loop.statistics import Statistics
from ...analysis.loop.task import ChunkTask
from ...analysis.reading.cache import column_cache
from ...errors import DataError, HepnbError, Place, one_line
from ...histograms import Contribution, Signature
from ..bundle import Bundle
from ..job import ColumnsInput
from ..policy import Policy
from ..snapshots import stem_of_chunk, stem_of_empty
from ..spec import OPEN_FILES, RunSpec
from ..tally import add_counts
from .seeding import event_key, seed_generators, seed_of

if TYPE_CHECKING:
    from ...analysis import ChunkResult
    from ..job import Input

__all__ = ["Tasks"]

_MOST_CLUSTERS = 10_000
_NO_OBJECTS = (0, 0, 0, 0)
_PACKAGE = str(Path(__file__).parents[2]) + os.sep


class Tasks:
    """What a worker can do; it keeps inputs open that it has not read whole."""

    def __init__(
        self,
        bundle: Bundle,
        spec: RunSpec,
        directory: Path = Path(),
        tell: Callable[[Mapping[str, Any]], None] = lambda _: None,
    ) -> None:
        """`directory` is the run's; `tell` takes messages that are no answers."""
        self._job = bundle.job
        self._datasets = {dataset.name: dataset for dataset in bundle.datasets}
        self._spec, self._directory, self._tell = spec, directory, tell
        self._signatures = {n: Signature.from_dict(dict(d)) for n, d in spec.signatures.items()}
        self._open: OrderedDict[int, Input] = OrderedDict()
        self._left: dict[int, int] = {}
        self._described: set[str] = set()
        wanted = spec.settings.cache
        self._cache = None if wanted is False else column_cache(Policy.of_site().cache)

    def answer(self, task: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        """The answer to a task, and the record that goes with it."""
        began, cpu = time.perf_counter(), time.process_time()
        record = b""
        reply: dict[str, Any]
        try:
            reply, record = self._attempt(task)
        except DataError as error:
            reply = {"k": "unreadable", "title": str(error)}
        except HepnbError as error:
            kind = "unreadable" if task["k"] == "open" else "raised"
            reply = {"k": kind, "title": str(error), "traceback": _user_traceback(error)}
        except MemoryError as error:
            reply = {"k": "memory", "title": _title(error), "traceback": _user_traceback(error)}
        except BaseException as error:  # noqa: BLE001  the user's code
            reply = {"k": "raised", "title": _title(error), "traceback": _user_traceback(error)}
        reply |= {
            "file": task.get("file"),
            "order": task.get("order"),
            "seconds": time.perf_counter() - began,
            "cpu": time.process_time() - cpu,
        }
        return reply, record

    def _attempt(self, task: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        """The answer to a task that succeeds. Raises whatever goes wrong."""
        if task["k"] == "open":
            return self._contents(task), b""
        if task["k"] == "finish":
            self.finish()
            return {"k": "finished"}, b""
        return self._process(task)

    def _input(self, index: int) -> Input:
        if index in self._open:
            self._open.move_to_end(index)
            return self._open[index]
        entry = self._spec.files[index]
        opened = self._job.open(entry.path, entry.tree, self._datasets[entry.dataset])
        if self._cache is not None and isinstance(opened, ColumnsInput):
            opened.cache_in(self._cache, always=self._spec.settings.cache is True)
        self._open[index] = opened
        self._left.setdefault(index, opened.entries)
        while len(self._open) > OPEN_FILES:
            _, oldest = self._open.popitem(last=False)
            oldest.close()
        return opened

    def _contents(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """What an input holds. Raises HepnbError where it cannot be used."""
        index = task["file"]
        opened = self._input(index)
        path = Path(self._spec.files[index].path)
        told: Mapping[str, Any] = {}
        if isinstance(opened, ColumnsInput):
            told = opened.told()
            for name, skim in opened.skims_of_nothing().items():
                write_skim(self._directory, name, stem_of_empty(index), skim)
        return {
            "k": "opened",
            "uuid": opened.uuid,
            "tree": opened.tree,
            "entries": opened.entries,
            "clusters": list(opened.clusters[:_MOST_CLUSTERS]),
            "size": path.stat().st_size if path.exists() else 0,
            "schema": self._schema(self._spec.files[index].dataset, opened),
            **told,
        }

    def _schema(self, dataset: str, opened: Input) -> dict[str, Any] | None:
        """What the first input of a dataset says of its columns; no odd title makes it unreadable."""
        if dataset in self._described:
            return None
        self._described.add(dataset)
        with contextlib.suppress(Exception):
            return opened.describe()
        return None

    def _process(self, task: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        """The answer to a chunk and its contribution, encoded.

        Histograms are the same to the last bit whatever the parts: entries are added in their order.
        Raises DataError where the input cannot be read, and whatever the user's code raises.
        """
        index = task["file"]
        opened, entry = self._input(index), self._spec.files[index]
        if (opened.uuid, opened.entries) != (task["uuid"], task["entries"]):
            raise DataError(f"{entry.path}: was replaced while the run was reading it")
        asked = self._asked(task, opened.uuid)
        seed_generators(asked.seed)
        signatures, new = dict(self._signatures), dict[str, Signature]()
        contribution = Contribution(signatures)
        sums, costs = _Sums(), Statistics()
        began, cpu, before = time.perf_counter(), time.process_time(), opened.bytes_read
        skims: dict[str, list[str]] = {}
        number = count()  # `enumerate` would keep each part in memory until the next is there
        for result in opened.process(asked, costs):
            part = next(number)
            new |= self._undeclared(result)
            signatures |= new
            add = partial(_contribute, contribution, signatures, result)
            costs.timed("histograms", result.events, add, "fill")
            sums.add(result)
            for name, skim in result.skims.items():
                stem = stem_of_chunk(asked.order, part, asked.parts)
                save = partial(write_skim, self._directory, name, stem, skim)
                skims.setdefault(name, []).append(
                    costs.timed(f"snapshot {name!r}", 0, save, "write")
                )
                del skim, save
            del result, add
        meta = {"k": "chunk", "file": index, "start": asked.start, "stop": asked.stop}
        meta |= sums.meta()
        meta |= {"skims": skims} if skims else {}
        meta["statistics"] += map(list, costs.table())
        meta["seconds"], meta["cpu"] = time.perf_counter() - began, time.process_time() - cpu
        meta["bytes"] = opened.bytes_read - before
        record: bytes = contribution.encode(task["id"], task["order"], meta)
        self._have_read(index, asked.events)
        self._signatures |= new  # only now: of a chunk that failed nothing is told
        reply = {"k": "done", "raw": len(record)}
        told = [signature.to_dict() for signature in new.values()]
        return reply | ({"declares": told} if told else {}), record

    def _asked(self, task: Mapping[str, Any], uuid: str) -> ChunkTask:
        seed, dataset = self._spec.settings.seed, self._spec.files[task["file"]].dataset

        def tell(events: float) -> None:
            self._tell({"k": "progress", "order": task["order"], "events": events})

        return ChunkTask(
            start=task["start"],
            stop=task["stop"],
            order=task["order"],
            parts=task["parts"],
            key=event_key(uuid, seed),
            seed=seed_of(seed, dataset, uuid, task["start"]),
            directory=self._directory,
            tell=tell,
        )

    def _undeclared(self, result: ChunkResult) -> dict[str, Signature]:
        """The signatures of histograms that this worker has not told of, or not like this.

        Whether they fit what other workers have told is judged where all of them are known.
        """
        if not result.hists:
            return {}
        from ...histograms.adding import signature_of

        found = [signature_of(name, full) for name, full in result.hists.items()]
        return {s.name: s for s in found if s != self._signatures.get(s.name)}

    def _have_read(self, index: int, entries: int) -> None:
        """Close a file that was read whole: an open one may hold tens of megabytes."""
        self._left[index] -= entries
        if self._left[index] <= 0:
            self._open.pop(index).close()

    def finish(self) -> None:
        """No more tasks come: the job's last hooks, then close what is open."""
        self._job.finish()
        self.close()

    def close(self) -> None:
        """Close the files that are open."""
        while self._open:
            self._open.popitem()[1].close()


def _contribute(
    contribution: Contribution, signatures: Mapping[str, Signature], result: ChunkResult
) -> None:
    """Add what (a part of) a chunk gave."""
    from ...histograms.adding import FullBlocks

    for fill in result.fills:
        contribution.fill_each(
            fill.hist, "variation", fill.weights, **fill.categories, **fill.columns
        )
    for name, full in result.hists.items():
        contribution.add_blocks(signatures[name], FullBlocks(full, signatures[name]))
    for name, columns in result.tables.items():
        contribution.table(name, columns)


class _Sums:
    """What a chunk notes beside its histograms, over its parts."""

    def __init__(self) -> None:
        self._events = 0
        self._cutflow: list[list[Any]] = []
        self._cutflows: dict[str, list[list[Any]]] = {}
        self._above: dict[str, str] = {}
        self._statistics: list[list[Any]] = []
        self._collections: dict[str, tuple[int, int, int, int]] = {}
        self._sizes: dict[str, list[int]] = {}
        self._overlaps: Counter[str] = Counter()
        self._sumw: list[float] = []
        self._own_sums: list[list[Any]] = []

    def add(self, result: ChunkResult) -> None:
        self._events += result.events
        # A row of each part: whoever reads them adds them up, exactly.
        self._cutflow += map(list, result.cutflow)
        self._above = dict(result.above)
        for label, rows in result.cutflows.items():
            self._cutflows.setdefault(label, []).extend(map(list, rows))
        self._statistics += map(list, result.statistics)
        for name, new in result.collections.items():
            old = self._collections.get(name, _NO_OBJECTS)
            if new[0] and old[0]:
                least, most = min(old[2], new[2]), max(old[3], new[3])
                new = (old[0] + new[0], old[1] + new[1], least, most)  # noqa: PLW2901
            self._collections[name] = new if new[0] else old
        for name, counts in result.sizes.items():
            add_counts(self._sizes.setdefault(name, []), counts)
        self._overlaps.update(result.categories_overlap)
        self._sumw += [] if result.sumw is None else [result.sumw]
        if result.own_sums is not None:
            self._own_sums.append([result.own_sums.above, dict(result.own_sums.labels)])

    def meta(self) -> dict[str, Any]:
        return {
            "events": self._events,
            "cutflow": self._cutflow,
            "cutflows": self._cutflows,
            "above": self._above,
            "collections": {name: list(row) for name, row in self._collections.items()},
            "sizes": self._sizes,
            "statistics": self._statistics,
            "overlaps": dict(self._overlaps),
            "sumw": self._sumw,
            "own_sums": self._own_sums,
        }


def _title(error: BaseException) -> str:
    """Type and message of an exception, behind the step of a path whose code raised it."""
    places = [note for note in getattr(error, "__notes__", ()) if isinstance(note, Place)]
    return ": ".join([*(place.step for place in places[:1]), one_line(error)])


def _user_traceback(error: BaseException) -> str:
    """The traceback from the user's first line on; all of it when the fault is hepnb's own.

    None where one of hepnb's errors met no line of the user's: it says everything in one line.
    """
    frames = traceback.extract_tb(error.__traceback__)
    ours = 0
    while ours < len(frames) and frames[ours].filename.startswith(_PACKAGE):
        ours += 1
    if ours == len(frames) and isinstance(error, HepnbError):
        return ""  # its one line says everything
    exception = traceback.TracebackException.from_exception(error)
    if ours < len(frames):
        exception.stack = traceback.StackSummary.from_list(list(frames[ours:]))
    return "".join(exception.format())[-20_000:]
