"""The supervisor that waits beside a notebook: a run takes it, and nothing about the run is another."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

import hepnb as hn
from hepnb.errors import RunError
from hepnb.runs import policy, processes
from hepnb.runs.directory import all_runs
from hepnb.runs.spec import SPARE, TAKEN
from hepnb.runs.starting import preparing, spare
from hepnb.runs.starting.launch import launch
from hepnb.runs.starting.spare import RESERVE


@pytest.fixture
def beside():
    """This process is a notebook from the first call on: whoever waits beside it then."""
    yield a_next_one
    RESERVE.close()
    assert waiting() is None


def waiting() -> psutil.Process | None:
    """The spare of this process."""
    spare = RESERVE._waiting
    if spare is None or spare.process.poll() is not None:
        return None
    process = psutil.Process(spare.process.pid)
    while not (command := process.cmdline()):  # in the very moment in which it begins
        time.sleep(0.001)
    assert command[-2:] == [SPARE, spare.name]
    return process


def a_next_one() -> psutil.Process:
    """The spare, when it is there. pytest says in the environment which phase of a test this is."""
    RESERVE.keep()
    deadline = time.monotonic() + 20
    while (found := waiting()) is None:
        assert time.monotonic() < deadline, "no spare"
        time.sleep(0.02)
    return found


def supervisor_of(run: hn.Run) -> int:
    """Its process, which may have ended; who writes the run down says its own first."""
    deadline = time.monotonic() + 20
    while (said := run._directory.supervisor() or (os.getpid(), ""))[0] == os.getpid():
        assert time.monotonic() < deadline, "no supervisor"
        time.sleep(0.01)
    return said[0]


def test_runs_take_the_spare_and_leave_another(beside, numbered, pt_path):
    files, _ = numbered
    taken = []
    for _ in range(3):
        spare = beside()
        run = pt_path.start(files, workers=2, chunk=90)
        assert supervisor_of(run) == spare.pid
        np.testing.assert_array_equal(
            run.wait(60).hist("pt").to_hist().values(flow=True),
            pt_path.start(files, chunk=90, engine="inline").hist("pt").to_hist().values(flow=True),
        )
        assert run.status == "done"
        assert (run._directory.supervisor_log).read_text() == ""
        taken.append(spare.pid)
    assert len(set(taken)) == 3


def test_runs_at_once_have_processes_of_their_own(beside, numbered, gated_path):
    path, gate = gated_path
    beside()
    runs = [path.start(numbered[0], workers=1) for _ in range(3)]
    assert len({supervisor_of(run) for run in runs}) == 3
    gate.touch()
    assert [run.wait(60).status for run in runs] == ["done"] * 3


def said_by_a_worker(files, **settings) -> str:
    """What a worker finds in its environment, as it raises it."""
    path = hn.Path("environment")

    @path.define
    def x(event):
        raise ValueError(
            *map(os.environ.get, ("HEPNB_TEST_MINE", "OPENBLAS_NUM_THREADS")), Path.cwd()
        )

    path.hist("x", x="x: 0, 2000, int")
    run = path.start(files, workers=1, **settings)
    with pytest.raises(RunError):
        run.wait(60)
    return run.error.title


@pytest.mark.parametrize(
    ("settings", "mine", "threads"),
    [
        ({}, None, "1"),
        ({"environment": {"HEPNB_TEST_MINE": "yes"}}, "yes", "1"),
        ({"threads": 2}, None, "2"),
    ],
)
def test_a_run_has_the_environment_that_it_asks_for(
    beside, numbered, tmp_path, monkeypatch, settings, mine, threads
):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    spare = beside()
    said = said_by_a_worker(numbered[0][0], **settings)
    assert str((mine, threads, tmp_path / "here")) in said
    spare.wait(10)


def test_another_environment_asks_for_another_process(beside, numbered, monkeypatch):
    old = beside()
    monkeypatch.setenv("HEPNB_TEST_MINE", "changed")
    assert "('changed', '1'" in said_by_a_worker(numbered[0][0])
    assert not old.is_running()
    beside()
    assert "('changed', '1'" in said_by_a_worker(numbered[0][0])


def test_other_packages_ask_for_another_process(beside, numbered, pt_path, tmp_path, monkeypatch):
    packages = tmp_path / "site-packages"
    packages.mkdir()
    monkeypatch.syspath_prepend(str(packages))
    old = beside()
    (packages / "newer-1.0.dist-info").mkdir()
    run = pt_path.start(numbered[0], workers=1)
    assert supervisor_of(run) != old.pid
    assert not old.is_running()
    assert run.wait(60).status == "done"


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
@pytest.mark.parametrize("what", ["mask", "limit", "processors"])
def test_another_mask_or_limit_asks_for_another_process(beside, numbered, pt_path, what):
    old = beside()
    mask, limits = os.umask(0o077), resource.getrlimit(resource.RLIMIT_NOFILE)
    processors = os.sched_getaffinity(0)
    os.umask(mask)
    if what == "processors" and len(processors) == 1:
        pytest.skip("there is one processor")
    try:
        if what == "mask":
            os.umask(mask ^ 0o010)
        elif what == "limit":
            resource.setrlimit(resource.RLIMIT_NOFILE, (limits[0] - 1, limits[1]))
        else:
            os.sched_setaffinity(0, {min(processors)})
        run = pt_path.start(numbered[0], workers=1)
        assert supervisor_of(run) != old.pid
    finally:
        os.umask(mask)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        os.sched_setaffinity(0, processors)
    assert not old.is_running()
    assert run.wait(60).status == "done"


def test_a_module_beside_the_notebook_is_the_one_that_counts(
    beside, numbered, tmp_path, monkeypatch
):
    """It is imported when the run has begun, and edited between two runs."""
    module = tmp_path / "hepnb_test_beside.py"
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    seen = []
    for bins in (3, 4):
        # Of another size each time: Python tells files by their size and the second of their change.
        module.write_text(f"def answer():\n    return {bins}\n" + bins * "#")
        path = hn.Path("module")

        @path.define
        def x(event):
            from hepnb_test_beside import answer

            return event * 0 + answer()

        path.hist("x", x="x: 0, 9, int")
        beside()
        run = path.start(numbered[0][0], workers=1).wait(60)
        seen.append(int(np.argmax(run.hist("x").to_hist().values())))
    assert seen == [3, 4]


def test_a_spare_that_has_died_is_not_taken(beside, numbered, pt_path):
    spare = beside()
    spare.kill()
    spare.wait(10)
    run = pt_path.start(numbered[0], workers=1).wait(60)
    assert run.status == "done"
    assert not run._directory.spares.exists()


def stop_now(process: psutil.Process) -> None:
    """Stop it by a signal, which takes a moment to arrive."""
    process.suspend()
    while process.status() != psutil.STATUS_STOPPED:
        time.sleep(0.001)


@pytest.mark.parametrize("how", ["start", "start late", "resume"])
def test_a_spare_that_a_signal_has_stopped_is_not_waited_for(
    beside, numbered, gated_path, monkeypatch, how
):
    """Woken later it is no second supervisor: it was killed before the other one began."""
    path, gate = gated_path
    if how == "resume":
        run = path.start(numbered[0], workers=1)
        supervisor_of(run)
        run.kill()
        with pytest.raises(RunError, match="lost"):
            run.wait(60)
    stopped = beside()
    family = [stopped, *stopped.children()]

    def stop(*_):
        for process in family:
            stop_now(process)

    if how == "start late":  # when it was told already
        monkeypatch.setattr(preparing.Inputs, "check", stop)
    else:
        stop()
    monkeypatch.setattr(processes, "_WAKES_WITHIN", 0.3)
    run = run.resume() if how == "resume" else path.start(numbered[0], workers=1)
    assert supervisor_of(run) != stopped.pid
    for process in family:
        with pytest.raises(psutil.NoSuchProcess):
            process.resume()
    gate.touch()
    assert run.wait(60).status == "done"
    assert run.progress["events"] == 700
    assert run._directory.supervisor_log.read_text() == ""


def test_a_spare_that_is_woken_in_time_has_the_run(beside, numbered, pt_path, monkeypatch):
    stopped = beside()
    is_seen = threading.Event()

    def status(process):
        found = asked(process)
        if found == psutil.STATUS_STOPPED:
            is_seen.set()
        return found

    asked = psutil.Process.status
    stop_now(stopped)
    monkeypatch.setattr(psutil.Process, "status", status)
    monkeypatch.setattr(processes, "_WAKES_WITHIN", 20.0)
    waker = threading.Thread(target=lambda: is_seen.wait(20) and stopped.resume())
    waker.start()
    run = pt_path.start(numbered[0], workers=1)
    waker.join()
    assert is_seen.is_set()
    assert supervisor_of(run) == stopped.pid
    assert run.wait(60).status == "done"


def test_a_zygote_that_has_died_is_replaced(beside, numbered, pt_path):
    spare = beside()
    deadline = time.monotonic() + 20
    while not (zygotes := spare.children()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    zygotes[0].kill()
    run = pt_path.start(numbered[0], workers=1)
    assert supervisor_of(run) == spare.pid
    assert run.wait(60).status == "done"


def test_a_run_that_the_cell_refuses_takes_the_spare_along(beside, numbered, tmp_path):
    spare = beside()
    path = hn.Path("refused")
    path.hist("x", x="Muon.nothing: 10, 0, 1")
    with pytest.raises(hn.HepnbError, match="nothing"):
        path.start(numbered[0])
    assert list((tmp_path / "state" / "runs").iterdir()) == []
    assert not spare.is_running()
    beside()


def test_it_is_killed_and_resumed_like_any_other(beside, numbered, gated_path):
    path, gate = gated_path
    beside()
    run = path.start(numbered[0], workers=2, chunk=50)
    spare = psutil.Process(supervisor_of(run))
    run.kill()
    spare.wait(10)
    with pytest.raises(RunError, match="lost"):
        run.wait(60)
    again = beside()
    run = hn.resume(run.id)
    assert supervisor_of(run) == again.pid
    gate.touch()
    assert run.wait(60).status == "done"
    assert run.progress["events"] == 700


@pytest.mark.parametrize("is_spare", [True, False])
def test_a_run_is_killed_by_whichever_way_its_directory_is_known(
    beside, numbered, gated_path, tmp_path, is_spare
):
    (tmp_path / "disk").mkdir()
    (tmp_path / "home").symlink_to(tmp_path / "disk")
    if is_spare:
        beside()
    run = gated_path[0].start(numbered[0], workers=1, out=tmp_path / "home" / "out")
    supervisor = psutil.Process(supervisor_of(run))
    found = hn.attach(run.id)
    assert found.directory != run.directory
    found.kill()
    supervisor.wait(10)
    assert run._directory.spares.exists() == is_spare


@pytest.mark.parametrize("spare_is_first", [True, False])
def test_one_that_was_taken_up_from_two_places_is_killed(
    beside, numbered, gated_path, spare_is_first
):
    """The second finds the first at work; by then it has told the directory of itself."""
    path, gate = gated_path
    if spare_is_first:
        beside()
    run = path.start(numbered[0], workers=1)
    supervisor = psutil.Process(supervisor_of(run))
    if spare_is_first:
        RESERVE.close()
    else:
        beside()
    assert launch(run._directory).wait(60) == TAKEN
    assert supervisor.is_running()
    run.kill()
    supervisor.wait(10)
    gate.touch()
    assert hn.resume(run.id).wait(60).status == "done"


def test_one_that_only_just_starts_is_killed(beside, numbered, pt_path, monkeypatch):
    """Nobody has said a pid yet: it is known by its name."""
    beside()

    def kill_it(inputs, job):
        (directory,) = all_runs()
        assert not directory.is_supervised()
        hn.attach(directory.path).kill()

    monkeypatch.setattr(preparing.Inputs, "check", kill_it)

    run = pt_path.start(numbered[0], workers=1)
    with pytest.raises(RunError, match="lost"):
        run.wait(60)


def test_a_copy_of_a_runs_directory_does_not_kill_the_run(beside, numbered, gated_path, tmp_path):
    path, gate = gated_path
    beside()
    run = path.start(numbered[0], workers=1)
    supervisor_of(run)
    copy = tmp_path / "copy"
    shutil.copytree(run.directory, copy, ignore=shutil.ignore_patterns("sock", "*.part", "*.new"))
    hn.attach(copy).kill()
    gate.touch()
    assert run.wait(60).status == "done"


@pytest.mark.parametrize(("allowed", "is_there"), [("0 s", False), ("1 s", True)])
def test_the_site_says_how_long_it_may_wait(tmp_path, monkeypatch, beside, allowed, is_there):
    site = tmp_path / "policy.yaml"
    site.write_text(f"spare: {allowed}")
    monkeypatch.setattr(policy, "policy_files", lambda: (site,))
    RESERVE.keep()
    spare = waiting()
    assert (spare is not None) == is_there
    if spare is not None:
        psutil.wait_procs([spare, *spare.children(recursive=True)], timeout=20)
        assert waiting() is None


def test_a_malformed_policy_is_no_concern_of_the_spare(tmp_path, monkeypatch, beside):
    site = tmp_path / "policy.yaml"
    site.write_text("spare: soon")
    monkeypatch.setattr(policy, "policy_files", lambda: (site,))
    RESERVE.keep()
    assert waiting() is None


def test_a_fork_of_the_notebook_does_not_hold_its_runs(beside, numbered, pt_path, monkeypatch):
    """It has the inputs of all supervisors that it found, and of those that were just begun."""
    forks = []

    def fork(*_):
        if (pid := os.fork()) == 0:
            time.sleep(600)
        forks.append(pid)

    monkeypatch.setattr(preparing.Inputs, "check", fork)
    try:
        for _ in range(2):  # the spare, and one that is begun for its run
            run = pt_path.start(numbered[0], workers=1)
            assert run.wait(60).status == "done"
            beside()
    finally:
        for pid in forks:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    assert len(forks) == 2


def test_no_fork_happens_while_a_spare_is_made(beside, monkeypatch):
    """The fork would hold its input, and keep it from ending with the notebook."""
    is_making, may_go_on = threading.Event(), threading.Event()
    made = spare.detached

    def slowly(*args, **named):
        process = made(*args, **named)
        is_making.set()
        assert may_go_on.wait(20)
        return process

    monkeypatch.setattr(spare, "detached", slowly)
    maker = threading.Thread(target=RESERVE.keep)
    maker.start()
    assert is_making.wait(20)
    threading.Timer(0.2, may_go_on.set).start()
    if (pid := os.fork()) == 0:
        os._exit(0 if may_go_on.is_set() and RESERVE._waiting is None else 1)
    maker.join()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert waiting() is not None


@pytest.mark.parametrize("where", ["written_whole", "opened"])
def test_an_interrupt_in_the_hand_over_leaves_nothing(
    beside, numbered, pt_path, tmp_path, monkeypatch, where
):
    process = beside()

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(spare, where, interrupt)
    with pytest.raises(KeyboardInterrupt):
        pt_path.start(numbered[0])
    assert not process.is_running()
    assert list((tmp_path / "state" / "runs").iterdir()) == []


def test_what_is_no_text_in_the_search_path_counts_not(beside, numbered, pt_path, tmp_path):
    sys.path.append(tmp_path)
    try:
        process = beside()
        run = pt_path.start(numbered[0], workers=1)
        assert supervisor_of(run) == process.pid
        assert run.wait(60).status == "done"
    finally:
        sys.path.remove(tmp_path)
