"""A worker process: answers one task at a time, over a stream to the supervisor.

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
from collections.abc import Mapping
from typing import Any

from ...frames import FrameReader, encode
from ..bundle import Bundle
from ..logs import shortened
from ..spec import RunSpec
from .memory import keep_freed_memory
from .tasks import Tasks

__all__ = ["serve"]


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


def serve(stream: socket.socket, bundle: Bundle, spec: RunSpec) -> None:
    """Answer tasks until the supervisor closes the stream."""
    keep_freed_memory()
    channel = _Channel(stream)
    logging.captureWarnings(True)
    root = logging.getLogger()
    root.handlers[:] = [_LogSender(channel)]
    root.setLevel(logging.INFO)
    outputs = {number: os.dup(number) for number in (1, 2)}
    tasks = Tasks(bundle, spec)
    reader = FrameReader()
    channel.send({"k": "ready", "pid": os.getpid()})
    while data := stream.recv(1 << 16):
        for task, _ in reader.feed(data):
            # The user's code may have gone elsewhere, and files may be given relative to this.
            with contextlib.suppress(OSError):
                os.chdir(spec.working_directory)
            _open_again(outputs)
            reply, record = tasks.answer(task)
            if os.getpid() != channel.pid:
                os._exit(0)  # the user's code forked, and this is the copy
            channel.send(reply, record)
    tasks.finish()


def _open_again(outputs: Mapping[int, int]) -> None:
    """Where the user's code closed stdout or stderr, put them back from their copies.

    The next file that is opened would take their numbers, and be closed or written to in their place.
    """
    for number, copy in outputs.items():
        try:
            os.fstat(number)
        except OSError:
            os.dup2(copy, number)
