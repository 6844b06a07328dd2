"""Runs whose supervisor was killed go on: nothing is lost, nothing counts twice, bit for bit."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
import pytest

import hepnb as hn
from hepnb.errors import RunError
from hepnb.histograms import Store
from hepnb.histograms.manifest import Manifest
from hepnb.runs.starting import launch

from ..lives import CHUNK, CHUNKS, counted, exported, is_lost, reach, slow_path

SOAK = bool(os.environ.get("HEPNB_SOAK"))
SUPERVISED = Path(__file__).parents[1] / "supervised.py"


@pytest.fixture
def kill_at():
    """Let the supervisors started from here on kill themselves at a step; None lets them live."""

    def choose(point: str | None) -> None:
        if point is None:
            patch.undo()
            return
        patch.setenv("HEPNB_TEST_KILL", point)
        patch.setattr(
            launch, "supervisor_command", lambda d: [sys.executable, str(SUPERVISED), str(d)]
        )

    with pytest.MonkeyPatch.context() as patch:
        yield choose


def attempts(run) -> Counter[int]:
    """How often each chunk was given to a worker, as the journal has it."""
    notes = [e.meta for e in Store.open(run.directory).ledger() if e.order is None]
    return Counter(o for note in notes if note["k"] == "attempt" for o in note["orders"])


def settled(run) -> set[int]:
    """The orders of all chunks that are committed, or lost for ever."""
    if not (run.directory / "manifest").exists():
        return set()
    return {e.order for e in Store.open(run.directory).ledger() if e.order is not None}


POINTS = """
manifest 1 before | manifest 1 after | note-life 1 before | note-opened 1 before
note-opened 2 after | note-attempt 1 before | note-attempt 2 after | append 2 before
append 2 after | sync 1 after | pack 1 before | pack 1 after | ledger 1 after
manifest 1 before | forget 1 before | index 1 before | seal 1 before | rotate 1 before
manifest 2 before | seal 1 after | last-status 1 before
"""


def test_a_supervisor_killed_at_any_step_is_resumed_exactly(
    numbered, pt_path, tmp_path, kill_at, undisturbed
):
    """One run, killed at each of these steps in turn, each time in a new life of it."""
    points = [point.strip() for line in POINTS.split("\n") if line for point in line.split("|")]
    kill_at(points[0])
    run = pt_path.start(numbered[0], workers=2, chunk=CHUNK)
    is_lost(run)
    for point in points[1:]:
        before = settled(run)
        tried = attempts(run) if before else Counter()
        kill_at(point)
        run.resume()
        is_lost(run)
        assert before <= settled(run)
        again = attempts(run) if before else Counter()
        assert all(again[order] == tried[order] for order in before), point
    assert settled(run) == set(range(CHUNKS))
    kill_at(None)
    run.resume().wait(60)
    assert run.status == "done"
    assert (exported(run, tmp_path), counted(run)) == undisturbed
    assert sum(w["chunks"] for w in run.workers) == CHUNKS
    assert (run.directory / "supervisor.log").read_text() == ""


@pytest.mark.timeout(1200)
def test_a_supervisor_killed_at_random_is_resumed_exactly(numbered, tmp_path, undisturbed):
    chance = random.Random(4)
    kills = 20 if SOAK else 3
    # So slow that it cannot be done before the last of them, however fast it starts.
    run = slow_path(1.0 if SOAK else 0.15).start(numbered[0], workers=2, chunk=CHUNK)
    tried: Counter[int] = Counter()
    done: set[int] = set()
    for _ in range(kills):
        # Until some moment of its start, or of its work.
        run._client.wait(chance.uniform(0.2, 2.0))
        run.kill()
        is_lost(run)
        assert done <= settled(run)
        assert all(attempts(run)[order] == tried[order] for order in done)
        done = settled(run)
        tried = attempts(run) if done else tried
        run.resume()
    run.wait(120)
    bits, sums = undisturbed
    assert exported(run, tmp_path) == bits
    assert counted(run)["progress"] == sums["progress"]
    assert run.snapshot()["resumed"] <= kills
    assert len(settled(run)) == CHUNKS


def test_a_file_that_was_replaced_between_two_lives_is_told(make_file, tmp_path):
    """What the journal says of a file holds for all its chunks; nobody opens it anew to ask."""
    file = tmp_path / "data.root"
    make_file(file, 400)
    run = slow_path(0.1).start(str(file), workers=1, chunk=CHUNK)
    reach(run, 2)
    run.kill()
    is_lost(run)
    file.unlink()
    make_file(file, 400, first=5000)
    with pytest.raises(RunError, match="was replaced while the run was reading it"):
        run.resume().wait(60)
    notes = [e.meta for e in Store.open(run.directory).ledger() if e.order is None]
    assert [note["file"] for note in notes if note["k"] == "opened"] == [0]
    assert run.progress["events"] + run.progress["events_lost"] == 400
    assert run.progress["events_lost"] > 0


def test_what_a_power_failure_took_from_the_journal_is_done_again(numbered, tmp_path, undisturbed):
    """The journal ends wherever it had reached the disk, but not before what was folded."""
    run = slow_path(0.1).start(numbered[0], workers=2, chunk=CHUNK)
    reach(run, 8)
    run.kill()
    is_lost(run)
    segment, folded = Manifest.load(run.directory).notes
    whole = (run.directory / "wal" / f"{segment:08d}.log").stat().st_size
    assert folded < whole
    for n, end in enumerate((folded, (folded + whole) // 2, whole - 1)):
        copy = tmp_path / f"copy-{n}"
        shutil.copytree(run.directory, copy, ignore=shutil.ignore_patterns("sock*"))
        os.truncate(copy / "wal" / f"{segment:08d}.log", end)
        again = hn.resume(copy).wait(60)
        assert exported(again, tmp_path) == undisturbed[0]
        assert again.progress["events"] == 700
        assert len(settled(again)) == CHUNKS


def test_whoever_watches_sees_the_run_come_back(numbered):
    """Its handle, one of another process, and a callback; the numbers of its snapshots grow."""
    run = slow_path(0.1).start(numbered[0], workers=2, chunk=CHUNK)
    other = hn.attach(run.id)
    states: list[tuple[int, str]] = []
    other.watch(lambda snapshot: states.append((snapshot["seq"], snapshot["state"])))
    reach(run, 2)
    os.kill(run.snapshot()["pid"], signal.SIGTERM)
    is_lost(run)
    is_lost(other)
    by_another = f"import hepnb as hn; hn.resume({run.id!r})"
    subprocess.run([sys.executable, "-c", by_another], check=True, timeout=60)
    reach_end = time.monotonic() + 60
    while "done" not in (run.status, other.status) and time.monotonic() < reach_end:
        time.sleep(0.05)
    assert run.wait(10).progress["events"] == other.wait(10).progress["events"] == 700
    assert run.snapshot()["resumed"] == 1
    seen = [state for n, (_, state) in enumerate(states) if n == 0 or states[n - 1][1] != state]
    assert seen[-3:] in (["lost", "running", "done"], ["starting", "running", "done"])
    assert "lost" in seen
    numbers = [number for number, _ in states]
    assert numbers == sorted(numbers)


RESUMER = """
import sys, time
import hepnb as hn
from hepnb.errors import RunError
print("ready", flush=True)
sys.stdin.readline()
try:
    hn.resume(sys.argv[1])
    print("resumed")
except RunError as error:
    print(error)
"""


def test_of_many_who_resume_a_run_one_does(numbered, tmp_path, undisturbed):
    run = slow_path(0.05).start(numbered[0], workers=2, chunk=CHUNK)
    reach(run, 3)
    run.kill()
    is_lost(run)
    resumers = [
        subprocess.Popen(
            [sys.executable, "-c", RESUMER, run.id],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in resumers:
        assert process.stdout.readline() == "ready\n"
    for process in resumers:
        process.stdin.write("\n")
        process.stdin.flush()
    said = sorted(process.communicate(timeout=120)[0].strip() for process in resumers)
    assert said[0] == "resumed"
    for line in said[1:]:
        assert f"run {run.id} is supervised already, by process" in line
    hn.attach(run.id).wait(60)
    run.wait(10)
    assert exported(run, tmp_path) == undisturbed[0]
    assert (run.directory / "supervisor.log").read_text() == ""


def test_what_was_lost_stays_lost_and_deaths_of_earlier_lives_count(numbered, tmp_path):
    path = hn.Path("unlucky")

    @path.define
    def number(event):
        n = int(event[0])
        lives = len(list(tmp_path.glob("life-*")))
        if n == 20 and lives == 1:
            raise ValueError("only in its first life")
        if n == 40:
            (tmp_path / f"death-{len(list(tmp_path.glob('death-*')))}").touch()
            if lives == 1 and len(list(tmp_path.glob("death-*"))) > 2:
                time.sleep(60)
            os.kill(os.getpid(), signal.SIGKILL)
        if n >= 60:
            time.sleep(0.3)
        return event

    path.hist("n", n="number: 0, 2000, int")
    (tmp_path / "life-1").touch()
    run = path.start(numbered[0][:1], workers=1, chunk=20, on_error="skip")
    deadline = time.monotonic() + 60
    while sum(row["deaths"] for row in run.workers) < 2:
        assert run.status in ("starting", "running")
        assert time.monotonic() < deadline
        time.sleep(0.01)
    run.kill()
    is_lost(run)
    (tmp_path / "life-2").touch()
    run.resume().wait(60)
    assert run.status == "done"
    assert sum(row["deaths"] for row in run.workers) == 3
    assert run.progress["events_lost"] == 40
    assert run.progress["events"] == 360
    assert "only in its first life" in run.files[0]["reason"]
    assert run.hist("n").values()[[19, 20, 39, 40, 59, 60]].tolist() == [1, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("how", ["failed", "cancelled"])
def test_a_run_killed_in_the_middle_of_its_end_ends_likewise(numbered, tmp_path, kill_at, how):
    path = slow_path(0.05)

    @path.define
    def checked(event):
        if how == "failed" and event[0] >= 200:
            raise ValueError("event 200 is not liked")
        return event

    path.hist("checked", e="checked: 0, 2000, int")
    kill_at("seal 1 before")
    run = path.start(numbered[0], workers=1, chunk=CHUNK)
    if how == "cancelled":
        reach(run, 3)
        run.cancel()
    is_lost(run)
    done = run.hist("checked").committed
    kill_at(None)
    run.resume()
    assert run._client.wait(60)
    assert run.status == how
    assert run.hist("checked").sealed
    assert run.hist("checked").committed == run.progress["chunks"] == done
    assert run.progress["events"] + run.progress["events_lost"] <= 700
    if how == "failed":
        assert run.error.title == "definition 'checked': ValueError: event 200 is not liked"
        assert 'raise ValueError("event 200 is not liked")' in run.error.traceback
        assert "not liked" in run.files[0]["reason"]


def test_nothing_is_left_of_a_run_that_was_resumed(numbered):
    run = slow_path(0.1).start(numbered[0], workers=2, chunk=CHUNK)
    reach(run, 1)
    run.kill()
    is_lost(run)
    run.resume()
    reach(run, 6)
    supervisor = psutil.Process(run.snapshot()["pid"])
    family = [supervisor, *supervisor.children(recursive=True)]
    assert len(family) == 4
    run.wait(60)
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []
    np.testing.assert_equal(run.hist("n").committed, CHUNKS)
