"""Chunks coded outside HDF5: the filter's own bytes, and no trust in what a chunk says of itself."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
import pytest

from hepnb.errors import StoreError
from hepnb.histograms import H5Hist, bitshuffle
from hepnb.histograms.bitshuffle import codes, decode, encode

PACKED: dict[str, dict[str, Any]] = {
    "bitshuffle": {"compression": hdf5plugin.Bitshuffle(cname="lz4")},
    "larger parts": {"compression": hdf5plugin.Bitshuffle(nelems=2048, cname="lz4")},
    "zstd": {"compression": hdf5plugin.Bitshuffle(cname="zstd")},
    "gzip": {"compression": "gzip", "shuffle": True},
    "blosc": {"compression": hdf5plugin.Blosc()},
    "not at all": {},
}
HERE = {"bitshuffle", "larger parts"}


@pytest.fixture(autouse=True)
def functions() -> None:
    if bitshuffle._FUNCTIONS is None:
        pytest.skip("hdf5plugin does not offer its functions")


def numbers(n: int) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(n)
    return np.where(rng.random(n) < 0.5, rng.normal(size=n), 0)


@pytest.mark.parametrize("n", [1, 7, 8, 9, 1023, 1024, 1025, 1031, 1032, 46_225, 70_000])
def test_the_bytes_are_those_of_the_filter(n: int) -> None:
    values = numbers(n)
    with h5py.File("x", "w", driver="core", backing_store=False) as f:
        dataset = f.create_dataset("v", data=values, chunks=(n,), **PACKED["bitshuffle"])
        f.flush()
        assert codes(dataset)
        _, chunk = dataset.id.read_direct_chunk((0,))
        assert encode(values) == chunk
        into = np.empty(n)
        decode(chunk, into)
        assert np.array_equal(into, values)


def test_a_chunk_that_lies_is_refused() -> None:
    values = numbers(5000)
    whole, into = encode(values), np.empty(5000)
    first = struct.unpack_from(">I", whole, 12)[0]
    for bad in (
        b"",
        whole[:11],
        whole[:-1],
        whole + b"x",
        struct.pack(">Q", 1 << 40) + whole[8:],
        whole[:8] + struct.pack(">I", 0) + whole[12:],
        whole[:8] + struct.pack(">I", 12) + whole[12:],
        whole[:8] + struct.pack(">I", 1 << 31) + whole[12:],
        whole[:12] + struct.pack(">I", 0xFFFFFFFF) + whole[16:],
        whole[:12] + struct.pack(">I", first + 1) + whole[16:],
        whole[:16] + b"\xff" * first + whole[16 + first :],
    ):
        with pytest.raises(ValueError, match=r"\w"):
            decode(bad, into)
    decode(whole, into)
    assert np.array_equal(into, values)


def repacked(directory: Path, how: dict[str, Any]) -> Path:
    """A store of one block of 300 000 bins, its pack rewritten as others might have written it."""
    axes = H5Hist.new.Reg(598, 0, 1, name="x").Reg(498, 0, 1, name="y")
    with axes.Double(path=directory) as h:
        h.chunks[()] = numbers(300_000).reshape(600, 500)
    (pack,) = (directory / "packs").iterdir()
    with h5py.File(pack, "r+") as f:
        for name, group in f["histograms"].items():
            values = group["values"][()]
            del group["values"]
            chunks = {"chunks": (1, 40_000)} if how else {}
            made = f.create_dataset(f"histograms/{name}/values", data=values, **chunks, **how)
            assert codes(made) == (how in [PACKED[n] for n in HERE])
    return pack


@pytest.mark.parametrize("name", PACKED)
def test_packs_of_any_filter_are_read(tmp_path: Path, name: str) -> None:
    repacked(tmp_path / "s", PACKED[name])
    h = H5Hist.open(tmp_path / "s")
    expected = numbers(300_000).reshape(600, 500)
    assert np.array_equal(h.values(flow=True), expected)
    assert h[3, 7] == expected[4, 8]
    assert np.allclose(h[sum, :].values(flow=True), expected.sum(axis=0))


def test_chunks_that_are_missing_or_plain_are_read(tmp_path: Path) -> None:
    pack = repacked(tmp_path / "s", PACKED["bitshuffle"])
    expected = numbers(300_000)
    with h5py.File(pack, "r+") as f:
        (group,) = f["histograms"].values()
        del group["values"]
        made = group.create_dataset(
            "values", (1, 300_000), "<f8", chunks=(1, 40_000), **PACKED["bitshuffle"]
        )
        made.id.write_direct_chunk((0, 40_000), expected[40_000:80_000].tobytes(), filter_mask=1)
    expected[:40_000] = expected[80_000:] = 0
    assert np.array_equal(H5Hist.open(tmp_path / "s").values(flow=True).reshape(-1), expected)


def test_a_damaged_chunk_is_told_with_its_file(tmp_path: Path) -> None:
    pack = repacked(tmp_path / "s", PACKED["bitshuffle"])
    with h5py.File(pack, "r+") as f:
        (group,) = f["histograms"].values()
        _, chunk = group["values"].id.read_direct_chunk((0, 0))
        group["values"].id.write_direct_chunk((0, 0), chunk[:-1])
    with pytest.raises(StoreError, match=r"packs/00000001.h5: a chunk cannot be unpacked"):
        H5Hist.open(tmp_path / "s").values()
