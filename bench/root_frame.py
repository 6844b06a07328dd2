"""The analysis of `systematics` by ROOT's RDataFrame: `Vary` for jets and weights, one graph.

Where ROOT is installed it runs in a process of its own, as its compiler does not go with others.
`python -m bench.root_frame FILE OUT EVENTS` writes the bins of each variation to OUT.
"""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from .nano import WEIGHTS
from .nano_loops import JETS, NJET_HT_MLL

__all__ = ["root_frame", "root_missing"]

_MLL = """
double mll(const ROOT::RVecF &pt, const ROOT::RVecF &eta, const ROOT::RVecF &phi) {
    const auto good = ROOT::VecOps::Nonzero(pt > 10 && abs(eta) < 2.4);
    if (good.size() < 2) return -1.;
    const double pt0 = pt[good[0]], pt1 = pt[good[1]], eta0 = eta[good[0]], eta1 = eta[good[1]];
    const double phi0 = phi[good[0]], phi1 = phi[good[1]];
    return std::sqrt(2 * pt0 * pt1 * (std::cosh(eta0 - eta1) - std::cos(phi0 - phi1)));
}
"""


def root_missing() -> str:
    """Why ROOT does not take part; nothing where it does."""
    return "" if find_spec("ROOT") else "ROOT is not installed (pip install root)"


def root_frame(file: Path, events: int) -> Callable[[], dict[str, Any]]:
    """The bins of each variation, of the first events of a file."""
    out = file.with_suffix(".npz")

    def loop() -> dict[str, Any]:
        command = [sys.executable, "-m", "bench.root_frame", str(file), str(out), str(events)]
        subprocess.run(command, check=True)
        with np.load(out) as found:
            return dict(found)

    return loop


def _bins(file: str, events: int) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ROOT  # type: ignore[import-not-found, unused-ignore]
    ROOT.gInterpreter.Declare(_MLL)
    frame = ROOT.RDataFrame("Events", file).Range(events)
    sides = ["up", "down"]
    for name, unc in JETS.items():
        both = f"ROOT::RVec<ROOT::RVecF>{{Jet_pt * (1 + Jet_{unc}), Jet_pt * (1 - Jet_{unc})}}"
        frame = frame.Vary("Jet_pt", both, sides, name)
    for name in WEIGHTS:
        both = f"ROOT::RVecD{{{name}Up, {name}Down}}"
        frame = frame.Define(f"w_{name}", f"(double){name}").Vary(f"w_{name}", both, sides, name)
    product = " * ".join(["(double)genWeight", *(f"w_{name}" for name in WEIGHTS)])
    made = (
        frame.Define("good", "Jet_pt > 30 && abs(Jet_eta) < 2.4")
        .Define("njet", "(int)Sum(good)")
        .Define("ht", "Sum(Jet_pt[good])")
        .Filter("njet >= 2 && ht > 100")
        .Define("mll", "mll(Muon_pt, Muon_eta, Muon_phi)")
        .Define("weight", product)
    )
    axes = [n for a in NJET_HT_MLL for n in (a.size, a.edges[0], a.edges[-1])]
    model = ROOT.RDF.TH3DModel("h", "", *axes)
    varied = ROOT.RDF.Experimental.VariationsFor(made.Histo3D(model, "njet", "ht", "mll", "weight"))
    shape = tuple(a.size + 2 for a in reversed(NJET_HT_MLL))
    return {
        str(key).replace(":", "_"): _numbers(varied[key]).reshape(shape).T
        for key in varied.GetKeys()
    }


def _numbers(h: Any) -> Any:
    return np.frombuffer(h.GetArray(), np.float64, h.GetSize()).copy()


if __name__ == "__main__":
    np.savez(sys.argv[2], **_bins(sys.argv[1], int(sys.argv[3])))
