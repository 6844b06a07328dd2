"""What a worker does with a task: open a file, or make the contribution of a chunk.

A task comes as a plain map and is answered with one, whatever the user's code does; nothing here
knows how either travels. A file stays open from task to task until it was read whole; results are
not kept.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import traceback
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...analysis import EventFile, open_events
from ...errors import DataError, HepnbError, one_line
from ...histograms import Contribution, Signature
from ..bundle import Bundle
from ..spec import OPEN_FILES, RunSpec

__all__ = ["Tasks", "flush_streams"]

_MOST_CLUSTERS = 10_000
_PACKAGE = str(Path(__file__).parents[2]) + os.sep


class Tasks:
    """What a worker can do; it keeps files open that it has not read whole."""

    def __init__(self, bundle: Bundle, spec: RunSpec) -> None:
        self._program = bundle.program
        self._datasets = {dataset.name: dataset for dataset in bundle.datasets}
        self._spec = spec
        self._signatures = {n: Signature.from_dict(dict(d)) for n, d in spec.signatures.items()}
        self._open: OrderedDict[int, EventFile] = OrderedDict()
        self._columns: dict[int, tuple[str, ...]] = {}
        self._left: dict[int, int] = {}

    def answer(self, task: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        """The answer to a task, and the record that goes with it."""
        began, cpu = time.perf_counter(), time.process_time()
        record = b""
        reply: dict[str, Any]
        try:
            if task["k"] == "open":
                reply = self._contents(task)
            else:
                record = self._process(task)
                reply = {"k": "done", "raw": len(record)}
        except DataError as error:
            reply = {"k": "unreadable", "title": str(error)}
        except HepnbError as error:
            kind = "unreadable" if task["k"] == "open" else "raised"
            reply = {"k": kind, "title": str(error), "traceback": _user_traceback(error)}
        except BaseException as error:  # noqa: BLE001  the user's code
            reply = {"k": "raised", "title": one_line(error), "traceback": _user_traceback(error)}
        flush_streams()
        reply |= {
            "file": task["file"],
            "order": task.get("order"),
            "seconds": time.perf_counter() - began,
            "cpu": time.process_time() - cpu,
        }
        return reply, record

    def _file(self, index: int) -> EventFile:
        if index in self._open:
            self._open.move_to_end(index)
            return self._open[index]
        entry = self._spec.files[index]
        file = open_events(entry.path, entry.tree)
        try:
            self._columns[index] = tuple(self._program.columns(file.branches))
        except HepnbError:
            file.close()
            raise
        self._open[index] = file
        self._left.setdefault(index, file.entries)
        while len(self._open) > OPEN_FILES:
            _, oldest = self._open.popitem(last=False)
            oldest.close()
        return file

    def _contents(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """What a file holds. Raises HepnbError where it cannot be used."""
        index = task["file"]
        file = self._file(index)
        path = Path(self._spec.files[index].path)
        return {
            "k": "opened",
            "uuid": file.uuid,
            "tree": file.tree,
            "entries": file.entries,
            "clusters": list(file.clusters[:_MOST_CLUSTERS]),
            "size": path.stat().st_size if path.exists() else 0,
        }

    def _process(self, task: Mapping[str, Any]) -> bytes:
        """The contribution of one chunk, encoded.

        Raises DataError where the file cannot be read, and whatever the user's code raises.
        """
        index = task["file"]
        file = self._file(index)
        if (file.uuid, file.entries) != (task["uuid"], task["entries"]):
            raise DataError(f"{file.path}: was replaced while the run was reading it")
        dataset = self._datasets[self._spec.files[index].dataset]
        events = file.read(self._columns[index], task["start"], task["stop"])
        result = self._program.process(events, dataset, first_entry=task["start"], file=file.uuid)
        contribution = Contribution(self._signatures)
        for fill in result.fills:
            contribution.fill(fill.hist, weight=fill.weight, **fill.categories, **fill.columns)
        for name, columns in result.tables.items():
            contribution.table(name, columns)
        meta = {
            "k": "chunk",
            "file": index,
            "start": task["start"],
            "stop": task["stop"],
            "events": result.events,
            "cutflow": [list(row) for row in result.cutflow],
            "collections": {name: list(row) for name, row in result.collections.items()},
            "statistics": [list(row) for row in result.statistics],
            "overlaps": dict(result.categories_overlap),
        }
        record: bytes = contribution.encode(task["id"], task["order"], meta)
        self._have_read(index, task["stop"] - task["start"])
        return record

    def _have_read(self, index: int, entries: int) -> None:
        """Close a file that was read whole: an open one may hold tens of megabytes."""
        self._left[index] -= entries
        if self._left[index] <= 0:
            self._open.pop(index).close()

    def finish(self) -> None:
        """No more tasks come: the modules' last hooks, then close what is open."""
        self._program.finish()
        for file in self._open.values():
            file.close()


def flush_streams() -> None:
    """Send on what was printed; the user's code may have closed the streams, or put others there."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


def _user_traceback(error: BaseException) -> str:
    """The traceback from the user's first line on; all of it when the fault is hepnb's own."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = 0
    while ours < len(frames) and frames[ours].filename.startswith(_PACKAGE):
        ours += 1
    exception = traceback.TracebackException.from_exception(error)
    if ours < len(frames):
        exception.stack = traceback.StackSummary.from_list(list(frames[ours:]))
    return "".join(exception.format())[-20_000:]
