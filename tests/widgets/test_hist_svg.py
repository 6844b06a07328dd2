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
from hepnb.widgets.hist_picture import Picture, picture
from hepnb.widgets.hist_svg import log_ticks, svg, ticks
from hepnb.widgets.hist_view import read_view


def shown(h: hist.BaseHist, **view: object) -> Picture:
    axes = describe(h.axes)
    steps = read_view(view, axes)
    return picture(selection(steps, axes).apply(h), steps, axes)


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


@pytest.mark.parametrize("logy", [True, False])
@pytest.mark.parametrize(
    "values",
    [[0.0, 0.0], [-3.0, 2.0], [1e-9, 1e12], [5.0, np.nan], [np.inf, 1.0], [1e300, 1e300]],
)
def test_any_content_gives_a_picture_without_nonsense(values: list[float], logy: bool) -> None:
    h = hist.Hist.new.Reg(2, 0, 1, name="x").Double()
    h[...] = values
    image = svg(shown(h), "x", logy=logy)
    ET.fromstring(image)
    assert not re.search(r"nan|inf", image)


def test_categories_on_x_carry_their_names() -> None:
    h = hist.Hist(hist.axis.StrCategory(["tt", "zz & <b>"], name="process"))
    words = texts(svg(shown(h), "x"))
    assert "zz & <b>" in words
    assert "Events" in words
