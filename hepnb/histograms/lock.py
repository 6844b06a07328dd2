"""One writer per store: an advisory lock that dies with its process and names its holder."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from pathlib import Path

from ..errors import StoreError
from .durable import disk_faults, open_plain, write_all

__all__ = ["StoreLock"]

_GLANCES = 0.2


class StoreLock:
    """Hold `store.lock` of a directory; StoreError with the holder's pid and host when it is taken.

    Raises StoreError as well where the file system's locks do not work: two writers would spoil
    each other's work unnoticed.
    """

    def __init__(self, directory: Path) -> None:
        path = directory / "store.lock"
        with disk_faults("open", path):
            fd = open_plain(path, os.O_RDWR | os.O_CREAT)
        try:
            _acquire(fd)
            _check_that_it_locks(path)
            said = json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode()
            with disk_faults("write", path):
                # Over what is there, and cut then: a full disk has space for that.
                write_all(fd, said)
                os.ftruncate(fd, len(said))
        except BlockingIOError:
            holder = _holder(fd)
            os.close(fd)
            raise StoreError(
                f"{directory} has a writer already ({holder}); wait until it ends, or only read: "
                "Store.open(...)"
            ) from None
        except OSError as error:
            os.close(fd)
            raise _no_locks(directory, str(error.strerror)) from None
        except StoreError:
            os.close(fd)
            raise
        self._fd: int | None = fd

    def hold(self) -> int:
        """A descriptor that keeps it, also once it is released, until it is closed as well."""
        return os.dup(self._fd) if self._fd is not None else -1

    def release(self) -> None:
        """Let the next writer in."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _acquire(fd: int) -> None:
    """Take the lock. Whoever looks whether there is a writer holds it for an instant: wait for that."""
    deadline = time.monotonic() + _GLANCES
    while True:
        try:
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.005)


def _check_that_it_locks(path: Path) -> None:
    """Raise StoreError where a lock that is held can be had once more: then it locks nothing."""
    fd = open_plain(path, os.O_RDWR)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    finally:
        os.close(fd)
    raise _no_locks(path.parent, "they are granted twice")


def _no_locks(directory: Path, reason: str) -> StoreError:
    return StoreError(
        f"{directory}: the locks of its file system do not work ({reason}); choose a directory on "
        "a local disk"
    )


def _holder(fd: int) -> str:
    try:
        said = json.loads(os.pread(fd, 4096, 0))
        return f"pid {int(said['pid'])} on host {said['host']!s:.200}"
    except (ValueError, KeyError, TypeError):
        return "its process is not known yet"
