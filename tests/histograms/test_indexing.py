"""What an index refuses, and the edges of what it gives; see likeness/ for all that it gives."""

from __future__ import annotations

from typing import Any

import hist
import numpy as np
import pytest

from hepnb.errors import HepnbError
from hepnb.histograms import H5Hist


@pytest.fixture
def h() -> H5Hist:
    made = H5Hist(
        hist.axis.StrCategory(["ee", "mm"], name="channel"),
        hist.axis.Regular(10, 0, 1, name="x"),
        name="h",
    )
    return made.fill(channel=["ee", "mm", "ee"], x=[0.05, 0.55, 0.95])


@pytest.mark.parametrize(
    ("index", "kind", "said"),
    [
        ((0, np.array([1.0, 2.0])), IndexError, "axis 'x': an array of float64 is no index"),
        (("ee",), IndexError, "2 axes, the index has 1"),
        ({"chanel": 0}, ValueError, "did you mean 'channel'"),
        ({"zzz": 0}, ValueError, "no axis 'zzz' (axes: channel, x)"),
        ({"x": 0, 1: 0}, ValueError, "indexed twice"),
        ((..., ...), IndexError, "single ellipsis"),
        (("zz", 0), KeyError, "axis 'channel'"),
        ((0, [1, 2]), RuntimeError, "not a category axis"),
        ((0, {}), IndexError, "not an index of one axis"),
        (("zz*", 0), ValueError, "no category matches"),
        ((0, "0*"), ValueError, "no category matches"),
        ((0, slice(None, None, max)), IndexError, "third argument is sum or rebin"),
        ({5: 0}, IndexError, "no axis 5"),
    ],
)
def test_refusals_say_what_is_wrong(
    h: H5Hist, index: Any, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind) as caught:
        h[index]
    assert isinstance(caught.value, HepnbError)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_projections_refuse_what_is_not_there(h: H5Hist) -> None:
    for axis in ("y", 2, -1):
        with pytest.raises(ValueError, match="axis"):
            h.project(axis)
    with pytest.raises(ValueError, match="twice"):
        h.project("x", "x")


def test_entries_without_a_place_fall_away() -> None:
    fixed = hist.axis.StrCategory(["ee"], overflow=False, name="fixed")
    grows = hist.axis.StrCategory([], growth=True, name="grows")
    made = H5Hist(fixed, grows).fill(fixed=["ee", "mm", "ee"], grows=["a", "b", "c"])
    assert list(made.axes["grows"]) == ["a", "c"]  # hist.Hist would grow an empty "b" as well
    assert made.sum() == 2.0
    made.fill(fixed="mm", grows="a")
    assert made.sum() == 2.0


def test_results_do_not_share_axes_with_the_store(h: H5Hist) -> None:
    h[...].axes[1].label = "changed"
    assert h.axes[1].label == "x"


def test_group_rebinning_comes_with_boost_histogram(h: H5Hist) -> None:
    rebin = hist.rebin(groups=[2, 8])
    assert h[sum, ::rebin].values().tolist() == [1.0, 2.0]


@pytest.mark.filterwarnings("ignore:List indexing")
def test_list_picks_may_be_tuples_or_empty(h: H5Hist) -> None:
    full = h.to_hist()
    for pick in ([], (1, 0), ["mm", 0]):
        assert h[pick, :] == full[pick, :]
    assert list(h[[], :].axes[0]) == []


def test_what_lazy_gives_directly_and_what_it_refuses(h: H5Hist) -> None:
    assert h.lazy[np.array([0, 1]), 5].tolist() == h[np.array([0, 1]), 5].tolist() == [0.0, 1.0]
    assert h.lazy[0, 0] == 1.0
    assert h.lazy[[], :].to_hist() == h[[], :]
    flag = H5Hist(hist.axis.Boolean(name="b"), hist.axis.Integer(0, 2, name="n"))
    for lazy, index in ((h.lazy, (["ee", "ee"], sum)), (flag.lazy, (slice(1, 2), slice(None)))):
        with pytest.raises(IndexError, match="index it directly"):
            lazy[index]
    assert flag.lazy[::sum, :].to_hist() == flag[::sum, :]


def test_the_axis_of_a_rebinning_keeps_its_own_label(h: H5Hist) -> None:
    other = hist.axis.Variable([0, 0.5, 1])
    got, want = (x[sum, :: hist.rebin(axis=other)] for x in (h, h.to_hist()))
    assert repr(got.axes[0]) == repr(want.axes[0])
