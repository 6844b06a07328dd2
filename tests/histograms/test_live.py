"""Readers in other processes while a writer fills and folds: never torn, never an error."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hist
import numpy as np
import pytest

from hepnb.histograms import Contribution, H5Hist, Signature, Store, StoreWriter

READER = """
import sys, hist, h5py, hdf5plugin, uhi.io.hdf5, warnings
from hepnb.histograms import Store
warnings.simplefilter("error")
store = Store.open(sys.argv[1])
reads = last = 0
while not store.sealed:
    store.refresh()
    n = store.committed
    values = store.hist("h").values()
    assert n >= last, (n, last)
    assert (values == values[0, 0]).all(), "torn"
    table = store.table("t")["x"] if n else ()
    assert len(table) >= 2 * n
    with h5py.File(sys.argv[1] + "/index.h5") as f:
        plain = hist.Hist(uhi.io.hdf5.read(f["h"])).values()
    assert (plain == plain.flat[0]).all() if plain.size else True, "index torn"
    reads, last = reads + 1, n
store.refresh()
assert (store.hist("h").values() == store.committed).all()
print(reads, store.committed)
"""


def test_readers_see_whole_contributions_only(tmp_path: Path) -> None:
    axes = [
        hist.axis.StrCategory(["a", "b", "c"], flow=False, name="c"),
        hist.axis.Integer(0, 30_000, flow=False, name="n"),
    ]
    signatures = {"h": Signature.from_axes("h", axes)}
    every = np.arange(30_000)
    writer = StoreWriter.create(tmp_path / "s", signatures)
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(tmp_path / "s")],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        for _ in range(2)
    ]
    for n in range(60):
        made = Contribution(signatures)
        for c in "abc":
            made.fill("h", c=c, n=every)
        made.table("t", {"x": np.full(2, n)})
        writer.append(made.encode(f"{n}", n, {}))
        if n % 3 == 0:
            writer.fold()
    writer.seal()
    for reader in readers:
        out, _ = reader.communicate(timeout=60)
        assert reader.returncode == 0
        reads, committed = map(int, out.split())
        assert committed == 60
        assert reads >= 1


def test_a_view_keeps_its_moment_until_it_is_refreshed(
    writer: StoreWriter, record: Callable[[int], bytes]
) -> None:
    writer.append(record(0))
    h = Store.open(writer.directory).hist("n")
    assert h.sum(flow=True) == 200
    writer.append(record(1))
    writer.fold()
    writer.append(record(2))
    writer.fold()  # the packs of the first fold may be gone by now
    assert h.refresh()
    assert not h.refresh()
    assert (h.sum(flow=True), h.committed, h.folded, h.sealed) == (600, 3, 3, False)
    writer.seal()
    assert h.refresh()
    assert h.sealed


def test_an_open_histogram_is_followed_by_another_view(tmp_path: Path) -> None:
    h = H5Hist(hist.axis.Regular(4, 0, 4, name="x"), path=tmp_path / "h")
    other = H5Hist.open(tmp_path / "h")
    h.fill(x=1)
    assert h.sum() == 1.0
    assert other.sum() == 0.0
    assert other.refresh()
    assert other.sum() == 1.0
    h.close()
    assert other.fill(x=2).sum() == 2.0  # the lock is free: this view writes now
    other.close()
    assert H5Hist.open(tmp_path / "h").values().tolist() == [0, 1, 1, 0]


def test_a_view_keeps_a_bounded_part_of_the_journal_in_mind(
    writer: StoreWriter, record: Callable[[int], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hepnb.histograms.store.LIVE_BLOCKS", 9)
    for n in (3, 2, 1, 0):
        writer.append(record(n))
    view = Store.open(writer.directory)
    assert view.committed == 3  # 2 or 3 blocks each, and the records
    assert view.table("pairs")["chunk"].tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert not view.refresh()
    writer.fold()
    assert view.refresh()
    assert (view.committed, view.folded) == (4, 4)
    for n in range(4, 9):
        writer.append(record(n))
    assert view.refresh()
    assert view.committed == 7
    writer.seal()
    assert view.refresh()
    assert view.committed == 9
