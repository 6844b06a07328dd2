"""Sums and distances of objects in functions, by vector, equal to hepnb's own kinematics."""

from __future__ import annotations

import sys

import awkward as ak
import numpy as np
import pytest

from hepnb.analysis import Path
from hepnb.errors import PathError

pytest.importorskip("vector")
BRANCHES = ["nMuon", *(f"Muon_{f}" for f in ("pt", "eta", "phi", "mass", "charge", "dxy"))]


def test_sums_and_distances(process, events) -> None:
    path = Path()
    path.select("two", "count(Muon) >= 2")

    @path.define
    def pair_mass(Muon):
        return (Muon[:, 0] + Muon[:, 1]).mass

    path.define("dr", lambda Muon: Muon[:, 0].deltaR(Muon[:, 1]))
    path.table("t", {
        "vector": "pair_mass", "own": "mass(Muon[:, 0], Muon[:, 1])",
        "dr": "dr", "own_dr": "deltar(Muon[:, 0], Muon[:, 1])",
    })  # fmt: skip
    made = process(path, events).tables["t"]
    assert len(made["own"]) == 3
    np.testing.assert_allclose(made["vector"], made["own"], rtol=1e-3)
    np.testing.assert_allclose(made["dr"], made["own_dr"], rtol=1e-4)


def test_only_momenta_are_read() -> None:
    path = Path()
    path.define("m", lambda Muon: (Muon[:, 0] + Muon[:, 1]).mass)
    path.table("t", ["m"])
    assert path.columns(BRANCHES) == ("Muon_pt", "Muon_eta", "Muon_phi", "Muon_mass")


def test_sums_of_numbers_are_as_before(process, events) -> None:
    path = Path()
    path.define("x", lambda Muon: Muon.pt[:, :1] + 1.0)
    path.define("y", lambda x, genWeight: ak.sum(x + 2.0, axis=1) + genWeight)
    path.table("t", {"y": "y"})
    assert process(path, events).tables["t"]["y"].tolist() == [44.0, 2.0, 33.0, 11.5, 62.0]


def test_without_vector(process, events, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "vector.backends.awkward", None)
    path = Path()
    path.define("m", lambda Muon: (Muon[:, :1] + Muon[:, :1]).mass)
    path.table("t", ["m"])
    with pytest.raises(PathError, match=r"need vector: pip install 'hepnb\[vector\]'"):
        process(path, events)
