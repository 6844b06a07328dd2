"""What a run says of its costs: by step and phase, by file, and as collections grew."""

from __future__ import annotations

import time

import awkward as ak
import numpy as np
import pytest

import hepnb as hn


class Slow(hn.Module):
    uses = ("Muon.pt",)
    produces = ("n",)

    def setup(self) -> None:
        self.sums = [n * n for n in range(100_000)]

    def process(self, rows):
        return ak.num(rows.Muon.pt)


def test_a_run_says_what_its_steps_and_files_cost(numbered):
    files, pt = numbered
    path = hn.Path("costs")
    path.add_module(Slow())
    path.define("twice", "2 * n")
    path.hist("twice", twice="twice: 0, 10, int")
    run = path.start(files, workers=2, chunk=100).wait(60)
    rows = {(row["module"], row["phase"]): row for row in run.statistics}
    assert {phase for _, phase in rows} == {"setup", "begin_dataset", "process", "read", "fill"}
    assert rows["input", "read"]["calls"] == 7
    assert rows["input", "read"]["events"] == rows["twice", "process"]["events"] == 700
    (setup,) = (row for row in run.statistics if row["phase"] == "setup")
    assert 1 <= setup["calls"] <= 2
    assert setup["cpu"] > 0
    assert all(50e6 < row["peak"] < 10e9 for row in run.statistics)
    for row, events in zip(run.files, (400, 300, 0), strict=True):
        assert (row["seconds"] > 0) == (row["bytes"] > 0) == (events > 0)
        assert row["rate"] == (pytest.approx(events / row["seconds"]) if events else None)
    (muon,) = run.collections
    counts = ak.num(pt)
    assert muon["sizes"] == np.bincount(ak.to_numpy(counts)).tolist()
    history = run.snapshot()["history"]
    assert [moment["chunks"] for moment in history] == [1, 2, 3, 4, 5, 6, 7]
    assert history[-1]["collections"]["Muon"] == [700, int(ak.sum(counts))]
    printed = repr(run.statistics).splitlines()
    assert printed[0].split("  ")[0] == "module"
    assert all(head in printed[0] for head in ("cpu [s]", "wall [s]", "peak [MB]"))
    assert "sizes" not in repr(run.collections)


def test_a_run_says_what_its_files_say_of_their_columns(numbered):
    files, _ = numbered
    path = hn.Path("described")
    path.table("t", {"pt": "Muon.pt", "event": "event"})
    run = path.start({"a": files[:1], "b": files[1:]}, workers=2, chunk=100).wait(60)
    schema = run.snapshot()["schema"]
    assert {row["name"]: (row["dtype"], row["read"]) for row in schema["collections"]["Muon"]} == {
        "pt": ("float32", True),
        "charge": ("int32", False),
    }
    assert [row["name"] for row in schema["columns"]] == ["event"]
    assert schema["references"] == []
    assert hn.attach(run.directory).snapshot()["schema"] == schema


def test_the_cutflow_of_each_dataset_adds_up_to_that_of_all(numbered):
    files, _ = numbered
    path = hn.Path("flows")
    path.weight("w")
    path.select("some", "count(Muon) > 1")
    path.hist("n", n="count(Muon): 0, 5, int")
    run = path.start({"a": files[:1], "b": files[1:]}, workers=2, chunk=100).wait(60)
    flows = run.snapshot()["cutflows"]
    assert [flow[0][0] for flow in flows.values()] == [400, 300]
    for place, row in enumerate(run.cutflow):
        assert sum(flow[place][0] for flow in flows.values()) == row["raw"]
        weighted = sum(flow[place][1] for flow in flows.values())
        assert weighted == pytest.approx(row["weighted"], rel=1e-12)


def test_a_worker_that_makes_no_progress_is_called_stalled_until_it_goes_on(numbered, tmp_path):
    files, _ = numbered
    gate = tmp_path / "gate"
    path = hn.Path("stalls")

    @path.define
    def waits(event):
        import time

        while event[0] == 200 and not gate.exists():
            time.sleep(0.05)
        return event

    path.hist("e", e="waits: 10, 0, 1000")
    run = path.start(files[:1], workers=1, chunk=50)
    deadline = time.monotonic() + 60
    while not any(worker["stalled"] for worker in run.workers):
        assert time.monotonic() < deadline, run.workers
        assert run.status in ("starting", "running")
        time.sleep(0.1)
    (worker,) = run.workers
    assert (worker["start"], worker["stop"]) == (200, 250)
    assert worker["spent"] >= 10
    gate.touch()
    (worker,) = run.wait(60).workers
    assert (worker["stalled"], worker["spent"]) == (False, None)
    assert run.hist("e").sum() == 400
