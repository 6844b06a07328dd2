"""The first notebook as a newcomer meets it: run from top to bottom and looked at."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from hepnb.notebook.lab import FIRST, starterkit

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


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
