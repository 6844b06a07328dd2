"""A full disk: the run says so and waits, and goes on by itself when space returns."""

from __future__ import annotations

import os
import subprocess
import time

import awkward as ak
import numpy as np
import pytest

import hepnb as hn
from hepnb.runs.bundle import Bundle
from hepnb.runs.starting import provenance


@pytest.fixture
def small_disk(tmp_path, monkeypatch):
    """A file system of 300 kB; returns its directory and what makes it larger."""
    # The sources of all other tests, which this process has imported, would fill it alone.
    monkeypatch.setattr(provenance, "users_modules", lambda: iter(()))
    monkeypatch.setattr(Bundle, "cell_sources", staticmethod(dict))
    place = tmp_path / "small"
    place.mkdir()
    if os.getuid() != 0:
        pytest.skip("mounting a small file system needs root")
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody mount a file system")

    def enlarge():
        subprocess.run(["mount", "-o", "remount,size=60m", str(place)], check=True)

    yield place, enlarge
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_pauses_the_run_and_loses_nothing(small_disk, numbered):
    place, enlarge = small_disk
    files, _ = numbered
    path = hn.Path("wide")

    @path.define
    def x(event):
        values = np.random.default_rng(int(event[0])).random((len(event), 1000)) * 1e5
        return ak.from_regular(ak.from_numpy(values))

    path.hist("x", x="x: 100000, 0, 100000")
    run = path.start(files, workers=2, chunk=5, out=place / "run")
    deadline = time.monotonic() + 60
    while "disk is full" not in run.snapshot()["problem"]:
        assert run.status in ("starting", "running", "paused")
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert run.status == "paused"
    enlarge()
    run.wait(60)
    assert run.snapshot()["problem"] == ""
    assert run.hist("x").to_hist().sum(flow=True) == 700_000
    assert run.progress["events"] == 700


def test_a_log_that_fills_the_disk_stops_nothing(small_disk, numbered):
    place, enlarge = small_disk
    path = hn.Path("chatty")

    @path.define
    def x(event):
        for n in range(30_000):
            print(f"line {n} of chunk {event[0]} {'.' * 60}")
        return event

    path.hist("x", x="x: 0, 2000, int")
    run = path.start(numbered[0], workers=1, chunk=100, out=place / "run")
    deadline = time.monotonic() + 60
    while "disk is full" not in run.snapshot()["problem"]:
        assert run.status in ("starting", "running", "paused")
        assert time.monotonic() < deadline
        time.sleep(0.05)
    enlarge()
    assert run.wait(60).progress["events"] == 700
    assert run.hist("x").sum() == 700
    counts = run.snapshot()["log"]["counts"]
    assert counts["INFO"] >= 210_000
    said = run.log_page(0, 100, search="there was no space for them")["records"]
    lost = sum(int(record["text"].split()[0]) for record in said)
    assert lost >= 1
    assert run.log_page(0, 1)["total"] + lost == sum(counts.values())
