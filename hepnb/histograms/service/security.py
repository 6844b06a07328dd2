"""Who may speak to a service: the peer's uid on a Unix socket; TLS and a token on TCP."""

from __future__ import annotations

import hmac
import os
import socket
import ssl
import stat
import struct
from pathlib import Path

from ...errors import StoreError

__all__ = [
    "client_context",
    "is_same_user",
    "read_token",
    "same_token",
    "server_context",
]

_LONGEST_TOKEN = 4096
_SHORTEST_TOKEN = 16
_MAKE = "make one: (umask 077; openssl rand -hex 32 > FILE)"


def read_token(path: str | os.PathLike[str]) -> str:
    """The token in a file that is ours and nobody else may read; StoreError says the mend."""
    text = _private(path, "token file", _MAKE).decode(errors="replace").strip()
    if not _SHORTEST_TOKEN <= len(text) <= _LONGEST_TOKEN or not text.isprintable():
        raise StoreError(
            f"token file {path}: needs {_SHORTEST_TOKEN} to {_LONGEST_TOKEN} characters; {_MAKE}"
        )
    return text


def same_token(given: object, expected: str) -> bool:
    """Compare in a time that tells nothing about where they differ."""
    if not isinstance(given, str):
        return False
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def is_same_user(connection: socket.socket) -> bool:
    """Whether the process at the other end of a Unix socket runs under our user id."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return True  # where the system cannot tell, the socket's mode (0600) is the guard
    credentials = connection.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    return bool(uid == os.getuid())


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS for the server; the key's file must be ours alone."""
    _private(key, "key file", "chmod 600 it")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise StoreError(f"certificate {certificate} and key {key}: {error}") from None
    return context


def client_context(certificate: str | None) -> ssl.SSLContext:
    """TLS for a client: trusts `certificate` alone, or without one the system's authorities."""
    try:
        return ssl.create_default_context(cafile=certificate)
    except (OSError, ssl.SSLError) as error:
        raise StoreError(f"certificate {certificate}: {error}; is it a PEM file?") from None


def _private(path: str | os.PathLike[str], what: str, mend: str) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise StoreError(f"{what} {path}: {error.strerror}; {mend}") from None
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise StoreError(f"{what} {path} is not a plain file; {mend}")
        if found.st_uid != os.getuid():
            raise StoreError(f"{what} {path} belongs to uid {found.st_uid}, not to you; {mend}")
        if found.st_mode & 0o077:
            raise StoreError(
                f"{what} {path} has mode {stat.S_IMODE(found.st_mode):04o}: "
                "others may read it; chmod 600 it"
            )
        return os.read(fd, 1 << 20)
    finally:
        os.close(fd)
