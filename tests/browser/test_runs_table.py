"""A scan, and all runs of a user, as a live table in a real JupyterLab."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hepnb.samples import toy_dimuon

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

SCAN = """\
import time
import hepnb as hn

def muons(pt):
    path = hn.Path("cuts on muons")

    @path.define
    def chosen(Muon):
        time.sleep(0.5)
        return Muon[Muon.pt > pt]

    path.hist("n", n="count(chosen): 0, 5, int")
    return path

runs = hn.scan(muons, {file!r}, pt=[5, 20, 35], workers=1, chunk=500, max_parallel=1)
runs
"""


def column(cell: Any, number: int) -> list[str]:
    """The texts of a column of this test's runs, from the top; the first one is 1."""
    rows = cell.locator("tbody tr").filter(has_text="cuts on muons")
    found: list[str] = rows.locator(f":scope > :nth-child({number})").all_inner_texts()
    return found


def states(cell: Any) -> list[str]:
    return [text.split()[-1] for text in column(cell, 1)]


def test_a_scan_moves_by_itself_and_one_of_it_is_cancelled(
    notebook: Callable[..., Any], tmp_path: Path
) -> None:
    book = notebook(SCAN.format(file=str(toy_dimuon(tmp_path / "toy.root", 2000, 1))), "hn.runs()")
    book.run(0)
    scan = book.cell(0)
    scan.get_by_role("table").wait_for()
    assert column(scan, 3) == ["5", "20", "35"]
    book.wait(lambda: states(scan) == ["running", "waiting", "waiting"])
    last = scan.locator("tbody tr").last
    last.get_by_role("button", name="Cancel").click()
    last.get_by_role("button", name="Really cancel?").click()
    book.run(1)
    book.cell(1).get_by_role("table").wait_for()
    book.wait(lambda: states(scan) == ["done", "done", "cancelled"])
    book.wait(lambda: sorted(states(book.cell(1))) == ["cancelled", "cancelled", "done", "done"])
    assert any("scan of 3" in name for name in column(book.cell(1), 2))
    assert column(scan, 5) == ["2000", "2000", "0"]
