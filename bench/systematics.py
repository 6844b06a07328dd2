"""One analysis with 14 variations: hepnb's single loop against coffea's loop over the variations.

Nominal, 10 variations of weights and 4 of jet energies; jets, their sum of pt and the mass of two
muons, in 6 x 50 x 60 bins. The sample is made here: NanoAOD's names and shapes, no physics.
"""

from __future__ import annotations

import shutil
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import awkward as ak
import hist
import numpy as np

import hepnb as hn

from .signatures import signatures_of
from .table import interleaved, show

__all__ = ["main"]

_EVENTS = 200_000
_CHUNK = 50_000
_WEIGHTS = ("puWeight", "l1Weight", "btagWeight", "lepWeight", "trigWeight")
_JETS = {"jes": "jesUnc", "jer": "jerUnc"}
_LABELS = (
    "nominal",
    *(f"{name}{side}" for name in (*_WEIGHTS, *_JETS) for side in ("Up", "Down")),
)
_NJET = hist.axis.Integer(2, 8, name="njet")
_HT = hist.axis.Regular(50, 0, 1000, name="ht")
_MLL = hist.axis.Regular(60, 0, 300, name="mll")


def main(repeats: int = 3, events: int = _EVENTS) -> None:
    """Print the CPU time of both, and how hepnb's grows with the number of weights and shapes."""
    home = Path(tempfile.mkdtemp(prefix="hepnb-bench-"))
    try:
        file = _sample(home / "nano.root", events)
        theirs, ours = _coffea(file), _loop(_path(), file)
        _compare(theirs(), _result(_path(), file))
        cases = {
            "coffea, a loop per variation": partial(_timed, theirs),
            "hepnb, nominal alone": partial(_timed, _loop(_path(), file, "nominal")),
            "hepnb, all in one loop": partial(_timed, ours),
        }
        found = interleaved(cases, repeats)
        show(
            f"{events:,} events, nominal and 14 variations, CPU time",
            found,
            "coffea, a loop per variation",
            "1/3",
        )
        _growth(file, repeats)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _growth(file: Path, repeats: int) -> None:
    """CPU time with more and more variations of one kind."""

    def weights(count: int) -> Callable[[], Any]:
        path = _path(())
        path.weight(
            "more", 1.0, variations={str(n): f"puWeight * {1 + n / 100}" for n in range(count)}
        )
        return _loop(path, file)

    def shapes(count: int) -> Callable[[], Any]:
        path = _path(())
        for n in range(count):
            path.vary("Jet.pt", **{f"shape{n}": f"Jet.pt * {1 + n / 100}"})
        return _loop(path, file)

    for kind, make, counts in (
        ("weight", weights, (1, 10, 50, 200)),
        ("shape", shapes, (1, 4, 16)),
    ):
        cases = {f"{n} variations of a {kind}": partial(_timed, make(n)) for n in counts}
        first = next(iter(cases))
        found = interleaved(cases, repeats)
        show(f"CPU time by number of variations: {kind}s", found, first)
        low, high = min(found[first]), min(found[[*cases][-1]])
        growth = (high / low - 1) / (counts[-1] - counts[0])
        goal = "   (goal: 3 %)" if kind == "weight" else ""
        print(f"  each added {kind} costs {growth:.1%} of the loop with one{goal}")


def _timed(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


# -- hepnb -----------------------------------------------------------------------------------------


def _path(varied: tuple[str, ...] = ("weights", "jets")) -> hn.Path:
    path = hn.Path("benchmark")
    if "jets" in varied:
        for name, unc in _JETS.items():
            sides = (f"Jet.pt * (1 + Jet.{unc})", f"Jet.pt * (1 - Jet.{unc})")
            path.vary("Jet.pt", **{name: sides})
    path.weight("genWeight")
    for name in _WEIGHTS:
        both = {"up": f"{name}Up", "down": f"{name}Down"} if "weights" in varied else {}
        path.weight(name, **both)
    path.define("jets", "Jet[Jet.pt > 30 and abs(Jet.eta) < 2.4]")
    path.define("ht", "sum(jets.pt)")
    path.define("muons", "Muon[Muon.pt > 10 and abs(Muon.eta) < 2.4]")

    @path.define
    def mll(muons: Any) -> Any:
        two = ak.to_numpy(ak.num(muons)) >= 2
        found = np.full(len(muons), -1.0)
        found[two] = _mass(muons[two][:, 0], muons[two][:, 1])
        return found

    path.select("two jets", "count(jets) >= 2 and ht > 100")
    axes: dict[str, Any] = {"njet": ("count(jets)", _NJET), "ht": ("ht", _HT), "mll": ("mll", _MLL)}
    path.hist("h", storage="Weight", **axes)
    return path


def _loop(path: hn.Path, file: Path, variations: str = "all") -> Callable[[], None]:
    """What a worker does with one file."""
    from hepnb.analysis import open_events
    from hepnb.histograms import Contribution

    program = path.freeze(variations)
    dataset = hn.Dataset("mc", file, kind="mc")
    signatures = signatures_of(program)

    def loop() -> None:
        with open_events(file, None) as opened:
            columns = program.columns(opened.branches)
            for start in range(0, opened.entries, _CHUNK):
                stop = min(start + _CHUNK, opened.entries)
                events = opened.read(columns, start, stop)
                contribution = Contribution(signatures)
                for fill in program.process(events, dataset, first_entry=start).fills:
                    contribution.fill_each(fill.hist, "variation", fill.weights, **fill.columns)
                contribution.encode("bench", start, {})

    return loop


def _result(path: hn.Path, file: Path) -> dict[str, Any]:
    """The bins of each variation, called as coffea calls it, from a run."""
    data = hn.Dataset("mc", file, kind="mc")
    h = path.start(data, chunk=_CHUNK, out=file.parent / "run").wait().hist("h")
    theirs = {v: v.replace("_up", "Up").replace("_down", "Down") for v in h.axes["variation"]}
    return {theirs[v]: h[{"variation": v}].values(flow=True) for v in h.axes["variation"]}


# -- coffea ----------------------------------------------------------------------------------------


def _coffea(file: Path) -> Callable[[], dict[str, Any]]:
    """As its guides show it: the analysis again for each variation of the jets."""
    from coffea import processor
    from coffea.analysis_tools import Weights
    from coffea.nanoevents import NanoAODSchema

    class Analysis(processor.ProcessorABC):  # type: ignore[misc]
        def process(self, events: Any) -> Any:
            h = hist.Hist(
                hist.axis.StrCategory([], name="variation", growth=True),
                _NJET, _HT, _MLL, storage=hist.storage.Weight(),
            )  # fmt: skip
            weights = Weights(len(events))
            weights.add("gen", events.genWeight)
            for name in _WEIGHTS:
                weights.add(name, events[name], events[f"{name}Up"], events[f"{name}Down"])
            for variation in ("nominal", *(f"{j}{s}" for j in _JETS for s in ("Up", "Down"))):
                jets = events.Jet
                if variation != "nominal":
                    unc = jets[_JETS[variation[:3]]]
                    scale = 1 + unc if variation.endswith("Up") else 1 - unc
                    jets = ak.with_field(jets, jets.pt * scale, "pt")
                jets = jets[(jets.pt > 30) & (abs(jets.eta) < 2.4)]
                ht = ak.sum(jets.pt, axis=1)
                muons = events.Muon[(events.Muon.pt > 10) & (abs(events.Muon.eta) < 2.4)]
                chosen = ak.to_numpy((ak.num(jets) >= 2) & (ht > 100))
                picked = muons[chosen]
                two = ak.to_numpy(ak.num(picked)) >= 2
                mll = np.full(len(picked), -1.0)
                mll[two] = _mass(picked[two][:, 0], picked[two][:, 1])
                columns = {"njet": ak.num(jets)[chosen], "ht": ht[chosen], "mll": mll}
                labels = [None, *sorted(weights.variations)] if variation == "nominal" else [None]
                for label in labels:
                    h.fill(
                        variation=label or variation,
                        weight=weights.weight(label)[chosen],
                        **columns,
                    )
            return {"h": h}

        def postprocess(self, accumulator: Any) -> Any:
            return accumulator

    quiet = processor.IterativeExecutor(status=False)
    run = processor.Runner(
        executor=quiet, pre_executor=quiet, schema=NanoAODSchema, chunksize=_CHUNK
    )

    def loop() -> dict[str, Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            h = run({"mc": {"files": {str(file): "Events"}}}, Analysis())["h"]
        return {v: h[{"variation": v}].values(flow=True) for v in h.axes["variation"]}

    return loop


def _compare(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    if set(theirs) != set(_LABELS) or set(ours) != set(_LABELS):
        raise SystemExit(f"variations differ: {sorted(theirs)} and {sorted(ours)}")
    for label in _LABELS:
        if not np.allclose(theirs[label], ours[label], rtol=1e-5, atol=1e-3):
            worst = float(np.abs(theirs[label] - ours[label]).max())
            raise SystemExit(f"the two analyses differ in {label} by {worst:g}")


def _mass(a: Any, b: Any) -> Any:
    """Invariant mass of two muons [GeV], massless."""
    pt, eta, phi = (
        [ak.to_numpy(m[field]).astype(np.float64) for m in (a, b)] for field in ("pt", "eta", "phi")
    )
    return np.sqrt(2 * pt[0] * pt[1] * (np.cosh(eta[0] - eta[1]) - np.cos(phi[0] - phi[1])))


# -- the sample ------------------------------------------------------------------------------------


def _sample(file: Path, events: int) -> Path:
    import uproot

    chance = np.random.default_rng(7)

    def objects(mean: float, least: float, scale: float) -> dict[str, Any]:
        counts = chance.poisson(mean, events)
        total = int(counts.sum())
        pt = least + chance.exponential(scale, total)
        flat = {
            "pt": pt, "eta": chance.normal(0, 1.6, total),
            "phi": chance.uniform(-np.pi, np.pi, total), "mass": pt * 0.1,
            "jesUnc": 0.01 + 0.2 / pt, "jerUnc": 0.02 + 0.3 / pt,
        }  # fmt: skip
        columns = {k: v.astype(np.float32) for k, v in flat.items()}
        columns["charge"] = chance.choice(np.array([-1, 1], np.int32), total)
        return ak.zip({k: ak.unflatten(v, counts) for k, v in columns.items()})

    data: dict[str, Any] = {"genWeight": chance.choice([1.0, -1.0], events, p=[0.97, 0.03])}
    for name in _WEIGHTS:
        data[name] = chance.normal(1, 0.1, events)
        data[f"{name}Up"] = data[name] * (1 + abs(chance.normal(0, 0.03, events)))
        data[f"{name}Down"] = data[name] * (1 - abs(chance.normal(0, 0.03, events)))
    data = {name: values.astype(np.float32) for name, values in data.items()}
    data |= {
        "run": np.ones(events, np.uint32),
        "luminosityBlock": np.arange(events, dtype=np.uint32) // 1000,
        "event": np.arange(events, dtype=np.uint64),
    }
    data |= {"Jet": objects(6, 15, 45), "Muon": objects(1.2, 5, 28)}
    with uproot.recreate(file, compression=uproot.ZSTD(3)) as out:
        forms = {k: v.type.content if isinstance(v, ak.Array) else v.dtype for k, v in data.items()}
        tree = out.mktree(
            "Events", forms, counter_name=lambda c: f"n{c}",
            field_name=lambda outer, inner: f"{outer}_{inner}" if outer else inner,
        )  # fmt: skip
        tree.extend(data)
    return file
