"""The rest of what hist.Hist can do: construction, adding, setting, arrays, results, plotting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boost_histogram as bh
import hist
import numpy as np
import pytest
from uhi.typing.plottable import PlottableHistogram

from hepnb.errors import HepnbError
from hepnb.histograms import H5Hist

AXES = (
    hist.axis.StrCategory(["ee", "mm"], growth=True, name="c"),
    hist.axis.Regular(10, 0, 1, name="x"),
    hist.axis.Integer(0, 3, name="n"),
)


def pair(path: Path | None = None, storage: str = "Weight") -> tuple[H5Hist, Any]:
    """The same contents in an H5Hist and in a hist.Hist."""
    rng = np.random.default_rng(1)
    columns = {
        "c": rng.choice(["ee", "mm"], 300),
        "x": rng.random(300),
        "n": rng.integers(0, 3, 300),
    }
    reference = hist.Hist(*AXES, storage=storage, name="h", label="l").fill(**columns)
    return H5Hist(*AXES, storage=storage, name="h", label="l", path=path).fill(**columns), reference


@pytest.mark.parametrize("on_disk", [False, True])
def test_arrays_of_bins(on_disk: bool, tmp_path: Path) -> None:
    made, reference = pair(tmp_path / "s" if on_disk else None)
    some = np.array([1, 3, 3, -1])
    indexes: list[Any] = [
        (0, some, 1),
        (slice(None), some, slice(0, 2)),
        (np.array([0, 1, 0, 1]), some, hist.loc(2)),
        (bh.loc("mm"), np.array([[1, 2], [3, 10]]), bh.overflow),
    ]
    for index in indexes:
        got, want = made[index], reference[index]
        assert type(got) is type(want)
        assert got.dtype == want.dtype
        assert np.array_equal(got, want)
    made[0, some[:3], 1] = reference[0, some[:3], 1] = np.array([[1, 2], [3, 4], [5, 6]])
    assert made == reference
    for index, kind in (
        ((0, some + 50, 1), IndexError),
        ((0, some, slice(None, None, sum)), IndexError),
    ):
        with pytest.raises(kind):
            made[index]


@pytest.mark.parametrize("on_disk", [False, True])
def test_sets_keep_their_place_among_the_fills(on_disk: bool, tmp_path: Path) -> None:
    path = tmp_path / "s" if on_disk else None
    made = H5Hist(*AXES, path=path)
    made.fill(c="ee", x=[0.05, 0.15], n=[0, 0])
    made[{"c": "ee", "x": slice(0, 5)}] = 7
    made.fill(c="ee", x=0.05, n=0)
    made[{"c": "mm"}] = made[{"c": "ee"}]
    for step in range(2):
        assert made["ee", 0, 0] == made["mm", 0, 0] == 8
        assert made.sum() == 2 * (15 * 7 + 1)
        if path and not step:
            made.close()
            made = H5Hist.open(path)
    with pytest.raises(ValueError, match="NaN and infinity"):
        made["ee", 0, 0] = np.nan
    made.close()


def test_construction_from_elsewhere(tmp_path: Path) -> None:
    _, reference = pair()
    for made in (
        H5Hist.from_hist(reference),
        H5Hist.from_hist(reference, path=tmp_path / "a", memory="1 MB"),
        H5Hist.from_uhi(reference._to_uhi_(), path=tmp_path / "b"),
        H5Hist._from_uhi_(reference._to_uhi_()),
    ):
        assert made == reference
        assert reference == made
        assert (made.name, made.label) == ("h", "l")
        assert hist.Hist(made._to_uhi_()) == reference
        made.close()
    short = (
        H5Hist.new.StrCat(["ee"], growth=True, name="c").Reg(3, 0, 1).Weight(path=tmp_path / "c")
    )
    assert short.path == tmp_path / "c"
    assert short.storage_type is hist.storage.Weight
    short.close()


def test_adding_and_merging(tmp_path: Path) -> None:
    made, reference = pair(tmp_path / "s")
    other = hist.Hist(
        hist.axis.StrCategory(["tt"], growth=True, name="c"), *AXES[1:], storage="Weight"
    ).fill("tt", 0.5, 1)
    for _ in range(2):
        made.add(other, unique_id="tt")
    assert made.was_contributed("tt")
    assert not made.was_contributed("zz")
    assert made.sum().value == reference.sum().value + 1
    merged = H5Hist.merge(made, reference, other, path=tmp_path / "m")
    assert merged.sum().value == made.sum().value + reference.sum().value + 1
    made += reference
    assert isinstance(made, H5Hist)
    with pytest.raises(TypeError, match="in place"):
        made *= 2
    wrong: list[Any] = [
        (hist.Hist(*AXES), TypeError, "Weight storage"),
        (hist.Hist(*AXES[:2], storage="Weight"), ValueError, "3 axes"),
        (
            hist.Hist(*AXES[:2], hist.axis.Integer(0, 4, name="n"), storage="Weight"),
            ValueError,
            "axis 'n'",
        ),
    ]
    before = made.committed
    for h, kind, said in wrong:
        with pytest.raises(kind, match=said) as caught:
            made.add(h)
        assert isinstance(caught.value, HepnbError)
    assert made.committed == before
    made.close()
    merged.close()


@pytest.mark.filterwarnings("ignore:List indexing")
def test_results_are_those_of_hist() -> None:
    made, reference = pair(storage="Double")
    assert made * 2 == 2 * made == reference * 2
    assert made + made - made == reference
    assert (made / 2).sum() == reference.sum() / 2
    assert made.sort("c", reverse=True) == reference.sort("c", reverse=True)
    assert len(made.project("c", "x").stack("c")) == 2
    assert made.profile("x") == reference.profile("x")
    assert np.array_equal(made.density(), reference.density())
    assert made.integrate("x", 2, 5) == reference.integrate("x", 2, 5)
    assert made.integrate("c", ["mm"]) == reference.integrate("c", ["mm"])
    assert made.T == reference.T
    assert made.project("x", flow=False) == reference.project("x", flow=False)
    assert np.array_equal(np.asarray(made), np.asarray(reference))
    assert not made.empty()
    for a, b in zip(made.to_numpy(), reference.to_numpy(), strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("storage", ["Double", "Weight", "Int64"])
def test_it_is_plottable(storage: str) -> None:
    made, reference = pair(storage=storage)
    assert isinstance(made, PlottableHistogram)
    assert made.kind == bh.Kind.COUNT
    for ax, other in zip(made.axes, reference.axes, strict=True):
        assert len(ax) == len(other)
        assert list(ax) == list(other)
        assert ax.traits.discrete == other.traits.discrete
    for name in ("values", "variances", "counts"):
        assert np.array_equal(getattr(made, name)(), getattr(reference, name)())


def test_a_result_over_the_budget_says_its_size(tmp_path: Path) -> None:
    axes = (hist.axis.Regular(300, 0, 1, name="x"), hist.axis.Regular(300, 0, 1, name="y"), AXES[0])
    rng = np.random.default_rng(3)
    made = H5Hist(*axes, path=tmp_path / "s", memory="0.1 MB")
    columns = {"x": rng.random(1000), "y": rng.random(1000), "c": rng.choice(["a", "b"], 1000)}
    made.fill(**columns)
    with pytest.raises(ValueError, match=r"would take 3.6 MB, .*100.0 kB|0.1 MB.*\.lazy"):
        made.to_hist()
    reference = hist.Hist(*axes).fill(**columns)
    view = made.lazy[100:200, ::2j, :]
    want = reference[100:200, ::2j, :]
    assert isinstance(view, H5Hist)
    assert view.shape == want.shape
    assert view.project("c") == want.project("c")
    assert view[:, sum, "a"] == want[:, sum, "a"]
    with pytest.raises(TypeError, match="cannot be filled"):
        view.fill(x=0.5, y=0.5, c="a")
    made.fill(x=0.5, y=0.5, c="a")
    assert view.sum(flow=True) == 1001  # it follows
    with pytest.raises(ValueError, match="is no size"):
        H5Hist(*axes, memory="much")
    made.close()


def test_read_only(tmp_path: Path) -> None:
    made, _ = pair(tmp_path / "s")
    made.close()
    shown = H5Hist.open(tmp_path / "s", mode="r")
    with pytest.raises(HepnbError, match="read-only"):
        shown.fill(c="ee", x=0.5, n=1)
    with pytest.raises(HepnbError, match="read-only"):
        shown["ee", 0, 0] = [1, 1]
