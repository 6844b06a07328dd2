"""What users' code may do inside a worker: whatever it is, it is counted once or reported in a line."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import awkward as ak
import numpy as np
import psutil
import pytest

import hepnb as hn
from hepnb.errors import RunError


def made_of(function) -> hn.Path:
    """A path that fills the events' numbers as `function` passes them on."""
    path = hn.Path("rude")
    path.define("x", function)
    path.hist("x", x="x: 0, 2000, int")
    return path


def numbers(run) -> list[float]:
    return np.flatnonzero(run.hist("x").values()).tolist()


class Strange(BaseException):
    """Not even an Exception."""

    def __str__(self):
        raise ValueError("and it has no message")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("first line\nsecond line"), "ValueError: first line second line"),
        (ValueError("\udcff"), r"ValueError: \\udcff"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (SystemExit(3), "SystemExit: 3"),
        (Strange(), "Strange: .its message cannot be shown."),
    ],
)
def test_whatever_is_raised_is_one_line_with_its_step_and_no_worker_dies(numbered, error, said):
    def x(event):
        raise error

    run = made_of(x).start(numbered[0][0], workers=1)
    with pytest.raises(RunError, match=f"in chunk 0.root:0-400: definition 'x': {said}$"):
        run.wait(60)
    assert run.workers[0]["deaths"] == 0
    assert "raise error" in run.error.traceback


def close_descriptor(event):
    print("before")
    with contextlib.suppress(OSError):
        os.close(1)
    return event


def close_stream(event):
    sys.stdout.close()
    return event


def remove_stream(event):
    sys.stdout = None
    return event


def log_badly(event):
    logging.getLogger("bad").warning("%d of %d", "one")  # noqa: PLE1206
    logging.getLogger("bad").warning("\udcff")
    logging.getLogger("long").warning("y" * 100_000)
    return event


def go_elsewhere(event):
    os.chdir("/")
    return event


def fork_and_go_on(event):
    if event[0] % 100 == 0:
        os.fork()
        logging.getLogger("fork").warning("both of us")
    return event


@pytest.mark.parametrize(
    "rude",
    [close_descriptor, close_stream, remove_stream, log_badly, go_elsewhere, fork_and_go_on],
)
def test_rude_code_is_counted_exactly(numbered, rude, monkeypatch, tmp_path):
    for file in numbered[0]:
        shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)
    run = made_of(rude).start(["0.root", "1.root"], workers=1, chunk=50).wait(60)
    assert numbers(run) == [*range(400), *range(1000, 1300)]
    assert run.progress["events"] == 700
    assert run.workers[0]["deaths"] == 0
    assert (run.directory / "supervisor.log").read_text() == ""


def test_long_records_are_cut_and_say_so(numbered):
    run = made_of(log_badly).start(numbered[0][0], workers=1).wait(60)
    (record,) = (r for r in run.log if r["logger"] == "long")
    assert record["text"].endswith("... (100000 characters)")
    assert len(record["text"]) == 20_000


def test_children_that_users_code_leaves_end_with_their_worker(numbered, tmp_path):
    """One that lives on would hold the worker's channels open, and the run would wait for ever."""
    kept = tmp_path / "children"

    def x(event):
        if event[0] == 0 and not kept.exists():
            child = os.fork()
            if child == 0:
                time.sleep(60)
                os._exit(0)
            kept.write_text(str(child))
            os.kill(os.getpid(), signal.SIGKILL)
        if event[0] == 1000:
            child = subprocess.Popen(["sleep", "60"])
            daemon = subprocess.Popen(["sleep", "60"], start_new_session=True)
            kept.write_text(f"{kept.read_text()} {child.pid} {daemon.pid}")
        return event

    run = made_of(x).start(numbered[0], workers=1, chunk=100).wait(30)
    assert numbers(run) == [*range(400), *range(1000, 1300)]
    all_end([int(pid) for pid in kept.read_text().split()], 3)


def test_what_a_worker_has_started_ends_with_a_killed_zygote(numbered, tmp_path):
    """It holds the worker's channel open, and the supervisor would take the worker to be at work."""
    kept = tmp_path / "children"

    def x(event):
        if not kept.exists():
            child = os.fork()
            if child == 0:
                time.sleep(60)
                os._exit(0)
            other = subprocess.Popen(["sleep", "60"])
            kept.write_text(f"{child} {other.pid}")
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(60)
        return event

    run = made_of(x).start(numbered[0], workers=1, chunk=100).wait(30)
    assert numbers(run) == [*range(400), *range(1000, 1300)]
    all_end([int(pid) for pid in kept.read_text().split()], 2)


def all_end(children: list[int], number: int) -> None:
    assert len(children) == number
    deadline = time.monotonic() + 5
    while alive := [pid for pid in children if is_alive(pid)]:
        assert time.monotonic() < deadline, alive
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_file_that_is_replaced_under_way_is_lost_and_not_mixed(numbered, make_file, tmp_path):
    """Half of the one and half of the other would be a number of events that nobody has."""
    file, go_on = tmp_path / "changing.root", tmp_path / "go-on"
    shutil.copy(numbered[0][0], file)

    def x(event):
        if event[0] == 0 and not go_on.exists():
            go_on.touch()
            file.with_name("other.root").replace(file)
            os.kill(os.getpid(), signal.SIGKILL)
        return event

    make_file(tmp_path / "other.root", 500, 1000)
    run = made_of(x).start(file, workers=1, chunk=100, on_error="skip").wait(60)
    assert numbers(run) == []
    assert run.progress["events_lost"] == 400
    assert "was replaced while the run was reading it" in run.files[0]["reason"]


def test_arrays_of_a_chunk_cannot_be_changed(numbered):
    def x(Muon):
        flat = ak.to_numpy(ak.flatten(Muon.pt))
        flat *= 2
        return ak.num(Muon.pt)

    run = made_of(x).start(numbered[0][0], workers=1)
    with pytest.raises(RunError, match="read-only"):
        run.wait(60)


def start_threads(event):
    def chatter():
        while True:
            time.sleep(0.001)

    threading.Thread(target=chatter, daemon=True).start()
    return event


def print_much(event):
    for number in range(100_000):
        print(f"line {number}")
    return event


@pytest.mark.parametrize("rude", [start_threads, print_much])
def test_busy_code_is_counted_exactly(numbered, rude):
    run = made_of(rude).start(numbered[0], workers=2, chunk=350).wait(60)
    assert numbers(run) == [*range(400), *range(1000, 1300)]
    assert sum(row["deaths"] for row in run.workers) == 0


@pytest.mark.parametrize("garbage", [None, "text", object(), [[1, 2]] * 3, {"a": 1}])
def test_what_is_no_column_is_refused_with_its_chunk(numbered, garbage):
    run = made_of(lambda event: garbage if len(event) else event).start(numbered[0][0], workers=1)
    with pytest.raises(RunError, match=r"in chunk 0.root:0-400: .*x") as caught:
        run.wait(60)
    assert "\n" not in str(caught.value)
    assert run.workers[0]["deaths"] == 0
