"""The widgets on a bare page in Chromium: pictures, controls, keyboard, accessibility, both themes.

Python answers by hand (see conftest), so each test drives both halves of a widget.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import hist
import numpy as np
import pytest

from hepnb.widgets import (
    CollectionsView,
    HistExplorer,
    ProgressView,
    RunView,
    StatisticsView,
)

pytestmark = pytest.mark.browser

THEMES = ("light", "dark")


@pytest.fixture(scope="module")
def dimuon() -> hist.Hist[Any]:
    """A toy spectrum: falling continuum and the known resonances, opposite charge only."""
    log = hist.axis.transform.log
    h = hist.Hist(
        hist.axis.Regular(300, 0.3, 300, transform=log, name="mass", label=r"$m_{\mu\mu}$ [GeV]"),
        hist.axis.StrCategory(["opposite", "same"], growth=True, name="charge"),
        hist.axis.Variable([0, 10, 20, 30, 60, 200], name="pt", label=r"$p_{T}^{\mu\mu}$ [GeV]"),
        storage="Double",
        label="dimuon mass",
    )
    rng = np.random.default_rng(1)
    peaks = [(0.78, 0.012, 2), (1.02, 0.012, 2), (3.097, 0.04, 9), (9.46, 0.09, 3), (91.2, 2.5, 5)]
    for charge, size in (("opposite", 120_000), ("same", 30_000)):
        mass = rng.exponential(8, size) + 0.3
        if charge == "opposite":
            mass = np.concatenate([mass, *(rng.normal(m, s, 1000 * n) for m, s, n in peaks)])
        h.fill(mass=mass, charge=charge, pt=rng.exponential(20, len(mass)))
    return h


@pytest.mark.parametrize("theme", THEMES)
def test_a_run_in_all_its_views(
    bare: Callable[..., Any], run: Any, artifacts: Path, theme: str
) -> None:
    on = bare(RunView(run), theme)
    page = on.page
    assert on.violations() == []
    bar = page.get_by_role("progressbar", name="Events processed")
    assert bar.get_attribute("aria-valuenow") == "25"  # with what is lost
    warning = page.get_by_role("alert").filter(has_text="events lost")
    assert "1 file failed, 61\u2009540 events lost" in warning.inner_text()
    assert "4.3 ± 0.4 min" in page.get_by_role("region", name="Run dimuon").inner_text()
    for tab, word in (
        ("Collections", "Electron"),
        ("Log", "follow"),
        ("Statistics", "exactly two muons"),
        ("Files", "truncated: basket 7 of Muon_pt"),
    ):
        page.get_by_role("tab", name=tab).click()
        on.settle()
        assert word in page.get_by_role("tabpanel").inner_text()
        page.screenshot(path=artifacts / f"run-{tab.lower()}-{theme}.png", full_page=True)
        assert on.violations() == []


@pytest.mark.parametrize("theme", THEMES)
def test_a_failed_run_shows_the_users_traceback(
    bare: Callable[..., Any], make_run: Callable[..., Any], artifacts: Path, theme: str
) -> None:
    error = {
        "title": "ZeroDivisionError: division by zero",
        "traceback": "Traceback (most recent call last):\n"
        '  File "<cell 3>", line 4, in pair\n    return 1 / len(<script>)\nZeroDivisionError: division by zero',
        "chunk": "Muons_1.root:Events:50000-100000",
    }
    on = bare(RunView(make_run(state="failed", error=error, ended=1_700_000_083.0)), theme)
    box = on.page.get_by_role("alert").filter(has_text="ZeroDivisionError")
    assert "1 / len(<script>)" in box.inner_text()
    assert "Muons_1.root:Events:50000-100000" in box.inner_text()
    assert not on.page.get_by_role("button", name="Cancel run").is_visible()
    assert on.violations() == []
    on.page.screenshot(path=artifacts / f"run-failed-{theme}.png", full_page=True)


def test_a_run_moves_and_ends(bare: Callable[..., Any], run: Any) -> None:
    on = bare(RunView(run))
    progress = {**run.now["progress"], "events": 4_938_460, "eta": None}
    run.tell(progress=progress, state="done", ended=run.now["started"] + 350)
    on.settle()
    text = on.page.get_by_role("region").inner_text()
    assert "done" in text
    assert "100 %" in text
    assert "5 min 50 s" in text
    assert on.page.get_by_role("progressbar").get_attribute("aria-valuenow") == "100"


def test_before_anything_is_known_no_time_is_promised(
    bare: Callable[..., Any], make_run: Callable[..., Any]
) -> None:
    run = make_run()
    run.now["progress"] |= {"events_total": None, "chunks_total": None, "eta": None}
    on = bare(RunView(run))
    assert "not known yet" in on.page.get_by_role("region").inner_text()
    assert on.page.get_by_role("progressbar").get_attribute("aria-valuenow") is None


def test_cancel_asks_first_and_the_keyboard_does_all_of_it(
    bare: Callable[..., Any], run: Any
) -> None:
    on = bare(RunView(run))
    on.page.get_by_role("button", name="Cancel run").focus()
    on.page.keyboard.press("Enter")
    on.settle()
    assert run.cancelled == 0
    on.page.keyboard.press("Escape")
    assert on.page.get_by_role("button", name="Cancel run").is_visible()
    on.page.keyboard.press("Enter")
    on.page.keyboard.press("Enter")
    on.settle()
    assert run.cancelled == 1


def test_tabs_by_keyboard(bare: Callable[..., Any], run: Any) -> None:
    on = bare(RunView(run))
    on.page.get_by_role("tab", name="Collections").focus()
    on.page.keyboard.press("ArrowRight")
    assert on.page.get_by_role("tab", name="Log").get_attribute("aria-selected") == "true"
    on.page.keyboard.press("End")
    assert on.page.get_by_role("tab", name="Files").get_attribute("aria-selected") == "true"
    on.page.keyboard.press("ArrowRight")
    assert on.page.get_by_role("tab", name="Collections").get_attribute("aria-selected") == "true"


@pytest.mark.parametrize(
    ("part", "tabs"), [(ProgressView, 0), (CollectionsView, 0), (StatisticsView, 2)]
)
def test_parts_alone(bare: Callable[..., Any], run: Any, part: type[RunView], tabs: int) -> None:
    on = bare(part(run))
    assert on.page.get_by_role("tab").count() == tabs
    assert on.violations() == []


def test_when_the_kernel_is_gone_the_way_back_is_shown(
    bare: Callable[..., Any], run: Any, artifacts: Path
) -> None:
    on = bare(RunView(run))
    on.page.evaluate("() => window.link.die()")
    notice = on.page.get_by_role("alert").filter(has_text="Kernel gone")
    notice.wait_for()
    assert 'hn.attach("20261121-223812-dimuon-7f3a")' in notice.inner_text()
    notice.get_by_role("button", name="Copy the code").click()
    on.page.get_by_text("copied").wait_for()
    copied = on.page.evaluate("() => navigator.clipboard.readText()")
    assert copied == 'hn.attach("20261121-223812-dimuon-7f3a")'
    on.page.screenshot(path=artifacts / "run-kernel-gone.png", full_page=True)


@pytest.mark.parametrize("theme", THEMES)
def test_a_histogram(
    bare: Callable[..., Any], dimuon: hist.Hist[Any], artifacts: Path, theme: str
) -> None:
    on = bare(HistExplorer(dimuon), theme)
    assert on.violations() == []
    picture = on.page.get_by_role("img")
    assert "300 bins" in (picture.get_attribute("aria-label") or "")
    assert "Events / bin" in picture.text_content()
    assert on.page.get_by_role("button", name="log x").get_attribute("aria-pressed") == "true"
    on.page.screenshot(path=artifacts / f"explorer-{theme}.png", full_page=True)


@pytest.mark.parametrize("theme", THEMES)
def test_controls_move_the_picture_and_the_expression(
    bare: Callable[..., Any], dimuon: hist.Hist[Any], artifacts: Path, theme: str
) -> None:
    explorer = HistExplorer(dimuon)
    on = bare(explorer, theme)
    page = on.page
    before = page.locator(".hepnb-curve").get_attribute("d")
    page.get_by_label("charge: what to do").select_option("overlay")
    on.settle()
    page.get_by_label("p_T^μμ [GeV]: what to do").select_option("range")
    on.settle()
    page.get_by_label("p_T^μμ [GeV], lower limit", exact=True).press("ArrowRight")
    on.settle()
    page.get_by_label("m_μμ [GeV], upper limit, typed").fill("120")
    page.keyboard.press("Enter")
    on.settle()
    shown = page.get_by_label("m_μμ [GeV], upper limit, typed").input_value()
    assert shown == "122.214"  # the bin that 120 lies in is in
    page.get_by_role("button", name="log y").click()
    on.settle()
    code = page.get_by_role("group", name="Python expression").locator("code").inner_text()
    assert code == explorer.code
    assert code.startswith('h[{"mass": slice(None, ')
    assert code.endswith('"pt": slice(10j, len, sum)}]')
    assert eval(code, {"h": dimuon}) == explorer.selected
    curves = page.locator(".hepnb-curve[data-curve]")
    assert [c.get_attribute("data-curve") for c in curves.all()] == ["opposite", "same"]
    assert curves.first.get_attribute("d") != before
    assert explorer.look["logy"] is True
    page.get_by_role("button", name="Copy the expression").click()
    page.get_by_text("copied").wait_for()
    assert page.evaluate("() => navigator.clipboard.readText()") == code
    page.get_by_role("group", name="Histogram: arrow keys").press("Home")
    page.get_by_role("group", name="Histogram: arrow keys").press("ArrowRight")
    assert "GeV: opposite" in page.locator(".hepnb-readout").inner_text()
    assert on.violations() == []
    page.screenshot(path=artifacts / f"explorer-overlay-{theme}.png", full_page=True)


def test_zoom_by_drag_and_back(bare: Callable[..., Any], dimuon: hist.Hist[Any]) -> None:
    explorer = HistExplorer(dimuon)
    on = bare(explorer)
    box = on.page.locator(".hepnb-frame").bounding_box()
    mouse = on.page.mouse
    mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 50)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 60, steps=4)
    mouse.up()
    on.settle()
    low, high = explorer.view["mass"]["range"]
    assert 2.2 < low < 2.45
    assert 18 < high < 20.5
    assert eval(explorer.code, {"h": dimuon}) == explorer.selected
    mouse.dblclick(box["x"] + 100, box["y"] + 50)
    on.settle()
    assert explorer.view["mass"]["range"] is None


def test_a_slider_dragged_quickly_ends_where_the_hand_stops(
    bare: Callable[..., Any], dimuon: hist.Hist[Any]
) -> None:
    explorer = HistExplorer(dimuon)
    on = bare(explorer)
    slider = on.page.get_by_label("m_μμ [GeV], lower limit", exact=True)
    slider.evaluate(
        "(s) => { for (let i = 1; i <= 90; i++) { s.value = i; s.dispatchEvent(new Event('input')) } }"
    )
    on.settle()
    assert explorer.view["mass"]["range"] == [dimuon.axes["mass"].edges[90], None]
    assert explorer.state["seq"] < 8  # not one message per step


def test_another_x_axis_and_a_single_bin(bare: Callable[..., Any], dimuon: hist.Hist[Any]) -> None:
    explorer = HistExplorer(dimuon)
    on = bare(explorer)
    on.page.get_by_label("charge: what to do").select_option("x")
    on.settle()
    assert explorer.code == 'h.project("charge")'
    assert "opposite" in on.page.get_by_role("img").text_content()
    on.page.get_by_label("p_T^μμ [GeV]: what to do").select_option("bin")
    on.settle()
    on.page.get_by_role("slider", name="p_T^μμ [GeV]: bin").press("End")
    on.settle()
    assert explorer.view["pt"] == {"as": "bin", "bin": 4}
    assert "[60, 200) GeV" in on.page.get_by_role("group", name="Axes").inner_text()
    assert eval(explorer.code, {"h": dimuon}) == explorer.selected


def test_a_phone(
    bare: Callable[..., Any], dimuon: hist.Hist[Any], run: Any, artifacts: Path
) -> None:
    for name, widget in (
        ("explorer", HistExplorer(dimuon, view={"charge": "overlay"}, look={"logy": True})),
        ("run", RunView(run)),
    ):
        on = bare(widget, "light", width=390)
        on.settle()
        on.page.screenshot(path=artifacts / f"{name}-phone.png", full_page=True)
        wide = on.page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= 390
        assert on.violations() == []


def test_a_million_bins_are_drawn_as_columns(bare: Callable[..., Any], artifacts: Path) -> None:
    h = hist.Hist.new.Reg(1_000_000, -5, 5, name="x", label="x [cm]").Int64()
    h.fill(np.random.default_rng(1).normal(0, 1, 3_000_000))
    on = bare(HistExplorer(h))
    assert on.page.locator(".hepnb-columns").count() == 1
    on.page.screenshot(path=artifacts / "explorer-million-bins.png", full_page=True)


def test_widgets_leave_the_page_alone(bare: Callable[..., Any], run: Any) -> None:
    on = bare(RunView(run))
    rules = on.page.evaluate(
        """() => [...[...document.styleSheets].at(-1).cssRules]
            .flatMap((rule) => rule.selectorText?.split(",") ?? [])
            .filter((selector) => !selector.includes(".hepnb-"))"""
    )
    assert rules == []
    root = on.page.locator(".hepnb-root")
    assert root.get_attribute("data-lm-suppress-shortcuts") == "true"
    on.page.evaluate("() => window.link.close()")
    run.tell()
    on.settle()  # a closed view hears nothing and says nothing
