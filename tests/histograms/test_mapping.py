"""The store as a mapping of blocks, and hist's own ChunkedHist filling it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hist
import hist.chunked
import numpy as np
import pytest

from hepnb.errors import StoreError
from hepnb.histograms import H5Hist, Store

AXES = (
    hist.axis.StrCategory([], growth=True, name="dataset"),
    hist.axis.IntCategory([], growth=True, name="region"),
    hist.axis.Regular(50, 0, 1, name="x"),
    hist.axis.Integer(0, 4, name="n"),
)


def made(storage: str, path: Path | None) -> H5Hist:
    return H5Hist(*AXES, storage=storage, name="h", path=path)


def fill(target: Any, rounds: range) -> None:
    for n in rounds:
        rng = np.random.default_rng(n)
        target.fill(
            dataset=("tt", "dy", f"late{n // 3}")[n % 3],
            region=n % 2,
            x=rng.normal(0.5, 0.4, 300),
            n=rng.integers(-1, 6, 300),
            **(
                {}
                if target.storage_type is hist.storage.Int64
                else {"weight": rng.normal(1, 1, 300)}
            ),
        )


@pytest.mark.parametrize("storage", ["Double", "Int64", "Weight"])
@pytest.mark.parametrize("on_disk", [False, True])
def test_chunked_hist_fills_and_reads_it(storage: str, on_disk: bool, tmp_path: Path) -> None:
    kind = getattr(hist.storage, storage)
    reference = hist.chunked.ChunkedHist(*AXES, storage=kind(), name="h")
    h = made(storage, tmp_path / "s" if on_disk else None)
    chunked = hist.chunked.ChunkedHist(*AXES, storage=kind(), name="h", chunks=h.chunks)
    for part in (range(6), range(6, 12)):
        fill(chunked, part)
        fill(reference, part)
        assert chunked.to_hist() == reference.to_hist()
        assert np.array_equal(h.values(flow=True), reference.to_hist().values(flow=True))
    assert set(chunked.keys()) == set(reference.keys()) == set(h.chunks)
    chunked += reference
    reference += reference
    assert chunked.to_hist() == reference.to_hist()
    picked = chunked[{"dataset": "late*"}]
    assert picked.to_hist() == reference[{"dataset": "late*"}].to_hist()
    if on_disk:
        h.close()
        with H5Hist.open(tmp_path / "s") as again:
            seen = hist.chunked.ChunkedHist(*AXES, storage=kind(), name="h", chunks=again.chunks)
            assert seen.to_hist() == reference.to_hist()
            seen.reset()
            assert len(again.chunks) == 0
            assert not again.values(flow=True).any()


def test_what_is_set_is_read_to_the_last_bit(tmp_path: Path) -> None:
    with made("Double", tmp_path / "s") as h:
        h.fill(dataset="tt", region=1, x=[0.1, 0.2], n=[1, 2], weight=[0.1, 1e17])
        block = np.random.default_rng(1).normal(0, 1, (52, 6)) ** 9
        h.chunks["tt", 1] = block
        h.chunks["dy", 1] = np.zeros_like(block)
        assert np.array_equal(h.chunks["tt", 1], block)
        h.chunks["tt", 1] = block
        assert h.committed == 3  # setting what is there writes nothing
        copy = h.chunks["tt", 1]
        copy += 1
        assert np.array_equal(h.chunks["tt", 1], block)
    h = H5Hist.open(tmp_path / "s")
    assert np.array_equal(h.chunks["tt", 1], block)
    assert list(h.chunks) == [("tt", 1)]
    assert list(h.axes[0]) == ["tt", "dy"]


def test_members_and_refusals(tmp_path: Path) -> None:
    h = made("Weight", tmp_path / "s")
    blocks = h.chunks
    good = np.zeros((52, 6), hist.Hist(hist.axis.Boolean(), storage="Weight").view().dtype)
    assert len(blocks) == 0
    blocks["tt", 1] = good
    assert ("tt", 1) in blocks
    assert ("tt", 2) not in blocks
    assert blocks.get(("tt", 2)) is None
    del blocks["tt", 1]
    assert ("tt", 1) not in blocks
    with pytest.raises(KeyError, match="no block"):
        blocks["tt", 1]
    bad = good.copy()
    bad["value"][3] = np.nan
    for key, block, said in [
        (("tt",), good, "2 labels"),
        ((1, 1), good, "cannot hold category"),
        (("tt", 1), good[1:], "shape"),
        (("tt", 1), good["value"], "dtype"),
        (("tt", 1), bad, "NaN"),
    ]:
        with pytest.raises(StoreError, match=said):
            blocks[key] = block
    assert Store.open(tmp_path / "s").committed == 1
    with pytest.raises(StoreError, match="read-only"):
        Store.open(tmp_path / "s").hist("h").chunks["tt", 1] = np.ones_like(good)
    h.close()
