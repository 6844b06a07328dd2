"""Large blocks filled sparsely: the same bits as boost-histogram, memory by entries and not by bins."""

from __future__ import annotations

import tracemalloc
from typing import Any

import boost_histogram as bh
import hist
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepnb.histograms import Contribution, H5Hist, Signature
from hepnb.histograms.cells import cell_of
from hepnb.histograms.sparse_block import SparseBlock

AXES = [
    bh.axis.Regular(20, 0, 1),
    bh.axis.Variable([0, 1, 3], underflow=False, overflow=False),
    bh.axis.Integer(0, 4, overflow=False),
    bh.axis.Boolean(),
    bh.axis.Regular(4, 0, 2, circular=True),
    bh.axis.Regular(3, 1, 100, transform=bh.axis.transform.log),
]

STORAGES = [
    "Double",
    "Int64",
    "AtomicInt64",
    "Unlimited",
    "Weight",
    "Mean",
    "WeightedMean",
    "MultiCell(3)",
]


@given(
    st.lists(st.integers(0, len(AXES) - 1), min_size=1, max_size=3),
    st.sampled_from(STORAGES),
    st.integers(0, 2**32 - 1),
)
def test_like_boost_histogram(picked: list[int], storage: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    axes = [*(AXES[i] for i in picked), bh.axis.Regular(1000, 0, 1)]
    cell = cell_of(storage)
    reference = bh.Histogram(*axes, storage=cell.new())
    block = SparseBlock(axes, storage)
    for _ in range(3):
        n = int(rng.integers(0, 40))
        columns: list[Any] = []
        for ax in axes:
            if isinstance(ax, bh.axis.Boolean):
                columns.append(rng.random(n) < 0.5)
            elif isinstance(ax, bh.axis.Integer):
                columns.append(rng.integers(-2, 6, n).astype(np.int32))
            else:
                column = rng.normal(0.5, 2, n)
                column[rng.random(n) < 0.05] = np.nan
                columns.append(column)
        weight = [None, 2.0, rng.normal(1, 1, n)][rng.integers(0, 3)]
        if cell.whole and weight is not None:
            weight = np.round(weight)
        if cell.variations:
            weight = rng.normal(1, 1, (n, cell.variations))
        beside = {"weight": weight}
        if cell.takes_sample:
            beside["sample"] = rng.normal(1, 1, n)
        reference.fill(*columns, **beside)
        block.fill(*columns, **beside)
    found = block.filled()
    assert found is not None
    where, numbers = found
    view = reference.view(flow=True)
    for part, sums in zip(cell.split(view).values(), numbers, strict=True):
        dense = np.zeros(part.size)
        dense[where] = sums
        assert np.array_equal(dense, part.reshape(-1, order="F"))
    assert np.array_equal(np.asarray(block.view(flow=True)), np.asarray(view))
    assert block.filled() is None


def test_few_events_over_many_tuples_take_no_dense_blocks() -> None:
    axes = [
        hist.axis.StrCategory([], growth=True, name="c"),
        hist.axis.Regular(1000, 0, 1, name="x"),
        hist.axis.Regular(10_000, 0, 1, name="y"),
    ]
    signatures = {"h": Signature.from_axes("h", axes, "Weight")}
    rng = np.random.default_rng(1)
    labels = rng.choice([f"s{n}" for n in range(100)], 10_000)
    tracemalloc.start()
    made = Contribution(signatures)
    made.fill("h", c=labels, x=rng.random(10_000), y=rng.random(10_000), weight=2.0)
    body = made.encode("a", 0, {})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(body) < 1e6
    assert peak < 20e6  # one dense block is 160 MB


@pytest.mark.parametrize("entries", [200, 90_000, 500_000])
def test_a_block_that_fills_up_turns_dense(entries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hepnb.histograms.sparse_block._REDUCE_ENTRIES", 1000)
    axes = [hist.axis.Regular(600, 0, 1, name="x"), hist.axis.Regular(1800, 0, 1, name="y")]
    h, reference = H5Hist(*axes, storage="Weight"), hist.Hist(*axes, storage="Weight")
    rng = np.random.default_rng(2)
    with h.contribution("a") as c:
        for _ in range(3):
            columns = {"x": rng.random(entries), "y": rng.normal(0.5, 0.3, entries)}
            weight = rng.normal(1, 1, entries)
            c.fill(**columns, weight=weight)
            reference.fill(**columns, weight=weight)
    assert h.to_hist() == reference
