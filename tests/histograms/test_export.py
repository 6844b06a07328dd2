"""The exported file: standard UHI, readable without plugins, the same bytes for the same content."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import hist
import numpy as np
import pytest
import uhi.io.hdf5

from hepnb.errors import StoreError
from hepnb.histograms import Contribution, H5Hist, Signature, Store, StoreWriter

READ_ALONE = """
import sys, h5py, hist, uhi.io.hdf5
from uhi.schema import main
main(*(f"{sys.argv[1]}:{name}" for name in sys.argv[2:]))
main(sys.argv[1])
with h5py.File(sys.argv[1]) as f:
    for name in sys.argv[2:]:
        print(hist.Hist(uhi.io.hdf5.read(f[name])).name)
assert "hdf5plugin" not in sys.modules and "hepnb" not in sys.modules
"""


def test_every_standard_reader_takes_it(
    writer: StoreWriter, record: Callable[[int], bytes], tmp_path: Path
) -> None:
    for n in range(3):
        writer.append(record(n))
    store = Store.open(writer.directory)
    file = store.export(tmp_path / "all.h5")
    done = subprocess.run(
        [sys.executable, "-c", READ_ALONE, str(file), *store.names],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split() == [
        "OK",
        f"{file}:mass",
        "OK",
        f"{file}:n",
        "OK",
        str(file),
        "mass",
        "n",
    ]
    with h5py.File(file) as f:
        for name in store.names:
            read = hist.Hist(uhi.io.hdf5.read(f[name]))
            live = store.hist(name).to_hist()
            if name == "mass":
                assert list(read.axes[0]) == sorted(live.axes[0])
                read = H5Hist.from_uhi(read)[{"channel": list(live.axes[0])}]
            assert read == live
            assert (read.name, read.label) == (live.name, live.label)


def test_same_bytes_whatever_the_history(tmp_path: Path) -> None:
    axes = [
        hist.axis.Regular(40, 0, 1, name="x"),
        hist.axis.StrCategory([], growth=True, name="channel"),
        hist.axis.Variable([0, 1, 5, 50], name="pt", overflow=False),
        hist.axis.IntCategory([2, 1], name="year"),
    ]
    signatures = {
        n: Signature.from_axes(n, axes, s, label="l") for n, s in (("a", "Double"), ("b", "Weight"))
    }
    signatures["small"] = Signature.from_axes("small", axes[1:2], "Int64")
    rng = np.random.default_rng(5)
    events = 5000
    x, pt = rng.random(events), rng.exponential(5, events)
    channel, year = rng.choice(["mm", "ee", "é"], events), rng.integers(0, 3, events)
    weight = rng.integers(-3, 4, events) * 0.5
    files = set()
    for seed, size in enumerate((5000, 777, 1300)):
        shuffled = random.Random(seed)
        chunks = list(enumerate(range(0, events, size)))
        shuffled.shuffle(chunks)
        writer = StoreWriter.create(tmp_path / f"{seed}", signatures, {"run": f"{seed}"})
        for order, start in chunks:
            at = slice(start, start + size)
            made = Contribution(signatures)
            own = {"x": x[at], "channel": channel[at], "pt": pt[at], "year": year[at]}
            made.fill("a", **own)
            made.fill("b", **own, weight=weight[at])
            made.fill("small", channel=channel[at])
            writer.append(made.encode(f"{seed}-{order}", order, {"start": start}))
            if shuffled.random() < 0.5:
                writer.fold()
        if seed != 1:
            writer.seal()
        store = Store.open(tmp_path / f"{seed}")
        files.add(store.export(tmp_path / f"{seed}.h5").read_bytes())
        writer.close()
    assert len(files) == 1
    want = hist.Hist(*axes, storage="Weight").fill(x, channel, pt, year, weight=weight)
    with h5py.File(tmp_path / "0.h5") as f:
        read = hist.Hist(uhi.io.hdf5.read(f["b"]))
        assert f["b/storage/values"].compression == "gzip"
        assert f["b/storage/values"].shuffle
    order = np.argsort(list(want.axes[1]))
    assert list(read.axes[1]) == sorted(want.axes[1])
    assert np.array_equal(read.view(flow=True), np.asarray(want.view(flow=True))[:, order])


@pytest.mark.parametrize(
    "axes",
    [
        [hist.axis.StrCategory([], growth=True, name="c"), hist.axis.Regular(900, 0, 1, name="x")],
        [hist.axis.IntCategory([], growth=True, name="c")],
        [hist.axis.Regular(3, 0.5, 7, transform=hist.axis.transform.sqrt, name="x")],
        [hist.axis.Regular(300, 0, 1), hist.axis.Regular(400, 0, 1)],
    ],
)
def test_empty_histograms_export_and_read_back(axes: list[object], tmp_path: Path) -> None:
    made = H5Hist(*axes, name="h", path=tmp_path / "s")
    for file, group in ((made.export(tmp_path / "e.h5"), "h"), (tmp_path / "s" / "index.h5", "h")):
        with h5py.File(file) as f:
            read = hist.Hist(uhi.io.hdf5.read(f[group]))
        assert read == made.to_hist()
    made.close()


def test_big_blocks_are_written_in_parts(tmp_path: Path) -> None:
    made = H5Hist(
        hist.axis.Regular(300, 0, 1, name="x"), hist.axis.Regular(400, 0, 1, name="y"), name="h"
    )
    rng = np.random.default_rng(1)
    x, y = rng.random(10_000) ** 3, rng.random(10_000)
    made.fill(x=x, y=y)
    with h5py.File(made.export(tmp_path / "e.h5")) as f:
        assert f["h/storage/values"].chunks[1] == 402
        assert np.prod(f["h/storage/values"].chunks) <= 1 << 16
        assert hist.Hist(uhi.io.hdf5.read(f["h"])) == made.to_hist()


def test_a_failed_export_leaves_the_old_file(tmp_path: Path) -> None:
    made = H5Hist(hist.axis.Boolean(name="b"), name="h")
    (tmp_path / "e.h5").write_text("old")
    with pytest.raises(StoreError, match="suffix"):
        made.export(tmp_path / "e.root")
    with pytest.raises(StoreError, match="not there"):
        made.export(tmp_path / "none" / "e.h5")
    assert (tmp_path / "e.h5").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["e.h5"]
