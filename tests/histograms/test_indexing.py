"""An index on an H5Hist gives what the same index gives on a hist.Hist, flow bins included."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boost_histogram as bh
import hist
import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from hepnb.errors import HepnbError
from hepnb.histograms import H5Hist

ERRORS = (IndexError, KeyError, TypeError, ValueError, RuntimeError)
CASES = int(os.environ.get("HEPNB_CASES", "0")) or max(300, settings.default.max_examples)
STORAGES = ["Double", "Int64", "AtomicInt64", "Unlimited", "Weight", "Mean", "WeightedMean"]
LABELS = ["ee", "mm", "é", "tt bar"]


@st.composite
def axes(draw: st.DrawFn, name: str) -> Any:
    """One axis of any kind that a store holds."""
    kind = draw(st.sampled_from(["regular", "log", "variable", "integer", "bool", "str", "int"]))
    own = {"name": name, "label": draw(st.sampled_from(["", "label"]))}
    flows = {"underflow": draw(st.booleans()), "overflow": draw(st.booleans())}
    bins = draw(st.integers(1, 6))
    if kind == "regular":
        if draw(st.integers(0, 9)) == 0:
            return hist.axis.Regular(bins, 0, 3, circular=True, **own)
        return hist.axis.Regular(bins, -1, 3, **flows, **own)
    if kind == "log":
        return hist.axis.Regular(bins, 0.5, 3.5, transform=hist.axis.transform.log, **own)
    if kind == "variable":
        return hist.axis.Variable(np.cumsum(range(1, bins + 2)) * 0.5 - 1, **flows, **own)
    if kind == "integer":
        return hist.axis.Integer(-1, bins, **flows, **own)
    if kind == "bool":
        return hist.axis.Boolean(**own)
    growth = draw(st.booleans())
    flow = {} if growth else {"flow": draw(st.booleans())}
    if kind == "str":
        known = draw(st.lists(st.sampled_from(LABELS), unique=True, min_size=not growth))
        return hist.axis.StrCategory(known, growth=growth, **flow, **own)
    known = draw(st.lists(st.integers(0, 4), unique=True, min_size=not growth))
    return hist.axis.IntCategory(known, growth=growth, **flow, **own)


def values_of(draw: st.DrawFn, ax: Any, n: int, rng: np.random.Generator) -> Any:
    """`n` entries for one axis, some beyond its ends, or one scalar category."""
    if isinstance(ax, (hist.axis.StrCategory, hist.axis.IntCategory)):
        labels = LABELS if isinstance(ax, hist.axis.StrCategory) else list(range(5))
        if not ax.traits.growth and not ax.traits.overflow:
            labels = list(ax)  # see test_entries_without_a_place_fall_away
        return draw(st.sampled_from(labels)) if draw(st.booleans()) else rng.choice(labels, n)
    if isinstance(ax, hist.axis.Boolean):
        return rng.random(n) < 0.5
    if isinstance(ax, hist.axis.Integer):
        return rng.integers(-3, 9, n)
    x = rng.uniform(-2, 12, n)
    x[rng.random(n) < 0.1] = rng.choice([np.nan, np.inf, -np.inf, 0.0, -1.0, 3.0])
    return x


@st.composite
def items(draw: st.DrawFn, ax: Any) -> Any:
    """One item of an index on this axis; some of them are errors."""
    category = isinstance(ax, (hist.axis.StrCategory, hist.axis.IntCategory))
    label = st.sampled_from(LABELS) if isinstance(ax, hist.axis.StrCategory) else st.integers(0, 4)
    value = st.sampled_from([-1.5, -1.0, 0.0, 0.7, 1.0, 2.5, 3.0, 40.0])
    if isinstance(ax, (hist.axis.Integer, hist.axis.Boolean)):
        value = st.sampled_from([-2, -1, 0, 1, 2, 40])  # type: ignore[assignment]
    place: st.SearchStrategy[Any] = label.map(bh.loc) if category else value.map(bh.loc)
    if not category:
        place |= value.map(lambda v: v * 1j) | st.just(bh.loc(1) + 1)
    if isinstance(ax, hist.axis.StrCategory):
        place |= label
    bound = st.none() | st.integers(-7, 7) | place | st.just(len)
    step = st.sampled_from([None, None, sum, bh.rebin(2), bh.rebin(3), 2j])
    options: list[st.SearchStrategy[Any]] = [
        st.just(slice(None)),
        st.just(sum),
        st.just(slice(None, None, sum)),
        st.integers(-7, 7),
        place,
        st.builds(slice, bound, bound, step),
        st.sampled_from([bh.underflow, bh.overflow, bh.rebin(2), True, 1.5, None]),
    ]
    if category:
        options.append(st.lists(place | st.integers(0, 3), min_size=1, max_size=3))
    if isinstance(ax, hist.axis.StrCategory):
        options.append(st.sampled_from(["*", "?e", ["e*", "mm"], "zz*"]))
    return draw(st.one_of(options))


def weights_of(storage: str, n: int, rng: np.random.Generator) -> Any:
    """Weights whose sums are exact; those of means must not add up to nothing."""
    if "Mean" in storage:
        return rng.integers(1, 5, n) * 0.25
    return rng.integers(-4, 5, n) * (1 if "Int64" in storage else 0.25)


def assert_sets_alike(
    draw: Any, h: H5Hist, reference: Any, made: list[Any], rng: np.random.Generator
) -> None:
    """Set the same bins to the same contents, or be refused alike."""
    index = [draw(items(ax)) for ax in made]
    kind = draw(st.sampled_from(["scalar", "fit", "flow", "bad"]))
    value: Any = float(rng.integers(1, 9))
    if kind != "scalar":
        inner = outcome(reference, tuple(index))
        if isinstance(inner, bh.Histogram) and inner.axes.extent:
            shape = inner.view(flow=kind == "flow").shape
            value = rng.integers(1, 9, [n + (kind == "bad") for n in shape]) * 1.0
    fields = len(reference.view().dtype.names or ())
    if fields:  # value and variance; a mean's weights come first, twice as large as their squares
        parts = [2, 2, 1, 1][-fields:] if fields != 2 else [1, 1]
        value = np.asarray(value)[..., None] * parts
    before = h.to_hist()
    got, want = set_outcome(h, index, value), set_outcome(reference, index, value)
    event(f"set {kind}: {'refused' if want else 'done'}")
    if want is None:
        assert got is None, f"{got!r} where hist sets {index}"
        return
    # of a wrong item and a wrong value, either may be met first
    assert isinstance(got, HepnbError), f"{got!r} where hist raises {want!r}"
    assert isinstance(got, ERRORS)
    assert_same(h.to_hist(), before)


def set_outcome(h: Any, index: list[Any], value: Any) -> Any:
    try:
        h[tuple(index)] = value
    except ERRORS as error:
        return error
    return None


def outcome(h: Any, index: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # hist calls list picks experimental
        try:
            return h[index]
        except ERRORS as error:
            return error


def faults(h: Any, index: Any) -> list[Any]:
    """What hist says to each item alone: of several wrong items, either error may come first."""
    if isinstance(index, dict):
        return [outcome(h, {axis: item}) for axis, item in index.items()]
    if index[0] is ...:
        return []
    every = slice(None)
    return [
        outcome(h, tuple(item if i == j else every for j in range(len(index))))
        for i, item in enumerate(index)
    ]


def assert_same(got: Any, want: Any, others: Sequence[Any] = ()) -> None:
    """Equal axes, contents, flow bins, names, labels, storage; or errors of the same kind."""
    if isinstance(want, Exception):
        kinds = [k for k in ERRORS if any(isinstance(e, k) for e in (want, *others))]
        assert isinstance(got, HepnbError), f"{got!r} where hist raises {want!r}"
        assert any(isinstance(got, k) for k in kinds), f"{got!r} where hist raises {want!r}"
        assert "\n" not in str(got)
        return
    if isinstance(got, Exception):
        raise got
    assert type(got) is type(want)
    if isinstance(want, (bh.accumulators.Mean, bh.accumulators.WeightedMean)):
        for part in ("count", "sum_of_weights", "sum_of_weights_squared", "value", "variance"):
            mine, theirs = getattr(got, part, 0), getattr(want, part, 0)
            np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)
        return
    if not isinstance(want, bh.Histogram):
        assert got == want
        return
    assert list(map(repr, got.axes)) == list(map(repr, want.axes))
    assert [a.__dict__ for a in got.axes] == [a.__dict__ for a in want.axes]
    assert got.storage_type is want.storage_type
    assert (got.name, got.label) == (want.name, want.label)
    assert_close(got.view(flow=True), want.view(flow=True))
    if got.kind == bh.Kind.COUNT:
        assert got.variances() is not None or want.variances() is None
        assert got == want


def assert_close(got: Any, want: Any) -> None:
    """Equal numbers; those of means but for rounding, as they are merged in another order."""
    if want.dtype.names is None or "variance" in want.dtype.names:
        assert np.array_equal(got, want)
        return
    for field in want.dtype.names:
        mine, theirs = np.asarray(got[field]), np.asarray(want[field])
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.timeout(1800)
@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_like_hist(data: st.DataObject) -> None:
    """Random axes, storages, fills, sets, folds, reopenings and indexes."""
    draw = data.draw
    made = [draw(axes(f"a{i}"), label="axis") for i in range(draw(st.integers(1, 3)))]
    storage = draw(st.sampled_from(STORAGES))
    reference = hist.Hist(*made, storage=storage, name="h", label="text")
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    with tempfile.TemporaryDirectory() as directory:
        on_disk = draw(st.integers(0, 3)) == 0
        path = Path(directory) / "h" if on_disk else None
        h = H5Hist(*made, storage=storage, name="h", label="text", path=path)
        for _ in range(draw(st.integers(0, 3))):
            n = draw(st.integers(1, 40))
            columns = {ax.name: values_of(draw, ax, n, rng) for ax in made}
            beside = {}
            length = max((len(c) for c in columns.values() if np.ndim(c)), default=None)
            if draw(st.booleans()):
                beside["weight"] = weights_of(storage, n, rng)
            if "Mean" in storage:
                beside["sample"] = rng.integers(-8, 9, n) * 0.5
            if length is None:
                beside = {k: v[0] for k, v in beside.items()}
            # boost-histogram 1.8 loses all of a fill with a scalar growing category whose first
            # entry lies beyond an axis without flow; with arrays it does not
            arrays = {
                k: np.full(length or 1, c) if np.ndim(c) == 0 else c for k, c in columns.items()
            }
            reference.fill(**arrays, **beside)
            h.fill(**columns, **beside)
            if draw(st.booleans()):
                assert_sets_alike(draw, h, reference, made, rng)
            if path and draw(st.booleans()):
                h.close()
                h = H5Hist.open(path)
        assert_same(h.to_hist(), reference)
        for _ in range(4):
            index: Any = tuple(draw(items(ax)) for ax in made)
            form = draw(st.sampled_from(["tuple", "dict", "dots"]))
            if form == "dict":
                some = range(len(made)) if draw(st.booleans()) else [0]
                index = {(made[i].name if i else 0): index[i] for i in some}
            elif form == "dots":
                index = (..., index[-1])
            want, others = outcome(reference, index), faults(reference, index)
            assert_same(outcome(h, index), want, others)
            lazy = outcome(h.lazy, index)
            if "index it directly" not in str(lazy):
                assert_same(lazy.to_hist() if isinstance(lazy, H5Hist) else lazy, want, others)
        keep = draw(st.permutations(range(len(made))))[: draw(st.integers(1, len(made)))]
        assert_same(h.project(*keep), reference.project(*keep))
        for flow in (True, False):
            if all(len(ax) for ax in reference.axes):
                assert_same(h.sum(flow=flow), reference.sum(flow=flow))
        h.close()


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
        ({"x": 0, 1: 0}, ValueError, "indexed twice"),
        ((..., ...), IndexError, "single ellipsis"),
        (("zz", 0), KeyError, "axis 'channel'"),
        ((0, [1, 2]), RuntimeError, "not a category axis"),
        ((0, {}), IndexError, "not an index of one axis"),
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
