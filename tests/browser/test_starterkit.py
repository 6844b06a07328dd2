"""The first notebook as a newcomer meets it: run from top to bottom, looked at, photographed.

With `HEPNB_SCREENSHOTS=1` the pictures of the README are taken anew, while the run goes on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from hepnb.notebook.lab import FIRST, starterkit

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"


def cells_by_id(file: Path) -> dict[str, int]:
    return {cell.id: index for index, cell in enumerate(nbformat.read(file, 4).cells)}


def test_the_notebook_runs_from_top_to_bottom(notebook: Callable[..., Any]) -> None:
    file = starterkit() / FIRST
    at = cells_by_id(file)
    book = notebook(file=file)
    for index, cell in enumerate(nbformat.read(file, 4).cells):
        if cell.cell_type == "code":
            book.run(index)
    assert "ok" in book.text(at["wait"])
    assert "two muons" in book.text(at["cutflow"])
    assert "pairs of opposite sign" in book.text(at["total"])
    run, explorer = book.cell(at["run"]), book.cell(at["explore"])
    book.wait(lambda: run.locator(".hepnb-state").get_attribute("data-state") == "done")
    assert run.get_by_role("tab", name=re.compile("Log")).locator(".hepnb-badge").is_visible()
    assert len(explorer.locator("path.hepnb-curve[data-curve]").all()) == 2
    book.wait(lambda: "complete" in explorer.locator(".hepnb-live").inner_text())
    assert book.cell(at["slice"]).locator("img").is_visible()
    explorer.scroll_into_view_if_needed()


@pytest.mark.realdata
@pytest.mark.skipif("HEPNB_SCREENSHOTS" not in os.environ, reason="takes the README's picture")
def test_the_picture_of_the_readme(notebook: Callable[..., Any], dimuon_file: Path) -> None:
    file = starterkit() / FIRST
    at = cells_by_id(file)
    source = {cell.id: cell.source for cell in nbformat.read(file, 4).cells}
    book = notebook(file=file)
    book.page.set_viewport_size({"width": 1180, "height": 1540})
    book.page.add_style_tag(content=".jp-SideBar, #jp-bottom-panel { display: none }")
    book.command("application:toggle-left-area")
    book.run(at["data"])
    book.run(at["load"])
    book.run(at["run"], source["run"].replace("--chunk 2000", "--chunk 100"))
    book.run(at["explore"])
    run, explorer = book.cell(at["run"]), book.cell(at["explore"])
    bar = run.get_by_role("progressbar", name="Events processed")
    book.wait(lambda: int(bar.get_attribute("aria-valuenow") or 0) >= 55)
    photograph(book, run, "explorer.png")
    assert run.locator(".hepnb-state").get_attribute("data-state") == "running"
    assert explorer.locator("path.hepnb-curve").first.is_visible()
    book.command("apputils:change-theme", theme="JupyterLab Dark")
    book.page.wait_for_timeout(1_000)
    photograph(book, run, "explorer-dark.png")
    book.command("apputils:change-theme", theme="JupyterLab Light")


def photograph(book: Any, run: Any, name: str) -> None:
    """The page with the dashboard of the run at its top."""
    run.locator(".hepnb-run").evaluate("node => node.scrollIntoView({block: 'start'})")
    book.page.screenshot(path=IMAGES / name)
