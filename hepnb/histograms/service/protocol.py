"""What both ends of the service agree on: version, bounds, addresses, ids. No sockets here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ..refusal import HistValueError

__all__ = [
    "LONGEST_HELLO",
    "LONGEST_MAP",
    "LONGEST_RAW",
    "PROTOCOL",
    "SOCKET",
    "Address",
    "full_id",
]

PROTOCOL = 1
LONGEST_HELLO = 16 << 10
"""Bytes of the first message: all that a stranger can make the server hold."""
LONGEST_MAP = 16 << 20
LONGEST_RAW = 256 << 20
SOCKET = "service.sock"
"""The socket's name in the store's directory, unless another path is given."""
_LONGEST_ID = 1000


@dataclass(frozen=True)
class Address:
    """Where a service listens: a Unix socket, or host and port under TLS.

    >>> Address.parse("tls://localhost:4711")
    Address(path=None, host='localhost', port=4711)
    >>> str(Address.parse("unix:/tmp/s.sock"))
    'unix:/tmp/s.sock'
    """

    path: str | None = None
    host: str = ""
    port: int = 0

    @classmethod
    def parse(cls, text: str | os.PathLike[str]) -> Address:
        """`tls://HOST:PORT`, `unix:PATH`, the path of a socket, or a store's directory."""
        said = os.fspath(text)
        if said.startswith("tls://"):
            return cls.of_tcp(said.removeprefix("tls://"))
        if not said or "://" in said:
            raise HistValueError(f"address {said!r}: give tls://HOST:PORT, unix:PATH or a store")
        return cls(path=str(Path(said.removeprefix("unix:")).absolute()))

    @property
    def socket(self) -> str:
        """The path of the Unix socket; in the directory of a store it has its usual name."""
        path = Path(str(self.path))
        return str(path / SOCKET if path.is_dir() else path)

    @classmethod
    def of_tcp(cls, text: str, default_host: str = "") -> Address:
        """`HOST:PORT`, or `PORT` alone where there is a default host; `[::1]:PORT` for IPv6."""
        host, _, port = text.rpartition(":")
        host = host.strip("[]") or default_host
        if not host or not port.isdecimal() or int(port) > 65535:
            raise HistValueError(f"address {text!r}: give HOST:PORT")
        return cls(host=host, port=int(port))

    def __str__(self) -> str:
        if self.path is not None:
            return f"unix:{self.path}"
        return (
            f"tls://[{self.host}]:{self.port}"
            if ":" in self.host
            else f"tls://{self.host}:{self.port}"
        )


def full_id(name: str, unique_id: object) -> str:
    """The record's id: the same job may fill several histograms of a store.

    >>> full_id("mass", "file-1")
    'mass/file-1'
    """
    if not isinstance(unique_id, str) or not 0 < len(unique_id) <= _LONGEST_ID:
        raise HistValueError(f"id {unique_id!r}: give a text of 1 to {_LONGEST_ID} characters")
    return f"{name}/{unique_id}"
