"""Where the server listens, and whom it lets in: a Unix socket of ours, or TLS on TCP."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import stat
from pathlib import Path

from ...errors import StoreError
from .protocol import Address
from .security import is_same_user, read_token, server_context

__all__ = ["Door"]

_BACKLOG = 128


class Door:
    """A listening socket. `token` is None on a Unix socket, where the peer's uid is what counts."""

    def __init__(
        self,
        listener: socket.socket,
        address: Address,
        context: ssl.SSLContext | None = None,
        token: str | None = None,
    ) -> None:
        """Use `unix` or `tcp`."""
        listener.setblocking(False)
        self.listener, self.address, self.token = listener, address, token
        self._context = context

    @classmethod
    def unix(cls, path: str | os.PathLike[str]) -> Door:
        """Listen at `path` (mode 0600); a socket that nobody listens at any more is replaced."""
        address = Address(path=str(Path(path).absolute()))
        listener = socket.socket(socket.AF_UNIX)
        before = os.umask(0o177)
        try:
            _remove_stale(Path(str(address.path)))
            listener.bind(str(address.path))
        except OSError as error:
            listener.close()
            reason = error.strerror or str(error)
            raise StoreError(
                f"cannot listen at {path}: {reason}; choose a short path on a local disk: --socket PATH"
            ) from None
        except StoreError:
            listener.close()
            raise
        finally:
            os.umask(before)
        listener.listen(_BACKLOG)
        return cls(listener, address)

    @classmethod
    def tcp(cls, where: str, certificate: Path, key: Path, token: Path) -> Door:
        """Listen at `HOST:PORT` under TLS; `PORT` alone is on this host's loopback only."""
        secret = read_token(token)
        context = server_context(certificate, key)
        asked = Address.of_tcp(where, default_host="127.0.0.1")
        try:
            listener = socket.create_server(
                (asked.host, asked.port),
                family=socket.AF_INET6 if ":" in asked.host else socket.AF_INET,
                backlog=_BACKLOG,
            )
        except OSError as error:
            raise StoreError(
                f"cannot listen at {where}: {error.strerror or error}; choose another host or port"
            ) from None
        port = listener.getsockname()[1]
        return cls(listener, Address(host=asked.host, port=port), context, secret)

    def accept(self) -> tuple[socket.socket, str]:
        """The next connection, and how to name it; OSError when it is gone or not let in."""
        connection, peer = self.listener.accept()
        if self._context is None:
            if not is_same_user(connection):
                connection.close()
                raise PermissionError("a connection of another user was refused")
            return connection, "a local client"
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # hosts may vanish
        try:
            shielded = self._context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        except OSError:
            connection.close()
            raise
        return shielded, f"{peer[0]}:{peer[1]}"

    def close(self) -> None:
        """Listen no more."""
        self.listener.close()
        if self.address.path is not None:
            with contextlib.suppress(OSError):
                Path(self.address.path).unlink()


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise StoreError(f"{path} is there and is no socket; choose another path: --socket PATH")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise StoreError(
        f"a server listens at {path} already; stop it, or choose another: --socket PATH"
    )
