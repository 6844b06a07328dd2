"""The toy has the branches of the real file and its peaks where nature has them."""

from __future__ import annotations

from pathlib import Path

import awkward as ak
import hist
import numpy as np
import pytest
import uproot

from hepnb.samples import RESONANCES, Resonance, toy_dimuon

BRANCHES = {
    "Muon_pt": "float[]",
    "Muon_eta": "float[]",
    "Muon_phi": "float[]",
    "Muon_mass": "float[]",
    "Muon_charge": "int32_t[]",
}


def read(file: Path) -> ak.Array:
    return uproot.open(file)["Events"].arrays()


def pair_mass(events: ak.Array) -> tuple[np.ndarray, np.ndarray]:
    """Masses [GeV] of events with exactly two muons, and whether their charges are opposite."""
    two = events[events.nMuon == 2]
    pt, eta, phi, mass = (
        ak.to_numpy(two[f"Muon_{name}"]).astype(float) for name in ("pt", "eta", "phi", "mass")
    )
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    energy = np.sqrt(px**2 + py**2 + pz**2 + mass**2)
    total = [np.sum(component, axis=1) for component in (energy, px, py, pz)]
    charge = ak.to_numpy(two.Muon_charge)
    return np.sqrt(total[0] ** 2 - sum(k**2 for k in total[1:])), charge[:, 0] != charge[:, 1]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_dimuon(tmp_path_factory.mktemp("toy") / "toy.root", events=300_000, seed=1)


def test_branches_are_those_of_the_real_file(toy: Path) -> None:
    tree = uproot.open(toy)["Events"]
    assert tree.num_entries == 300_000
    assert tree.typenames() == {"nMuon": "int32_t", **BRANCHES}


def test_it_is_a_ttree_not_an_rntuple(toy: Path) -> None:
    assert uproot.open(toy).classname_of("Events") == "TTree"


def test_events_look_like_events(toy: Path) -> None:
    events = read(toy)
    assert set(np.unique(events.nMuon)) == {0, 1, 2, 3, 4}
    assert ak.all(ak.num(events.Muon_pt) == events.nMuon)
    pt, eta, phi = (ak.flatten(events[f"Muon_{name}"]) for name in ("pt", "eta", "phi"))
    assert ak.min(pt) >= 3.0
    assert ak.max(np.abs(eta)) <= np.float32(2.4)
    assert ak.max(np.abs(phi)) <= np.float32(np.pi)
    assert set(np.unique(ak.flatten(events.Muon_charge))) == {-1, 1}


@pytest.mark.parametrize("resonance", RESONANCES, ids=lambda resonance: resonance.name)
def test_peaks_are_where_nature_has_them(toy: Path, resonance: Resonance) -> None:
    mass, opposite = pair_mass(read(toy))
    sigma = 0.011 * resonance.mass + resonance.width / 2
    near = (mass > resonance.mass - sigma) & (mass < resonance.mass + sigma)
    # Two of the Upsilons are closer than the resolution: count signs, not a sideband.
    assert np.sum(near & opposite) > 5 * np.sum(near & ~opposite)
    low, high = resonance.mass - 1.5 * sigma, resonance.mass + 1.5 * sigma
    window = hist.Hist.new.Reg(15, low, high, name="mass").Double()
    window.fill(mass=mass[opposite])
    counts, centres = window.values(), window.axes[0].centers
    assert np.average(centres, weights=counts) == pytest.approx(resonance.mass, abs=0.2 * sigma)
    middle = slice(5, 10)
    assert counts[middle].mean() > 1.15 * counts[[0, 1, -2, -1]].mean()


def test_same_sign_pairs_have_no_peaks(toy: Path) -> None:
    mass, opposite = pair_mass(read(toy))
    for low, high in ((2.95, 3.25), (80.0, 102.0)):
        inside = (mass > low) & (mass < high)
        assert inside[~opposite].sum() < 0.1 * inside[opposite].sum()


def test_the_seed_decides_and_nothing_else(tmp_path: Path) -> None:
    one, again, other = (
        read(toy_dimuon(tmp_path / f"{number}.root", events=2_000, seed=seed))
        for number, seed in enumerate((7, 7, 8))
    )
    assert ak.array_equal(one, again)
    assert not ak.array_equal(one, other)


def test_many_batches_make_one_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hepnb.samples.toy.BATCH", 300)
    assert len(read(toy_dimuon(tmp_path / "toy.root", events=1_000))) == 1_000


def test_an_empty_toy_is_an_empty_tree(tmp_path: Path) -> None:
    tree = uproot.open(toy_dimuon(tmp_path / "toy.root", events=0))["Events"]
    assert tree.num_entries == 0
    assert "Muon_pt" in tree
