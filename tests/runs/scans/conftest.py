"""What the tests of scans share: runs that wait for a gate, and nothing left behind."""

from __future__ import annotations

import json
import time

import psutil
import pytest

import hepnb as hn
from hepnb.runs.scans.directory import ScanDirectory


def until(condition, seconds=180.0):
    """Wait for what must come."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain"
        time.sleep(0.01)
    return found


@pytest.fixture
def gated(tmp_path):
    """Paths whose runs go on only once `open` exists, or `open-N` for the one with n=N."""
    gates = tmp_path / "gates"
    gates.mkdir()

    def make(n):
        path = hn.Path("gated")

        @path.define
        def number(event):
            (gates / f"began-{n}").touch()
            while not ((gates / "open").exists() or (gates / f"open-{n}").exists()):
                time.sleep(0.01)
            return event

        path.hist("number", number="number: 10, 0, 2000")
        return path

    return make, gates


def conductor_of(runs):
    return json.loads(ScanDirectory(runs.directory).lock.read_text())["pid"]


def states(runs):
    return [row["state"] for row in runs.table()]


@pytest.fixture(autouse=True)
def leave_nothing(tmp_path):
    """No process of this test outlives it: all have a directory of it on their command line."""
    yield
    ours = [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(word.startswith(str(tmp_path)) for word in process.info["cmdline"] or ())
    ]
    _, alive = psutil.wait_procs(ours, timeout=60)
    for process in alive:
        process.kill()
    assert not alive
