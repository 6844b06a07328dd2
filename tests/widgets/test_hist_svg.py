"""The static picture: ticks, ranges, and nothing that breaks it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import hist
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepnb.widgets.hist_axes import describe
from hepnb.widgets.hist_code import selection
from hepnb.widgets.hist_display import display
from hepnb.widgets.hist_drawing import Drawing
from hepnb.widgets.hist_look import Look
from hepnb.widgets.hist_slice import read_slice
from hepnb.widgets.hist_svg import svg
from hepnb.widgets.hist_ticks import log_ticks, ticks
from hepnb.widgets.hist_view import read_view


def shown(h: hist.BaseHist, look: Look | None = None, **view: object) -> Drawing:
    axes = describe(h.axes)
    steps = read_view(view, axes)
    part = read_slice(selection(steps, axes).apply(h), steps, axes)
    return display(part, look or Look())


def texts(image: str) -> list[str]:
    return ["".join(t.itertext()) for t in ET.fromstring(image).iter() if t.tag.endswith("text")]


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9), st.integers(2, 12))
def test_ticks_are_few_round_and_inside(low: float, width: float, about: int) -> None:
    high = low + width
    if high - low < 1e-9 * abs(low):
        return
    found = ticks(low, high, about)
    assert len(found) <= about + 2
    assert all(low - 1e-6 * width <= t <= high + 1e-6 * width for t in found)
    assert found == sorted(set(found))


@given(st.floats(1e-6, 1e6), st.floats(1.5, 1e9))
def test_log_ticks_are_inside_and_labelled_ones_are_few(low: float, factor: float) -> None:
    major, minor = log_ticks(low, low * factor)
    assert not set(major) & set(minor)
    assert len(major) <= 12
    assert all(low * 0.999 <= t <= low * factor * 1.001 for t in major + minor)


def test_labels_and_units() -> None:
    h = hist.Hist.new.Reg(60, 0, 120, name="mass", label=r"$m_{\mu\mu}$ [GeV]").Int64()
    h.fill(np.random.default_rng(1).normal(91, 3, 1000))
    words = texts(svg(shown(h), "mass"))
    assert "mμμ [GeV]" in words
    assert "Events / 2 GeV" in words


def test_large_counts_share_a_power_of_ten() -> None:
    h = hist.Hist.new.Reg(2, 0, 1, name="x").Int64()
    h[...] = [3_000_000, 1]
    words = texts(svg(shown(h), "x"))
    assert "×10⁶" in words
    assert "3" in words


def test_log_bins_are_drawn_on_a_log_axis() -> None:
    h = hist.Hist(hist.axis.Regular(30, 0.3, 300, transform=hist.axis.transform.log, name="m"))
    words = texts(svg(shown(h), "m"))
    assert {"1", "10", "100"} <= set(words)
    assert "Events / bin" in words


LOOKS = [
    Look(),
    Look(logy=True),
    Look(kind="points", cumulative="up"),
    Look(kind="filled", flow=True, normalise="density"),
    Look(kind="errorbar", normalise="area", logy=True, flow=True),
]


@pytest.mark.parametrize("look", LOOKS, ids=str)
@pytest.mark.parametrize(
    "values",
    [[0.0, 0.0], [-3.0, 2.0], [1e-9, 1e12], [5.0, np.nan], [np.inf, 1.0], [1e300, 1e300]],
)
def test_any_content_gives_a_picture_without_nonsense(values: list[float], look: Look) -> None:
    h = hist.Hist.new.Reg(2, 0, 1, name="x").Double()
    h[...] = values
    image = svg(shown(h, look), "x")
    ET.fromstring(image)
    assert not re.search(r"nan|inf", image)


@pytest.mark.parametrize("below", ["ratio", "pull"])
@pytest.mark.parametrize("role", ["overlay", "stack"])
def test_a_comparison_has_its_panel_and_every_name(role: str, below: str) -> None:
    h = hist.Hist(
        hist.axis.Regular(20, 0, 1, name="x"), hist.axis.StrCategory(["<b>", "c"], name="k")
    )
    h.fill(x=np.linspace(0, 1, 400), k=["<b>", "c"] * 200)
    look = Look(below=below, reference="c")  # type: ignore[arg-type]
    words = texts(svg(shown(h, look, k=role), "x"))
    assert {"<b>", "c"} <= set(words)
    assert {"pull", "ratio to c", "c / sum"} & set(words)


@pytest.mark.parametrize("errors", [True, False])
@pytest.mark.parametrize("series", [3, 9])
def test_the_band_of_a_stack_is_in_its_legend(series: int, errors: bool) -> None:
    names = [f"process {n}" for n in range(series)]
    h = hist.Hist.new.Reg(4, 0, 1, name="x").StrCat(names, name="k").Weight()
    for name in names:
        h.fill(x=[0.1, 0.9], k=name)
    kinds: dict[str, object] = {"as": "stack", "items": names}
    words = texts(svg(shown(h, Look(kind="filled", errors=errors), x="x", k=kinds), "x"))
    assert {*names} <= {*words}
    assert ("error of the sum" in words) is errors


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("cells", [[0, 0, 0, 0], [1, 1000, -2, 0], [np.nan, np.inf, 1, 2]])
def test_a_heat_map_is_an_image_between_its_axes(cells: list[float], log: bool) -> None:
    h = hist.Hist.new.Reg(2, 0, 1, name="x", label="x [cm]").Reg(2, 1, 9, name="y").Double()
    h[...] = np.reshape(cells, (2, 2))
    image = svg(shown(h, Look(logz=log, flow=True), x="x", y="y"), "x")
    assert image.count("<image") == 2
    assert "data:image/png;base64," in image
    assert not re.search(r"nan|inf", re.sub(r"base64,[\w+/=]+", "", image))
    assert {"x [cm]", "y", "Events / bin"} <= set(texts(image))
    fills = {r.get("fill") for r in ET.fromstring(image).iter() if r.tag.endswith("rect")}
    assert fills == {"none"}, "empty bins show the page"


def test_categories_on_x_carry_their_names() -> None:
    h = hist.Hist(hist.axis.StrCategory(["tt", "zz & <b>"], name="process"))
    words = texts(svg(shown(h), "x"))
    assert "zz & <b>" in words
    assert "Events" in words


@pytest.mark.parametrize("view", [{"x": "x"}, {"x": "x", "kind": "y"}, {"kind": "x"}])
@pytest.mark.parametrize("edges", [[-np.inf, np.inf], [-np.inf, 0, np.inf], [0, np.inf]])
def test_bins_without_an_end_and_categories_to_come(
    edges: list[float], view: dict[str, str]
) -> None:
    h = hist.Hist.new.Var(edges, name="x").StrCat([], growth=True, name="kind").Double()
    looks = [Look(), Look(flow=True, logx=True), Look(profile=True)]
    for look in looks:
        assert not re.search(r"\b(nan|inf)\b", svg(shown(h, look, **view), "x"))


@pytest.mark.parametrize("role", ["overlay", "stack"])
def test_curves_to_come(role: str) -> None:
    h = hist.Hist.new.Reg(4, 0, 1, name="x").StrCat([], growth=True, name="kind").Double()
    assert "0.2" in texts(svg(shown(h, x="x", kind=role), "x"))


def test_infinite_contents_are_left_out() -> None:
    h = hist.Hist.new.Reg(4, 0, 1, name="x").Reg(2, 0, 1, name="y").Double()
    h[...] = np.array([[np.inf, -np.inf], [-np.inf, 1], [1, np.inf], [3, 4]])
    for view in ({"x": "x"}, {"x": "x", "y": "y"}):
        for look in (Look(), Look(normalise="area")):
            assert not re.search(r"\b(nan|inf)\b", svg(shown(h, look, **view), "x"))
