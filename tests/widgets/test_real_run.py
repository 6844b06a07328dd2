"""The widgets with a real run and a real store: what the stand-in of the other tests stands for."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hist
import numpy as np
import pytest

import hepnb as hn
from hepnb.samples import toy_dimuon
from hepnb.widgets import HistExplorer, RunView


@pytest.fixture
def path() -> hn.Path:
    path = hn.Path("dimuon")
    path.select("two", "nMuon == 2")

    @path.define
    def mass(Muon: Any) -> Any:
        import logging

        logging.getLogger("toy").warning("a chunk")
        a, b = Muon[:, 0], Muon[:, 1]
        return np.sqrt(2 * a.pt * b.pt * (np.cosh(a.eta - b.eta) - np.cos(a.phi - b.phi)))

    path.category("charge", opposite="sum(Muon.charge) == 0", same="sum(Muon.charge) != 0")
    path.hist("mass", mass=hist.axis.Regular(50, 0, 100, name="mass"), by=["charge"])
    return path


@pytest.mark.browser
def test_a_run_is_followed_to_its_end_in_both_widgets(
    path: hn.Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    bare: Callable[..., Any],
    artifacts: Path,
) -> None:
    monkeypatch.setenv("HEPNB_STATE_DIR", str(tmp_path / "state"))
    file = toy_dimuon(tmp_path / "toy.root", events=20_000)
    run = path.start(str(file), workers=2, chunk=2_000)
    view, explorer = RunView(run), HistExplorer(run, view={"charge": "overlay"})
    dashboard, picture = bare(view), bare(explorer)
    run.wait(60)
    deadline = time.monotonic() + 10
    while explorer.state["live"] != "complete" and time.monotonic() < deadline:
        time.sleep(0.05)
    dashboard.settle()
    picture.settle()
    text = dashboard.page.get_by_role("region", name="Run dimuon").inner_text()
    assert "done" in text
    assert "20\u2009000 / 20\u2009000" in text
    assert "Muon" in text
    dashboard.page.get_by_role("tab", name="Log").click()
    dashboard.settle()
    assert "a chunk" in dashboard.page.get_by_role("tabpanel").inner_text()
    dashboard.page.screenshot(path=artifacts / "real-run.png", full_page=True)
    assert "complete" in picture.page.locator(".hepnb-live").inner_text()
    assert picture.page.locator(".hepnb-curve[data-curve]").count() == 2
    assert explorer.code == 'run.hist("mass").project("mass", "charge")'
    assert eval(explorer.code, {"run": run}).sum() == explorer.selected.sum() > 1000
    picture.page.screenshot(path=artifacts / "real-explorer.png", full_page=True)
    view.close()
    explorer.close()


@pytest.mark.filterwarnings("ignore:List indexing selection is experimental")
@pytest.mark.parametrize(
    "view",
    [
        {},
        {"charge": "overlay"},
        {"charge": {"as": "x", "items": ["same", "opposite"]}},
        {"charge": {"as": "pick", "items": ["opposite", "same"]}},
        {
            "mass": {"as": "x", "range": [2, 120], "rebin": 4},
            "pt": {"as": "range", "range": [10, None]},
        },
        {"pt": {"as": "bin", "bin": 2}, "tight": {"as": "pick", "items": [True]}},
        {"pdg": {"as": "pick", "items": [11, -13]}, "tight": "overlay"},
        {"pdg": {"as": "pick", "items": [-13]}},
    ],
)
def test_a_store_is_sliced_as_its_copy_in_memory(view: dict[str, Any], tmp_path: Path) -> None:
    axes = (
        hist.axis.Regular(60, 0, 120, name="mass"),
        hist.axis.StrCategory([], growth=True, name="charge"),
        hist.axis.Variable([0, 10, 20, 60], name="pt"),
        hist.axis.Boolean(name="tight"),
        hist.axis.IntCategory([11, -13], name="pdg"),
    )
    rng = np.random.default_rng(1)
    with hn.H5Hist(*axes, storage="Weight", path=tmp_path / "store") as h:
        for charge, tight, pdg in (("opposite", True, 11), ("same", False, -13), ("same", True, 7)):
            with h.contribution(f"{charge}-{pdg}") as c:
                c.fill(
                    mass=rng.exponential(40, 500),
                    charge=charge,
                    pt=rng.exponential(20, 500),
                    tight=tight,
                    pdg=pdg,
                    weight=rng.normal(1, 0.1, 500),
                )
        stored, memory = HistExplorer(h, view=view), HistExplorer(h.to_hist(), view=view)
        assert stored.code == memory.code
        np.testing.assert_allclose(
            stored.selected.values(flow=True), memory.selected.values(flow=True), rtol=1e-12
        )
        again = eval(stored.code, {"h": h})
        np.testing.assert_array_equal(again.values(), stored.selected.values())
        stored.close()
        memory.close()
