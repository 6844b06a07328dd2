"""The explorer's controls in a real JupyterLab: moved by hand, read by the kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

FILL = """\
import hist
import numpy as np
import hepnb as hn
names = [f"QCD_HT{i}" if i % 10 == 0 else f"signal_m{i}" for i in range(2000)]
h = (hist.Hist.new.Reg(40, 0, 200, name="pt", label="pt [GeV]").Reg(12, 60, 120, name="mass")
     .StrCat(names, name="process").Int64())
rng = np.random.default_rng(1)
h.fill(rng.exponential(60, 5000), rng.normal(91, 9, 5000), rng.choice(names, 5000))
explorer = hn.HistExplorer(h, name="h", view={"pt": "x"})
explorer
"""
COMPARE = """\
same = {code}
assert same == explorer.selected, (same, explorer.selected)
print(explorer.view)
"""


def code(cell: Any) -> str:
    return str(cell.locator(".hepnb-code").inner_text())


def test_what_the_controls_say_is_what_the_kernel_selects(notebook: Callable[..., Any]) -> None:
    book = notebook(FILL, "", "")
    book.run(0)
    cell = book.cell(0)
    mass = cell.locator('[data-axis="mass"]')
    mass.get_by_label("what to do").select_option("range")
    book.wait(lambda: mass.get_by_role("slider").count() == 2)
    mass.get_by_label("lower limit, typed").fill("77")
    mass.get_by_label("lower limit, typed").press("Enter")
    book.wait(lambda: "75j" in code(cell))
    process = cell.locator('[data-axis="process"]')
    process.get_by_label("what to do").select_option("pick")
    process.get_by_role("button", name="none of the listed").click()
    process.get_by_label("search").fill("QCD_HT1??")
    process.get_by_role("button", name="all of the listed").click()
    book.wait(lambda: "QCD_HT190" in code(cell) and "signal" not in code(cell))
    assert process.locator("*").count() < 200
    said = book.run(1, COMPARE.format(code=code(cell)))
    assert "'range': [75.0, None]" in said
    assert said.count("QCD_HT1") == 10

    before = book.page.locator(".jp-Notebook .jp-Cell").count()
    cell.get_by_role("button", name="new cell").click()
    book.wait(lambda: book.page.locator(".jp-Notebook .jp-Cell").count() == before + 1)
    assert "QCD_HT190" in book.cell(1).locator(".jp-InputArea").inner_text()
    assert "same =" in book.cell(2).locator(".jp-InputArea").inner_text()
