"""Paths on events that no file holds; among them those of a real generator."""

from __future__ import annotations

import awkward as ak
import numpy as np
import pytest

import hepnb as hn
from hepnb.errors import DataError, PathError, RunError


def make(events, seed, dataset):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 4, events)
    tracks = ak.zip(
        {"pt": rng.exponential(1.0, counts.sum()), "charge": rng.choice([-1, 1], counts.sum())}
    )
    return {"weight": rng.normal(1, 0.1, events), "Track": ak.unflatten(tracks, counts)}


def tracks():
    path = hn.Path("tracks")
    path.weight("w", "weight")
    path.select("some", "count(Track) >= 1")
    path.hist("pt", pt="Track.pt: 20, 0, 5", by=["dataset"], storage="Weight")
    return path


def test_results_do_not_depend_on_workers(tmp_path):
    runs = [
        hn.adapt.generator(make, tracks())
        .start({"a": 3000, "b": 500}, workers=n, chunk=400)
        .wait(60)
        for n in (1, 2)
    ]
    one, two = (run.hist("pt").to_hist() for run in runs)
    assert one == two
    assert runs[0].progress["events"] == 3500
    assert runs[0].cutflow == runs[1].cutflow
    (row,) = runs[0].collections
    assert (row["name"], row["events"]) == ("Track", 3500)
    a, b = one[{"dataset": "a"}].values(), one[{"dataset": "b"}].values()
    assert not np.array_equal(a / a.sum(), b / b.sum())
    other = hn.adapt.generator(make, tracks()).start(
        {"a": 3000}, seed=1, chunk=400, engine="inline"
    )
    assert other.hist("pt").to_hist() != one


def test_a_longer_run_begins_with_the_same_events():
    short, long = (
        hn.adapt.generator(make, tracks()).start(n, engine="inline", chunk=100) for n in (100, 200)
    )
    assert np.all(long.hist("pt").values() >= short.hist("pt").values())


def gives(what):
    def make(events, seed, dataset):
        return what

    return make


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (gives([1]), "gave a list: give columns by name"),
        (gives({"weight": 1.0}), "gave 1.0 for 'weight': give an array"),
        (gives({"weight": [1.0], "Track": []}), "gave 1 of 'weight' for 5 events"),
        (gives({"wieght": np.ones(5)}), "weight"),
    ],
)
def test_a_function_that_gives_something_else_is_told(bad, said):
    with pytest.raises(PathError, match=said):
        hn.adapt.generator(bad, tracks()).start(5, engine="inline")


def test_what_is_no_number_of_events_is_refused():
    generator = hn.adapt.generator(make, tracks())
    for data in ("files/*.root", {"a": "x.root"}, -1, True, 1.5):
        with pytest.raises(DataError, match="nothing is read here"):
            generator.start(data)
    with pytest.raises(RunError, match=r"write def make\(events, seed, dataset\)"):
        hn.adapt.generator(dict, tracks())
    with pytest.raises(RunError, match="'tracks' is no path"):
        hn.adapt.generator(make, "tracks")


def test_datasets_keep_what_is_known_of_them():
    def weighted(events, seed, dataset):
        return {"weight": np.full(events, dataset.k), "Track": ak.Array([[{"pt": 1.0}]] * events)}

    data = hn.Dataset("Z", "generated://20", kind="mc", k=2.0)
    run = hn.adapt.generator(weighted, tracks()).start(data, engine="inline")
    assert run.hist("pt").sum().value == 40.0


def drell_yan(events, seed, dataset):
    """Z to two muons, as Pythia 8 makes them: all final muons and the number of charged particles."""
    import pythia8mc

    pythia = pythia8mc.Pythia("", False)
    for line in (
        "Print:quiet = on",
        "WeakSingleBoson:ffbar2gmZ = on",
        "23:onMode = off",
        "23:onIfAny = 13",
        "PhaseSpace:mHatMin = 60",
        "Beams:eCM = 13000",
        "PartonLevel:MPI = off",  # as fast as it gets
        "Random:setSeed = on",
        f"Random:seed = {seed}",
    ):
        assert pythia.readString(line)
    assert pythia.init()
    muons, charged = [], []
    while len(muons) < events:
        if not pythia.next():
            continue
        final = [p for p in pythia.event if p.isFinal()]
        charged.append(sum(p.isCharged() for p in final))
        muons.append(
            [
                {
                    "px": p.px(),
                    "py": p.py(),
                    "pz": p.pz(),
                    "energy": p.e(),
                    "charge": round(p.charge()),
                }
                for p in final
                if p.idAbs() == 13
            ]
        )
    return {"n_charged": np.array(charged), "Muon": ak.Array(muons)}


def test_pythia_makes_z_bosons():
    """Masses peak at the Z; the same histograms with one worker and with two; collections counted."""
    pytest.importorskip("pythia8mc")
    path = hn.Path("z")
    path.select("two muons", "count(Muon) >= 2")

    @path.define
    def mass(Muon):
        def pair(field):
            return Muon[field][:, 0] + Muon[field][:, 1]

        squared = pair("energy") ** 2 - sum(pair(p) ** 2 for p in ("px", "py", "pz"))
        return np.sqrt(np.maximum(0, squared))

    path.hist("mass", mass="mass: 30, 60, 120 [m(mumu) / GeV]")
    path.hist("n_charged", n="n_charged: 50, 0, 500")
    job = hn.adapt.generator(drell_yan, path)
    runs = [
        job.start({"Z": 40}, chunk=20, engine="inline"),
        job.start({"Z": 40}, chunk=20, workers=2).wait(120),
    ]
    one, two = (run.hist("mass").to_hist() for run in runs)
    assert one == two
    assert runs[0].hist("n_charged").to_hist() == runs[1].hist("n_charged").to_hist()
    assert one[hist_slice(80, 100)].sum() > 20
    (muons,) = (row for row in runs[0].collections if row["name"] == "Muon")
    assert (muons["events"], muons["total"] >= 70) == (40, True)


def hist_slice(low, high):
    return slice(complex(0, low), complex(0, high))
