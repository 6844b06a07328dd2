"""The expression of a view: it evaluates to what is drawn, and to what a plain loop gives."""

from __future__ import annotations

import itertools
from typing import Any

import boost_histogram as bh
import hist
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepnb.widgets.hist_axes import AxisInfo, describe
from hepnb.widgets.hist_code import selection
from hepnb.widgets.hist_slice import read_slice
from hepnb.widgets.hist_view import CURVES, Step, View, read_view, write_view

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
        if free and i != x:
            roles += ["y", *(CURVES if axis.choices else ())]
        role = "x" if i == x else draw(st.sampled_from(roles))
        free = free and role not in ("y", *CURVES)
        step: dict[str, object] = {"as": role}
        if role == "bin":
            step["bin"] = draw(st.integers(0, axis.size - 1))
        elif role == "sum":
            step["flow"] = draw(st.booleans())
        elif role in CURVES or not axis.dense:
            step["items"] = draw(
                st.lists(st.sampled_from(axis.choices), min_size=1, unique=True),
            )
        else:
            assert axis.edges is not None
            start = draw(st.integers(0, axis.size - 1))
            stop = draw(st.integers(start + 1, axis.size))
            step["range"] = [float(axis.edges[start]), float(axis.edges[stop])]
            if role != "range" and not axis.discrete:
                inner = st.lists(st.sampled_from(list(map(float, axis.edges))), unique=True)
                edges = inner.map(lambda some: [None, *sorted(some), None])
                step["rebin"] = draw(
                    st.one_of(
                        st.integers(1, stop - start),
                        edges.filter(lambda e, a=axis: not {a.edges[0], a.edges[-1]} & {*e}),
                    )
                )
        steps[axis.key] = step
    return read_view(steps, axes)


def by_hand(h: hist.Hist[Any], view: View, axes: tuple[AxisInfo, ...]) -> np.ndarray[Any, Any]:
    """What a view means, in NumPy alone: contents [x], [x, y] or [x, curves] without flow."""
    values = np.asarray(h.values(flow=True), dtype=float)
    for i, (axis, step) in enumerate(zip(axes, view, strict=True)):
        values = np.moveaxis(values, i, 0)
        values = one_axis(values, axis, step)
        values = np.moveaxis(values, 0, i)
    roles = ("x", "y", *CURVES)
    keep = [i for role in roles for i, s in enumerate(view) if s.role == role]
    values = values.squeeze(tuple(i for i in range(len(axes)) if i not in keep))
    return values.T if len(keep) == 2 and keep[0] > keep[1] else values


def one_axis(values: np.ndarray[Any, Any], axis: AxisInfo, step: Step) -> np.ndarray[Any, Any]:
    under = int(axis.underflow)
    if step.role == "sum":
        inside = values if step.flow else values[under : under + axis.size]
        return inside.sum(axis=0, keepdims=True)
    if step.role == "bin":
        return values[[under + step.start]]
    if step.role in CURVES or not axis.dense:
        where = {(type(item), item): n for n, item in enumerate(axis.choices)}
        values = values[[under + where[type(item), item] for item in step.items]]
        return values.sum(axis=0, keepdims=True) if step.role == "pick" else values
    if step.cuts:
        parts = [values[under + a : under + b] for a, b in itertools.pairwise(step.cuts)]
        return np.stack([part.sum(axis=0) for part in parts])
    values = values[under + step.start : under + step.stop]
    if step.role == "range":
        return values.sum(axis=0, keepdims=True)
    return values.reshape(-1, step.rebin, *values.shape[1:]).sum(axis=1)


def inside(values: np.ndarray[Any, Any], made: Any) -> np.ndarray[Any, Any]:
    """Without flow bins, as [x], [x, y] or [x, curves]."""
    for at, axis in enumerate(made.axes, start=1):
        stop = values.shape[-at] - int(axis.over)
        values = np.take(values, range(int(axis.under), stop), axis=-at)
    if len(made.axes) == 2:
        values = values[0]
    return values.T if values.ndim == 2 else values


@pytest.mark.filterwarnings("ignore:List indexing selection is experimental")
@given(data=st.data(), h=histograms())
def test_the_expression_the_selection_and_a_plain_loop_agree(
    data: st.DataObject, h: hist.Hist[Any]
) -> None:
    axes = describe(h.axes)
    view = data.draw(views(axes))
    chosen = selection(view, axes)
    selected = chosen.apply(h)
    assert eval(chosen.code("h"), {"h": h, "hist": hist}) == selected
    made = read_slice(selected, view, axes)
    values = inside(made.values, made)
    expected = by_hand(h, view, axes)
    np.testing.assert_array_equal(values.reshape(expected.shape), expected)
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
        ({"pt": "y"}, 'h.project("mass", "pt")'),
        (
            {"mass": {"as": "x", "rebin": [0, 20, 200]}, "pt": {"as": "sum", "flow": False}},
            (
                'h[{"mass": slice(None, None, hist.rebin(groups=[10, 90])), '
                '"pt": slice(0, len, sum), "charge": sum, "region": sum}]'
            ),
        ),
        (
            {"mass": {"as": "x", "rebin": [20, 60, 100]}, "pt": {"as": "bin", "at": 33}},
            (
                'h[{"mass": slice(20j, 100j), "pt": 30j, "charge": sum, "region": sum}]'
                '[{"mass": slice(None, None, hist.rebin(groups=[20, 20]))}]'
            ),
        ),
        (
            {"region": {"as": "stack", "items": ["VR", "SR"]}},
            ('h[{"pt": sum, "charge": sum, "region": ["VR", "SR"]}]'),
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
