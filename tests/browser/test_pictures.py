"""Takes the pictures of the README and the documentation anew, from the first notebook.

Collected only with `HEPNB_SCREENSHOTS=1`, because it writes into docs/images.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from hepnb.notebook.lab import FIRST, starterkit

pytestmark = [pytest.mark.browser, pytest.mark.realdata, pytest.mark.timeout(300)]
IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"


def test_the_pictures_of_the_readme_and_the_docs(
    notebook: Callable[..., Any], dimuon_file: Path
) -> None:
    file = starterkit() / FIRST
    cells = nbformat.read(file, 4).cells
    at = {cell.id: index for index, cell in enumerate(cells)}
    source = {cell.id: cell.source for cell in cells}
    book = notebook(file=file)
    book.page.set_viewport_size({"width": 1180, "height": 1920})
    book.page.add_style_tag(content=".jp-SideBar, #jp-bottom-panel { display: none }")
    book.command("application:toggle-left-area")
    book.run(at["data"])
    book.run(at["load"])
    book.run(at["run"], source["run"].replace("--chunk 2000", "--chunk 100"))
    book.run(at["explore"])
    run, explorer = book.cell(at["run"]), book.cell(at["explore"])
    run.get_by_role("tab", name=re.compile("Log")).click()
    pt = explorer.locator('[data-axis="pt"]')
    pt.get_by_role("combobox").select_option("range")
    pt.get_by_role("slider").first.press("ArrowRight")
    explorer.get_by_label("bins merged into one").first.select_option("2")
    bar = run.get_by_role("progressbar", name="Events processed")
    book.wait(lambda: int(bar.get_attribute("aria-valuenow") or 0) >= 55)
    photograph(book, run, "explorer.png")
    assert run.locator(".hepnb-state").get_attribute("data-state") == "running"
    assert explorer.locator("path.hepnb-curve").first.is_visible()
    dark(book, True)
    photograph(book, run, "explorer-dark.png")
    dark(book, False)
    book.wait(lambda: run.locator(".hepnb-state").get_attribute("data-state") == "done")
    for tab in ("Collections", "Log", "Statistics"):
        run.get_by_role("tab", name=re.compile(tab)).click()
        book.page.wait_for_timeout(1_000)
        run.locator(".hepnb-run").screenshot(path=IMAGES / f"{tab.lower()}.png")
    book.run(at["explore"], 'hn.HistExplorer(h, name="h", view={"mass": "x", "pt": "y"})')
    explorer.locator(".hepnb-explorer").screenshot(path=IMAGES / "heat-map.png")
    book.run(at["explore"], "hn.PathView(path)")
    explorer.locator(".hepnb-root").screenshot(path=IMAGES / "path.png")


def dark(book: Any, wanted: bool) -> None:
    """What the browser prefers, and JupyterLab with it."""
    book.page.emulate_media(color_scheme="dark" if wanted else "light")
    book.page.locator(f'body[data-jp-theme-light="{str(not wanted).lower()}"]').wait_for(
        state="attached"
    )


def photograph(book: Any, run: Any, name: str) -> None:
    """The page with the dashboard of the run at its top."""
    run.locator(".hepnb-run").evaluate("node => node.scrollIntoView({block: 'start'})")
    book.page.screenshot(path=IMAGES / name)
