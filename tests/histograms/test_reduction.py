"""Reductions: only the chunks that are wanted, in several threads, the same bits whatever their number."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import hist
import numpy as np
import pytest

from hepnb.histograms import H5Hist, bitshuffle, packs, slabs, threads
from hepnb.histograms.blocks import MemoryBlocks
from hepnb.histograms.threads import in_order

C = hist.axis.StrCategory([], growth=True, name="c")


def dense(*sizes: int) -> list[Any]:
    return [
        hist.axis.Regular(n, 0, n, name=name, flow=False)
        for n, name in zip(sizes, "xyzw", strict=False)
    ]


@pytest.fixture
def chunks_read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Where each chunk that is read begins: its slot and its first bin."""
    found: list[tuple[int, int]] = []
    read = packs._Numbers.chunk

    def chunk(self: packs._Numbers, slot: int, first: int) -> Any:
        found.append((slot, first))
        return read(self, slot, first)

    monkeypatch.setattr(packs._Numbers, "chunk", chunk)
    return found


def test_only_the_chunks_that_hold_what_is_wanted_are_read(
    tmp_path: Path, chunks_read: list[tuple[int, int]]
) -> None:
    array = np.random.default_rng(1).poisson(0.5, (4, 500, 1000)).astype(float)
    with H5Hist(C, *dense(4, 500, 1000), path=tmp_path / "s") as made:
        made.chunks["a",] = array
        made.chunks["b",] = 2 * array
    h = H5Hist.open(tmp_path / "s")
    assert packs.chunk_shape(1, (4, 500, 1000)) == (1, 50_000)  # 40 of them in a block
    asked: list[tuple[Any, Any, int]] = [
        (("a", sum, sum, sum), array.sum(), 40),
        (("a", slice(None), 7, slice(None)), array[:, 7], 4),
        (("a", 2, slice(None), slice(None)), array[2], 10),
        (("a", 2, 7, 5), array[2, 7, 5], 1),
        (("a", slice(None), slice(10, 40, sum), sum), array[:, 10:40].sum(axis=(1, 2)), 4),
        (("a", sum, slice(60, 140, sum), sum), array[:, 60:140].sum(), 8),
        (("a", slice(1, 3, sum), slice(499, 500, sum), sum), array[1:3, 499].sum(), 2),
        ((sum, slice(None), 7, sum), 3 * array[:, 7].sum(axis=1), 8),
        (("a", slice(None), sum, 3), array[:, :, 3].sum(axis=1), 40),
    ]
    for index, expected, most in asked:
        chunks_read.clear()
        found = h[index]
        values = found.values() if isinstance(found, hist.Hist) else found
        assert np.array_equal(values, expected), index
        assert len(chunks_read) == len({*chunks_read}) == most, index


STORAGES = {"Weight": False, "WeightedMean": True}


@pytest.mark.parametrize("storage", STORAGES)
def test_the_bits_do_not_depend_on_the_number_of_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, storage: str
) -> None:
    axes = [C, *dense(7, 30, 40, 4), hist.axis.StrCategory([], growth=True, name="d")]
    rng = np.random.default_rng(1)
    full = hist.Hist(*axes, storage=storage)
    monkeypatch.setattr(slabs, "SLAB_BINS", 1000)
    monkeypatch.setattr(slabs, "SKIPPED_BINS", 100)
    with H5Hist(*axes, storage=storage, path=tmp_path / "s") as made:
        for c in "ab":
            columns = [rng.integers(0, n, 20_000) for n in (7, 30, 40, 4)]
            beside = {"weight": rng.normal(1, 0.3, 20_000)}
            if STORAGES[storage]:
                beside["sample"] = rng.normal(5, 1, 20_000)
            full.fill(c, *columns, "d", **beside)
            made.fill(c, *columns, "d", **beside)
    h = H5Hist.open(tmp_path / "s")
    assert h.signature.bins >= slabs.SMALL_BINS
    for index in [
        {"c": sum, "y": sum, "z": sum, "w": sum},
        {"x": sum, "y": slice(3, 8, sum)},
        {"c": sum, "y": 7, "z": slice(None, None, hist.rebin(3))},
        {"x": slice(2, 6, hist.rebin(2)), "z": slice(5, 15), "d": "d"},
        {"c": "b", "x": sum, "y": 29, "z": 0, "w": 1},
        dict.fromkeys("cxyzwd", sum),
    ]:
        found = []
        for n in (1, 2, 3, 8):
            monkeypatch.setattr(threads, "THREADS", n)
            found.append(h[index])
        views = [np.asarray(f.view(flow=True) if isinstance(f, hist.Hist) else f) for f in found]
        assert len({v.tobytes() for v in views}) == 1
        expected = full[index]
        if isinstance(expected, hist.Hist):
            expected = expected.view(flow=True)
        for part in np.asarray(expected).dtype.names or ():
            assert np.allclose(views[0][part], np.asarray(expected)[part], rtol=1e-9)


def test_slabs_stay_small_however_long_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slabs, "SLAB_BINS", 5000)
    h = H5Hist(*dense(3, 4, 20_000))
    array = np.arange(240_000.0).reshape(3, 4, 20_000)
    h.chunks[()] = array
    lengths = []
    read = MemoryBlocks.read

    def counted(self: MemoryBlocks, key: Any, lo: int, hi: int) -> Any:
        lengths.append(hi - lo)
        return read(self, key, lo, hi)

    monkeypatch.setattr(MemoryBlocks, "read", counted)
    assert np.array_equal(h.project("y").values(), array.sum(axis=(0, 2)))
    assert np.array_equal(h[sum, sum, :].values(), array.sum(axis=(0, 1)))
    assert max(lengths) <= 5000
    assert sum(lengths) == 2 * array.size
    assert np.array_equal(h.values(), array), "a result is nobody's memory but its own"


def test_threads_work_at_once_and_give_in_order() -> None:
    both = threading.Barrier(2, timeout=30)
    second_ready = threading.Event()

    def work(n: int) -> str:
        if n < 2:
            both.wait()
        if n == 0:
            assert second_ready.wait(30)
        if n == 1:
            second_ready.set()
        return f"made {n}"

    assert list(in_order(work, range(5), threads=2)) == [(n, f"made {n}") for n in range(5)]


def test_few_jobs_are_begun_before_their_results_are_taken() -> None:
    begun = 0

    def jobs() -> Any:
        nonlocal begun
        for n in range(100):
            begun += 1
            yield n

    results = in_order(str, jobs(), threads=3)
    for taken in range(50):
        next(results)
        assert begun <= taken + 5
    results.close()  # type: ignore[attr-defined]


def test_an_error_in_a_thread_is_the_callers() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_order(lambda n: 1 // n, [1, 0, 2], threads=2))


@pytest.mark.skipif(bitshuffle._FUNCTIONS is None, reason="hdf5plugin does not offer its functions")
class TestWithoutTheFunctions:
    """Where HDF5 must code the chunks: the same files, the same numbers."""

    def test_packs_are_the_same(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        array = np.random.default_rng(1).normal(1, 1, (3, 100, 1000))
        found = []
        for name in ("here", "hdf5"):
            if name == "hdf5":
                monkeypatch.setattr(bitshuffle, "_FUNCTIONS", None)
            with H5Hist(C, *dense(3, 100, 1000), path=tmp_path / name) as h:
                h.chunks["a",] = array
                h.chunks["b",] = -array
        for name in ("here", "hdf5"):
            h = H5Hist.open(tmp_path / name)
            assert np.array_equal(h["b", ...].values(), -array)
            found.append(h["a", :, 7, sum].view(flow=True).tobytes())
        monkeypatch.undo()
        for name in ("here", "hdf5"):
            h = H5Hist.open(tmp_path / name)
            assert np.array_equal(h["b", ...].values(), -array)
            found.append(h["a", :, 7, sum].view(flow=True).tobytes())
        assert len({*found}) == 1
