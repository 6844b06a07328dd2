"""Systematic variations in real runs: one loop, the same bits for any number of workers."""

from __future__ import annotations

import numpy as np
import pytest

import hepnb as hn
from hepnb.samples import toy_dimuon


def dimuon() -> hn.Path:
    path = hn.Path("varied")
    path.vary("Muon.pt", scale=("Muon.pt * 1.05", "Muon.pt * 0.95"), sets="muons")
    path.define("hard", "Muon[Muon.pt > 20]")
    path.select("two", "count(hard) == 2")
    path.weight("pu", "1 + nMuon / 10", up="1 + nMuon / 5", down=1.0)
    path.hist("pt", pt="hard.pt: 30, 0, 150 [pT / GeV]")
    path.hist("eta", eta="Muon.eta: 24, -2.4, 2.4", by=["dataset"], variations="scale*")
    return path


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    file = toy_dimuon(tmp_path_factory.mktemp("toy") / "toy.root", events=4000)
    return hn.Dataset("toy", file, kind="mc")


def test_results_do_not_depend_on_workers(simulated, tmp_path):
    runs = [dimuon().start(simulated, workers=n, chunk=c).wait(60) for n, c in ((1, 700), (3, 700))]
    for name in ("pt", "eta"):
        files = [tmp_path / f"{name}-{n}.h5" for n in range(2)]
        for run, file in zip(runs, files, strict=True):
            run.hist(name).export(file)
        assert files[0].read_bytes() == files[1].read_bytes()


def test_each_variation_equals_a_run_of_its_own(simulated):
    together = dimuon().start(simulated, chunk=1000).wait(60)
    pt = together.hist("pt")
    assert sorted(pt.axes["variation"]) == ["nominal", "pu_down", "pu_up", "scale_down", "scale_up"]
    assert set(together.hist("eta").axes["variation"]) == {"nominal", "scale_up", "scale_down"}
    alone = hn.Path("alone")
    alone.replace("Muon.pt", "Muon.pt * 1.05")
    alone.define("hard", "Muon[Muon.pt > 20]")
    alone.select("two", "count(hard) == 2")
    alone.weight("pu", "1 + nMuon / 10")
    alone.hist("pt", pt="hard.pt: 30, 0, 150 [pT / GeV]")
    want = alone.start(simulated, chunk=1000).wait(60).hist("pt")[...]
    got = pt[{"variation": "scale_up"}]
    np.testing.assert_array_equal(got.view(flow=True), want.view(flow=True))
    assert not np.array_equal(pt[{"variation": "nominal"}].values(), want.values())


def test_each_variation_of_a_column_has_its_cutflow(simulated):
    """The sums of a histogram without further cuts are those of the last row."""
    path = dimuon()
    path.hist("passed", n="nMuon: 0, 20, int", weights=[])
    run = path.start(simulated, workers=2, chunk=700).wait(60)
    flows = run.snapshot()["cutflows"]
    assert sorted(flows) == ["toy", "toy, scale_down", "toy, scale_up"]
    assert flows["toy"] == [[row["raw"], row["weighted"]] for row in run.cutflow]
    for variation in ("scale_up", "scale_down"):
        last = run.hist("passed")[{"variation": variation, "n": sum}]
        assert flows[f"toy, {variation}"] == [[4000, 4000.0], [last, last]]


def test_a_run_makes_the_variations_that_are_asked_for(simulated):
    run = dimuon().start(simulated, chunk=2000, variations="muons").wait(60)
    assert set(run.hist("pt").axes["variation"]) == {"nominal", "scale_up", "scale_down"}
    plan = hn.plan(dimuon(), simulated, variations="muons")
    assert {row["name"]: row["blocks"] for row in plan.histograms} == {"pt": 3, "eta": 3}


def test_data_are_never_varied_and_it_is_said(simulated):
    with pytest.warns(UserWarning, match="all datasets are data"):
        run = dimuon().start({"data": simulated.files}, chunk=2000)
    h = run.wait(60).hist("pt")
    filled = [v for v in h.axes["variation"] if h[{"variation": v, "pt": sum}].value]
    assert filled == ["nominal"]


def test_a_variation_that_nothing_passes_is_there_and_empty(simulated):
    path = hn.Path("none")
    path.vary("Muon.pt", lost=("Muon.pt * 1.01", "Muon.pt * 0"), kept="Muon.pt * 2")
    path.select("hard", "max(Muon.pt) > 10")
    path.hist("n", n="nMuon: 0, 20, int")
    path.hist("kept", n="nMuon: 0, 20, int", variations="kept")
    run = path.start(simulated, chunk=1500, workers=1).wait(60)
    assert list(run.hist("n").axes["variation"]) == ["nominal", "lost_up", "lost_down", "kept"]
    assert run.hist("n")[{"variation": "lost_down", "n": sum}] == 0
    assert run.hist("n")[{"variation": "lost_up", "n": sum}] > 0
    assert list(run.hist("kept").axes["variation"]) == ["nominal", "kept"]
    assert hn.attach(run.id).hist("n") == run.hist("n")
