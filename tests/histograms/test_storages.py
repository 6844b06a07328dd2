"""Every storage that hist knows: filled, folded, reopened, sliced, exported like hist.Hist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boost_histogram as bh
import h5py
import hist
import numpy as np
import pytest
import uhi.io.hdf5

from hepnb.errors import HepnbError
from hepnb.histograms import H5Hist

STORAGES = [
    hist.storage.Double(),
    hist.storage.Int64(),
    hist.storage.AtomicInt64(),
    hist.storage.Unlimited(),
    hist.storage.Weight(),
    hist.storage.Mean(),
    hist.storage.WeightedMean(),
    hist.storage.MultiCell(3),
]
AXES = (
    hist.axis.StrCategory([], growth=True, name="c"),
    hist.axis.Regular(20, 0, 1, name="x"),
    hist.axis.Integer(0, 4, name="n"),
)
INDEXES: list[Any] = [
    ...,
    {"c": "ee"},
    {"c": sum},
    {"x": slice(0.3j, 0.8j)},
    {"x": bh.rebin(3), "n": sum},
    {"c": ["mm", "ee"]},
    {"c": sum, "x": sum, "n": sum},
    {"c": 0, "x": 3, "n": 2},
]


def filled(storage: Any, path: Path | None) -> tuple[H5Hist, Any]:
    """The same three fills in an H5Hist (folded once) and in a hist.Hist."""
    axes = list(AXES)
    if isinstance(storage, hist.storage.MultiCell):  # which loses its contents when an axis grows
        labels = [f"only{seed}" for seed in range(3)]
        axes[0] = hist.axis.StrCategory(["ee", "mm", *labels], growth=True, name="c")
    made = H5Hist(*axes, storage=storage, name="h", path=path)
    reference = hist.Hist(*axes, storage=storage, name="h")
    for seed in range(3):
        rng = np.random.default_rng(seed)
        n = 500
        columns = {
            "c": rng.choice(["ee", "mm", f"only{seed}"], n),
            "x": rng.normal(0.5, 0.4, n),
            "n": rng.integers(-1, 5, n),
        }
        beside: dict[str, Any] = {}
        if isinstance(storage, hist.storage.MultiCell):
            beside["weight"] = rng.normal(1, 0.2, (n, 3))
        elif isinstance(storage, (hist.storage.Weight, hist.storage.WeightedMean)):
            beside["weight"] = rng.uniform(0.5, 1.5, n)
        if made.kind == bh.Kind.MEAN:
            beside["sample"] = rng.normal(91, 2.5, n)
        made.fill(**columns, **beside)
        reference.fill(**columns, **beside)
        if path is not None and seed == 1:
            made.close()
            made = H5Hist.open(path)
    return made, reference


def numbers_of(x: Any) -> Any:
    """A number, a list of them, or the parts of an accumulator."""
    names = ("count", "sum_of_weights", "sum_of_weights_squared", "value", "variance")
    if isinstance(x, list):
        return x
    return [getattr(x, n) for n in names if hasattr(x, n)] or x


def assert_alike(got: Any, want: Any) -> None:
    """Equal but for the rounding of sums taken in another order."""
    assert type(got) is type(want)
    if not isinstance(want, bh.Histogram):
        np.testing.assert_allclose(numbers_of(got), numbers_of(want), rtol=1e-10)
        return
    assert [repr(a) for a in got.axes] == [repr(a) for a in want.axes]
    assert repr(got.storage) == repr(want.storage)
    mine, theirs = got.view(flow=True), want.view(flow=True)
    for name in theirs.dtype.names or [...]:
        np.testing.assert_allclose(np.asarray(mine[name]), np.asarray(theirs[name]), rtol=1e-10)


@pytest.mark.filterwarnings("ignore:List indexing")
@pytest.mark.parametrize("on_disk", [False, True])
@pytest.mark.parametrize("storage", STORAGES, ids=repr)
def test_like_hist(storage: Any, on_disk: bool, tmp_path: Path) -> None:
    made, reference = filled(storage, tmp_path / "s" if on_disk else None)
    assert made.storage_type is type(storage)
    assert made.kind == reference.kind
    for index in INDEXES:
        picks = isinstance(index, dict) and isinstance(index.get("c"), list)
        if picks and isinstance(storage, hist.storage.MultiCell):
            continue  # boost-histogram picks variations instead of categories
        assert_alike(made[index], reference[index])
        lazy = made.lazy[index]
        assert_alike(lazy.to_hist() if isinstance(lazy, H5Hist) else lazy, reference[index])
    assert_alike(made.project("n", "c"), reference.project("n", "c"))
    for flow in (True, False):
        assert_alike(made.sum(flow=flow), reference.sum(flow=flow))
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(made.values(), reference.values(), rtol=1e-11)
        np.testing.assert_allclose(made.counts(), reference.counts(), rtol=1e-11)
    made.close()


@pytest.mark.parametrize("storage", STORAGES, ids=repr)
def test_an_export_reads_back(storage: Any, tmp_path: Path) -> None:
    made, _ = filled(storage, tmp_path / "s")
    with h5py.File(made.export(tmp_path / "e.h5")) as f, np.errstate(all="ignore"):
        read = hist.Hist(uhi.io.hdf5.read(f["h"]))
    want = made[{"c": sorted(made.axes["c"])}]
    if isinstance(storage, hist.storage.MultiCell):
        for n in range(3):
            assert np.array_equal(read[n, ...].view(flow=True), want.view(flow=True)[n])
    else:
        if made.kind == bh.Kind.COUNT:
            assert_alike(read, want)
        np.testing.assert_allclose(read.values(), want.values(), rtol=1e-12)
    made.close()


@pytest.mark.parametrize("storage", STORAGES, ids=repr)
def test_sums_do_not_depend_on_what_is_folded(storage: Any, tmp_path: Path) -> None:
    memory, _ = filled(storage, None)
    disk, _ = filled(storage, tmp_path / "s")
    assert memory.view(flow=True).tobytes() == disk.view(flow=True).tobytes()
    disk.close()
    assert memory.view(flow=True).tobytes() == disk.view(flow=True).tobytes()


@pytest.mark.parametrize(
    ("storage", "beside", "said"),
    [
        ("Mean", {}, "needs sample="),
        ("Double", {"sample": [1.0, 2.0]}, "takes no sample"),
        ("Mean", {"sample": [1.0, np.nan]}, r"sample\[1\] is nan"),
        ("Mean", {"sample": [1.0, 2.0, 3.0]}, "differ in length .*sample 3"),
        ("MultiCell(2)", {}, r"weight of shape \(entries, 2\)"),
        ("MultiCell(2)", {"weight": np.ones((2, 3))}, r"weight of shape \(entries, 2\)"),
        ("MultiCell(2)", {"weight": [[1, np.inf], [1, 1]]}, r"weight\[0, 1\] is inf"),
        ("AtomicInt64", {"weight": [0.5, 1]}, "AtomicInt64 storage counts"),
    ],
)
def test_a_bad_fill_changes_nothing(storage: str, beside: dict[str, Any], said: str) -> None:
    made = H5Hist(hist.axis.Boolean(name="b"), storage=storage)
    with pytest.raises(HepnbError, match=said):
        made.fill(b=[True, False], **beside)
    assert made.committed == 0


@pytest.mark.parametrize("storage", ["Mean", "WeightedMean"])
def test_means_are_merged_in_groups_too(storage: str) -> None:
    """boost-histogram 1.8 adds the means of a group up instead."""
    made = H5Hist(hist.axis.Regular(4, 0, 4, name="x"), storage=storage)
    made.fill(x=[0, 0, 1, 2, 3, 3], sample=[1.0, 3, 5, 2, 8, 10])
    grouped, halved = made[:: hist.rebin(groups=[2, 2])], made[:: hist.rebin(2)]
    assert grouped.values().tolist() == halved.values().tolist() == [3.0, pytest.approx(20 / 3)]
    np.testing.assert_allclose(grouped.variances(), halved.variances())


def test_growing_dense_axes_live_in_memory_only(tmp_path: Path) -> None:
    axes = [
        hist.axis.Regular(4, 0, 4, growth=True, name="x"),
        hist.axis.Integer(0, 2, growth=True, name="n"),
        hist.axis.StrCategory([], growth=True, name="c"),
    ]
    with pytest.raises(HepnbError, match=r"axis 'x' .* grows: a block's bins are fixed on disk"):
        H5Hist(*axes, path=tmp_path / "s")
    made, reference = H5Hist(*axes, storage="Weight"), hist.Hist(*axes, storage="Weight")
    for x, n, c in (([1.5, 9.5], [0, 7], ["a", "b"]), ([-3.0], [-2], ["a"])):
        made.fill(x=x, n=n, c=c, weight=2)
        reference.fill(x=x, n=n, c=c, weight=2)
    assert made == reference
    assert made.shape == reference.shape
    assert made[{"c": "a"}] == reference[{"c": "a"}]
    made[{"c": "a", "n": 0, "x": 1}] = [5, 5]
    reference[{"c": "a", "n": 0, "x": 1}] = [5, 5]
    assert made == reference
    with pytest.raises(HepnbError, match="could not convert"):
        made.fill(x=["text"], n=[0], c=["a"])
    assert made == reference
    with pytest.raises(HepnbError, match="forgets what it holds when an axis of numbers grows"):
        H5Hist(*axes, storage="MultiCell(2)")


@pytest.mark.parametrize("storage", STORAGES[:-1], ids=repr)
def test_growing_axes_are_added_as_hist_adds_them(storage: Any) -> None:
    beside = {"sample": [1.0, 2.0]} if "Mean" in repr(storage) else {}
    both = []
    for kind in (H5Hist, hist.Hist):
        one, other = (
            kind(
                hist.axis.Integer(0, 3, growth=True, name="n"),
                hist.axis.StrCategory([], growth=True, name="c"),
                storage=storage,
            ).fill(n=n, c=c, **beside)
            for n, c in (([1, 7], ["a", "b"]), ([-4, 2], ["b", "z"]))
        )
        one += other
        both.append(one)
    made, want = both
    assert [repr(a) for a in made.axes] == [repr(a) for a in want.axes]
    assert np.asarray(made.view(flow=True)).tobytes() == np.asarray(want.view()).tobytes()
    ranged = [
        H5Hist(hist.axis.Regular(4, 0, 1, growth=True, name="x"), storage=storage).fill(
            x=x, **beside
        )
        for x in ([0.1, 2.3], [-1.0, 0.2], [0.3, 2.3])
    ]
    with pytest.raises(ValueError, match="only where their ranges are the same; fill the entries"):
        ranged[0].add(ranged[1], unique_id="1")
    assert not ranged[0].was_contributed("1")
    assert ranged[0].add(ranged[2]).committed == 2


def test_an_addition_that_no_longer_fits_changes_nothing() -> None:
    made = H5Hist(hist.axis.Regular(4, 0, 1, growth=True, name="x"))
    other = made.to_hist().fill([0.5])

    def contribute() -> None:
        with made.contribution("late") as late:
            late.fill(x=0.5)
            late.contents.add_hist(made.signature, other)
            made.fill(x=7.0)

    with pytest.raises(HepnbError, match="only where their ranges are the same"):
        contribute()
    assert (made.sum(), made.was_contributed("late")) == (1.0, False)
