"""A worker: opens files and processes chunks, one task at a time, and keeps no results.

For a chunk it sends back one contribution, whole, or an error. What the user's code logs travels
as records; what it prints goes to pipes that the supervisor reads.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...analysis import EventFile, open_events
from ...errors import DataError, HepnbError, one_line
from ...frames import FrameReader, encode
from ...histograms import Contribution, Signature
from ..bundle import Bundle
from ..logs import shortened
from ..spec import OPEN_FILES, RunSpec

__all__ = ["flush_streams", "serve"]

_MOST_CLUSTERS = 10_000
_PACKAGE = str(Path(__file__).parents[2]) + os.sep


class _Channel:
    """The stream to the supervisor; whole frames only, from whichever thread."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self.pid = os.getpid()

    def send(self, message: Mapping[str, Any], raw: bytes = b"") -> None:
        with self._lock:
            self._stream.sendall(encode(message))
            if raw:
                self._stream.sendall(raw)


class _LogSender(logging.Handler):
    """Sends what the user's code logs as records; a process that it forked writes to stderr."""

    def __init__(self, channel: _Channel) -> None:
        super().__init__()
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
            if record.exc_info:
                text += "\n" + logging.Formatter().formatException(record.exc_info)
            if os.getpid() != self._channel.pid:
                sys.stderr.write(f"{text}\n")
                return
            self._channel.send(
                {
                    "k": "log",
                    "level": record.levelname,
                    "logger": record.name,
                    "text": shortened(text),
                    "time": record.created,
                }
            )
        except Exception:  # noqa: BLE001  a message that cannot be formatted, as logging has it
            self.handleError(record)


class _Tasks:
    """What a worker can do; its open files stay open from task to task."""

    def __init__(self, bundle: Bundle, spec: RunSpec) -> None:
        self._program = bundle.program
        self._datasets = {dataset.name: dataset for dataset in bundle.datasets}
        self._spec = spec
        self._signatures = {n: Signature.from_dict(dict(d)) for n, d in spec.signatures.items()}
        self._open: OrderedDict[int, EventFile] = OrderedDict()
        self._columns: dict[int, tuple[str, ...]] = {}

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
        while len(self._open) > OPEN_FILES:
            _, oldest = self._open.popitem(last=False)
            oldest.close()
        return file

    def open(self, task: Mapping[str, Any]) -> dict[str, Any]:
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

    def process(self, task: Mapping[str, Any]) -> bytes:
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
        return record

    def finish(self) -> None:
        """No more tasks come: the modules' last hooks, then close what is open."""
        self._program.finish()
        for file in self._open.values():
            file.close()


def serve(stream: socket.socket, bundle: Bundle, spec: RunSpec) -> None:
    """Answer tasks until the supervisor closes the stream."""
    channel = _Channel(stream)
    logging.captureWarnings(True)
    root = logging.getLogger()
    root.handlers[:] = [_LogSender(channel)]
    root.setLevel(logging.INFO)
    tasks = _Tasks(bundle, spec)
    reader = FrameReader()
    channel.send({"k": "ready", "pid": os.getpid()})
    while data := stream.recv(1 << 16):
        for task, _ in reader.feed(data):
            # The user's code may have gone elsewhere, and files may be given relative to this.
            with contextlib.suppress(OSError):
                os.chdir(spec.working_directory)
            reply, record = _answer(tasks, task)
            if os.getpid() != channel.pid:
                os._exit(0)  # the user's code forked, and this is the copy
            channel.send(reply, record)
    tasks.finish()


def _answer(tasks: _Tasks, task: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    began, cpu = time.perf_counter(), time.process_time()
    record = b""
    reply: dict[str, Any]
    try:
        if task["k"] == "open":
            reply = tasks.open(task)
        else:
            record = tasks.process(task)
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
