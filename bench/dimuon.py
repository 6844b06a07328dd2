"""The dimuon analysis of the benchmarks, written once for hepnb and once for coffea.

Both select events with exactly two muons and fill the pair's mass in logarithmic bins, by charge
combination and in bins of the leading pt, from the same file.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path
from typing import Any

import hist
import numpy as np

import hepnb as hn
from hepnb import samples

__all__ = ["coffea_loop", "hepnb_path", "input_file"]

MASS = hist.axis.Regular(300, 0.3, 300, transform=hist.axis.transform.log, name="mass")
PT = hist.axis.Variable([0, 5, 10, 20, 40, 80, 160], name="pt")


def input_file() -> Path:
    """The real file where it can be had, else a toy; says which."""
    sample = samples.get("dimuon")
    print(f"input: {sample.path.name} ({sample.origin}) {sample.note}")
    return sample.path


def hepnb_path() -> hn.Path:
    """The analysis as a path."""
    path = hn.Path("dimuon")
    path.select("two muons", "nMuon == 2")
    path.define("pair_mass", "mass(Muon[:, 0], Muon[:, 1])")
    path.define("lead_pt", "max(Muon.pt)")
    path.category(
        "charge",
        opposite="Muon.charge[:, 0] != Muon.charge[:, 1]",
        same="Muon.charge[:, 0] == Muon.charge[:, 1]",
    )
    path.hist("mass", mass=("pair_mass", MASS), pt=("lead_pt", PT), by=["charge"])
    return path


def coffea_loop(chunk: int) -> Any:
    """The analysis as a coffea processor in its iterative executor: a function of a list of files."""
    from coffea import processor
    from coffea.nanoevents import NanoAODSchema

    NanoAODSchema.error_missing_event_ids = False
    NanoAODSchema.warn_missing_crossrefs = False

    class Dimuon(processor.ProcessorABC):
        def process(self, events: Any) -> Any:
            pairs = events[events.nMuon == 2].Muon if "nMuon" in events.fields else None
            if pairs is None:
                import awkward as ak

                pairs = events.Muon[ak.num(events.Muon) == 2]
            a, b = pairs[:, 0], pairs[:, 1]
            mass = (a + b).mass
            lead = np.maximum(a.pt, b.pt)
            opposite = a.charge != b.charge
            charge = hist.axis.StrCategory(["opposite", "same"], name="charge")
            h = hist.Hist(charge, MASS, PT)
            for label, mask in (("opposite", opposite), ("same", ~opposite)):
                h.fill(charge=label, mass=mass[mask], pt=lead[mask])
            return {"mass": h}

        def postprocess(self, accumulator: Any) -> Any:
            return accumulator

    run = processor.Runner(
        executor=processor.IterativeExecutor(status=False),
        schema=NanoAODSchema,
        chunksize=chunk,
    )

    def loop(files: list[str]) -> Any:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            return run({"dimuon": {"files": dict.fromkeys(files, "Events")}}, Dimuon())["mass"]

    return loop
