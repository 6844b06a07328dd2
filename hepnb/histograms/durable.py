"""Every write that reaches the disk passes here: whole, synced, replaced in one step, or not at all.

Nothing here knows what is written. A fault of the disk becomes a DiskError of one line.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from isal.isal_zlib import crc32

from ..errors import DiskError, StoreError

__all__ = [
    "PIECE",
    "build_file",
    "create_file",
    "disk_faults",
    "open_plain",
    "read_all",
    "remove_file",
    "replace_file",
    "sync_directory",
    "write_all",
    "write_at",
]

Buffer = bytes | bytearray | memoryview
PIECE = 1 << 24
"""So many bytes of a file are looked at together."""
_WINDOW = 1 << 22

_MEND = {
    errno.ENOSPC: "the disk is full: free some space and go on, nothing is lost",
    errno.EDQUOT: "your quota is used up: free some space and go on, nothing is lost",
    errno.EIO: "the disk reports a fault: check it, then go on",
    errno.EACCES: "you may not write there: choose another directory or its owner",
    errno.EROFS: "the file system is read-only: choose another directory",
    errno.ENOENT: "it is not there: was it moved or deleted?",
    errno.ELOOP: "it is a symbolic link, which a store never holds",
}


@contextlib.contextmanager
def disk_faults(doing: str, path: Path | str) -> Iterator[None]:
    """Turn an OSError into a DiskError that says what was being done, where, and the mend."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        mend = _MEND.get(error.errno or 0, "see the reason, mend it and try again")
        raise DiskError(f"cannot {doing} {path}: {reason}; {mend}") from error


def open_plain(path: Path | str, flags: int = os.O_RDONLY, mode: int = 0o600) -> int:
    """Open a regular file, never through a symbolic link."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode)


def write_all(fd: int, *parts: Buffer) -> None:
    """Write all of `parts` at the file's end, however short each write is."""
    for part in parts:
        view = memoryview(part).cast("B")
        while view.nbytes:
            done = os.write(fd, view[: 1 << 28])
            if done == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            view = view[done:]


def write_at(fd: int, offset: int, data: Buffer) -> None:
    """Write all of `data` at `offset` of a file that was not opened to append."""
    view = memoryview(data).cast("B")
    while view.nbytes:
        done = os.pwrite(fd, view, offset)
        view, offset = view[done:], offset + done


def read_all(fd: int, offset: int, length: int, path: Path | str) -> bytes:
    """Bytes [offset, offset + length) of a file; StoreError when it is shorter."""
    with disk_faults("read", path):
        parts, at, end = [], offset, offset + length
        while at < end:
            part = os.pread(fd, end - at, at)
            if not part:
                raise StoreError(f"{path} ends at byte {at}, before byte {end}")
            parts.append(part)
            at += len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def sync_directory(path: Path) -> None:
    """Make created, renamed and deleted names in this directory durable."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def create_file(path: Path, data: Buffer) -> None:
    """Write a new file and sync it; a fault leaves no file. The directory is not synced."""
    fd = open_plain(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        write_all(fd, data)
        os.fsync(fd)
    except BaseException:
        os.close(fd)
        remove_file(path)
        raise
    os.close(fd)


def build_file(path: Path, build: Callable[[BinaryIO], None]) -> int:
    """Write a new file through the file object that `build` is given, and sync it; its CRC-32.

    A few MB are held in memory, however long it gets. A fault leaves no file. The directory is not
    synced.
    """
    fd = open_plain(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    try:
        raw = _Fresh(fd)
        try:
            with io.BufferedRandom(raw, _WINDOW) as file:
                build(file)
        finally:
            if raw.fault is not None:
                raise raw.fault
        os.fsync(fd)
        crc = 0
        for at in range(0, os.fstat(fd).st_size, PIECE):
            crc = crc32(os.pread(fd, PIECE, at), crc)
    except BaseException:
        os.close(fd)
        remove_file(path)
        raise
    os.close(fd)
    return crc


class _Fresh(io.RawIOBase):
    """A file being built by a library that cannot stand a fault: it is kept, and told at the end."""

    def __init__(self, fd: int) -> None:
        self._fd, self._at = fd, 0
        self.fault: OSError | None = None

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: os.fstat(self._fd).st_size}
        self._at = start[whence] + offset
        return self._at

    def truncate(self, size: int | None = None) -> int:
        size = self._at if size is None else size
        self._do(os.ftruncate, size)
        return size

    def readinto(self, into: Any) -> int:
        data = self._do(os.pread, len(into), self._at)
        data = bytes(len(into)) if data is None else data
        into[: len(data)] = data
        self._at += len(data)
        return len(data)

    def write(self, data: Any) -> int:
        done = self._do(os.pwrite, data, self._at)
        done = len(data) if done is None else done
        self._at += done
        return done

    def _do(self, call: Callable[..., Any], *what: Any) -> Any:
        """What the call gives; None once there was a fault."""
        if self.fault is None:
            try:
                return call(self._fd, *what)
            except OSError as error:
                self.fault = error
        return None


def replace_file(path: Path, data: Buffer) -> None:
    """Replace a file in one durable step: readers see the old bytes or the new ones."""
    fresh = path.with_name(path.name + ".new")
    create_file(fresh, data)
    try:
        fresh.replace(path)
    except BaseException:
        remove_file(fresh)
        raise
    sync_directory(path.parent)


def remove_file(path: Path) -> None:
    """Delete a file that nothing names any more; where the disk refuses, the next writer does it."""
    with contextlib.suppress(OSError):
        path.unlink()
