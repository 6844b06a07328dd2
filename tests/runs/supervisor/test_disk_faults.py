"""No space for the journal, the packs or the log: the run makes a pause, and nothing is lost.

The disk refuses by injection, one place at a time; a disk that is really full is in test_disk.
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
from hepnb.errors import RunError
from hepnb.runs.starting import launch

SOAK = bool(os.environ.get("HEPNB_SOAK"))
SUPERVISED = Path(__file__).parents[1] / "supervised.py"
CHUNK, CHUNKS = 50, 14


def path() -> hn.Path:
    path = hn.Path("pt")

    @path.define
    def slow(event):
        time.sleep(0.3)
        print(f"one line of the chunk at {event[0]}")
        return event

    path.weight("w", "w")
    path.hist("pt", pt="Muon.pt: 20, 0, 100", storage="Weight")
    path.hist("seen", e="slow: 0, 2000, int")
    return path


PLACES = ("wal", "packs", "log")


@pytest.fixture(params=PLACES)
def full(request, tmp_path, monkeypatch):
    """Makes the disk full for one place of the runs below tmp_path, or has space again."""
    monkeypatch.setenv("HEPNB_TEST_FULL", request.param)
    monkeypatch.setattr(
        launch, "supervisor_command", lambda d: [sys.executable, str(SUPERVISED), str(d)]
    )
    flag = tmp_path / "full"
    return lambda is_full: flag.touch() if is_full else flag.unlink()


def is_state(run, state: str) -> None:
    deadline = time.monotonic() + 60
    while run.status != state:
        assert time.monotonic() < deadline, run
        time.sleep(0.01)


def paused(numbered, tmp_path, full):
    """A run that waits for the disk, with some chunks done."""
    run = path().start(numbered[0], workers=2, chunk=CHUNK, out=tmp_path / "run")
    while run.progress["chunks"] < 2:
        assert run.status in ("starting", "running")
        time.sleep(0.01)
    full(True)
    is_state(run, "paused")
    assert "the disk is full: free some space and go on" in run.snapshot()["problem"]
    return run


def bits(run, tmp_path) -> bytes:
    run.hist("pt").export(tmp_path / "pt.h5")
    return (tmp_path / "pt.h5").read_bytes()


@pytest.fixture(scope="module")
def undisturbed(numbered, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEPNB_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        return bits(path().start(numbered[0], chunk=CHUNK).wait(60), tmp_path_factory.mktemp("out"))


def test_the_run_makes_a_pause_and_goes_on(numbered, tmp_path, full, undisturbed):
    run = paused(numbered, tmp_path, full)
    reached = run.progress["chunks"]
    full(False)
    run.wait(60)
    assert run.snapshot()["problem"] == ""
    assert reached < CHUNKS
    assert bits(run, tmp_path) == undisturbed
    texts = [record["text"] for record in run.log_page(0, 1000)["records"]]
    assert sum(text.startswith("waiting: ") for text in texts) == 1
    assert texts.count("the disk has space again: going on") == 1
    assert sum(text.startswith("one line of the chunk") for text in texts) == CHUNKS


@pytest.mark.parametrize("full", PLACES if SOAK else ["wal"], indirect=True)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "interrupted"])
def test_a_run_ended_in_its_pause_is_resumed(numbered, tmp_path, full, undisturbed, how):
    run = paused(numbered, tmp_path, full)
    os.kill(run.snapshot()["pid"], how)
    assert run._client.wait(60)
    assert run.status == "lost"
    run.resume()
    is_state(run, "paused")
    full(False)
    run.wait(60)
    assert bits(run, tmp_path) == undisturbed
    assert run.progress["events"] == np.count_nonzero(run.hist("seen").values()) == 700


def test_one_that_is_cancelled_does_not_wait_for_space(numbered, tmp_path, full):
    run = paused(numbered, tmp_path, full)
    supervisor = psutil.Process(run.snapshot()["pid"])
    family = [supervisor, *supervisor.children(recursive=True)]
    run.cancel()
    assert run.wait(60).status == "cancelled"
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
    again = hn.attach(run.id)
    assert again.status == "cancelled"
    assert again.progress["events"] == np.count_nonzero(again.hist("seen").values())
    assert again.progress["events"] + again.progress["events_lost"] == 700
    with pytest.raises(RunError, match="is cancelled: there is nothing to resume"):
        again.resume()
