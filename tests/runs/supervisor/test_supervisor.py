"""The supervisor against its own workers, its directory and whoever asks it something."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import struct
import time
from pathlib import Path

import msgpack
import numpy as np
import psutil
import pytest

import hepnb as hn
from hepnb.errors import RunError
from hepnb.histograms import Store
from hepnb.runs.directory import RunDirectory


def slow_path(seconds: float) -> hn.Path:
    path = hn.Path("slow")

    @path.define
    def x(event):
        time.sleep(seconds)
        return event

    path.hist("x", x="x: 0, 2000, int")
    return path


def reach(run, chunks: int) -> None:
    deadline = time.monotonic() + 30
    while run.progress["chunks"] < chunks:
        assert run.status in ("starting", "running")
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("what", ["nonsense", "another order", "another task"])
def test_an_answer_that_does_not_fit_is_refused_and_the_chunk_done_again(numbered, tmp_path, what):
    """The run neither waits for ever for such a record to become right, nor counts it."""
    path = hn.Path("forger")
    marker = tmp_path / "forged"

    @path.define
    def x(event):
        from hepnb.runs.engines import worker

        real = worker._Channel.send

        def forged(self, message, raw=b""):
            worker._Channel.send = real
            if what == "nonsense":
                real(self, {**message, "raw": 5}, b"12345")
            elif what == "another task":
                real(self, {**message, "order": 4}, raw)
            else:
                header = struct.calcsize("<II")
                body = msgpack.unpackb(raw[header : header + struct.unpack_from("<I", raw)[0]])
                assert body["order"] == 0
                real(self, message, raw.replace(b"\xa5order\x00", b"\xa5order\x03"))

        if event[0] == 0 and not marker.exists():
            marker.touch()
            worker._Channel.send = forged
        return event

    path.hist("x", x="x: 0, 2000, int")
    run = path.start(numbered[0], workers=2, chunk=50).wait(60)
    assert marker.exists()
    assert sum(w["deaths"] for w in run.workers) == 1
    assert np.flatnonzero(run.hist("x").values()).tolist() == [*range(400), *range(1000, 1300)]
    assert any("sent a message nobody understands" in r["text"] for r in run.log)


@pytest.mark.parametrize("what", ["deleted", "moved"])
def test_a_run_whose_directory_is_gone_ends(numbered, tmp_path, what):
    run = slow_path(0.05).start(numbered[0], workers=2, chunk=10, out=tmp_path / "run")
    reach(run, 2)
    supervisor = psutil.Process(run.snapshot()["pid"])
    family = [supervisor, *supervisor.children(recursive=True)]
    if what == "moved":
        run.directory.rename(tmp_path / "moved")
    else:
        while run.directory.exists():
            # It may write just while its files are deleted.
            shutil.rmtree(run.directory, ignore_errors=True)
    with pytest.raises(RunError, match=r"its directory .* is gone, and a run ends with it"):
        run.wait(20)
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []
    if what == "moved":
        moved = hn.attach(tmp_path / "moved")
        with pytest.raises(RunError, match="its supervisor is gone"):
            moved.wait(20)
        assert moved.hist("x").committed >= 2


def test_a_signal_interrupts_and_ends_nothing(numbered):
    """A logout, a shutdown or a hub that culls the pod: the run is there to be resumed."""
    run = slow_path(0.05).start(numbered[0], workers=2, chunk=10)
    reach(run, 2)
    os.kill(run.snapshot()["pid"], signal.SIGTERM)
    with pytest.raises(RunError, match=r"interrupted by SIGTERM.*hn\.resume\('.*'\) goes on"):
        run.wait(20)
    assert run.status == "lost"
    assert run.hist("x").committed == run.progress["chunks"]
    assert not run.hist("x").sealed
    assert all(entry.meta["k"] == "chunk" for entry in entries(run) if entry.order is not None)


def entries(run):
    """The ledger of a run, the part that is still in the journal included."""
    return list(Store.open(run.directory).ledger())


def zygotes(run) -> list[psutil.Process]:
    """The zygote of a run, if it has one just now."""
    if run.snapshot()["pid"] is None:
        return []
    try:
        return psutil.Process(run.snapshot()["pid"]).children()
    except psutil.NoSuchProcess:
        return []


def kill_zygotes(run, most: int) -> int:
    """Kill so many zygotes of a run one after the other, each as soon as it is there."""
    killed: set[int] = set()
    while len(killed) < most and run.status in ("starting", "running"):
        for zygote in zygotes(run):
            if zygote.pid not in killed:
                killed.add(zygote.pid)
                zygote.kill()
        time.sleep(0.01)
    return len(killed)


def test_a_zygote_that_is_killed_while_it_starts_is_started_again(numbered):
    run = slow_path(0.02).start(numbered[0], workers=2, chunk=20)
    reach(run, 2)
    assert kill_zygotes(run, 2) == 2
    assert run.wait(60).progress["events"] == 700
    assert run.hist("x").sum() == 700


def test_all_that_die_at_once_are_replaced(numbered):
    run = slow_path(0.02).start(numbered[0], workers=3, chunk=10)
    for chunks in (3, 20, 40):
        reach(run, chunks)
        (zygote,) = zygotes(run)
        supervisor = psutil.Process(run.snapshot()["pid"])
        supervisor.suspend()
        for process in [*zygote.children(), zygote]:
            process.kill()
        time.sleep(0.1)
        supervisor.resume()
    run.wait(60)
    assert sum(w["deaths"] for w in run.workers) >= 9
    assert run.hist("x").sum() == run.progress["events"] == 700
    assert (run.directory / "supervisor.log").read_text() == ""


def test_zygotes_that_are_killed_for_ever_end_the_run_in_order(numbered):
    run = slow_path(0.02).start(numbered[0], workers=2, chunk=20)
    reach(run, 2)
    kill_zygotes(run, 100)
    with pytest.raises(RunError, match="zygote ended with status -9 before it was ready"):
        run.wait(20)
    assert run.status == "failed"
    assert run.hist("x").sealed
    assert run.hist("x").sum() == run.progress["events"]
    assert run.progress["events"] + run.progress["events_lost"] == 700


def test_a_run_is_killed_while_it_starts(numbered):
    run = slow_path(0.02).start(numbered[0])
    run.kill()
    with pytest.raises(RunError, match="its supervisor is gone"):
        run.wait(20)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="reads /proc")
def test_nothing_of_the_kernel_is_inherited_and_memory_stays_small(numbered):
    """A session of its own; no socket, pipe or file of its parent; below 120 MB with HDF5."""
    ours, theirs = socket.socketpair()
    ours.set_inheritable(True)
    theirs.set_inheritable(True)
    path = slow_path(0.1)
    path.hist("wide", x="x: 2000000, 0, 2000", storage="Weight")
    run = path.start(numbered[0], workers=2, chunk=20)
    reach(run, 3)
    supervisor = psutil.Process(run.snapshot()["pid"])
    (zygote,) = supervisor.children()
    assert os.getsid(supervisor.pid) == supervisor.pid != os.getsid(0)
    held = descriptors(os.getpid())
    for process in (supervisor, zygote, *zygote.children()):
        inherited = descriptors(process.pid) & held
        assert {name for name in inherited if not name.startswith(("/dev/", "anon_inode"))} == set()
    assert str(run.directory) in " ".join(descriptors(supervisor.pid))
    most = 0
    while run.status not in ("done", "failed", "lost"):
        with contextlib.suppress(psutil.NoSuchProcess):
            most = max(most, supervisor.memory_info().rss)
        time.sleep(0.02)
    run.wait(60)
    ours.close()
    theirs.close()
    assert 10e6 < most < 120e6


def descriptors(pid: int) -> set[str]:
    """What the open descriptors of a process lead to."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            found.add(str(entry.readlink()))
    return found


HOSTILE = [
    {"k": "log", "id": 1, "start": None},
    {"k": "log", "id": 1, "start": float("inf")},
    {"k": "log", "id": 1, "levels": 5},
    {"k": "log", "id": 1, "start": -(2**62), "count": -5, "search": {"a": 1}},
    {"k": ["snapshot"], "id": [1, {"a": msgpack.ExtType(5, b"x")}]},
    b"\x81\x90\xc0",
    b"\x91" * 100_000,
]


def test_no_request_harms_a_run(numbered):
    run = slow_path(0.05).start(numbered[0], workers=1, chunk=20)
    reach(run, 1)
    for request in HOSTILE:
        body = request if isinstance(request, bytes) else msgpack.packb(request)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(RunDirectory(run.directory).socket_path()))
            connection.sendall(struct.pack("!IB", len(body), 1) + body)
            answer = connection.recv(1 << 16)
            assert bool(answer) == isinstance(request, dict)
    assert run.wait(60).progress["events"] == 700


def test_settings_that_make_no_sense_are_refused_in_a_line(numbered, tmp_path):
    path = slow_path(0)
    for setting in ({"workers": 2.5}, {"workers": "2"}, {"chunk": 1e5}, {"chunk": 0}, {"out": 5}):
        with pytest.raises(RunError, match=f"^{next(iter(setting))}=") as caught:
            path.start(numbered[0], **setting)
        assert "\n" not in str(caught.value)
    assert hn.runs() == []
