"""An H5Hist is a hist.Hist: operators from either side, methods, tools; nothing behind its back."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import boost_histogram as bh
import hist
import matplotlib as mpl
import mplhep
import numpy as np
import pytest
import uhi.typing.plottable

from hepnb.errors import HepnbError
from hepnb.histograms import H5Hist

mpl.use("Agg")
STORAGES = ["Double", "Int64", "AtomicInt64", "Unlimited", "Weight", "Mean", "WeightedMean"]
OPERATIONS = [
    "a + b",
    "a - b",
    "a * b",
    "a / b",
    "2 * b",
    "b / 2",
    "1 - b",
    "a == b",
    "sum([b, b])",
]


def pair(storage: Any) -> tuple[Any, H5Hist]:
    """The same contents twice, with entries in the flow bins."""
    axes = [hist.axis.Regular(4, 0, 4, name="x"), hist.axis.StrCategory(["a", "b"], name="c")]
    full = hist.Hist(*axes, storage=storage, name="h", label="text")
    beside: dict[str, Any] = {"sample": [1.0, 3, 5, 2]} if full.kind == bh.Kind.MEAN else {}
    if isinstance(full.storage, bh.storage.MultiCell):
        beside = {"weight": np.arange(8.0).reshape(4, 2)}
    full.fill(x=[-1, 1, 2, 9], c=["a", "b", "zz", "a"], **beside)
    return full, H5Hist.from_hist(full)


def outcome(what: str, a: Any, b: Any) -> Any:
    with np.errstate(all="ignore"):
        try:
            return eval(what, {"a": a, "b": b})
        except TypeError as error:
            return error


@pytest.mark.parametrize("what", OPERATIONS)
@pytest.mark.parametrize("storage", [*STORAGES, bh.storage.MultiCell(2)], ids=str)
def test_operators_are_those_of_hist_from_both_sides(storage: Any, what: str) -> None:
    full, h = pair(storage)
    want = outcome(what, full, full)
    for a, b in ((full, h), (h, full), (h, h)):
        got = outcome(what, a, b)
        assert isinstance(got, bh.Histogram) == isinstance(want, bh.Histogram), got
        if isinstance(want, Exception):
            assert isinstance(got, TypeError)
        elif isinstance(want, bh.Histogram):
            view = want.view(flow=True)
            for name in view.dtype.names or [...]:
                np.testing.assert_array_equal(got.view(flow=True)[name], view[name])
            assert (got.variances() is None) == (want.variances() is None)
        else:
            assert got == want


@pytest.mark.parametrize("kind", [hist.Hist, bh.Histogram])
def test_histograms_are_made_of_it(kind: Any) -> None:
    full, h = pair("Weight")
    h.fill(x=1, c="a", weight=3)
    full.fill(x=1, c="a", weight=3)
    made = kind(h)
    assert made == full
    assert {"name": "h", "label": "text"}.items() <= made.__dict__.items()
    assert not {"_home", "_budget"} & made.__dict__.keys()
    weighted = H5Hist(hist.axis.Boolean(name="b")).fill(b=[True, False], weight=2)
    assert kind(weighted).variances() is None
    made.fill([1], ["a"])
    assert h.sum() == pair("Weight")[0].fill(x=1, c="a", weight=3).sum()


@pytest.mark.filterwarnings("ignore:Integer weights:UserWarning")  # mplhep's, without scipy
def test_hists_methods_and_tools_take_it() -> None:
    full, h = pair("Weight")
    assert isinstance(h, hist.BaseHist)
    assert isinstance(h, uhi.typing.plottable.PlottableHistogram)
    assert h.allclose(full)
    assert full.allclose(h)
    assert hist.Stack(h, full)[0] is h
    assert h.expand_cats().keys() == {"a", "b"}
    assert h.profile("x").axes.name == ("c",)
    assert np.array_equal(h.to_numpy(dd=True)[1][0], full.to_numpy()[1])
    mass = h[:, sum]
    for one in (mass, H5Hist.from_hist(mass)):
        assert one._repr_html_() == mass._repr_html_()
        assert one.plot1d()[0].stairs.get_data().values.tolist() == [0, 1, 1, 0]
        assert mplhep.histplot(one)[0].stairs.get_data().values.tolist() == [0, 1, 1, 0]
    assert h.plot2d() is not None
    assert len(h.plot(overlay="c")) == 2
    mpl.pyplot.close("all")


def test_entries_come_from_nested_arrays_and_columns() -> None:
    ak = pytest.importorskip("awkward")
    made = H5Hist(hist.axis.Regular(4, 0, 4, name="x"))
    assert made.fill_flattened(ak.Array([[1.0, 2.0], [], [3.0]])).sum() == 3
    columns = {"c": ["a", "b", "a"], "x": [1.0, 2.0, 3.0]}
    found = H5Hist.from_columns(columns, ("c", hist.axis.Regular(4, 0, 4, name="x")))
    assert isinstance(found, H5Hist)
    assert found["a", sum] == 2


def test_nothing_is_changed_behind_its_back(tmp_path: Path) -> None:
    full, h = pair("Double")
    with pytest.raises(ValueError, match="read-only"):
        h.view()[...] = 1
    for change in (h.reset, lambda: h.__imul__(2), lambda: h.__isub__(full)):
        with pytest.raises(HepnbError, match="in place: what was contributed stays"):
            change()
    for taken in (copy.copy(h), copy.deepcopy(h), h.copy()):
        taken.fill(1, "a")
        assert type(taken) is hist.Hist
    assert h == full
    assert pickle.loads(pickle.dumps(h)) == full
    with H5Hist.from_hist(full, path=tmp_path / "s") as disk:
        with pytest.raises(HepnbError, match=r"send its path, and H5Hist.open\("):
            pickle.dumps(disk)
        assert disk + full == 2 * full


@pytest.mark.parametrize(
    ("act", "kind", "said"),
    [
        (lambda h: h.sort("x"), RuntimeError, "not a categorical axis"),
        (lambda h: h.sort("nope"), KeyError, "nope not found"),
        (lambda h: h.project("c").stack("c"), RuntimeError, "less than two axis"),
        (lambda h: H5Hist.from_hist(h.project("c")).stack("c"), RuntimeError, "less than two axis"),
        (lambda h: h + np.ones(7), ValueError, "dimensions"),
        (lambda h: h.project(1.5), TypeError, "1.5 is no axis"),
        (lambda h: h.integrate("y"), ValueError, "no axis 'y'"),
    ],
)
def test_refusals_stay_those_of_hist(act: Any, kind: type[Exception], said: str) -> None:
    _, h = pair("Double")
    with pytest.raises(kind, match=said) as caught:
        act(h)
    assert "\n" not in str(caught.value)


def test_a_histogram_of_no_axes() -> None:
    made, full = H5Hist(), hist.Hist()
    assert made.sum() == full.sum() == 0
    assert (made.ndim, made.shape) == (0, ())
    _, h = pair("Double")
    assert h.project() == h.to_hist().project()
