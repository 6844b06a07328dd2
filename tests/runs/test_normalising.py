"""Histograms at a luminosity: sums of weights of every kind, of what was processed and of nothing else."""

from __future__ import annotations

import time

import numpy as np
import pytest
import uproot

import hepnb as hn
from hepnb.errors import RunError

from .lives import is_lost, reach

LUMI = 59.8
EVENTS = 300


@pytest.fixture
def simulated(tmp_path):
    """Two files of weighted events with a tree `Runs`; a third that a skim left without events."""
    chance = np.random.default_rng(5)
    files, weights = [], []
    for number, events in enumerate((EVENTS, EVENTS, 0)):
        found = chance.normal(2.0, 3.0, events)
        files.append(tmp_path / f"mc{number}.root")
        with uproot.recreate(files[-1]) as file:
            file["Events"] = {"x": np.linspace(0, 1, events), "genWeight": found}
            # The skim lost three quarters of the events, and none of their weights.
            file["Runs"] = {"genEventSumw": np.array([3 * found.sum() + number, found.sum()])}
        weights.append(found)
    return files, weights


@pytest.fixture
def data(tmp_path):
    with uproot.recreate(tmp_path / "data.root") as file:
        file["Events"] = {"x": np.linspace(0, 1, 50), "genWeight": np.ones(50)}
    return tmp_path / "data.root"


@pytest.fixture
def path():
    made = hn.Path("scaled")
    made.weight("genWeight", only="mc*")
    made.hist("x", x="x: 4, 0, 1", by="dataset", storage="Weight")
    made.hist("mixed", x="x: 4, 0, 1")
    made.select("half", "x > 0.5")
    return made


def mc(files, **facts):
    return hn.Dataset("mc", files, kind="mc", **{"xsec": 1.3, **facts})


def test_weights_told_by_the_files_those_of_empty_ones_too(simulated, data, path) -> None:
    files, weights = simulated
    run = path.start([mc(files, sumw="Runs.genEventSumw"), hn.Dataset("data", data)], chunk=70)
    h = run.wait(60).hist("x", lumi=LUMI)
    sumw = sum(4 * w.sum() + n for n, w in enumerate(weights))
    row = run.datasets[0]
    assert row["sumw"] == pytest.approx(sumw, rel=1e-12)
    assert (row["events"], row["xsec"], row["files_lost"]) == (2 * EVENTS, 1.3, 0)
    factor = LUMI * 1000 * 1.3 / sumw
    filled = run.hist("x").to_hist()
    for label, scale in (("mc", factor), ("data", 1.0)):
        part, plain = h[{"dataset": label}], filled[{"dataset": label}]
        np.testing.assert_allclose(part.values(flow=True), scale * plain.values(flow=True))
        np.testing.assert_allclose(part.variances(flow=True), scale**2 * plain.variances(flow=True))
    assert h[{"dataset": "data"}].sum(flow=True).value == 50
    with pytest.raises(
        RunError, match="mixes datasets that scale differently: fill it by='dataset'"
    ):
        run.hist("mixed", lumi=LUMI)
    again = hn.attach(run.id)
    assert again.hist("x", lumi=LUMI) == h


@pytest.mark.parametrize("workers", [1, 3])
def test_weights_of_the_events_are_summed_before_any_select(simulated, path, workers) -> None:
    files, weights = simulated
    run = path.start(mc(files[:2], sumw="genWeight * 2"), chunk=70, workers=workers).wait(60)
    total = 2 * np.concatenate(weights).sum()
    assert run.datasets[0]["sumw"] == pytest.approx(total, rel=1e-12)
    expected = LUMI * 1000 * 1.3 / total * np.concatenate(weights).sum()
    for name in ("x", "mixed"):
        assert run.hist(name, lumi=LUMI).sum(flow=True).value == pytest.approx(expected)


def test_a_lost_part_has_neither_events_nor_weights(simulated, tmp_path) -> None:
    files, weights = simulated
    path = hn.Path("lossy")

    @path.define
    def y(x, genWeight):
        if x[0] == 0 and genWeight[0] == first:
            raise ValueError("not liked")
        return x

    first = weights[0][0]
    path.weight("genWeight")
    path.hist("y", y="y: 4, 0, 1")
    kept = np.concatenate([weights[0][100:], weights[1]])
    sums = [4 * w.sum() + n for n, w in enumerate(weights[:2])]
    for said, sumw in {
        "genWeight": kept.sum(),
        "Runs.genEventSumw": sums[0] * 200 / 300 + sums[1],
        9e4: 9e4 * 500 / 600,
    }.items():
        run = path.start(mc(files[:2], sumw=said), chunk=100, on_error="skip").wait(60)
        assert run.datasets[0]["events_lost"] == 100
        assert run.datasets[0]["sumw"] == pytest.approx(sumw, rel=1e-12)
        found = run.hist("y", lumi=1).sum(flow=True).value
        assert found == pytest.approx(1300 / sumw * kept.sum())


def test_data_that_were_lost_are_said_to_be(data, path, tmp_path) -> None:
    (tmp_path / "broken.root").write_bytes(b"no root")
    both = hn.Dataset("data", [data, tmp_path / "broken.root"])
    run = path.start(both, on_error="skip").wait(60)
    with pytest.warns(UserWarning, match="'data' lost 1 of 2 files: its data are not") as said:
        assert run.hist("mixed", lumi=LUMI).sum(flow=True).value == 50
    assert said[0].filename == __file__  # it shows the line of the user


def test_a_file_without_the_sum_is_lost_and_says_why(simulated, data, path) -> None:
    files, weights = simulated
    run = path.start(mc([files[0], data], sumw="Runs.genEventSumw"), on_error="skip").wait(60)
    assert "Runs.genEventSumw: not in this file" in run.files[1]["reason"]
    assert run.datasets[0]["sumw"] == pytest.approx(4 * weights[0].sum())


def test_what_is_not_known_is_asked_for(simulated, path) -> None:
    files, _ = simulated
    run = path.start(mc(files), chunk=300).wait(60)
    with pytest.raises(RunError, match=r"'mc' has no sum of weights: hn\.Dataset\(\.\.\., sumw="):
        run.hist("x", lumi=LUMI)
    with pytest.raises(RunError, match=r"lumi is an integrated luminosity in fb\^-1, not -1"):
        run.hist("x", lumi=-1)
    run = path.start(mc(files, xsec=None, sumw=3.0), chunk=300).wait(60)
    with pytest.raises(RunError, match=r"'mc' has no cross section: hn\.Dataset\(\.\.\., xsec="):
        run.hist("x", lumi=LUMI)


def test_a_misspelt_sum_is_told_before_the_run(simulated, path) -> None:
    files, _ = simulated
    with pytest.raises(
        hn.HepnbError, match="sumw: no column 'genWeigth'; did you mean 'genWeight'"
    ):
        path.start(mc(files, sumw="genWeigth"))


def test_a_resumed_run_has_the_same_sums(simulated, path) -> None:
    files, _ = simulated
    dataset = mc(files, sumw="Runs.genEventSumw")
    whole = path.start(dataset, chunk=10).wait(60)
    slow = hn.Path("slow")

    @slow.define
    def z(x):
        time.sleep(0.05)
        return x

    slow.weight("genWeight")
    slow.hist("x", x="z: 4, 0, 1", by="dataset", storage="Weight")
    run = slow.start(dataset, chunk=10, workers=1)
    reach(run, 3)
    run.kill()
    is_lost(run)
    assert run.resume().wait(60).datasets == whole.datasets
    assert run.hist("x", lumi=LUMI) == whole.hist("x", lumi=LUMI)
