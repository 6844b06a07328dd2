"""The engine for debugging: the same run in the caller's own process."""

from __future__ import annotations

import gc
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import hepnb as hn
from hepnb.errors import RunError
from hepnb.runs.directory import RunDirectory


def test_it_gives_what_workers_give_to_the_last_bit(numbered, pt_path, tmp_path):
    exports = []
    for engine in ("local", "inline"):
        run = pt_path.start(numbered[0], chunk=23, engine=engine).wait(60)
        run.hist("pt").export(tmp_path / f"{engine}.h5")
        exports.append((tmp_path / f"{engine}.h5").read_bytes())
        assert run.progress["events"] == 700
        assert [row["status"] for row in run.files] == ["ok", "ok", "skipped"]
    assert exports[0] == exports[1]


def test_the_code_runs_in_this_process_and_the_call_returns_at_the_end(numbered):
    where = []

    def x(event):
        where.append((os.getpid(), threading.current_thread()))
        return event

    path = hn.Path("here")
    path.define("x", x)
    path.hist("x", x="x: 0, 2000, int")
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    gc.collect()
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    run = path.start(numbered[0], chunk=100, engine="inline", workers=7)
    assert run.status == "done"
    assert set(where) == {(os.getpid(), threading.current_thread())}
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
    assert len(run.workers) == 1
    assert not RunDirectory(run.directory).is_supervised()
    gc.collect()
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
    assert hn.attach(run.id).status == "done"


class Odd(Exception):
    """Only this test raises it."""


@pytest.mark.parametrize("error", [Odd("event 55"), KeyboardInterrupt()])
def test_what_the_code_raises_is_raised_with_its_frames(numbered, error):
    def x(event):
        if event[0] == 100:
            raise error
        return event

    path = hn.Path("raising")
    path.define("x", x)
    path.hist("x", x="x: 0, 2000, int")
    with pytest.raises(type(error)) as caught:
        path.start(numbered[0], chunk=50, engine="inline")
    assert caught.traceback[-1].name == "x"
    assert caught.traceback[-1].frame.f_locals["event"][0] == 100
    run = hn.attach(hn.runs()[0]["id"])
    assert run.status == "failed"
    assert run.hist("x").sum() == 100


def test_chunks_can_be_skipped(numbered):
    def x(event):
        if event[0] == 100:
            raise Odd("event 55")
        return event

    path = hn.Path("skipping")
    path.define("x", x)
    path.hist("x", x="x: 0, 2000, int")
    run = path.start(numbered[0], chunk=50, engine="inline", on_error="skip")
    assert run.status == "done"
    assert run.hist("x").sum() == 650


def test_an_unknown_engine_is_refused(numbered, pt_path):
    with pytest.raises(RunError, match="engine='slurm': choose 'local' or 'inline'"):
        pt_path.start(numbered[0], engine="slurm")


def test_the_process_of_a_supervisor_loads_nothing_of_it_before_it_starts_a_zygote():
    """It would cost every run a third of a second."""
    code = "import sys, hepnb.runs.supervisor.process; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"numpy", "awkward", "hist", "uproot"} & set(loaded.stdout.split())
