"""Processors of coffea give under hepnb what they give under coffea's own runner.

`NanoTestProcessor` and `NanoEventsProcessor` are those of coffea's test-suite, imported as coffea
installs them. The others are written here in the form of its user guide.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from functools import partial

import awkward as ak
import hist
import numpy as np
import pytest

import hepnb as hn
from hepnb.errors import RunError

pytest.importorskip("coffea", reason="coffea is not installed: pip install 'hepnb[coffea]'")
pytestmark = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning:coffea"),
    pytest.mark.filterwarnings("ignore::FutureWarning:coffea"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

from coffea import analysis_tools, processor
from coffea.nanoevents import BaseSchema, NanoAODSchema
from coffea.processor import test_items as items


def under_coffea(job, data, chunk, schema):
    runner = processor.Runner(
        processor.IterativeExecutor(status=False), chunksize=chunk, schema=schema
    )
    return runner(data, processor_instance=job, treename="Events")


def unlike(ours, theirs, place="the accumulator"):
    """Where two accumulators differ, in value or type, all the way down."""
    if type(ours) is not type(theirs):
        return [f"{place}: {type(ours)} for {type(theirs)}"]
    if isinstance(theirs, dict):
        if list(ours) != list(theirs):
            return [f"{place}: {list(ours)} for {list(theirs)}"]
        return [d for key in theirs for d in unlike(ours[key], theirs[key], f"{place}[{key!r}]")]
    if isinstance(theirs, processor.column_accumulator):
        equal = ak.array_equal(ours.value, theirs.value, dtype_exact=True)
    elif isinstance(theirs, processor.value_accumulator | analysis_tools.WeightStatistics):
        equal = repr(ours) == repr(theirs)
    elif isinstance(theirs, np.ndarray):
        equal = ours.dtype == theirs.dtype and np.array_equal(ours, theirs)
    elif isinstance(theirs, hist.Hist):
        named = (ours.name, ours.label) == (theirs.name, theirs.label)
        equal = named and same_bins(ours, theirs)
    else:
        equal = ours == theirs
    return [] if equal else [f"{place}: {ours!r} for {theirs!r}"]


def same_bins(ours, theirs):
    if not isinstance(theirs.storage_type(), hist.storage.Mean):
        return ours == theirs
    # Means are put together by another formula than boost-histogram's: equal but for rounding.
    fields = ("count", "value", "_sum_of_deltas_squared")
    pairs = [(ours.view(flow=True)[f], theirs.view(flow=True)[f]) for f in fields]
    return ours.axes == theirs.axes and all(np.allclose(a, b, rtol=1e-12, atol=0) for a, b in pairs)


def test_a_processor_of_the_test_suite_on_real_muons(dimuon_file):
    job, data = items.NanoTestProcessor(mode="virtual"), {"Data": [str(dimuon_file)]}
    run = hn.adapt.coffea(job, schema="BaseSchema").start(data, workers=2, chunk=25_000).wait(100)
    assert run.histograms == ("mass", "pt")
    assert run.hist("pt").sum(flow=True) == 235286
    assert unlike(run.result(), under_coffea(job, data, 25_000, BaseSchema)) == []


def test_a_processor_of_the_test_suite_on_nanoaod(data_dir):
    """With coffea's own files; dataset axes that grow, in several datasets, each with metadata."""
    files = {
        n: str(data_dir / f"nanoaod/nano_{f}.root")
        for n, f in (("ZJets", "dy"), ("Data", "dimuon"))
    }
    job = items.NanoEventsProcessor(mode="virtual")
    ours = hn.adapt.coffea(job).start(
        [
            hn.Dataset("ZJets", files["ZJets"], checkusermeta=True, someusermeta="hello"),
            hn.Dataset("Data", files["Data"], checkusermeta=True, someusermeta2="world"),
        ],
        workers=2,
    )
    theirs = under_coffea(
        job, {name: [file] for name, file in files.items()}, 100_000, NanoAODSchema
    )
    assert unlike(ours.wait(100).result(), theirs) == []


class Guide(processor.ProcessorABC):
    """In the form of the user guide: nested by dataset, with every kind of accumulator."""

    def process(self, events):
        dataset = events.metadata["dataset"]
        pt = ak.flatten(events.Muon_pt)
        weights = analysis_tools.Weights(len(events))
        weights.add("w", 1 + 0.1 * ak.to_numpy(events.nMuon))
        h_pt = (
            hist.Hist.new.StrCat([], name="region", growth=True).Reg(50, 0, 100, name="pt").Weight()
        )
        region = f"region {events.metadata['entrystart'] // 5000}"
        h_pt.fill(region=region, pt=pt, weight=0.1 * pt)
        mean = hist.Hist(
            hist.axis.Regular(5, -3, 3, name="eta", label="eta"), storage=hist.storage.Mean()
        )
        mean.fill(ak.flatten(events.Muon_eta), sample=pt)
        mean.label = "mean pt"
        cutflow = processor.defaultdict_accumulator(int)
        cutflow["two"] += int(ak.sum(events.nMuon > 1))
        cutflow[region] += 1
        tree = processor.defaultdict_accumulator(partial(processor.defaultdict_accumulator, float))
        tree[region]["pt"] += float(ak.sum(pt))
        hard = ak.to_numpy(pt[pt > 100])
        return {
            dataset: {
                "entries": len(events),
                "sumpt": ak.sum(pt),
                "pt": h_pt,
                "mean": mean,
                "cutflow": cutflow,
                "tree": tree,
                "array": np.array([len(events), 0.1]),
                "hard": processor.column_accumulator(hard),
                "jagged": processor.column_accumulator(events.Muon_pt[events.nMuon > 8]),
                "list": [(events.metadata["entrystart"], "x")],
                "plain": [region],
                "set": processor.set_accumulator({region}),
                "value": processor.value_accumulator(float, float(len(hard))),
                "weights": weights.weightStatistics,
            }
        }

    def postprocess(self, accumulator):
        for values in accumulator.values():
            values["per event"] = values["sumpt"] / values["entries"]


@pytest.mark.parametrize("workers", [1, 2])
def test_every_kind_of_accumulator_of_the_user_guide(dimuon_file, tmp_path, workers):
    data = {"Data": [str(dimuon_file)]}
    job = hn.adapt.coffea(Guide(), schema=BaseSchema)
    run = job.start(data, workers=workers, chunk=20_000).wait(100)
    theirs = under_coffea(Guide(), data, 20_000, BaseSchema)
    assert unlike(run.result(), theirs) == []
    assert unlike(hn.attach(run.id).result(), theirs) == []
    assert run.histograms == ("Data:pt", "Data:mean")
    assert run.hist("Data:pt").to_hist() == theirs["Data"]["pt"]
    (row,) = (row for row in run.statistics if row["module"] == "Guide")
    assert row["events"] == 100_000


def test_kills_change_nothing(dimuon_file, tmp_path):
    """A worker and the supervisor are killed in the middle; each chunk counts once all the same."""
    gate = tmp_path / "gate"

    class Gated(Guide):
        def process(self, events):
            while events.metadata["entrystart"] >= 40_000 and not gate.exists():
                time.sleep(0.02)
            return super().process(events)

    job = hn.adapt.coffea(Gated(), schema=BaseSchema)
    data = {"Data": [str(dimuon_file)]}
    run = job.start(data, workers=2, chunk=20_000)
    while run.progress["events"] < 40_000:
        time.sleep(0.02)
    assert run.result()["Data"]["entries"] == 40_000
    worker = run.workers[0]["pid"]
    assert worker
    os.kill(worker, signal.SIGKILL)
    os.kill(run.snapshot()["pid"], signal.SIGKILL)
    gate.touch()
    assert (
        unlike(run.resume().wait(100).result(), under_coffea(Guide(), data, 20_000, BaseSchema))
        == []
    )


def test_a_function_is_a_processor_too(dimuon_file):
    def count(events):
        return {"n": len(events)}

    run = hn.adapt.coffea(count, schema=BaseSchema).start(str(dimuon_file), engine="inline")
    assert run.result() == {"n": 100_000}
    assert run.name == "count"


def test_lists_of_coffea_come_in_order(dimuon_file):
    """Two chunks: coffea's own `list_accumulator` cannot be added a third time."""

    def starts(events):
        return {"starts": processor.list_accumulator([events.metadata["entrystart"]])}

    data = {"Data": [str(dimuon_file)]}
    run = hn.adapt.coffea(starts, schema=BaseSchema).start(data, engine="inline", chunk=50_000)
    assert unlike(run.result(), under_coffea(starts, data, 50_000, BaseSchema)) == []
    assert run.result()["starts"] == [0, 50_000]


@pytest.mark.parametrize(
    ("gives", "said"),
    [(None, "gave None: return the accumulator"), ({"x": object()}, r"object at \['x'\]")],
)
def test_what_process_must_not_give_is_told(dimuon_file, gives, said):
    job = hn.adapt.coffea(lambda _: gives, schema=BaseSchema)
    with pytest.raises(RunError, match=said):
        job.start(str(dimuon_file), engine="inline")


def test_what_is_no_processor_or_schema_is_refused(monkeypatch):
    with pytest.raises(RunError, match=r"is no coffea processor: make one, Guide\(\)"):
        hn.adapt.coffea(Guide)
    with pytest.raises(RunError, match=r"is no coffea processor$"):
        hn.adapt.coffea(3)
    with pytest.raises(RunError, match="no schema 'NanoAODSchem'; did you mean 'NanoAODSchema'"):
        hn.adapt.coffea(Guide(), schema="NanoAODSchem")
    with pytest.raises(RunError, match="variations= is for paths"):
        hn.adapt.coffea(Guide()).freeze("nominal")
    monkeypatch.setitem(sys.modules, "coffea.nanoevents", None)
    with pytest.raises(RunError, match=r"pip install 'hepnb\[coffea\]'"):
        hn.adapt.coffea(Guide())
