"""Short chunks that are leased several at a time: whatever happens in the midst of them is exact.

The supervisors here lease far ahead, so that it is so on the slowest machine.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

import hepnb as hn
from hepnb.histograms import Store
from hepnb.runs.starting import launch

from ..lives import exported

SUPERVISED = Path(__file__).parents[1] / "supervised.py"
ALL = [*range(400), *range(1000, 1300)]


@pytest.fixture(autouse=True)
def _far_ahead(monkeypatch):
    monkeypatch.setenv("HEPNB_TEST_AHEAD", "3")
    monkeypatch.setattr(
        launch, "supervisor_command", lambda d: [sys.executable, str(SUPERVISED), str(d)]
    )


def made_of(function) -> hn.Path:
    """A path that fills the events' numbers as `function` passes them on, and weights."""
    path = hn.Path("ahead")
    path.define("x", function)
    path.weight("w", "w")
    path.hist("x", x="x: 0, 2000, int", weights=())
    path.hist("w", w="w: 20, -1, 3", storage="Weight")
    return path


def numbers(run) -> list[int]:
    """The events that were counted, each as often as it was."""
    return np.repeat(np.arange(2000), run.hist("x").values().astype(int)).tolist()


def were_ahead(run) -> bool:
    """Whether chunks were leased several at a time."""
    notes = [e.meta for e in Store.open(run.directory).ledger() if e.order is None]
    return max(len(note["orders"]) for note in notes if note["k"] == "attempt") > 5


def until(condition, seconds: float = 60.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_death_is_blamed_on_the_chunk_that_was_running(numbered):
    def x(event):
        if event[0] == 300:
            os.kill(os.getpid(), signal.SIGKILL)
        return event

    run = made_of(x).start(numbered[0], workers=2, chunk=1, on_error="skip").wait(120)
    assert were_ahead(run)
    assert numbers(run) == [n for n in ALL if n != 300]
    assert run.progress["events_lost"] == 1
    assert "chunk 0.root:300-301: its worker died 3 times" in run.files[0]["reason"]
    gone = [r for r in run.log_page(0, 5000)["records"] if "is gone" in r["text"]]
    assert {r["chunk"] for r in gone} == {"0.root:300-301"}
    assert sum(row["deaths"] for row in run.workers) == 3


def test_a_chunk_that_hangs_is_found_among_those_of_its_worker(numbered, tmp_path):
    marker = tmp_path / "hung"

    def x(event):
        if event[0] == 200 and not marker.exists():
            marker.touch()
            time.sleep(1000)
        return event

    run = made_of(x).start(numbered[0], workers=2, chunk=1, timeout=2.0).wait(120)
    assert were_ahead(run)
    assert numbers(run) == ALL
    (gone,) = (r for r in run.log_page(0, 5000)["records"] if "is gone" in r["text"])
    assert "stuck for" in gone["text"]
    assert gone["chunk"] == "0.root:200-201"


def test_kills_of_workers_zygote_and_supervisor_change_no_bit(numbered, tmp_path):
    """Each at a chunk of its own, with others behind it."""
    at = {50: "worker", 120: "zygote", 190: "supervisor", 1010: "worker", 1090: "supervisor"}

    def x(event):
        victim, marker = at.get(int(event[0])), tmp_path / f"at-{event[0]}"
        if victim and not marker.exists():
            zygote = os.getppid()
            supervisor = psutil.Process(zygote).parent()
            if not supervisor or str(SUPERVISED) not in supervisor.cmdline():
                time.sleep(60)  # the other worker has just killed it: our end is near
            marker.touch()
            pids = {"worker": os.getpid(), "zygote": zygote, "supervisor": supervisor.pid}
            os.kill(pids[victim], signal.SIGKILL)
            time.sleep(60)
        return event

    run = made_of(x).start(numbered[0], workers=2, chunk=1)
    for _ in range(2):
        assert run._client.wait(120)
        assert run.status == "lost"
        run.resume()
    run.wait(120)
    assert were_ahead(run)
    assert len(list(tmp_path.glob("at-*"))) == len(at)
    assert numbers(run) == ALL
    assert run.progress["events_lost"] == 0
    assert sum(row["chunks"] for row in run.workers) == len(ALL)
    calm = made_of(lambda event: event).start(numbered[0], workers=1, chunk=1).wait(120)
    assert exported(run, tmp_path) == exported(calm, tmp_path)


def test_chunks_that_raise_are_tried_again_each_by_itself(numbered, tmp_path):
    def x(event):
        marker = tmp_path / f"at-{event[0]}"
        if event[0] % 50 == 0 and not marker.exists():
            marker.touch()
            raise MemoryError if event[0] % 100 == 0 else OSError("a service is away")
        return event

    run = made_of(x).start(numbered[0], workers=2, chunk=1, retries=1).wait(120)
    assert were_ahead(run)
    assert numbers(run) == ALL
    assert sum(row["deaths"] for row in run.workers) == 0


def test_a_pause_comes_after_what_workers_have_and_loses_nothing(numbered):
    run = made_of(lambda event: event).start(numbered[0], workers=2, chunk=1)
    until(lambda: run.progress["chunks"] > 50)
    run.pause()
    until(lambda: run.status == "paused" and {row["state"] for row in run.workers} == {"idle"})
    run.scale(1)
    run.resume()
    run.wait(120)
    assert numbers(run) == ALL


def test_a_cancelled_run_says_exactly_what_it_counted(numbered):
    def x(event):
        while event[0] == 300:
            time.sleep(0.01)
        return event

    run = made_of(x).start(numbered[0][0], workers=2, chunk=1)
    until(lambda: run.progress["chunks"] > 50)
    run.cancel()
    run.wait(60)
    assert run.status == "cancelled"
    counted = numbers(run)
    assert counted == sorted(set(counted))
    assert 50 < len(counted) == run.progress["events"] < 400
    assert run.progress["events"] + run.progress["events_lost"] == 400


def test_no_line_is_said_to_be_of_another_chunk(numbered, monkeypatch):
    """Lines that are logged are known to their chunk; printed ones too, or to none at all."""
    monkeypatch.delenv("HEPNB_TEST_AHEAD")

    def x(event):
        import logging

        if event[0] >= 1000 or event[0] % 100 == 0:
            print("printed", event[0])
        if event[0] % 10 == 0:
            logging.getLogger("here").warning("logged %d", event[0])
        return event

    run = made_of(x).start(numbered[0], workers=2, chunk=1).wait(120)
    assert numbers(run) == ALL
    labels: dict[str, list[str]] = {"printed": [], "logged": []}
    for record in run.log_page(0, 5000)["records"]:
        how, _, event = record["text"].partition(" ")
        if how in labels:
            n = int(event)
            right = f"{n // 1000}.root:{n % 1000}-{n % 1000 + 1}"
            labels[how].append("right" if record["chunk"] == right else record["chunk"])
    assert labels["logged"] == ["right"] * 70
    assert len(labels["printed"]) == 304
    assert set(labels["printed"]) <= {"right", ""}
    assert labels["printed"].count("right") > 280, "soon it gets them one by one"
