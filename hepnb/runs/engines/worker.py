"""A worker process: answers its tasks one by one, over a stream to the supervisor.

For a chunk it sends back one contribution, whole, or an error. What the user's code logs travels
as records; what it prints goes to pipes that the supervisor reads.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...frames import FrameReader, encode
from ..bundle import Bundle
from ..spec import RunSpec
from .capture import LogSender, Streams
from .memory import give_back_memory, keep_freed_memory
from .tasks import Tasks

__all__ = ["serve"]

_COPIED = 1 << 16
_IDLE = 0.5


class _Channel:
    """The stream to the supervisor; whole frames only, from whichever thread."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self.pid = os.getpid()

    def send(self, message: Mapping[str, Any], raw: bytes = b"") -> None:
        with self._lock:
            if len(raw) < _COPIED:
                self._stream.sendall(encode(message) + raw)
            else:
                self._stream.sendall(encode(message))
                self._stream.sendall(raw)


def _received(stream: socket.socket) -> bytes:
    """What the supervisor sends next; who waits for it long keeps no memory for a next chunk."""
    if not select.select([stream], [], [], _IDLE)[0]:
        give_back_memory()
    return stream.recv(1 << 16)


def serve(stream: socket.socket, bundle: Bundle, spec: RunSpec, directory: Path) -> None:
    """Answer tasks until the supervisor closes the stream."""
    keep_freed_memory()
    channel = _Channel(stream)
    logging.captureWarnings(True)
    root = logging.getLogger()
    sender = LogSender(channel.send)
    root.handlers[:] = [sender]
    root.setLevel(logging.INFO)
    streams = Streams()
    tasks = Tasks(bundle, spec, directory, channel.send)
    reader = FrameReader()
    channel.send({"k": "ready", "pid": os.getpid()})
    while data := _received(stream):
        for task, _ in reader.feed(data):
            # The user's code may have gone elsewhere, and files may be given relative to this.
            with contextlib.suppress(OSError):
                os.chdir(spec.working_directory)
            reply, record = tasks.answer(task)
            if os.getpid() != channel.pid:
                os._exit(0)  # the user's code forked, and this is the copy
            sender.send_last()
            streams.flush()
            channel.send(reply, record)
    tasks.finish()
    sender.send_last()
    streams.flush()
