"""Every system call of a writer is a crash point once, and a fault of the disk once.

A recording of the calls is cut after each of them, and the directory is rebuilt as a killed process
or a machine without power may leave it: writes that were not synced there, gone or torn, names that
were not synced there or gone. Packs are built in memory, so HDF5's own writes are among them.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hepnb.errors import StoreError
from hepnb.histograms import Contribution, Signature, Store, StoreWriter
from hepnb.histograms.body import Body

Record = Callable[[int], bytes]
Bits = Callable[[Store], list[bytes]]
Files = dict[str, bytes]
ALL = range(6)
PLACES = ("", "wal", "packs")
CALLS = ("open", "close", "write", "pwrite", "fsync", "fdatasync", "ftruncate", "replace", "unlink")


class Disk:
    """Records the calls that change files below `root`; may let one of them, or all from it on, fail."""

    def __init__(self, root: Path) -> None:
        self.root, self.calls = str(root), []  # type: str, list[tuple[Any, ...]]
        self.real = {name: getattr(os, name) for name in CALLS}
        self.files: dict[int, str | int] = {}
        self.fail_from, self.fail_to, self.fault = -1, -1, 0

    def patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in CALLS:
            monkeypatch.setattr(os, name, getattr(self, name))

    def mark(self, *what: Any) -> None:
        self.calls.append(what)

    def _note(self, *call: Any) -> None:
        if self.fail_from <= len(self.calls) < self.fail_to:
            self.calls.append(("fault", *call))
            raise OSError(self.fault, os.strerror(self.fault))
        self.calls.append(call)

    def _inside(self, path: Any) -> str | None:
        text = os.fspath(path)
        return os.path.relpath(text, self.root) if str(text).startswith(self.root) else None

    def open(self, path: Any, flags: int, *more: Any, **named: Any) -> int:
        name = self._inside(path)
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            name = None  # it has no name, and nothing of it is left
        changes = flags & (os.O_WRONLY | os.O_RDWR)
        if name is not None and changes:
            new = not os.path.lexists(path)
            self._note("create" if new else "truncate" if flags & os.O_TRUNC else "open", name)
        fd: int = self.real["open"](path, flags, *more, **named)
        if name is not None and (changes or flags & os.O_DIRECTORY):
            self.files[fd] = name if flags & os.O_DIRECTORY else os.fstat(fd).st_ino
            if changes:
                self.calls[-1] = (*self.calls[-1], self.files[fd])
        return fd

    def close(self, fd: int) -> None:
        self.files.pop(fd, None)
        self.real["close"](fd)

    def write(self, fd: int, data: Any) -> int:
        if fd in self.files:
            self._note("write", self.files[fd], None, bytes(data))
        done: int = self.real["write"](fd, data)
        return done

    def pwrite(self, fd: int, data: Any, offset: int) -> int:
        if fd in self.files:
            self._note("write", self.files[fd], offset, bytes(data))
        done: int = self.real["pwrite"](fd, data, offset)
        return done

    def ftruncate(self, fd: int, size: int) -> None:
        if fd in self.files:
            self._note("cut", self.files[fd], size)
        self.real["ftruncate"](fd, size)

    def fsync(self, fd: int) -> None:
        if fd in self.files:
            self._note("sync", self.files[fd])

    fdatasync = fsync

    def replace(self, old: Any, new: Any) -> None:
        if self._inside(new) is not None:
            self._note("rename", self._inside(old), self._inside(new))
        self.real["replace"](old, new)

    def unlink(self, path: Any, **named: Any) -> None:
        if self._inside(path) is not None and os.path.lexists(path):
            self._note("unlink", self._inside(path))
        self.real["unlink"](path, **named)


def folder_of(name: str) -> str:
    return name.rpartition("/")[0]


class Pages:
    """One file: its bytes as processes see them, and those that are on the disk for certain."""

    def __init__(self) -> None:
        self.now = self.durable = b""
        self.dirty: list[tuple[int, int]] = []

    def write(self, offset: int | None, data: bytes) -> None:
        at = len(self.now) if offset is None else offset
        self.now = self.now[:at].ljust(at, b"\0") + data + self.now[at + len(data) :]
        self.dirty.append((at, at + len(data)))

    def cut(self, size: int) -> None:
        self.now = self.now[:size].ljust(size, b"\0")
        self.dirty = [(lo, min(hi, size)) for lo, hi in self.dirty if lo < size]

    def sync(self) -> None:
        kept = bytearray(self.durable[: len(self.now)].ljust(len(self.now), b"\0"))
        for lo, hi in self.dirty:
            kept[lo:hi] = self.now[lo:hi]
        self.durable, self.dirty = bytes(kept), []

    def fail(self) -> None:
        """A sync failed: Linux takes the pages for clean, and no later sync writes them."""
        self.dirty = []


def states(calls: list[tuple[Any, ...]]) -> Iterator[tuple[int, str, Files]]:
    """After each call: what a kill leaves, and what a loss of power may leave."""
    names: dict[str, int] = {}  # as processes see them
    kept: dict[str, int] = {}  # as they are on the disk for certain
    files: dict[int, Pages] = {}
    for number, (call, *more) in enumerate(calls):
        if call in ("create", "truncate"):
            name, inode = more
            names[name] = inode
            files.setdefault(inode, Pages()).cut(0)
        elif call == "write":
            files[more[0]].write(more[1], more[2])
        elif call == "cut":
            files[more[0]].cut(more[1])
        elif call == "sync" and isinstance(more[0], int):
            files[more[0]].sync()
        elif call == "fault" and more[0] == "sync" and isinstance(more[1], int):
            files[more[1]].fail()
        elif call == "sync":
            place = "" if more[0] == "." else more[0]
            kept = {n: i for n, i in kept.items() if folder_of(n) != place}
            kept |= {n: i for n, i in names.items() if folder_of(n) == place}
        elif call == "rename":
            names[more[1]] = names.pop(more[0])
        elif call == "unlink":
            del names[more[0]]
        else:
            continue
        now = {i: f.now for i, f in files.items()}
        durable = {i: f.durable for i, f in files.items()}
        yield number, "killed", {n: now[i] for n, i in names.items()}
        yield number, "power", {n: durable[i] for n, i in kept.items()}
        yield number, "power", {n: now[i] for n, i in kept.items()}
        for place in (*PLACES, None):  # the names of one folder, or of all, came further
            ahead = {n: i for n, i in names.items() if place in (None, folder_of(n))}
            rest = {n: i for n, i in kept.items() if place not in (None, folder_of(n))}
            yield number, "power", {n: durable[i] for n, i in (ahead | rest).items()}
        torn = {i: now[i][: (len(durable[i]) + len(now[i]) + 1) // 2] for i in now}
        yield number, "power", {n: torn[i] for n, i in names.items()}


def work(directory: Path, signatures: dict[str, Signature], record: Record, disk: Disk) -> None:
    """Commits, folds, a second writer and compaction, with marks when something is promised."""
    writer = StoreWriter.create(directory, signatures)
    disk.mark("created")
    for n in ALL:
        disk.mark("begun", n ^ 1)
        writer.append(record(n ^ 1))  # neighbours swapped: folds meet gaps
        disk.mark("accepted", n ^ 1)
        if n != 2:
            writer.sync()
            disk.mark("durable")
        if n in (1, 2, 4):
            writer.fold()
        if n == 3:
            writer.close()
            writer = StoreWriter.open(directory)
    writer.compact()
    writer.seal()


@pytest.fixture
def wanted(
    tmp_path: Path, signatures: dict[str, Signature], record: Record, bits_of: Bits
) -> Callable[[set[int]], list[bytes]]:
    """The bits of any set of contributions."""
    known: dict[frozenset[int], list[bytes]] = {}

    def of(orders: set[int]) -> list[bytes]:
        key = frozenset(orders)
        if key not in known:
            directory = tmp_path / f"wanted{len(known)}"
            with StoreWriter.create(directory, signatures) as writer:
                for n in sorted(key):
                    writer.append(record(n))
                known[key] = bits_of(Store.open(directory)) if key else []
        return known[key]

    return of


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_call_is_a_crash_point(
    tmp_path: Path,
    signatures: dict[str, Signature],
    record: Record,
    bits_of: Bits,
    wanted: Callable[[set[int]], list[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = Disk(tmp_path / "s")
    with monkeypatch.context() as patch:
        disk.patch(patch)
        work(tmp_path / "s", signatures, record, disk)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(os, "fdatasync", lambda _: None)
    seen: set[tuple[Any, ...]] = set()
    points, last = 0, {}
    for number, kind, files in states(disk.calls):
        before = disk.calls[: number + 1]
        begun = {c[1] for c in before if c[0] == "begun"}
        accepted = {c[1] for c in before if c[0] == "accepted"}
        if kind == "killed":
            last = files
        else:
            marks = [i for i, c in enumerate(before) if c[0] == "durable"]
            upto = before[: marks[-1]] if marks else []
            accepted = {c[1] for c in upto if c[0] == "accepted"}
        created = ("created",) in before
        state = (created, frozenset(accepted), frozenset(files.items()))
        if state in seen:
            continue
        seen.add(state)
        points += 1
        directory = tmp_path / f"point{points}"
        for place in PLACES:
            (directory / place).mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (directory / name).write_bytes(data)
        if not created and "manifest" not in files:
            with StoreWriter.create(directory, signatures) as writer:
                assert writer.committed == 0
            continue
        store = Store.open(directory)
        there = [e.order for e in store.ledger()]
        assert len(there) == len(set(there)) == store.committed, (number, kind)
        assert accepted <= set(there) <= begun, (number, kind, disk.calls[number][:2])
        if there:
            assert bits_of(store) == wanted(set(there)), (number, kind)
        with StoreWriter.open(directory) as writer:
            assert writer.orders() == set(there)
            for n in ALL:
                assert writer.append(record(n)) == (n not in there)
            writer.seal()
        assert bits_of(Store.open(directory)) == wanted(set(ALL)), (number, kind)
    real = {
        str(p.relative_to(tmp_path / "s")): p.read_bytes()
        for p in (tmp_path / "s").rglob("*")
        if p.is_file()
    }
    assert last == real  # nothing was written past the recorder
    print(f"{len(disk.calls)} calls, {points} different states after them")
    assert points > 150


def refusal_of(step: Callable[[StoreWriter], Any], writer: StoreWriter) -> str | None:
    """What a step said that failed."""
    try:
        step(writer)
    except StoreError as error:
        return str(error)
    return None


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("fault", "lasting"), [(errno.ENOSPC, True), (errno.EIO, False)])
def test_every_call_may_fail(
    fault: int,
    lasting: bool,
    tmp_path: Path,
    signatures: dict[str, Signature],
    record: Record,
    bits_of: Bits,
    wanted: Callable[[set[int]], list[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = 0
    for after in range(200):
        directory = tmp_path / f"s{after}"
        writer = StoreWriter.create(directory, signatures)
        for n in (0, 1):
            writer.append(record(n))
            writer.fold()
        writer.append(record(2))
        disk = Disk(directory)
        disk.fail_from, disk.fault = after, fault
        disk.fail_to = 10**9 if lasting else after + 1
        with monkeypatch.context() as patch:
            disk.patch(patch)
            for step in (lambda w: w.append(record(3)), StoreWriter.sync, StoreWriter.compact):
                text = refusal_of(step, writer)
                said += text is not None
                assert text is None or re.fullmatch(
                    f".*{os.strerror(fault)}.*|.*open it again", text
                )
            store = Store.open(directory)
            there = {e.order for e in store.ledger()}
            assert {0, 1, 2} <= there <= {0, 1, 2, 3}
            assert bits_of(store) == wanted({n for n in there if n is not None})
        try:
            writer.sync()  # there is space again
        except StoreError:  # it could not know which manifest the disk holds
            writer.close()
            writer = StoreWriter.open(directory)
        writer.append(record(3))
        writer.append(record(4))
        writer.seal()
        assert bits_of(Store.open(directory)) == wanted({0, 1, 2, 3, 4})
        assert len(list(Store.open(directory).ledger())) == 5
        if not any(call[0] == "fault" for call in disk.calls):
            break
    assert 10 < after < 199
    assert said > after // 2  # what only could not be deleted is not worth a word


def spilled(signatures: dict[str, Signature], directory: Path, order: int) -> Body:
    """A contribution that is larger than the memory that it may take."""
    made = Contribution(signatures, most=3000, directory=directory)
    for n in range(6):
        made.fill("mass", channel="mm", m=[10.0 * n], tight=True, weight=2.0)
        made.fill("n", n=n)
    assert made._written
    return made.body(f"large-{order}", order, {})


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("failing", range(6))
def test_a_sync_after_a_failed_one_is_not_trusted(
    failing: int,
    tmp_path: Path,
    signatures: dict[str, Signature],
    record: Record,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The n-th sync of the journal fails, and Linux forgets that its pages are not on the disk."""
    disk = Disk(tmp_path / "s")
    syncs = 0

    def fdatasync(fd: int) -> None:
        nonlocal syncs
        if fd in disk.files:
            syncs += 1
            if syncs == failing + 1:
                disk.mark("fault", "sync", disk.files[fd])
                raise OSError(errno.EIO, os.strerror(errno.EIO))
        disk.fsync(fd)

    with monkeypatch.context() as patch:
        disk.patch(patch)
        patch.setattr(os, "fdatasync", fdatasync)
        writer = StoreWriter.create(tmp_path / "s", signatures)
        for n in range(5):
            body = spilled(signatures, tmp_path, n) if n % 2 else record(n)
            writer.append(body)
            for _ in range(3):
                if refusal_of(StoreWriter.sync, writer) is None:
                    disk.mark("durable", n)
                    break
            if n in (1, 3):
                for _ in range(3):
                    if refusal_of(StoreWriter.fold, writer) is None:
                        break
        writer.close()
    assert ("fault", "sync") in {call[:2] for call in disk.calls}
    points = 0
    promised = [i for i, call in enumerate(disk.calls) if call[0] == "durable"]
    assert len(promised) == 5
    for number, kind, files in states(disk.calls):
        durable = {disk.calls[i][1] for i in promised if i < number}
        if kind != "power" or "manifest" not in files or number < promised[0]:
            continue
        if disk.calls[number + 1 : number + 2] and disk.calls[number + 1][0] != "durable":
            continue  # only what is left just when something was promised
        points += 1
        directory = tmp_path / f"point{points}"
        for place in PLACES:
            (directory / place).mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (directory / name).write_bytes(data)
        there = {e.order for e in Store.open(directory).ledger()}
        assert durable <= there, (number, disk.calls[number][:2])
    assert points


def test_records_that_the_disk_dropped_are_not_called_durable(
    writer: StoreWriter, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some file systems drop the pages that a failed sync did not write."""
    writer.append(record(0))
    writer.sync()
    writer.append(record(1))
    path = max((writer.directory / "wal").glob("*.log"))
    whole = path.read_bytes()

    def failing(fd: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", failing)
        with pytest.raises(StoreError, match=os.strerror(errno.EIO)):
            writer.sync()
    with path.open("r+b") as file:
        file.seek(-200, os.SEEK_END)
        file.write(bytes(200))
    for step in (StoreWriter.sync, StoreWriter.sync, lambda w: w.append(record(2))):
        assert re.search(
            "the disk dropped records|open the store again", refusal_of(step, writer) or ""
        )
    path.write_bytes(whole)  # what was only in memory is there after all
    writer.sync()
    assert writer.append(record(2))
    writer.seal()
    assert Store.open(writer.directory).folded == 3
