"""The expression of a view: it evaluates to what is drawn, and to what a plain loop gives."""

from __future__ import annotations

from typing import Any

import boost_histogram as bh
import hist
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepnb.widgets.hist_axes import AxisInfo, describe
from hepnb.widgets.hist_code import selection
from hepnb.widgets.hist_picture import picture
from hepnb.widgets.hist_view import Step, View, read_view, write_view

NASTY = ["tt̄", "it's", 'say "no"', "</script>", "a\\b", "{x}", "new\nline", "", "sum"]

edges = st.lists(
    st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda v: round(v, 4)),
    min_size=2,
    max_size=8,
    unique=True,
).map(sorted)
dense = st.one_of(
    st.builds(
        lambda n, low, width, flow, log: (
            hist.axis.Regular(n, 0.3, 0.3 + width, transform=hist.axis.transform.log)
            if log
            else hist.axis.Regular(n, low, low + width, flow=flow)
        ),
        st.integers(1, 9),
        st.floats(-50, 50),
        st.floats(0.1, 500),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(lambda e, over: hist.axis.Variable(e, overflow=over), edges, st.booleans()),
    st.builds(
        lambda n, low: hist.axis.Integer(low, low + n), st.integers(1, 6), st.integers(-9, 9)
    ),
)
category = st.one_of(
    st.builds(
        lambda c, grow: hist.axis.StrCategory(c, growth=grow),
        st.lists(st.sampled_from(NASTY), min_size=1, max_size=5, unique=True),
        st.booleans(),
    ),
    st.builds(
        hist.axis.IntCategory,
        st.lists(st.integers(-20, 20), min_size=1, max_size=4, unique=True),
    ),
    st.builds(hist.axis.Boolean),
)


@st.composite
def histograms(draw: st.DrawFn) -> hist.Hist[Any]:
    axes = draw(st.lists(st.one_of(dense, category), min_size=1, max_size=4))
    if draw(st.booleans()):
        for name, axis in zip("abcd", axes, strict=False):
            axis._ax.raw_metadata["name"] = name
    h = hist.Hist(*axes, storage=draw(st.sampled_from(["Double", "Int64", "Weight"])))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    filled = rng.integers(0, 50, size=h.axes.extent)
    view = h.view(flow=True)
    if h.storage_type is bh.storage.Weight:
        view["value"], view["variance"] = filled, filled * 2
    else:
        view[...] = filled
    return h


@st.composite
def views(draw: st.DrawFn, axes: tuple[AxisInfo, ...]) -> View:
    x = draw(st.integers(0, len(axes) - 1))
    free = True
    steps: dict[str, object] = {}
    for i, axis in enumerate(axes):
        roles = ["sum", "range", "bin"] if axis.dense else ["sum", "pick"]
        if free and not axis.dense and i != x:
            roles.append("overlay")
        role = "x" if i == x else draw(st.sampled_from(roles))
        free = free and role != "overlay"
        step: dict[str, object] = {"as": role}
        if axis.edges is not None and role in ("x", "range"):
            start = draw(st.integers(0, axis.size - 1))
            stop = draw(st.integers(start + 1, axis.size))
            step["range"] = [float(axis.edges[start]), float(axis.edges[stop])]
            if role == "x" and not axis.discrete:
                step["rebin"] = draw(st.integers(1, stop - start))
        elif role == "bin":
            step["bin"] = draw(st.integers(0, axis.size - 1))
        elif role != "sum":
            step["items"] = draw(
                st.lists(st.sampled_from(axis.items), min_size=1, unique=True),
            )
        steps[axis.key] = step
    return read_view(steps, axes)


def by_hand(h: hist.Hist[Any], view: View, axes: tuple[AxisInfo, ...]) -> np.ndarray[Any, Any]:
    """What a view means, in NumPy alone: contents [x] or [x, overlay] without flow."""
    values = np.asarray(h.values(flow=True), dtype=float)
    for i, (axis, step) in enumerate(zip(axes, view, strict=True)):
        values = np.moveaxis(values, i, 0)
        values = one_axis(values, axis, step)
        values = np.moveaxis(values, 0, i)
    keep = [i for role in ("x", "overlay") for i, s in enumerate(view) if s.role == role]
    values = values.squeeze(tuple(i for i in range(len(axes)) if i not in keep))
    return values.T if len(keep) == 2 and keep[0] > keep[1] else values


def one_axis(values: np.ndarray[Any, Any], axis: AxisInfo, step: Step) -> np.ndarray[Any, Any]:
    under = int(axis.underflow)
    if step.role == "sum":
        return values.sum(axis=0, keepdims=True)
    if step.role == "bin":
        return values[[under + step.start]]
    if axis.dense:
        values = values[under + step.start : under + step.stop]
        if step.role == "range":
            return values.sum(axis=0, keepdims=True)
        return values.reshape(-1, step.rebin, *values.shape[1:]).sum(axis=1)
    where = {(type(item), item): n for n, item in enumerate(axis.items)}
    values = values[[where[type(item), item] for item in step.items]]
    return values.sum(axis=0, keepdims=True) if step.role == "pick" else values


@pytest.mark.filterwarnings("ignore:List indexing selection is experimental")
@given(data=st.data(), h=histograms())
def test_the_expression_the_selection_and_a_plain_loop_agree(
    data: st.DataObject, h: hist.Hist[Any]
) -> None:
    axes = describe(h.axes)
    view = data.draw(views(axes))
    chosen = selection(view, axes)
    selected = chosen.apply(h)
    assert eval(chosen.code("h"), {"h": h}) == selected
    drawn = picture(selected, view, axes)
    expected = by_hand(h, view, axes)
    values = np.stack([curve.values for curve in drawn.curves], axis=-1)
    if selected.ndim == 1:
        values = values[:, 0]
    np.testing.assert_array_equal(values, expected)
    assert read_view(write_view(view, axes), axes) == view


@pytest.fixture
def dimuon() -> hist.Hist[Any]:
    h = hist.Hist(
        hist.axis.Regular(100, 0, 200, name="mass"),
        hist.axis.Regular(10, 0, 100, name="pt"),
        hist.axis.StrCategory(["opposite", "same"], name="charge", growth=True),
        hist.axis.StrCategory(["SR", "CR", "VR"], name="region"),
        storage="Int64",
    )
    rng = np.random.default_rng(1)
    h.fill(
        mass=rng.uniform(-10, 210, 1000),
        pt=rng.exponential(30, 1000),
        charge=rng.choice(["opposite", "same"], 1000),
        region=rng.choice(["SR", "CR", "VR", "else"], 1000),
    )
    return h


@pytest.mark.parametrize(
    ("view", "code"),
    [
        ({}, 'h.project("mass")'),
        ({"charge": "overlay"}, 'h.project("mass", "charge")'),
        (
            {
                "mass": {"as": "x", "range": [2, 120]},
                "pt": {"as": "range", "range": [20, 60]},
                "charge": {"as": "pick", "items": ["opposite"]},
            },
            (
                'h[{"mass": slice(2j, 120j), "pt": slice(20j, 60j, sum), "charge": "opposite", '
                '"region": sum}]'
            ),
        ),
        (
            {
                "mass": {"as": "x", "rebin": 5},
                "charge": {"as": "pick", "items": ["opposite", "same"]},
            },
            (
                'h[{"mass": slice(None, None, 5j), "pt": sum, "charge": ["opposite", "same"], '
                '"region": sum}].project("mass")'
            ),
        ),
        (
            {"pt": {"as": "range", "range": [None, 60]}},
            'h[{"pt": slice(0, 60j, sum), "charge": sum, "region": sum}]',
        ),
    ],
)
def test_expressions_read_well(dimuon: hist.Hist[Any], view: dict[str, Any], code: str) -> None:
    axes = describe(dimuon.axes)
    assert selection(read_view(view, axes), axes).code("h") == code


def test_picked_and_added_categories_leave_the_overflow_out(dimuon: hist.Hist[Any]) -> None:
    axes = describe(dimuon.axes)
    view = read_view({"region": {"as": "pick", "items": ["SR", "VR"]}}, axes)
    chosen = selection(view, axes)
    assert chosen.code("h").endswith('"region": ["SR", "VR"]}][{"region": slice(0, len, sum)}]')
    both = dimuon.project("region").values()
    assert chosen.apply(dimuon).sum(flow=True) == both[0] + both[2]


def test_a_range_has_no_flow_and_a_sum_has(dimuon: hist.Hist[Any]) -> None:
    axes = describe(dimuon.axes)
    ranged = selection(read_view({"pt": {"as": "range"}}, axes), axes)
    assert '"pt": slice(0, len, sum)' in ranged.code("h")
    inside = int(dimuon.project("pt").values().sum())
    assert ranged.apply(dimuon).sum(flow=True) == inside < 1000
    summed = selection(read_view({}, axes), axes)
    assert summed.apply(dimuon).sum(flow=True) == 1000
