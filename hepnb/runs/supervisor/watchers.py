"""The run's ears and mouth: a Unix socket that any process of the same user may watch.

A watcher subscribes and gets snapshots, at most ten a second, only the sections that changed since
the last that it has seen, and always the last one. One that reads slowly misses snapshots in between; it never slows the run.
"""

from __future__ import annotations

import os
import selectors
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...frames import PROTOCOL, FrameError, FrameReader, encode

__all__ = ["Watchers"]

_MOST_PENDING = 8 << 20
_MOST_WATCHERS = 100  # with the most workers they are still below 1024 descriptors
_ALWAYS = {"seq", "now"}
Answer = Callable[[str, Mapping[str, Any]], Any]


@dataclass(eq=False)
class _Watcher:
    connection: socket.socket
    reader: FrameReader = field(default_factory=FrameReader)
    pending: bytearray = field(default_factory=bytearray)
    subscribed: bool = False
    seen: int = 0


class Watchers:
    """Serves everybody who is connected, inside the supervisor's loop.

    `answer(kind, request)` gives the result of a request, or raises TypeError, ValueError or
    OverflowError with one line.
    """

    def __init__(
        self, listener: socket.socket, selector: selectors.BaseSelector, answer: Answer
    ) -> None:
        self._listener = listener
        self._selector = selector
        self._answer = answer
        self._watchers: set[_Watcher] = set()
        self._snapshot: dict[str, Any] = {"seq": 0}
        self._changed_at: dict[str, int] = {}
        selector.register(listener, selectors.EVENT_READ, self._accept)

    def publish(self, snapshot: dict[str, Any]) -> None:
        """Send what changed to every subscriber that has read all it was sent before."""
        for name, value in snapshot.items():
            if name not in self._changed_at or self._snapshot[name] != value:
                self._changed_at[name] = snapshot["seq"]
        self._snapshot = snapshot
        for watcher in list(self._watchers):
            if watcher.subscribed and not watcher.pending:
                self._send_changes(watcher)

    def close(self, timeout: float = 2.0) -> None:
        """Send what is pending and the last snapshot, then hang up."""
        for watcher in list(self._watchers):
            watcher.connection.settimeout(timeout)
            try:
                if watcher.subscribed:
                    self._queue_changes(watcher)
                watcher.connection.sendall(watcher.pending)
            except OSError:
                pass
            self._hang_up(watcher)
        self._selector.unregister(self._listener)
        self._listener.close()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        if not _same_user(connection) or len(self._watchers) >= _MOST_WATCHERS:
            connection.close()
            return
        connection.setblocking(False)
        watcher = _Watcher(connection)
        self._watchers.add(watcher)
        self._selector.register(connection, selectors.EVENT_READ, lambda: self._hear(watcher))

    def _hear(self, watcher: _Watcher) -> None:
        try:
            data = watcher.connection.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._hang_up(watcher)
            return
        try:
            for message, _ in watcher.reader.feed(data):
                self._handle(watcher, message)
        except FrameError:
            self._hang_up(watcher)

    def _handle(self, watcher: _Watcher, message: dict[str, Any]) -> None:
        kind = message.get("k")
        if kind == "subscribe":
            watcher.subscribed, watcher.seen, seen = True, 0, message.get("seen")
            # A number from the future is of another run: it has seen nothing of this one.
            if isinstance(seen, int) and 0 <= seen <= self._snapshot["seq"]:
                watcher.seen = seen
            self._send_changes(watcher)
            return
        reply: dict[str, Any] = {"k": "reply", "id": message.get("id")}
        try:
            reply["result"] = self._answer(str(kind), message)
        except (TypeError, ValueError, OverflowError) as error:
            reply["error"] = str(error)
        self._queue(watcher, reply)
        self._flush(watcher)

    def _send_changes(self, watcher: _Watcher) -> None:
        self._queue_changes(watcher)
        self._flush(watcher)

    def _queue_changes(self, watcher: _Watcher) -> None:
        changed = {n: self._snapshot[n] for n, at in self._changed_at.items() if at > watcher.seen}
        if not changed.keys() - _ALWAYS:
            return
        changed |= {name: self._snapshot[name] for name in _ALWAYS}
        watcher.seen = self._snapshot["seq"]
        self._queue(watcher, {"k": "snapshot", "protocol": PROTOCOL, "changed": changed})

    def _queue(self, watcher: _Watcher, message: Mapping[str, Any]) -> None:
        watcher.pending += encode(message)

    def _flush(self, watcher: _Watcher) -> None:
        try:
            while watcher.pending:
                sent = watcher.connection.send(watcher.pending)
                del watcher.pending[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self._hang_up(watcher)
            return
        if len(watcher.pending) > _MOST_PENDING:
            self._hang_up(watcher)
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if watcher.pending else 0)
        if self._selector.get_key(watcher.connection).events != events:
            self._selector.modify(
                watcher.connection,
                events,
                (lambda: self._both(watcher)) if watcher.pending else (lambda: self._hear(watcher)),
            )

    def _both(self, watcher: _Watcher) -> None:
        self._flush(watcher)
        if watcher in self._watchers:
            self._hear(watcher)

    def _hang_up(self, watcher: _Watcher) -> None:
        if watcher in self._watchers:
            self._watchers.discard(watcher)
            self._selector.unregister(watcher.connection)
            watcher.connection.close()


def _same_user(connection: socket.socket) -> bool:
    """Whether the process at the other end runs under our user id."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        # Where the system cannot tell, the directory of the socket (0700) is the guard.
        return True
    credentials = connection.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    return bool(uid == os.getuid())
