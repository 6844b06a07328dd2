"""Every view, light and dark, wide and narrow: for eyes, for a screen reader, and by keyboard.

What a screen reader is told is kept in `aria/`; `HEPNB_ARIA=1` writes it anew, to be read by a person.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hist
import numpy as np
import pytest

import hepnb as hn
from hepnb.widgets import (
    CollectionsView,
    HistExplorer,
    LogView,
    PathView,
    ProgressView,
    RunsView,
    RunView,
    StatisticsView,
)

pytestmark = pytest.mark.browser

RUNS_FOR = re.compile(r"(?<=text: )\d+ min \d+ s$", re.MULTILINE)
TOLD = Path(__file__).parent / "aria"
NOW = 1_700_000_000.0


def _histogram(axes: int) -> hist.Hist[Any]:
    """Of the given number of axes, of every kind that an explorer has a control for."""
    every = [
        hist.axis.Regular(40, 60, 120, name="mass", label=r"$m_{\mu\mu}$ [GeV]"),
        hist.axis.StrCategory(["data", "Z", "tt"], name="process"),
        hist.axis.Regular(20, 0, 200, name="pt", label=r"$p_{T}^{\mu\mu}$ [GeV]"),
        hist.axis.Variable([-2.5, -1.5, 0, 1.5, 2.5], name="eta", label=r"$\eta$"),
        hist.axis.Integer(0, 6, name="njet", label="jets"),
        hist.axis.Boolean(name="tight"),
        hist.axis.IntCategory([11, 13], name="flavour"),
        hist.axis.Regular(8, 0, 1, name="score", label="score of the classifier"),
        hist.axis.StrCategory(["nominal", "up", "down"], name="variation"),
    ]
    h = hist.Hist(*every[:axes], storage="Int64", label="pairs of muons")
    rng = np.random.default_rng(1)
    n = 20_000
    columns = {
        "mass": rng.normal(91, 6, n),
        "process": rng.choice(["data", "Z", "tt"], n, p=[0.5, 0.4, 0.1]),
        "pt": rng.exponential(40, n),
        "eta": rng.normal(0, 1.2, n),
        "njet": rng.poisson(1.5, n),
        "tight": rng.random(n) < 0.7,
        "flavour": rng.choice([11, 13], n),
        "score": rng.beta(2, 4, n),
        "variation": rng.choice(["nominal", "up", "down"], n),
    }
    h.fill(**{axis.name: columns[axis.name] for axis in h.axes})
    return h


def _path() -> hn.Path:
    path = hn.Path("pairs")
    path.select("two muons", "count(Muon) == 2")
    path.define("pt", "sum(Muon.pt)")
    path.category("charge", opposite="sum(Muon.charge) == 0", same="sum(Muon.charge) != 0")
    path.hist("pt", pt="pt: 50, 0, 100 [pT / GeV]", by="charge")
    return path


def _runs() -> RunsView:
    def row(number: int, state: str, **more: Any) -> dict[str, Any]:
        return {
            "id": f"20261121-2238{number:02d}-dimuon-7f3a",
            "name": "dimuon",
            "state": state,
            "events": 10_000 * number,
            "events_total": 50_000,
            "started": NOW + 60 * number,
            "ended": NOW + 60 * number + 30,
            "size": 12_345_678 * number,
            "directory": "/home/marie/runs",
            "parameters": {"pt": 20 + 5 * number, "iso": "loose"},
            **more,
        }

    rows = [row(1, "done"), row(2, "failed", files_failed=2, events_lost=31), row(3, "cancelled")]
    return RunsView(lambda: rows, lambda _: None, "Scan of pt", 'hn.attach("scan")')


VIEWS: dict[str, Callable[[Any], Any]] = {
    "explorer-1d": lambda _: HistExplorer(_histogram(3), view={"process": "overlay"}),
    "explorer-2d": lambda _: HistExplorer(_histogram(3), view={"mass": "x", "pt": "y"}),
    "explorer-9-axes": lambda _: HistExplorer(_histogram(9), view={"process": "stack"}),
    "run": RunView,
    "runs": lambda _: _runs(),
    "log": LogView,
    "statistics": StatisticsView,
    "progress": ProgressView,
    "collections": CollectionsView,
    "path": lambda _: PathView(_path()),
}

every_view = pytest.mark.parametrize("view", VIEWS)

STYLES = """() => [...document.querySelectorAll('#own, #own *')].map(node =>
    [node.tagName, ...[...getComputedStyle(node)].map(key =>
        key + ': ' + getComputedStyle(node).getPropertyValue(key))].join('; '))"""

OWN = """() => {
    const own = document.createElement('div');
    own.id = 'own';
    own.style.width = '600px';
    own.innerHTML = `<h1>title</h1><p>text <a href="#">link</a> <code>code</code> <b>b</b></p>
        <button>press</button><input><input type="range"><input type="checkbox"><select><option>1</select>
        <table><caption>c</caption><thead><tr><th>head</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>
        <ul><li>item</li></ul><details open><summary>more</summary>text</details><pre>pre</pre>
        <svg><g><path d="M0 0"/><text>t</text></g></svg><label>l</label><figure>f</figure><dialog open>d</dialog>`;
    document.body.prepend(own); }"""

# What a style sheet says of a view, and not the sizes that follow from what is on the page.
LOOKS = """() => [...document.querySelectorAll('main *')].map(node => {
    const style = getComputedStyle(node);
    const keys = ['color', 'background', 'fill', 'stroke', 'stroke-width', 'font', 'display', 'padding',
        'border', 'opacity', 'overflow', 'position', 'text-align', 'white-space', 'cursor'];
    return [node.outerHTML.slice(0, 100), ...keys.map(key => style.getPropertyValue(key))]; })"""

# Where the keyboard's focus is: a number for each node, and whether it has an outline of its own.
FOCUS = """() => {
    const all = [...document.querySelectorAll('main *')];
    const style = getComputedStyle(document.activeElement);
    const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
    return [all.indexOf(document.activeElement), outlined, document.activeElement.outerHTML]; }"""

# All that one can press, type in or scroll, but for what arrow keys reach within a group.
CONTROLS = """() => {
    const all = [...document.querySelectorAll('main *')];
    const radios = node => node.type === 'radio' && !node.checked;
    return all.filter(node =>
        node.matches('button, input, select, textarea, summary, a[href], [tabindex], [role=button]')
        && !node.disabled && node.tabIndex >= 0 && !radios(node) && node.checkVisibility(
            {visibilityProperty: true, contentVisibilityAuto: true})
    ).map(node => [all.indexOf(node), node.outerHTML]); }"""

# What only the arrow keys reach has to be in something that says so.
STRAY = """() => [...document.querySelectorAll('main :is(button, input, select, [role=button], [tabindex])')]
    .filter(node => node.tabIndex < 0 && !node.disabled && node.checkVisibility()
        && !node.closest('[role=tablist], [role=listbox], [role=menu], [role=grid], [role=radiogroup],'
            + '[role=toolbar], [role=tree], [role=application], [role=group][aria-label], [aria-hidden=true]'))
    .map(node => node.outerHTML)"""


def _looks_different(page: Any) -> bool:
    """Whether what has the focus looks different without it; it has it again afterwards."""
    focused = page.evaluate_handle("() => document.activeElement").as_element()
    with_focus = focused.screenshot()
    focused.evaluate("node => node.blur()")
    without = focused.screenshot()
    focused.focus()
    return bool(with_focus != without)


@every_view
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_can_be_seen_and_read(
    bare: Callable[..., Any], run: Any, artifacts: Path, view: str, theme: str
) -> None:
    on = bare(VIEWS[view](run), theme)
    for width in (900, 320):
        on.page.set_viewport_size({"width": width, "height": 900})
        on.settle()
        on.page.screenshot(path=artifacts / f"view-{view}-{theme}-{width}.png", full_page=True)
        assert on.violations() == []
        assert on.page.evaluate("() => document.documentElement.scrollWidth") <= width


@every_view
def test_what_a_screen_reader_is_told(bare: Callable[..., Any], run: Any, view: str) -> None:
    on = bare(VIEWS[view](run))
    on.settle()
    told = RUNS_FOR.sub("… min … s", on.page.locator("main").aria_snapshot() + "\n")
    kept = TOLD / f"{view}.yaml"
    if "HEPNB_ARIA" in os.environ:
        TOLD.mkdir(exist_ok=True)
        kept.write_text(told, encoding="utf-8")
    assert told == kept.read_text(encoding="utf-8")


@every_view
def test_the_tab_key_reaches_every_control_and_shows_where_it_is(
    bare: Callable[..., Any], run: Any, view: str
) -> None:
    on = bare(VIEWS[view](run))
    on.settle()
    controls = dict(on.page.evaluate(CONTROLS))
    reached: set[int] = set()
    for _ in range(2 * len(controls) + 2):
        on.page.keyboard.press("Tab")
        at, outlined, html = on.page.evaluate(FOCUS)
        if at < 0:
            break  # out again: there is no trap
        assert outlined or _looks_different(on.page), f"one does not see the focus: {html[:200]}"
        reached.add(at)
    else:
        raise AssertionError("the focus does not come out of the widget")
    assert [html[:200] for at, html in controls.items() if at not in reached] == []
    assert [html[:200] for html in on.page.evaluate(STRAY)] == []


def test_views_leave_the_page_and_each_other_alone(bare: Callable[..., Any], run: Any) -> None:
    on = bare(VIEWS["explorer-1d"](run))
    for make in VIEWS.values():
        on.add(make(run))
    on.page.evaluate(OWN)
    with_them = on.page.evaluate(STYLES)
    on.page.evaluate("[...document.styleSheets].slice(1).forEach(s => { s.disabled = true; })")
    assert with_them == on.page.evaluate(STYLES)
    on.page.evaluate("[...document.styleSheets].slice(1).forEach(s => { s.disabled = false; })")
    # The headings above a widget are the page's, and one that is there twice has its name twice.
    allowed = {"heading-order", "landmark-unique"}
    assert [found for found in on.violations() if found[0] not in allowed] == []
    first, second = on.page.locator(".hepnb-explorer").all()[:2]
    before = [e.locator(".hepnb-curve").first.get_attribute("d") for e in (first, second)]
    assert before[0] == before[1]
    first.get_by_role("button", name="log y").click()
    on.page.wait_for_function(
        "before => document.querySelector('.hepnb-curve').getAttribute('d') !== before",
        arg=before[0],
    )
    assert second.locator(".hepnb-curve").first.get_attribute("d") == before[1]


@every_view
def test_style_sheets_of_other_views_change_nothing(
    bare: Callable[..., Any], run: Any, view: str
) -> None:
    on = bare(VIEWS[view](run))
    on.settle()
    alone = on.page.evaluate(LOOKS)
    for sheet in {kind._css for kind in (HistExplorer, RunView, RunsView, PathView)}:
        on.page.add_style_tag(content=str(sheet))
    assert on.page.evaluate(LOOKS) == alone
