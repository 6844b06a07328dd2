"""Every control of an explorer with nine axes, one of each kind, moved in Chromium.

What a control says must be what Python selects, and the expression must give the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boost_histogram as bh
import hist
import numpy as np
import pytest

from hepnb.widgets import HistExplorer

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore:List indexing selection is experimental"),
]

HOSTILE = ["</script><b>tt", "QCD_\u202eHT", "'q\"uo\\te", "a very long name " * 12]


@pytest.fixture(scope="module")
def nine() -> hist.Hist[Any]:
    axis = hist.axis
    h = hist.Hist(
        axis.Regular(6, 60, 120, name="mass", label="mass [GeV]"),
        axis.Variable([0, 10, 25, 80], name="pt", label="$p_T$ of a muon with a very long label"),
        axis.Regular(5, 1, 100, name="d0", transform=axis.transform.log),
        axis.Regular(4, -3.2, 3.2, name="phi", circular=True),
        axis.Integer(0, 3, name="njets"),
        axis.StrCategory(["same", "opposite"], name="charge"),
        axis.StrCategory(HOSTILE, name="process"),
        axis.Boolean(name="tight"),
        axis.IntCategory([13, -13], name="pdg"),
        storage=bh.storage.Int64(),
    )
    rng = np.random.default_rng(3)
    n = 3000
    h.fill(
        mass=rng.normal(91, 20, n),
        pt=rng.exponential(20, n),
        d0=rng.exponential(20, n),
        phi=rng.uniform(-4, 4, n),
        njets=rng.integers(-1, 5, n),
        charge=rng.choice(["same", "opposite", "none"], n),
        process=rng.choice(HOSTILE, n),
        tight=rng.integers(0, 2, n).astype(bool),
        pdg=rng.choice([13, -13, 11], n),
    )
    return h


def agrees(on: Any, explorer: HistExplorer, h: hist.Hist[Any]) -> None:
    on.settle()
    assert on.page.locator(".hepnb-error:visible").all_inner_texts() == []
    code = on.page.get_by_role("group", name="Python expression").locator("code").text_content()
    assert code == explorer.code
    assert eval(code, {"h": h, "len": len, "sum": sum}) == explorer.selected


def test_every_role_of_every_axis(bare: Callable[..., Any], nine: hist.Hist[Any]) -> None:
    explorer = HistExplorer(nine)
    on = bare(explorer)
    page = on.page
    page.get_by_role("button", name="more axes, summed").click()
    kinds = {"one": "pick", "net": "sum"}
    tried = 0
    for axis in nine.axes:
        chooser = page.locator(f'[data-axis="{axis.name}"] .hepnb-role')
        for choice in chooser.locator("option").evaluate_all("list => list.map(o => o.value)"):
            chooser.select_option(choice)
            agrees(on, explorer, nine)
            assert explorer.view[axis.name]["as"] == kinds.get(choice, choice)
            tried += 1
    assert tried >= 55


def test_the_order_of_a_stack_and_the_names_in_it(
    bare: Callable[..., Any], nine: hist.Hist[Any], artifacts: Path
) -> None:
    explorer = HistExplorer(nine, view={"process": "stack"})
    on = bare(explorer)
    names = on.page.get_by_role("listbox", name="process: categories")
    names.press("End")
    names.press("Alt+Home")  # means nothing
    names.press("Alt+ArrowLeft")
    agrees(on, explorer, nine)
    assert explorer.view["process"]["items"] == [HOSTILE[i] for i in (0, 1, 3, 2)]
    names.press("Home")
    names.press(" ")
    agrees(on, explorer, nine)
    assert explorer.view["process"]["items"] == [HOSTILE[i] for i in (1, 3, 2)]
    assert on.page.locator("b").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1000])
def test_nine_axes_at_once(
    bare: Callable[..., Any], nine: hist.Hist[Any], artifacts: Path, theme: str, width: int
) -> None:
    view = {
        "mass": {"as": "x", "range": [70, None]},
        "pt": "range",
        "d0": {"as": "bin", "bin": 2},
        "phi": {"as": "bin", "bin": 1},
        "njets": {"as": "sum", "flow": False},
        "charge": {"as": "pick", "items": ["same"]},
        "process": "stack",
        "tight": {"as": "pick", "items": [True]},
    }
    explorer = HistExplorer(nine, view=view)
    on = bare(explorer, theme, width=width)
    agrees(on, explorer, nine)
    on.page.screenshot(path=artifacts / f"explorer-nine-{theme}-{width}.png", full_page=True)
    assert on.page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_what_is_half_done_stays_while_a_histogram_fills(bare: Callable[..., Any]) -> None:
    h = hist.Hist(
        hist.axis.Regular(10, 0, 100, name="pt"),
        hist.axis.StrCategory([f"QCD_{i}" for i in range(40)], growth=True, name="process"),
    )
    h.fill([15.0, 25.0], ["QCD_1", "QCD_2"])
    pick = {"as": "pick", "items": ["QCD_1", "QCD_2"]}
    explorer = HistExplorer(h, view={"pt": "x", "process": pick})
    on = bare(explorer)
    page = on.page
    page.locator(".hepnb-foldline").click()
    limit = page.get_by_label("pt, lower limit, typed")
    limit.fill("12")
    limit.evaluate("field => field.setSelectionRange(1, 1)")
    names = page.get_by_role("listbox", name="process: categories")
    names.evaluate("list => { list.scrollTop = 200 }")
    h.fill([35.0], ["new"])
    explorer.refresh()
    on.settle()
    assert "of 41" in page.locator(".hepnb-foldline").inner_text()
    caret = "field => [field.value, field.selectionStart, document.activeElement === field]"
    assert limit.evaluate(caret) == ["12", 1, True]
    assert names.evaluate("list => list.scrollTop") == 200
    limit.press("Enter")
    agrees(on, explorer, h)
    assert explorer.view["pt"]["range"] == [10.0, None]


def test_every_control_is_reached_and_named(bare: Callable[..., Any], nine: hist.Hist[Any]) -> None:
    on = bare(HistExplorer(nine, view={"process": "stack", "pt": "range", "d0": "bin"}))
    page = on.page
    page.get_by_role("button", name="more axes, summed").click()
    page.mouse.click(2, 2)  # Tab starts from the top of the page
    wanted = page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, [tabindex='0']")]
            .filter((node) => node.checkVisibility() && !node.disabled)
            .map((node, at) => { node.dataset.at = at; return at; })"""
    )
    reached = []
    for _ in range(len(wanted) + 1):
        page.keyboard.press("Tab")
        at = page.evaluate("() => document.activeElement.dataset.at ?? null")
        if at is None:
            break
        reached.append(int(at))
    assert sorted(reached) == wanted
    assert reached == wanted  # in the order they are read
    tree = page.locator("main").aria_snapshot()
    roles = "button|combobox|slider|textbox|searchbox|listbox|option"
    assert re.findall(rf"^\s*- (?:{roles})(?! \")", tree, re.MULTILINE) == []
    assert 'slider "d0: bin"' in tree
