"""Scans to which something happens: kills, failures, cancelling. What can go on does, exactly."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import psutil
import pytest

import hepnb as hn
from hepnb.errors import RunError
from hepnb.runs.scans.directory import ScanDirectory

from .conftest import conductor_of, states, until


@pytest.fixture
def begun(numbered, gated):
    """Starts a scan of so many runs, one at a time, whose first one waits; the scan and its gates."""
    make, gates = gated

    def start(count):
        runs = hn.scan(make, numbered[0], n=range(count), workers=1, max_parallel=1)
        until((gates / "began-0").exists)
        return runs, gates

    return start


def test_a_killed_conductor_is_replaced_and_nothing_runs_twice(begun):
    runs, gates = begun(3)
    with pytest.raises(RunError, match=r"goes on: hn\.attach"):
        hn.resume(runs.id)
    os.kill(conductor_of(runs), signal.SIGKILL)
    until(lambda: not ScanDirectory(runs.directory).is_conducted())
    (gates / "open-0").touch()
    runs[0].wait(200)  # needs no conductor
    until(lambda: states(runs) == ["done", "lost", "lost"])
    assert runs.status == "lost"
    with pytest.raises(RunError, match=r"2 of 3 runs failed or were lost; the first, n=1: lost"):
        runs.wait(200)
    again = hn.resume(runs.id)
    (gates / "open").touch()
    again.wait(300)
    assert states(runs) == ["done"] * 3
    assert sorted(p.name for p in (runs.directory / "runs").iterdir()) == ["0000", "0001", "0002"]
    assert not any((run.directory / "supervisor.log").read_text() for run in runs)
    assert {tuple(run.hist().values()) for run in runs} == {tuple(runs[0].hist().values())}


def test_conductor_and_supervisors_killed_together(numbered, gated):
    files, _ = numbered
    make, gates = gated
    runs = hn.scan(make, files, n=range(3), workers=1, max_parallel=2, chunk=50)
    until(lambda: len(list(gates.glob("began-*"))) == 2)
    os.kill(conductor_of(runs), signal.SIGKILL)
    for run in runs[:2]:
        run.kill()
    until(lambda: states(runs) == ["lost"] * 3)
    (gates / "open").touch()
    runs.resume().wait(300)
    assert states(runs) == ["done"] * 3
    for run in runs:
        assert run.hist().sum() == 700
        assert run.progress["events"] == 700


def test_a_killed_kernel_leaves_the_scan_to_itself(numbered, tmp_path):
    files, _ = numbered
    gate = tmp_path / "gate"
    script = f"""
        import os, signal, time, hepnb as hn
        def make(n):
            path = hn.Path("orphan")
            @path.define
            def number(event):
                while not os.path.exists({str(gate)!r}):
                    time.sleep(0.01)
                return event
            path.hist("number", number="number: 10, 0, 2000")
            return path
        runs = hn.scan(make, {files!r}, n=[1, 2, 3], workers=1, max_parallel=1)
        print(runs.id, flush=True)
        time.sleep(600)
    """
    kernel = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with kernel:
        scan_id = kernel.stdout.readline().strip()
        os.killpg(kernel.pid, signal.SIGKILL)
    runs = hn.attach(scan_id)
    gate.touch()
    runs.wait(300)
    assert states(runs) == ["done"] * 3


def test_a_run_that_fails_stops_no_other_and_is_run_again_alone(numbered, tmp_path):
    files, _ = numbered
    mended = tmp_path / "mended"

    def make(n):
        path = hn.Path("fails")

        @path.define
        def number(event):
            if n == 1 and not mended.exists():
                raise ValueError("no such calibration")
            return event

        path.hist("number", number="number: 10, 0, 2000")
        return path

    runs = hn.scan(make, files, n=range(3), workers=1)
    with pytest.raises(RunError, match=r"1 of 3 runs .*; the first, n=1: in chunk .*no such cal"):
        runs.wait(300)
    assert states(runs) == ["done", "failed", "done"]
    assert runs.status == "failed"
    assert "no such calibration" in runs[1].error.traceback
    assert "no such calibration" in repr(runs)
    ids = [run.id for run in runs]
    mended.touch()
    assert runs.rerun_failed() is runs
    runs.wait(300)
    assert states(runs) == ["done"] * 3
    assert [run.id == before for run, before in zip(runs, ids, strict=True)] == [True, False, True]
    assert runs[1].parameters == {"n": 1}
    assert (runs[1].directory / "source" / "path.txt").exists()
    assert hn.attach(ids[1]).status == "failed"  # the old one stays
    np.testing.assert_array_equal(runs.hist().values().sum(axis=1), [700, 700, 700])
    assert hn.attach(runs.id)[1].id == runs[1].id


def test_cancel_one_and_all(begun):
    runs, gates = begun(4)
    runs[2].cancel()
    until(lambda: states(runs)[2] == "cancelled")
    assert runs[2].wait(200).status == "cancelled"
    assert states(runs)[0::3] == ["running", "waiting"]
    runs[0].cancel()
    until(lambda: states(runs)[0] == "cancelled")
    until((gates / "began-1").exists)
    runs.cancel()
    runs.wait(200)
    assert states(runs) == ["cancelled"] * 4
    assert runs.status == "cancelled"
    assert not (gates / "began-2").exists()
    assert not (gates / "began-3").exists()
    runs.cancel()  # nothing left: no error
    (gates / "open").touch()
    runs.rerun_failed("cancelled").wait(300)
    assert states(runs) == ["done"] * 4


def test_cancelling_without_a_conductor(begun):
    runs, _ = begun(2)
    os.kill(conductor_of(runs), signal.SIGKILL)
    until(lambda: states(runs)[1] == "lost")
    runs.cancel()
    runs.wait(200)
    assert states(runs) == ["cancelled"] * 2


def test_a_signal_interrupts_the_conductor_and_the_runs_go_on(begun):
    runs, gates = begun(2)
    os.kill(conductor_of(runs), signal.SIGTERM)
    until(lambda: states(runs) == ["running", "lost"])
    (gates / "open").touch()
    runs.resume()
    runs.wait(200)
    assert (runs.directory / "conductor.log").read_text() == ""


def test_a_scan_that_is_deleted_ends(begun):
    runs, _ = begun(2)
    conductor = psutil.Process(conductor_of(runs))

    def is_deleted() -> bool:  # what goes on may put a file where one has just been deleted
        shutil.rmtree(runs.directory, ignore_errors=True)
        return not runs.directory.exists()

    until(is_deleted)
    conductor.wait(200)
    with pytest.raises(RunError, match="is gone; where it was moved, hn"):
        runs.table()
    assert not Path(runs.directory).exists()
