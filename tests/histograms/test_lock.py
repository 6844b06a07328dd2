"""The lock of a store: one writer, whoever looks, and no trust in locks that do not lock."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from hepnb.errors import StoreError
from hepnb.histograms import StoreWriter
from hepnb.histograms.lock import StoreLock


def refuse(error: int) -> Callable[[int, int], None]:
    def flock(descriptor: int, operation: int) -> None:
        raise OSError(error, os.strerror(error))

    return flock


def grant(descriptor: int, operation: int) -> None:
    """What some network file systems do: everybody gets the lock."""


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_the_second_is_told_who_has_it(tmp_path: Path) -> None:
    lock = StoreLock(tmp_path)
    said = json.loads((tmp_path / "store.lock").read_text())
    assert said == {"pid": os.getpid(), "host": socket.gethostname()}
    with pytest.raises(StoreError, match=rf"a writer already \(pid {os.getpid()} on host"):
        StoreLock(tmp_path)
    lock.release()
    StoreLock(tmp_path).release()


def test_a_long_name_of_an_earlier_holder_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "store.lock").write_text(json.dumps({"pid": 1, "host": "x" * 300}))
    StoreLock(tmp_path).release()
    assert json.loads((tmp_path / "store.lock").read_text())["pid"] == os.getpid()


@pytest.mark.parametrize(
    "flock",
    [refuse(errno.ENOLCK), refuse(errno.ENOTSUP), refuse(errno.ENOSYS), grant],
    ids=["ENOLCK", "ENOTSUP", "ENOSYS", "granted twice"],
)
def test_where_locks_do_not_work_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flock: Callable[[int, int], None]
) -> None:
    with StoreWriter.create(tmp_path / "store", {}) as writer:
        writer.note({"a": 1})
    before = descriptors()
    monkeypatch.setattr(fcntl, "flock", flock)
    for make in (
        lambda: StoreWriter.create(tmp_path / "fresh", {}),
        lambda: StoreWriter.open(tmp_path / "store"),
    ):
        with pytest.raises(
            StoreError, match=r"locks of its file system do not work \(.*local disk"
        ):
            make()
    assert not (tmp_path / "fresh" / "manifest").exists()
    assert descriptors() == before


def test_a_lock_that_cannot_be_written_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(os, "write", full)
        with pytest.raises(StoreError, match="disk is full"):
            StoreLock(tmp_path)
    StoreLock(tmp_path).release()
