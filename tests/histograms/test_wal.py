"""The journal: torn ends are cut, faults of the disk change nothing, damage is kept aside."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hepnb.errors import StoreError
from hepnb.histograms import Store, StoreWriter
from hepnb.histograms.body import Body
from hepnb.histograms.wal import CONTRIBUTION, Segment, SegmentWriter

Record = Callable[[int], bytes]
Bits = Callable[[Store], list[bytes]]


def segment_of(directory: Path) -> Path:
    return max((directory / "wal").glob("*.log"))


def test_a_segment_is_read_up_to_its_last_whole_frame(tmp_path: Path) -> None:
    out = SegmentWriter(tmp_path / "1.log")
    ends = [out.append(CONTRIBUTION, n, Body.of(bytes([n]) * 8 * n)).end for n in range(5)]
    out.close()
    whole = (tmp_path / "1.log").read_bytes()
    for size in range(len(whole) + 1):
        (tmp_path / "1.log").write_bytes(whole[:size])
        frames = list(Segment(tmp_path / "1.log").frames(0))
        assert [f.order for f in frames] == list(range(sum(e <= size for e in ends)))
    for byte in range(ends[1], ends[2]):
        bad = bytearray(whole)
        bad[byte] ^= 4
        (tmp_path / "1.log").write_bytes(bad)
        assert [f.order for f in Segment(tmp_path / "1.log").frames(0)] == [0, 1]


@pytest.mark.parametrize("lost", [1, 8, 100, 1000])
def test_a_torn_end_is_not_seen_and_is_cut_by_the_next_writer(
    lost: int, writer: StoreWriter, record: Record, bits_of: Bits
) -> None:
    for n in range(3):
        writer.append(record(n))
    writer.close()
    path = segment_of(writer.directory)
    os.truncate(path, path.stat().st_size - lost)
    view = Store.open(writer.directory)
    assert view.committed == 2
    again = StoreWriter.open(writer.directory)
    assert again.append(record(2))
    assert view.refresh()
    assert (view.committed, bits_of(view)) == (3, bits_of(Store.open(writer.directory)))
    assert not list((writer.directory / "wal").glob("*.torn"))
    again.seal()


def test_damage_before_whole_records_is_kept_aside(writer: StoreWriter, record: Record) -> None:
    for n in range(3):
        writer.append(record(n))
    writer.close()
    path = segment_of(writer.directory)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    StoreWriter.open(writer.directory).close()
    assert Store.open(writer.directory).committed == 1
    assert len(list((writer.directory / "wal").glob("*.torn"))) == 1


class Disk:
    """Lets `os.write` fail, or write half, from the n-th call on."""

    def __init__(self, fault: int, after: int, half: bool) -> None:
        self.fault, self.after, self.half, self.write = fault, after, half, os.write

    def __call__(self, fd: int, data: Any) -> int:
        self.after -= 1
        if self.after >= 0:
            return self.write(fd, data)
        if self.half and self.after == -1:
            return self.write(fd, memoryview(data)[: max(1, len(data) // 2)])
        raise OSError(self.fault, os.strerror(self.fault))


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("after", [0, 1])
def test_a_full_or_faulty_disk_loses_nothing(
    fault: int,
    half: bool,
    after: int,
    writer: StoreWriter,
    record: Record,
    bits_of: Bits,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for n in range(2):
        writer.append(record(n))
    before = bits_of(Store.open(writer.directory))
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", Disk(fault, after, half))
        with pytest.raises(StoreError, match=os.strerror(fault)) as caught:
            writer.append(record(2))
        assert "\n" not in str(caught.value)
        assert bits_of(Store.open(writer.directory)) == before
    assert not writer.contributed("chunk-2")
    assert writer.append(record(2))
    writer.seal()
    assert Store.open(writer.directory).folded == 3


@pytest.mark.parametrize("after", range(12))
@pytest.mark.parametrize("call", ["write", "pwrite", "fsync", "replace"])
def test_a_fold_that_fails_changes_nothing_and_can_be_repeated(
    after: int,
    call: str,
    writer: StoreWriter,
    record: Record,
    bits_of: Bits,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    writer.append(record(0))
    writer.fold()
    for n in (1, 2, 4):
        writer.append(record(n))
    before = bits_of(Store.open(writer.directory))
    real = getattr(os, call)
    calls = 0

    def failing(*args: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > after:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing)
        with contextlib.suppress(StoreError):  # late faults find nothing left to break
            writer.fold()
        assert bits_of(Store.open(writer.directory)) == before
    with StoreWriter.open(writer.directory) if closed(writer) else writer as again:
        assert bits_of(Store.open(writer.directory)) == before
        again.append(record(3))
        again.fold()
        assert again.folded == 5
        assert len(list(again.ledger())) == 5
    assert Store.open(writer.directory).folded == 5


def closed(writer: StoreWriter) -> bool:
    """Close a writer that cannot know which manifest the disk holds."""
    try:
        writer.sync()
    except StoreError:
        writer.close()
        return True
    return False
