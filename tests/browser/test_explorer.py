"""The explorer in a real JupyterLab: its slider moves the picture, its expression is the truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hepnb.samples import toy_dimuon

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

PREPARE = """\
%load_ext hepnb
import hepnb as hn
from hepnb.demo import dimuon_path
run = dimuon_path().start({file!r}, 1).wait(60)
h = run.hist("mass")
"""
EXPLORE = """\
explorer = hn.HistExplorer(h, name="h", view={"pt": "range", "charge": "overlay"})
explorer
"""
COMPARE = """\
same = {code}
assert same == explorer.selected, (same, explorer.selected)
print(type(same).__name__, same.ndim, f"{{same.sum(flow=True):.0f}}", explorer.code)
"""


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_dimuon(tmp_path_factory.mktemp("toy") / "toy.root", 20_000, 4)


def curves(cell: Any) -> list[str]:
    """The drawn paths: what a person sees of the numbers."""
    return [p.get_attribute("d") for p in cell.locator("path.hepnb-curve[data-curve]").all()]


def code(cell: Any) -> str:
    return str(cell.locator(".hepnb-code").inner_text())


def test_the_slider_moves_the_picture_and_the_expression_follows(
    notebook: Callable[..., Any], toy: Path
) -> None:
    book = notebook(PREPARE.format(file=str(toy)), EXPLORE, "")
    book.run(0)
    book.run(1)
    cell = book.cell(1)
    cell.locator("path.hepnb-curve").first.wait_for()
    before, expression = curves(cell), code(cell)
    assert len(before) == 2
    book.run(2, COMPARE.format(code=expression))
    slider = cell.locator('[data-axis="pt"]').get_by_role("slider").first
    slider.focus()
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    book.wait(lambda: "10j" in code(cell))
    book.wait(lambda: curves(cell) != before)
    moved = code(cell)
    said = book.run(2, COMPARE.format(code=moved)).strip()
    kind, ndim, total, shown = said.split(maxsplit=3)
    assert (kind, ndim, shown) == ("Hist", "2", moved)
    assert 0 < int(total) < 20_000
    cell.get_by_label("bins merged into one").select_option("typed …")
    rebin = cell.get_by_label("how bins are merged, typed")
    rebin.fill("3")
    rebin.press("Enter")
    book.wait(lambda: "3j" in code(cell))
    assert code(cell) in book.run(2, COMPARE.format(code=code(cell)))


def test_the_expression_can_be_copied(notebook: Callable[..., Any], toy: Path) -> None:
    book = notebook(PREPARE.format(file=str(toy)), EXPLORE, "")
    book.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    book.run(0)
    book.run(1)
    cell = book.cell(1)
    cell.get_by_role("button", name="Copy the expression").click()
    book.wait(lambda: book.page.evaluate("navigator.clipboard.readText()") != "")
    assert book.page.evaluate("navigator.clipboard.readText()") == code(cell)


def test_dragging_over_the_picture_zooms_and_escape_goes_back(
    notebook: Callable[..., Any], toy: Path
) -> None:
    book = notebook(PREPARE.format(file=str(toy)), EXPLORE, "")
    book.run(0)
    book.run(1)
    cell = book.cell(1)
    picture = cell.locator("svg.hepnb-svg")
    picture.scroll_into_view_if_needed()
    picture.wait_for()
    whole = code(cell)
    box = picture.bounding_box()
    middle = box["y"] + box["height"] / 2
    book.page.mouse.move(box["x"] + 0.4 * box["width"], middle)
    book.page.mouse.down()
    book.page.mouse.move(box["x"] + 0.6 * box["width"], middle, steps=5)
    book.page.mouse.up()
    book.wait(lambda: code(cell) != whole)
    assert "slice(" in code(cell)
    book.run(2, COMPARE.format(code=code(cell)))
    cell.get_by_role("button", name="whole range").click()
    book.wait(lambda: code(cell) == whole)
