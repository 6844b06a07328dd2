"""The picture in matplotlib: in each style, of each kind, and nothing of the user's is changed."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import hist
import matplotlib as mpl
import numpy as np
import pytest

from hepnb.errors import HepnbError
from hepnb.widgets import HistExplorer

pytestmark = pytest.mark.filterwarnings("ignore:Glyph:UserWarning")  # fonts of this machine


@pytest.fixture(scope="module")
def h() -> Any:
    made = (
        hist.Hist.new.Reg(30, 60, 120, name="mass", label=r"$m_{\mu\mu}$ [GeV]")
        .Reg(8, 0, 80, name="pt", label=r"$p_T$ [GeV]")
        .StrCat(["Z", "top_$x^2$", "data"], name="process")
        .Int64()
    )
    rng = np.random.default_rng(3)
    for process, n in (("Z", 900), ("top_$x^2$", 200), ("data", 1100)):
        mass = np.where(rng.random(n) < 0.8, rng.normal(91, 3, n), rng.uniform(50, 130, n))
        made.fill(mass=mass, pt=rng.exponential(20, n), process=process)
    return made


@pytest.mark.parametrize("style", [None, "CMS", "ATLAS", "LHCb", "Belle II"])
def test_every_style_draws_a_stack_with_its_ratio(
    h: Any, style: str | None, artifacts: Path
) -> None:
    before = dict(mpl.rcParams)
    look = {"below": "ratio", "reference": "data"}
    explorer = HistExplorer(h, view={"mass": "x", "process": "stack"}, look=look)
    drawn = explorer.figure(style)
    main, below = drawn.axes
    assert main.get_ylabel() == "Events / 2 GeV"
    assert below.get_ylabel() == "data / sum"
    assert below.get_xlabel().startswith("m")
    legend = main.get_legend()
    assert legend is not None
    assert legend.get_texts()[0].get_text() == "data"
    drawn.savefig(artifacts / f"figure-{style}.png", dpi=50)
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("kind", "below"),
    [("step", "pull"), ("errorbar", None), ("filled", "ratio"), ("points", None)],
)
def test_every_kind_is_drawn(h: Any, kind: str, below: str | None) -> None:
    look = {"kind": kind, "below": below, "logy": True, "flow": True}
    drawn = HistExplorer(h, view={"mass": "x", "process": "overlay"}, look=look).figure()
    assert len(drawn.axes) == (1 if below is None else 2)
    out = BytesIO()
    drawn.savefig(out, format="png", dpi=30)
    assert out.getvalue().startswith(b"\x89PNG")


def test_the_legend_stands_clear_of_the_curves(h: Any) -> None:
    drawn = HistExplorer(h, view={"mass": "x", "process": "overlay"}).figure("CMS")
    (main,) = drawn.axes
    legend = main.get_legend()
    assert legend is not None
    low = legend.get_window_extent().transformed(main.transData.inverted())
    heights = h[{"pt": sum}].values()
    here = h.axes["mass"].edges[1:] > low.x0
    assert heights[here].max() < low.y0


def test_a_heat_map_a_profile_and_categories(h: Any) -> None:
    two = {"mass": "x", "pt": "y"}
    main, top, side, bar = HistExplorer(h, view=two, look={"logz": True}).figure("LHCb").axes
    assert main.get_ylabel().startswith("p")
    assert bar.get_ylabel() == "Events / bin"
    assert top.get_yscale() == side.get_xscale() == "log"
    (profile,) = HistExplorer(h, view=two, look={"profile": True}).figure("ATLAS").axes
    assert profile.get_ylabel().startswith("Mean of p")
    (names,) = HistExplorer(h, view={"process": "x"}).figure().axes
    assert names.get_xticklabels()[0].get_text() == "Z"


def test_a_style_that_is_none_is_refused(h: Any) -> None:
    with pytest.raises(HepnbError, match="did you mean 'ATLAS'"):
        HistExplorer(h).figure("ATLAS9")


@pytest.mark.parametrize("role", ["x", "overlay", "stack"])
def test_categories_to_come(role: str) -> None:
    h = hist.Hist.new.Reg(4, 0, 1).StrCat([], growth=True, name="kind").Double()
    (axes,) = HistExplorer(h, view={"kind": role}).figure().axes
    assert axes.get_legend() is None


def test_a_label_is_shown_as_it_is() -> None:
    h = hist.Hist.new.StrCat([r"a\b", r"5 $ \c"], name="x").Double()
    (axes,) = HistExplorer(h).figure().axes
    drawn = [label._preprocess_math(label.get_text())[0] for label in axes.get_xticklabels()]
    assert drawn == [r"a\b", r"5 $ \c"]
