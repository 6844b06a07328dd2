"""The four-lepton selection of ATLAS, as a card and as a path: equal to the official framework bin by bin."""

from __future__ import annotations

import re
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import pytest
import uproot

import hepnb as hn

pytestmark = pytest.mark.realdata
GUIDE = FilePath(__file__).parents[3] / "docs" / "cards.md"
HISTOGRAMS = (
    "mass_four_lep", "mass_ext_four_lep", "hist_fourlepsys_pt", "hist_fourlepsys_y",
    "hist_fourleptpt", "hist_fourlepteta", "hist_fourleptE", "hist_fourleptphi", "hist_fourleptch",
    "hist_fourleptID", "hist_n_jets",
)  # fmt: skip
SELECTED = {"data": 321, "Zee": 27, "Zmumu": 16, "Ztautau": 0, "ttbar_lep": 41}


def in_python() -> hn.Path:
    """The same selection as a path."""
    path = hn.Path("hzz")
    sf = " * ".join(f"scaleFactor_{what}" for what in ("ELE", "MUON", "LepTRIGGER", "PILEUP"))
    path.weight("mc", f"mcWeight * {sf} if dataset.kind == 'mc' else 1")

    @path.define
    def lepton(lep: Any) -> Any:
        impact = abs(lep.trackd0pvunbiased / lep.tracksigd0pvunbiased)
        kind = lep["type"]
        electron = (kind == 11) & (lep.pt > 7e3) & (abs(lep.eta) < 2.47) & (impact < 5)
        muon = (kind == 13) & (lep.pt > 5e3) & (abs(lep.eta) < 2.5) & (impact < 3)
        isolated = (lep.etcone20 / lep.pt < 0.3) & (lep.ptcone30 / lep.pt < 0.3)
        return lep[(electron | muon) & isolated & (abs(lep.z0 / np.cosh(lep.eta)) < 0.5)]

    path.select("trigger", "trigE or trigM")
    path.select("four leptons", "count(lepton) == 4")
    path.select("charge", "sum(lepton.charge) == 0")
    path.select("flavours", "sum(lepton.type) in (44, 48, 52)")
    leading = ((0, 25e3), (1, 15e3), (2, 10e3))
    path.select("leading", " and ".join(f"lepton.pt[:, {i}] > {pt}" for i, pt in leading))
    path.define("energy", "sum(lepton.E)")
    for axis, factor in (("px", "cos(lepton.phi)"), ("py", "sin(lepton.phi)"), ("pz", "sinh(lepton.eta)")):  # fmt: skip
        path.define(axis, f"sum(lepton.pt * {factor})")
    path.define("m4l", "sqrt(energy**2 - px**2 - py**2 - pz**2) / 1e3")
    by = ["dataset"]
    path.hist("mass_four_lep", m="m4l: 24, 80, 170 [m_{4l} / GeV]", by=by)
    path.hist("mass_ext_four_lep", m="m4l: 30, 80, 250 [m_{4l} / GeV]", by=by)
    path.hist("hist_fourlepsys_pt", pt="hypot(px, py) / 1e3: 20, 0, 200 [pT_{4l} / GeV]", by=by)
    path.hist("hist_fourlepsys_y", y="0.5 * log((energy + pz) / (energy - pz)): 20, -3, 3", by=by)
    path.hist("hist_fourleptpt", pt="lepton.pt / 1e3: 5, 0, 200 [pT / GeV]", by=by)
    path.hist("hist_fourlepteta", eta="lepton.eta: 10, -3, 3", by=by)
    path.hist("hist_fourleptE", E="lepton.E / 1e3: 10, 0, 300 [E / GeV]", by=by)
    path.hist("hist_fourleptphi", phi="lepton.phi: 8, -3.2, 3.2", by=by)
    path.hist("hist_fourleptch", q="lepton.charge: 7, -1.75, 1.75", by=by)
    path.hist("hist_fourleptID", type="lepton.type: 15, 5.5, 20.5", by=by)
    path.hist("hist_n_jets", n="count(jet[jet.pt > 30e3]): 4, -0.5, 3.5", by=by)
    return path


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory, data_dir: FilePath) -> Any:
    folder = data_dir / "atlas/13TeV_4lep"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    text = re.findall(
        r"^```yaml\n# hzz\.yaml\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL
    )
    file = tmp_path_factory.mktemp("card") / "hzz.yaml"
    file.write_text(text[0])
    return hn.Card.read(file, parameters={"folder": str(folder)})


@pytest.fixture(scope="module")
def runs(card: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """The card and the path, each run on the same datasets."""
    out = tmp_path_factory.mktemp("runs")
    ours = card.start(engine="inline", out=out / "card")
    return ours, in_python().start(card, engine="inline", out=out / "path")


def official(data_dir: FilePath, dataset: str, hist: str) -> np.ndarray:
    with uproot.open(data_dir / f"atlas/hzz_framework_histos/{dataset}.root") as file:
        values: np.ndarray = file[hist].values(flow=True)
        return values


@pytest.mark.parametrize("hist", HISTOGRAMS)
def test_every_bin_equals_that_of_the_official_framework(
    hist: str, runs: tuple[Any, Any], data_dir: FilePath
) -> None:
    for run in runs:
        found = run.hist(hist)
        for dataset in SELECTED:
            expected = official(data_dir, dataset, hist)
            values = found[{"dataset": dataset}].values(flow=True)
            if dataset == "data":
                assert values.tolist() == expected.tolist()
            # The framework adds up 32-bit numbers.
            np.testing.assert_allclose(values, expected, rtol=1e-6, atol=1e-6 * expected.max())


def test_the_card_and_the_path_are_equal_in_every_bit(runs: tuple[Any, Any]) -> None:
    ours, theirs = runs
    for hist in HISTOGRAMS:
        for dataset in ours.hist(hist).axes["dataset"]:
            one, other = (run.hist(hist)[{"dataset": dataset}].view(flow=True) for run in runs)
            assert one.tobytes() == other.tobytes(), (hist, dataset)
    assert str(ours.cutflow) == str(theirs.cutflow)


def test_as_many_events_as_the_official_framework_selects(runs: tuple[Any, Any]) -> None:
    flows = runs[0].snapshot()["cutflows"]
    assert {name: flows[name][-1][0] for name in SELECTED} == SELECTED


def test_simulation_is_scaled_to_the_data(runs: tuple[Any, Any], data_dir: FilePath) -> None:
    found = runs[0].hist("mass_four_lep", lumi=10.064)
    values = found[{"dataset": "Zee"}].values(flow=True)
    expected = official(data_dir, "Zee", "mass_four_lep") * 10_064 * 1950.5295 / 150277594200
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)
    assert found[{"dataset": "data"}].values(flow=True).sum() == 321
