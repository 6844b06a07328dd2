"""The analysis of `systematics`: by coffea's guides, with uproot, awkward and hist, and as a path."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import awkward as ak
import hist
import numpy as np

import hepnb as hn

from .nano import WEIGHTS

__all__ = ["CHUNK", "JETS", "LABELS", "NJET_HT_MLL", "coffea", "path_of", "plain"]

CHUNK = 100_000
JETS = {"jes": "jesUnc", "jer": "jerUnc"}
LABELS = ("nominal", *(f"{n}_{side}" for n in (*WEIGHTS, *JETS) for side in ("up", "down")))
NJET_HT_MLL = (
    hist.axis.Integer(2, 8, name="njet"),
    hist.axis.Regular(50, 0, 1000, name="ht"),
    hist.axis.Regular(60, 0, 300, name="mll"),
)
_FIELDS = {"Jet": ("pt", "eta", *JETS.values()), "Muon": ("pt", "eta", "phi")}


def coffea(file: Path, processes: int = 0) -> Callable[[], dict[str, Any]]:
    """As its guides show it: the analysis again for each variation of the jets; in so many processes."""
    from coffea import processor
    from coffea.analysis_tools import Weights
    from coffea.nanoevents import NanoAODSchema

    class Analysis(processor.ProcessorABC):  # type: ignore[misc]
        def process(self, events: Any) -> Any:
            h = _empty()
            weights = Weights(len(events))
            weights.add("gen", events.genWeight)
            for name in WEIGHTS:
                weights.add(name, events[name], events[f"{name}Up"], events[f"{name}Down"])
            for variation in _shapes():
                labels = [None, *sorted(weights.variations)] if variation == "nominal" else [None]
                columns, chosen = _columns(events.Jet, events.Muon, variation)
                for label in labels:
                    h.fill(
                        variation=_named(label or variation),
                        weight=weights.weight(label)[chosen],
                        **columns,
                    )
            return {"h": h}

        def postprocess(self, accumulator: Any) -> Any:
            return accumulator

    quiet = processor.IterativeExecutor(status=False)
    many = processor.FuturesExecutor(status=False, workers=processes) if processes else quiet
    run = processor.Runner(executor=many, pre_executor=quiet, schema=NanoAODSchema, chunksize=CHUNK)

    def loop() -> dict[str, Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _bins(run({"mc": {"files": {str(file): "Events"}}}, Analysis())["h"])

    return loop


def plain(file: Path) -> Callable[[], dict[str, Any]]:
    """A loop over chunks, written by hand."""
    import uproot

    both = [f"{name}{side}" for name in WEIGHTS for side in ("", "Up", "Down")]
    branches = ["genWeight", *both, *(f"{c}_{f}" for c, fields in _FIELDS.items() for f in fields)]

    def loop() -> dict[str, Any]:
        h = _empty()
        for events in uproot.iterate(f"{file}:Events", branches, step_size=CHUNK, library="ak"):
            jets, muons = (
                ak.zip({f: events[f"{c}_{f}"] for f in fields}) for c, fields in _FIELDS.items()
            )
            factors = {name: ak.to_numpy(events[name]).astype(float) for name in both}
            nominal = ak.to_numpy(events.genWeight).astype(float)
            for name in WEIGHTS:
                nominal = nominal * factors[name]
            for variation in _shapes():
                columns, chosen = _columns(jets, muons, variation)
                h.fill(variation=variation, weight=nominal[chosen], **columns)
                if variation == "nominal":
                    for name in WEIGHTS:
                        for side in ("Up", "Down"):
                            weight = nominal / factors[name] * factors[name + side]
                            label = _named(name + side)
                            h.fill(variation=label, weight=weight[chosen], **columns)
        return _bins(h)

    return loop


def path_of(varied: tuple[str, ...] = ("weights", "jets"), *, jets: bool = True) -> hn.Path:
    """As hepnb has it, with these kinds of variations; without the jets nothing is selected or filled."""
    path = hn.Path("benchmark")
    if "jets" in varied:
        for name, unc in JETS.items():
            sides = (f"Jet.pt * (1 + Jet.{unc})", f"Jet.pt * (1 - Jet.{unc})")
            path.vary("Jet.pt", **{name: sides})
    path.weight("genWeight")
    for name in WEIGHTS:
        both = {"up": f"{name}Up", "down": f"{name}Down"} if "weights" in varied else {}
        path.weight(name, **both)
    path.define("muons", "Muon[Muon.pt > 10 and abs(Muon.eta) < 2.4]")

    @path.define
    def mll(muons: Any) -> Any:
        two = ak.to_numpy(ak.num(muons)) >= 2
        found = np.full(len(muons), -1.0)
        found[two] = mass(muons[two][:, 0], muons[two][:, 1])
        return found

    if jets:
        path.define("jets", "Jet[Jet.pt > 30 and abs(Jet.eta) < 2.4]")
        path.define("ht", "sum(jets.pt)")
        path.select("two jets", "count(jets) >= 2 and ht > 100")
        formulas = ("count(jets)", "ht", "mll")
        axes: Any = {a.name: (f, a) for f, a in zip(formulas, NJET_HT_MLL, strict=True)}
        path.hist("h", storage="Weight", **axes)
    return path


def _columns(jets: Any, muons: Any, variation: str) -> tuple[dict[str, Any], Any]:
    """Number of jets, sum of their pt and mass of two muons, of the events that are chosen."""
    if variation != "nominal":
        unc = jets[JETS[variation[:3]]]
        scale = 1 + unc if variation.endswith("up") else 1 - unc
        jets = ak.with_field(jets, jets.pt * scale, "pt")
    jets = jets[(jets.pt > 30) & (abs(jets.eta) < 2.4)]
    ht = ak.sum(jets.pt, axis=1)
    muons = muons[(muons.pt > 10) & (abs(muons.eta) < 2.4)]
    chosen = ak.to_numpy((ak.num(jets) >= 2) & (ht > 100))
    picked = muons[chosen]
    two = ak.to_numpy(ak.num(picked)) >= 2
    mll = np.full(len(picked), -1.0)
    mll[two] = mass(picked[two][:, 0], picked[two][:, 1])
    return {"njet": ak.num(jets)[chosen], "ht": ht[chosen], "mll": mll}, chosen


def mass(a: Any, b: Any) -> Any:
    """Invariant mass of two muons [GeV], massless."""
    pt, eta, phi = (
        [ak.to_numpy(m[field]).astype(np.float64) for m in (a, b)] for field in ("pt", "eta", "phi")
    )
    return np.sqrt(2 * pt[0] * pt[1] * (np.cosh(eta[0] - eta[1]) - np.cos(phi[0] - phi[1])))


def _shapes() -> tuple[str, ...]:
    return ("nominal", *(f"{name}_{side}" for name in JETS for side in ("up", "down")))


def _named(label: str) -> str:
    return label.replace("Up", "_up").replace("Down", "_down")


def _empty() -> Any:
    labels = hist.axis.StrCategory([], name="variation", growth=True)
    return hist.Hist(labels, *NJET_HT_MLL, storage=hist.storage.Weight())


def _bins(h: Any) -> dict[str, Any]:
    return {v: h[{"variation": v}].values(flow=True) for v in h.axes["variation"]}
