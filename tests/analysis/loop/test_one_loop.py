"""Nominal, ten variations of weights and four of jets in one loop equal loops of their own, bin by bin.

The brute-force loop computes everything again for each variation, with awkward and hist alone. Where
coffea is installed, its processor does too.
"""

from __future__ import annotations

import warnings
from pathlib import Path as FilePath
from typing import Any

import awkward as ak
import hist
import numpy as np
import pytest
import uproot

import hepnb as hn

WEIGHTS = ("puWeight", "l1Weight", "btagWeight", "lepWeight", "trigWeight")
SHAPES = {"jes": "jesUnc", "jer": "jerUnc"}
AXES = (
    hist.axis.Integer(2, 8, name="njet"),
    hist.axis.Regular(20, 0, 1000, name="ht"),
    hist.axis.Regular(15, 0, 300, name="mll"),
)
EVENTS = 4000


@pytest.fixture(scope="module")
def nano(tmp_path_factory: pytest.TempPathFactory) -> FilePath:
    """A file with the names and types of NanoAOD."""
    chance = np.random.default_rng(5)

    def objects(mean: float, least: float) -> ak.Array:
        counts = chance.poisson(mean, EVENTS)
        pt = least + chance.exponential(40, counts.sum())
        size = len(pt)
        made = {"pt": pt, "eta": chance.normal(0, 1.6, size), "phi": chance.uniform(-3, 3, size)}
        made |= {"mass": pt * 0.1, "jesUnc": 0.01 + 0.2 / pt, "jerUnc": 0.02 + 0.3 / pt}
        columns = {k: v.astype(np.float32) for k, v in made.items()} | {
            "charge": np.ones(size, "i4")
        }
        return ak.zip({k: ak.unflatten(v, counts) for k, v in columns.items()})

    data: dict[str, Any] = {"genWeight": chance.choice(np.float32([1, -1]), EVENTS)}
    for name in WEIGHTS:
        for side in ("", "Up", "Down"):
            data[name + side] = chance.normal(1, 0.1, EVENTS).astype(np.float32)
    data |= {"Jet": objects(5, 15), "Muon": objects(1.5, 5)}
    data |= {name: np.zeros(EVENTS, np.uint32) for name in ("run", "luminosityBlock", "event")}
    file = tmp_path_factory.mktemp("nano") / "nano.root"
    with uproot.recreate(file) as out:
        kinds = {k: v.type.content if isinstance(v, ak.Array) else v.dtype for k, v in data.items()}
        out.mktree(
            "Events", kinds, counter_name=lambda c: f"n{c}",
            field_name=lambda outer, inner: f"{outer}_{inner}" if outer else inner,
        ).extend(data)  # fmt: skip
    return file


@pytest.fixture(scope="module")
def one_loop(nano: FilePath, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The bins of each variation from a run in chunks of 1500 events."""
    path = hn.Path("one loop")
    for name, unc in SHAPES.items():
        path.vary("Jet.pt", **{name: (f"Jet.pt * (1 + Jet.{unc})", f"Jet.pt * (1 - Jet.{unc})")})
    path.weight("genWeight")
    for name in WEIGHTS:
        path.weight(name, up=f"{name}Up", down=f"{name}Down")
    path.define("jets", "Jet[Jet.pt > 30 and abs(Jet.eta) < 2.4]")
    path.define("ht", "sum(jets.pt)")
    path.define("muons", "Muon[Muon.pt > 10 and abs(Muon.eta) < 2.4]")

    @path.define
    def mll(muons: Any) -> Any:
        return dimuon_mass(muons)

    path.select("two jets", "count(jets) >= 2 and ht > 100")
    formulas = {"njet": "count(jets)", "ht": "ht", "mll": "mll"}
    axes: dict[str, Any] = {axis.name: (formulas[axis.name], axis) for axis in AXES}
    path.hist("h", storage="Weight", **axes)
    out = tmp_path_factory.mktemp("run") / "out"
    run = path.start(hn.Dataset("mc", nano, kind="mc"), chunk=1500, engine="inline", out=out)
    h = run.wait().hist("h")
    return {v: h[{"variation": v}].view(flow=True) for v in h.axes["variation"]}


def dimuon_mass(muons: Any) -> Any:
    """Mass of the first two muons [GeV], -1 without."""
    two = ak.to_numpy(ak.num(muons)) >= 2
    found = np.full(len(muons), -1.0)
    pt, eta, phi = (
        [ak.to_numpy(muons[two][:, i][f]).astype(np.float64) for i in (0, 1)]
        for f in ("pt", "eta", "phi")
    )
    cosines = np.cosh(eta[0] - eta[1]) - np.cos(phi[0] - phi[1])
    found[two] = np.sqrt(2 * pt[0] * pt[1] * cosines)
    return found


def columns(jets: Any, muons: Any, shape: str) -> tuple[dict[str, Any], Any]:
    """All columns, computed anew with one variation of the jets."""
    if shape:
        unc = jets[SHAPES[shape[:3]]]
        jets = ak.with_field(jets, jets.pt * (1 + unc if shape.endswith("up") else 1 - unc), "pt")
    jets = jets[(jets.pt > 30) & (abs(jets.eta) < 2.4)]
    ht = ak.sum(jets.pt, axis=1)
    muons = muons[(muons.pt > 10) & (abs(muons.eta) < 2.4)]
    chosen = ak.to_numpy((ak.num(jets) >= 2) & (ht > 100))
    return {
        "njet": ak.num(jets)[chosen],
        "ht": ht[chosen],
        "mll": dimuon_mass(muons)[chosen],
    }, chosen


def labels() -> list[str]:
    return ["nominal", *(f"{n}_{side}" for n in (*SHAPES, *WEIGHTS) for side in ("up", "down"))]


def test_each_variation_equals_a_loop_that_computes_everything_again(
    nano: FilePath, one_loop: dict[str, Any]
) -> None:
    events = uproot.open(nano)["Events"].arrays()
    jets, muons = (
        ak.zip({f: events[f"{c}_{f}"] for f in ("pt", "eta", "phi", "jesUnc", "jerUnc")})
        for c in ("Jet", "Muon")
    )
    assert set(one_loop) == set(labels())
    for label in labels():
        values, chosen = columns(jets, muons, label if label[:3] in SHAPES else "")
        weight = ak.to_numpy(events.genWeight).astype(np.float64)
        for name in WEIGHTS:
            side = {f"{name}_up": "Up", f"{name}_down": "Down"}.get(label, "")
            weight = weight * ak.to_numpy(events[name + side])
        want = hist.Hist(*AXES, storage=hist.storage.Weight())
        want.fill(**values, weight=weight[chosen])
        scale = hist.Hist(*AXES, storage=hist.storage.Double())
        scale.fill(**values, weight=abs(weight[chosen]))
        # Sums over chunks are rounded in another order than those over all events.
        off = abs(one_loop[label].value - want.values(flow=True))
        assert (off <= 1e-12 * scale.values(flow=True)).all(), label
        np.testing.assert_allclose(
            one_loop[label].variance, want.variances(flow=True), rtol=1e-12, err_msg=label
        )


def test_each_variation_equals_coffeas(nano: FilePath, one_loop: dict[str, Any]) -> None:
    processor = pytest.importorskip("coffea.processor", reason="coffea is not installed")
    from coffea.analysis_tools import Weights
    from coffea.nanoevents import NanoAODSchema

    class Analysis(processor.ProcessorABC):  # type: ignore[misc]
        def process(self, events: Any) -> Any:
            h = hist.Hist(
                hist.axis.StrCategory([], name="variation", growth=True), *AXES,
                storage=hist.storage.Weight(),
            )  # fmt: skip
            weights = Weights(len(events))
            weights.add("gen", events.genWeight)
            for name in WEIGHTS:
                weights.add(name, events[name], events[f"{name}Up"], events[f"{name}Down"])
            for label in labels():
                varied = label[:3] in SHAPES
                values, chosen = columns(events.Jet, events.Muon, label if varied else "")
                own = None if varied or label == "nominal" else label
                own = own and own.replace("_up", "Up").replace("_down", "Down")
                h.fill(variation=label, weight=weights.weight(own)[chosen], **values)
            return {"h": h}

        def postprocess(self, accumulator: Any) -> Any:
            return accumulator

    quiet = processor.IterativeExecutor(status=False)
    run = processor.Runner(executor=quiet, pre_executor=quiet, schema=NanoAODSchema, chunksize=1500)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        h = run({"mc": {"files": {str(nano): "Events"}}}, Analysis())["h"]
    for label in labels():
        # coffea keeps ratios of weights as float32; all else has the same types in both.
        rtol = 1e-5 if label.startswith(WEIGHTS) else 1e-12
        theirs = h[{"variation": label}].values(flow=True)
        np.testing.assert_allclose(
            one_loop[label].value, theirs, rtol=rtol, atol=100 * rtol, err_msg=label
        )
