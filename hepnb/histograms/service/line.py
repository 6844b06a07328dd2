"""The client's end of one connection: connect, say hello, open a histogram, send and receive."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from ... import __version__
from ...errors import StoreError
from ...frames import FrameError, FrameReader, encode
from .protocol import LONGEST_MAP, PROTOCOL, Address
from .security import client_context, is_same_user, read_token

__all__ = ["Line", "Place", "Refused", "WaitError"]

_CONNECT_WITHIN = 10.0
_ANSWER_WITHIN = 60.0


class Refused(StoreError):
    """The server has said no, and why: the user can mend it."""


class WaitError(Exception):
    """The server cannot do it now, and says why: try again."""


@dataclass(frozen=True)
class Place:
    """Where a histogram is kept, and what it takes to get in: paths only, never a secret."""

    address: Address
    name: str
    signature: Mapping[str, Any] | None
    token: str | None = None
    certificate: str | None = None


class Line:
    """An open connection on which one histogram was opened.

    Raises OSError where there is no server (yet), Refused where it does not let us in.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self._connection = _connect(place)
        self._reader = FrameReader(LONGEST_MAP)
        self._messages: list[tuple[dict[str, Any], bytes]] = []
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        hello: dict[str, Any] = {"k": "hello", "protocol": PROTOCOL, "hepnb": __version__}
        if self.place.token is not None:
            hello["token"] = read_token(self.place.token)
        self.send(hello)
        welcome, _ = self.receive()
        self.longest = int(welcome.get("longest", 0))
        opened: dict[str, Any] = {"k": "open", "name": self.place.name}
        if self.place.signature is not None:
            opened["signature"] = self.place.signature
        self.signature: dict[str, Any] = self.ask(opened)[0]["signature"]

    def send(self, message: Mapping[str, Any], raw: bytes = b"") -> None:
        """Send one message."""
        self._connection.sendall(encode({**message, "raw": len(raw)} if raw else message))
        if raw:
            self._connection.sendall(raw)

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """The next message; Refused when it refuses something that has no number."""
        while not self._messages:
            data = self._connection.recv(1 << 18)
            if not data:
                raise ConnectionResetError("the server hung up")
            try:
                self._messages.extend(self._reader.feed(data))
            except FrameError as error:
                raise Refused(
                    f"{self.place.address} does not speak hepnb's protocol ({error}); is the address right?"
                ) from None
        message, raw = self._messages.pop(0)
        if message.get("k") == "refused" and message.get("n") is None:
            raise Refused(f"{self.place.address}: {message.get('error')}")
        return message, raw

    def ask(self, message: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        """One message and its answer, with nothing else on the way."""
        self.send({**message, "n": 0})
        reply, raw = self.receive()
        if reply.get("k") == "refused":
            raise Refused(f"{self.place.address}: {reply.get('error')}")
        if reply.get("k") == "wait":
            raise WaitError(str(reply.get("error")))
        return reply, raw

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _connect(place: Place) -> socket.socket:
    address = place.address
    if address.path is not None:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(_CONNECT_WITHIN)
            connection.connect(address.socket)
            if not is_same_user(connection):
                raise Refused(f"{address}: its server runs as another user; is the path right?")
        except BaseException:
            connection.close()
            raise
        connection.settimeout(_ANSWER_WITHIN)
        return connection
    context = client_context(place.certificate)
    plain = socket.create_connection((address.host, address.port), timeout=_CONNECT_WITHIN)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = context.wrap_socket(plain, server_hostname=address.host)
    except ssl.SSLCertVerificationError as error:
        plain.close()
        raise Refused(
            f"{address}: its certificate is not trusted ({error.verify_message}); "
            "give certificate=PATH of the server's --cert, made for this host"
        ) from None
    except BaseException:
        plain.close()
        raise
    connection.settimeout(_ANSWER_WITHIN)
    return connection
