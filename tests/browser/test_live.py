"""A run in a real JupyterLab: live while it goes on, back after a reload, alive without its kernel."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hepnb as hn
from hepnb.samples import toy_dimuon

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

PREPARE = """\
%load_ext hepnb
import time
import hepnb as hn
from hepnb.analysis.kinematics import mass
files = [{file!r}]
took = {{"began": 0.0}}
get_ipython().events.register("pre_run_cell", lambda info: took.update(began=time.monotonic()))
get_ipython().events.register(
    "post_run_cell", lambda result: took.update(last=time.monotonic() - took["began"])
)
"""
SLOW = """\
%%hepanalysis dimuon --data files --workers 2 --chunk 1000 -o run
import logging
import time

path.select("two muons", "count(Muon) == 2")

@path.define
def pair_mass(Muon):
    time.sleep({seconds})
    logging.warning("slow on purpose")
    return mass(Muon[:, 0], Muon[:, 1])

path.category("charge", opposite="sum(Muon.charge) == 0", same="sum(Muon.charge) != 0")
path.hist(
    "mass",
    mass="pair_mass: 600, 0.25, 300, log [m(μμ) / GeV]",
    pt="sum(Muon.pt): [0, 10, 20, 40, 80] [scalar sum of pT / GeV]",
    by="charge",
    label="Events with exactly two muons",
)
"""


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 000 events: 40 chunks."""
    return toy_dimuon(tmp_path_factory.mktemp("toy") / "toy.root", 40_000, 3)


def share(cell: Any) -> int:
    """What the progress bar of a run shows, in per cent; -1 before it knows."""
    bar = cell.get_by_role("progressbar", name="Events processed")
    return int(bar.get_attribute("aria-valuenow") or -1)


def state(cell: Any) -> str:
    return str(cell.locator(".hepnb-state").get_attribute("data-state"))


def test_a_run_is_live_from_its_start_to_its_end(notebook: Callable[..., Any], toy: Path) -> None:
    book = notebook(PREPARE.format(file=str(toy)), SLOW.format(seconds=0.2), "")
    book.run(0)
    book.run(1)
    said = book.run(2, "print(run.status, f'{took[\"last\"]:.3f}')").split()
    cell = book.cell(1)
    cell.locator(".hepnb-state").wait_for()
    early = share(cell)
    assert said[0] in ("starting", "running"), "the cell came back while the run went on"
    # `took` is of the cell that ran before the one that printed it.
    assert float(said[1]) < 2.0
    assert state(cell) in ("starting", "running")
    book.wait(lambda: share(cell) > max(early, 0))
    assert share(cell) < 100
    assert state(cell) == "running", "progress moved while the run went on"
    cell.get_by_role("tab", name="Collections").click()
    muons = cell.get_by_role("tabpanel", name="Collections").get_by_role("row", name="Muon")
    muons.wait_for()
    cell.get_by_role("tab", name=re.compile("Log")).click()
    line = cell.locator(".hepnb-logrow", has_text="slow on purpose").first
    line.wait_for()
    assert "WARNING" in line.inner_text()
    book.wait(lambda: state(cell) == "done")
    assert share(cell) == 100
    assert book.run(2, "print(run.status, run.progress['events'])").split() == ["done", "40000"]


def test_a_reload_brings_the_live_view_back(notebook: Callable[..., Any], toy: Path) -> None:
    book = notebook(PREPARE.format(file=str(toy)), SLOW.format(seconds=0.5), "")
    book.run(0)
    book.run(1)
    book.run(2, 'hn.HistExplorer(run.hist("mass"), name="h")')
    book.cell(1).locator(".hepnb-state").wait_for()
    book.cell(2).locator("path.hepnb-curve").first.wait_for()
    book.command("docmanager:save")
    book.open()
    book.cell(1).locator(".hepnb-state").wait_for(timeout=30_000)
    book.cell(2).locator("path.hepnb-curve").first.wait_for()
    assert state(book.cell(1)) == "running"
    seen = share(book.cell(1))
    book.wait(lambda: share(book.cell(1)) > seen)
    book.wait(lambda: state(book.cell(1)) == "done")
    assert share(book.cell(1)) == 100


def test_a_killed_kernel_leaves_its_run(
    notebook: Callable[..., Any], toy: Path, lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = notebook(PREPARE.format(file=str(toy)), SLOW.format(seconds=0.1), "")
    book.run(0)
    book.run(1)
    run_id, kernel = book.run(2, "import os\nprint(run.id, os.getpid())").split()
    os.kill(int(kernel), signal.SIGKILL)
    monkeypatch.setenv("HEPNB_STATE_DIR", str(lab.state))
    run = hn.attach(run_id)
    assert run.status in ("starting", "running"), "killed too late to mean anything"
    run.wait(60)
    assert run.progress["events"] == 40_000
    again = hn.Path("again")
    again.select("two muons", "count(Muon) == 2")
    again.define("pair_mass", "mass(nth(Muon, 0), nth(Muon, 1))")
    again.hist("mass", mass="pair_mass: 600, 0.25, 300, log")
    whole = again.start(str(toy), 1).wait(60).hist("mass").to_hist()
    kept = run.hist("mass").to_hist().project("mass")
    assert whole.sum(flow=True) > 10_000
    np.testing.assert_array_equal(kept.values(flow=True), whole.values(flow=True))
