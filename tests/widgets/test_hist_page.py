"""A saved page: one file, opened from the disk with the network shut, still turns and tells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hist
import numpy as np
import pytest

import hepnb as hn
from hepnb.widgets import HistExplorer

EVIL = (
    "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
)


@pytest.fixture(scope="module")
def dimuon() -> hist.Hist[Any]:
    h = hist.Hist(
        hist.axis.Regular(60, 0, 120, name="mass", label="mass [GeV]"),
        hist.axis.Regular(10, 0, 100, name="pt", label="pt [GeV]"),
        hist.axis.StrCategory([EVIL, "it's", "<!--"], name="kind"),
        storage="Int64",
        label=EVIL,
    )
    rng = np.random.default_rng(1)
    kinds = rng.choice([EVIL, "it's", "<!--"], 5000)
    h.fill(mass=rng.normal(91, 20, 5000), pt=rng.exponential(30, 5000), kind=kinds)
    return h


@pytest.fixture
def opened(browser: Any) -> Iterator[Any]:
    """`opened(path)`: the page of a file, with every request but for itself refused."""
    contexts, wrong = [], []

    def open_file(path: Path) -> Any:
        context = browser.new_context(viewport={"width": 900, "height": 900}, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text))
        page.on(
            "request",
            lambda r: None if r.url.startswith(("file:", "blob:")) else wrong.append(r.url),
        )
        page.goto(path.as_uri())
        page.locator(".hepnb-explorer").wait_for()
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert not wrong


def code(page: Any) -> str:
    return str(page.locator(".hepnb-code").inner_text())


def frames(page: Any) -> None:
    page.evaluate("() => new Promise((r) => requestAnimationFrame(() => setTimeout(r, 50)))")


@pytest.mark.browser
@pytest.mark.filterwarnings("ignore:List indexing selection is experimental")
def test_a_page_turns_with_no_kernel_and_no_network(
    dimuon: hist.Hist[Any], tmp_path: Path, opened: Any
) -> None:
    explorer = HistExplorer(dimuon, view={"kind": "overlay"})
    page = opened(explorer.save_html(tmp_path / "page.html"))
    assert code(page) == explorer.code
    slider = page.get_by_label("pt [GeV]: what to do")
    slider.select_option("range")
    page.get_by_label("pt [GeV], lower limit", exact=True).press("ArrowRight")
    page.get_by_label("pt [GeV], lower limit", exact=True).press("ArrowRight")
    frames(page)
    selected = eval(code(page), {"h": dimuon})
    expected = HistExplorer(
        dimuon, view={"kind": "overlay", "pt": {"as": "range", "range": [20, None]}}
    )
    assert selected == expected.selected
    assert code(page) == expected.code
    total = f"{int(selected.values()[:, 0].sum())}"
    shown = page.locator(".hepnb-explorer").inner_text().replace("\u2009", "")
    assert total in shown  # what a person reads
    page.get_by_role("button", name="log y").click()
    frames(page)
    assert page.title() == EVIL
    assert page.locator("img[src]").count() == 0
    assert page.get_by_role("alert").filter(has_text="gone").count() == 0


@pytest.mark.browser
def test_a_page_of_several_histograms_shows_any_of_them(
    dimuon: hist.Hist[Any], tmp_path: Path, opened: Any
) -> None:
    other = hist.Hist.new.Reg(4, 0, 1, name="eta").Double()
    large = hist.Hist.new.Reg(2_000_000, 0, 1, name="x").Double().fill([0.5])
    explorer = HistExplorer({"mass": dimuon, "eta": other, "large": large}, shown="eta")
    page = opened(explorer.save_html(tmp_path / "page.html"))
    assert code(page) == 'h["eta"][:]'
    page.get_by_label("Histogram", exact=True).select_option("mass")
    frames(page)
    assert code(page) == 'h["mass"].project("mass")'
    page.get_by_label("Histogram", exact=True).select_option("large")
    frames(page)
    assert code(page) == 'h["large"][:]'
    size = (tmp_path / "page.html").stat().st_size
    assert size < 500_000  # of the large one, only what was shown


def test_names_in_a_page_are_never_markup(dimuon: hist.Hist[Any], tmp_path: Path) -> None:
    text = HistExplorer(dimuon).save_html(tmp_path / "page.html").read_text(encoding="utf-8")
    body = text.split("</noscript>", 1)[1]
    assert body.count("<script") == body.count("</script") == 2
    assert "<!--" not in text
    assert "owned'</script>" not in text


def test_a_page_that_cannot_be_written_is_said_in_a_line(
    dimuon: hist.Hist[Any], tmp_path: Path
) -> None:
    with pytest.raises(hn.HepnbError, match=r"save_html: cannot write .*: Is a directory") as told:
        HistExplorer(dimuon).save_html(tmp_path)
    assert "\n" not in str(told.value)
