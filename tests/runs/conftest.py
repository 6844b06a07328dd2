"""Small ROOT files with jagged muons and numbered events, and a place for runs."""

from __future__ import annotations

import time
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

import hepnb as hn

from .lives import CHUNK, counted, exported

collect_ignore = ["supervised.py"]  # a program that tests start


@pytest.fixture(autouse=True)
def _state(tmp_path, monkeypatch):
    monkeypatch.setenv("HEPNB_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture(scope="session")
def make_file():
    """Writes a file of `events` events, numbered from `first` on; returns their muon pt per event."""

    def make(file: Path, events: int, first: int = 0) -> ak.Array:
        rng = np.random.default_rng(first + events)
        counts = rng.integers(0, 4, events)
        pt = ak.unflatten(rng.exponential(20.0, counts.sum()).astype(np.float32), counts)
        charge = ak.unflatten(rng.choice([-1, 1], counts.sum()).astype(np.int32), counts)
        with uproot.recreate(file) as root:
            tree = root.mktree(
                "Events",
                {"event": "int64", "w": "float64", "Muon": "var * {pt: float32, charge: int32}"},
            )
            if events:
                tree.extend(
                    {
                        "event": np.arange(first, first + events),
                        "w": rng.normal(1.0, 0.5, events),
                        "Muon": ak.zip({"pt": pt, "charge": charge}),
                    }
                )
        return pt

    return make


@pytest.fixture(scope="session")
def numbered(tmp_path_factory, make_file):
    """Three files of 400, 300 and 0 events, and all their muon pt."""
    home = tmp_path_factory.mktemp("data")
    pt = [make_file(home / f"{n}.root", size, 1000 * n) for n, size in enumerate((400, 300, 0))]
    return [str(home / f"{n}.root") for n in range(3)], ak.concatenate(pt)


@pytest.fixture
def pt_path():
    """A path that fills the muon pt, counted and weighted."""
    path = hn.Path("pt")
    path.weight("w", "w")
    path.select("some", "count(Muon) >= 1")
    path.hist("pt", pt="Muon.pt: 20, 0, 100", storage="Weight")
    path.hist("n", n="count(Muon): 5, -0.5, 4.5", storage="Weight")
    return path


@pytest.fixture
def gated_path(tmp_path):
    """A path whose runs go on only once the file `gate` is there; the path and that file."""
    gate = tmp_path / "gate"
    path = hn.Path("counts")

    @path.define
    def slowly(Muon):
        while not gate.exists():
            time.sleep(0.01)
        return Muon.pt

    path.hist("pt", pt="slowly: 20, 0, 100")
    return path, gate


@pytest.fixture
def undisturbed(numbered, pt_path, tmp_path):
    """What a run gives that nothing happens to."""
    run = pt_path.start(numbered[0], workers=2, chunk=CHUNK).wait(60)
    return exported(run, tmp_path), counted(run)
