"""The server's end of one connection: whole frames in, replies out, never waiting for anybody."""

from __future__ import annotations

import selectors
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Any

from ...frames import FrameReader, encode
from .protocol import LONGEST_HELLO, LONGEST_MAP

__all__ = ["Session"]

_PIECE = 1 << 18
_MOST_AT_ONCE = 8 << 20
_Message = tuple[dict[str, Any], bytes]


class Session:
    """One client. `who` is how the log names it."""

    def __init__(self, connection: socket.socket, who: str) -> None:
        connection.setblocking(False)
        self.connection, self.who = connection, who
        self.born = time.monotonic()
        self.welcomed = False
        self.ended = False
        self.names: set[str] = set()
        self._reader = FrameReader(LONGEST_HELLO, 0)
        self._pending = bytearray()
        self._shaking = isinstance(connection, ssl.SSLSocket)
        self._writing = False

    @property
    def events(self) -> int:
        """What to wait for."""
        writing = selectors.EVENT_WRITE if self._writing or self._pending else 0
        return selectors.EVENT_READ | writing

    @property
    def unread(self) -> int:
        """Bytes of replies that the client has not taken yet."""
        return len(self._pending)

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
        self._pending += encode({**message, "raw": len(raw)} if raw else message)
        self._pending += raw

    def flush(self) -> None:
        """Send what the client takes now; OSError when it is gone."""
        if self._shaking:
            return
        try:
            while self._pending:
                sent = self.connection.send(bytes(self._pending[:_PIECE]))
                del self._pending[:sent]
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
