"""What a run asks of a job: chunks that bring histograms of their own, tell of progress, give results."""

# ruff: noqa: ARG002 (the methods of a job have their arguments)
from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import hist
import numpy as np
import pytest

import hepnb as hn
from hepnb.analysis import ChunkResult
from hepnb.errors import RunError
from hepnb.runs import start


@dataclass
class Brings:
    """A job whose chunks bring histograms that nobody has told of; `gate` holds up the later ones."""

    gate: str = ""
    clash: bool = False
    spoilt: int = -1
    name = "brings"
    histograms = ()
    variations = ()
    lines = ("brings",)

    def freeze(self, variations="all"):
        return self

    def check(self, dataset, branches):
        pass

    def open(self, path, tree, dataset):
        return Opened(self, dataset.name)

    def finish(self):
        pass

    def result(self, directory):
        return sorted(file.name for file in directory.glob("manif*"))


class Opened:
    uuid, tree, entries, clusters, bytes_read, sumw = "u", "t", 1000, (), 0, None

    def __init__(self, job, dataset):
        self.job, self.dataset = job, dataset

    def describe(self):
        return None

    def process(self, task, costs):
        while task.start >= 500 and self.job.gate and not Path(self.job.gate).exists():
            task.tell(task.events / 2)
            time.sleep(0.02)
        rng = np.random.default_rng(task.seed)
        axis = hist.axis.StrCategory([], growth=True, name="region")
        bins = task.order + 3 if self.job.clash else 10
        h = hist.Hist(axis, hist.axis.Regular(bins, 0, 1, name="x"), storage="weight")
        if task.order == self.job.spoilt:
            h.fill("r0", 0.5, weight=np.nan)
        h.fill(
            f"r{task.order % 3}", rng.random(task.events), weight=rng.normal(1, 0.5, task.events)
        )
        odd = {f"odd{task.order // 5}": h} if task.order % 2 else {}
        yield ChunkResult(events=task.events, hists={"all": h, **odd})

    def close(self):
        pass


DATA = hn.Dataset("d", "generated://1000", kind="mc")


def contents(run):
    return {name: run.hist(name).to_hist() for name in sorted(run.histograms)}


@pytest.fixture(scope="module")
def expected():
    """What ten chunks give when one adds them up in their order."""
    from hepnb.runs.engines.seeding import seed_of

    class Task:
        events, tell = 100, staticmethod(print)

    total = {}
    for order in range(10):
        task = Task()
        task.order, task.start = order, 100 * order
        task.seed = seed_of(0, "d", "u", task.start)
        (result,) = Opened(Brings(), "d").process(task, None)
        for name, h in result.hists.items():
            total[name] = total[name] + h if name in total else h
    return total


@pytest.mark.parametrize("workers", [1, 2])
def test_histograms_that_chunks_bring_are_added_in_order(workers, expected):
    run = start(Brings(), DATA, workers=workers, chunk=100).wait(60)
    assert contents(run) == expected
    assert list(run.hist("all").to_hist().axes[0]) == ["r0", "r1", "r2"]


def test_a_resumed_run_knows_them(tmp_path, expected):
    gate = tmp_path / "gate"
    run = start(Brings(str(gate)), DATA, workers=2, chunk=100)
    while run.progress["events"] < 500 or not run.progress["events_under_way"]:
        time.sleep(0.02)
    assert 50 in [row["at"] for row in run.workers]  # whichever told first
    assert run.histograms == ("all", "odd0")
    before = contents(run)
    os.kill(run.snapshot()["pid"], signal.SIGKILL)
    gate.touch()
    run = run.resume().wait(60)
    assert contents(run) == expected
    assert before["odd0"] == expected["odd0"]


def test_a_chunk_that_fails_leaves_its_histograms_to_be_told_of_by_the_next(expected):
    run = start(Brings(spoilt=0), DATA, workers=1, chunk=100, on_error="skip").wait(60)
    assert run.progress["events_lost"] == 100
    assert run.workers[0]["deaths"] == 0
    assert run.hist("odd0").to_hist() == expected["odd0"]


@pytest.mark.parametrize("on_error", ["fail", "skip"])
def test_two_chunks_that_disagree_end_the_run(on_error):
    run = start(Brings(clash=True), DATA, workers=1, chunk=100, on_error=on_error)
    with pytest.raises(RunError, match="histogram 'all' is there already, with another"):
        run.wait(60)
    assert run.status == "failed"


def test_a_result_is_that_of_the_job(numbered, pt_path):
    assert start(Brings(), DATA, engine="inline", chunk=100).result() == ["manifest"]
    run = pt_path.start(numbered[0], engine="inline")
    with pytest.raises(RunError, match=r"gives histograms and tables: run.hist\(name\)"):
        run.result()


def test_only_paths_are_planned():
    with pytest.raises(RunError, match=r"hn\.plan knows paths only"):
        hn.plan(Brings(), DATA)
