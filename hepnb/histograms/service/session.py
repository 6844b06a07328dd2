"""The server's end of one connection: whole frames in, replies out, never waiting for anybody."""

from __future__ import annotations

import selectors
import socket
import ssl
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from ...frames import FrameReader, encode
from .protocol import LONGEST_HELLO, LONGEST_MAP

__all__ = ["Session"]

_PIECE = 1 << 18
_MOST_AT_ONCE = 8 << 20
_MOST_UNREAD = 1 << 20
_Message = tuple[dict[str, Any], bytes]


class Session:
    """One client. `who` is how the log names it.

    It is `busy` while it is being answered or has not read its replies: what it says meanwhile
    waits, at first in the `inbox` and then at its own end of the line.
    """

    def __init__(self, connection: socket.socket, who: str) -> None:
        connection.setblocking(False)
        self.connection, self.who = connection, who
        self.born = time.monotonic()
        self.welcomed = False
        self.ended = False
        self.names: set[str] = set()
        self.inbox: deque[_Message] = deque()
        self.answering = False
        self.took_last = self.born
        self._reader = FrameReader(LONGEST_HELLO, 0)
        self._pending = bytearray()
        self._shaking = isinstance(connection, ssl.SSLSocket)
        self._writing = False

    @property
    def events(self) -> int:
        """What to wait for; 0 for nothing."""
        reading = 0 if self.busy or self.inbox else selectors.EVENT_READ
        writing = selectors.EVENT_WRITE if self._writing or self._pending else 0
        return reading | writing

    @property
    def busy(self) -> bool:
        """Whether it may ask for nothing now."""
        return self.answering or len(self._pending) > _MOST_UNREAD

    @property
    def takes_nothing_since(self) -> float | None:
        """The time at which it last took of its replies, if there are any."""
        return self.took_last if self._pending else None

    def trust(self, longest_raw: int) -> None:
        """Take larger frames from now on."""
        self.welcomed = True
        self._reader.longest_map, self._reader.longest_raw = LONGEST_MAP, longest_raw

    def hear(self) -> list[_Message]:
        """The messages that have become whole; sets `ended` when there will be no more.

        Raises FrameError for what is not this protocol and OSError when the line is broken.
        """
        if self._shaking and not self._shake():
            return []
        out: list[_Message] = []
        taken = 0
        while taken < _MOST_AT_ONCE:
            try:
                data = self.connection.recv(_PIECE)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                break
            if not data:
                self.ended = True
                break
            taken += len(data)
            out.extend(self._reader.feed(data))
            if not self.welcomed and out:
                break  # what follows the first message has other bounds
        return out

    def reply(self, message: Mapping[str, Any], raw: bytes = b"") -> None:
        """Queue a reply; `flush` sends it."""
        if not self._pending:
            self.took_last = time.monotonic()
        self._pending += encode({**message, "raw": len(raw)} if raw else message)
        self._pending += raw

    def flush(self) -> None:
        """Send what the client takes now, but a few megabytes; OSError when it is gone."""
        if self._shaking:
            return
        left = _MOST_AT_ONCE
        try:
            while self._pending and left > 0:
                sent = self.connection.send(bytes(self._pending[:_PIECE]))
                del self._pending[:sent]
                left -= sent
                self.took_last = time.monotonic()
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass

    def close(self) -> None:
        """Hang up."""
        self.connection.close()

    def _shake(self) -> bool:
        assert isinstance(self.connection, ssl.SSLSocket)
        self._writing = False
        try:
            self.connection.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLWantWriteError:
            self._writing = True
            return False
        self._shaking = False
        return True
