"""How the process of a supervisor begins: the zygote first, and the first result at once."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import hepnb as hn
from hepnb.errors import RunError
from hepnb.runs.starting import launch, preparing

_SELDOM = """import sys; from hepnb.runs.supervisor import supervisor as s
s._TICK = s._SILENCE = 3600; s.main(sys.argv[1])"""


_FORK = """import os, sys, hepnb.runs.supervisor.process as supervising
def fork():
    print(*sys.modules, *os.listdir('/proc/self/task'))
    raise SystemExit
os.fork = fork
supervising.main(sys.argv[1])"""
_NEEDED = """import sys, hepnb.runs.engines.zygote as zygote
for name in zygote._HEAVY: __import__(name)
print(*sys.modules)"""


def said(code: str, *arguments: str) -> set[str]:
    command = [sys.executable, "-c", code, *arguments]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="reads /proc")
def test_a_zygote_is_forked_by_one_thread_that_has_imported_what_it_needs(numbered, pt_path):
    """A zygote imports for half a second, and a run waits for nothing longer."""
    run = pt_path.start(numbered[0], workers=1).wait(60)
    found = said(_FORK, str(run.directory))
    assert "numpy" in found
    assert len([word for word in found if word.isdecimal()]) == 1
    here = {
        f"hepnb.runs.{name}" for name in ("engines.launching", "supervisor", "supervisor.process")
    }
    assert {word for word in found if not word.isdecimal()} - said(_NEEDED) == here


def test_a_zygote_that_forks_workers_has_a_single_thread(numbered):
    """Whatever its libraries would start: pyarrow, which awkward imports where it is there, does."""
    pytest.importorskip("pyarrow")
    path = hn.Path("threads")

    @path.define
    def x(event):
        raise ValueError("pyarrow" in sys.modules, psutil.Process(os.getppid()).num_threads())

    path.hist("x", x="x: 0, 2000, int")
    run = path.start(numbered[0], workers=1)
    with pytest.raises(RunError):
        run.wait(60)
    assert "(True, 1)" in run.error.title


@pytest.mark.parametrize("own", [{}, {"environment": {"MINE": "yes"}}, {"threads": 2}])
def test_a_zygote_with_an_environment_of_its_own_is_a_fresh_interpreter(numbered, own):
    path = hn.Path("environment")

    @path.define
    def x(event):
        threads = os.environ["OPENBLAS_NUM_THREADS"]
        command = Path(f"/proc/{os.getppid()}/cmdline").read_text()
        raise ValueError(os.environ.get("MINE"), threads, "engines.zygote" in command)

    path.hist("x", x="x: 0, 2000, int")
    run = path.start(numbered[0], workers=1, **own)
    with pytest.raises(RunError):
        run.wait(60)
    mine = own.get("environment", {}).get("MINE")
    assert str((mine, str(own.get("threads", 1)), bool(own))) in run.error.title


def test_a_zygote_loads_nothing_that_only_a_supervisor_needs():
    loaded = said(_NEEDED)
    assert "awkward" in loaded
    assert not {"h5py", "hepnb.runs.engines.local"} & loaded


def test_the_first_result_is_told_before_the_next_tick(numbered, tmp_path, monkeypatch):
    gate = tmp_path / "gate"
    path = hn.Path("first")

    @path.define
    def x(event):
        while event[0] and not gate.exists():
            time.sleep(0.01)
        return event

    path.hist("x", x="x: 0, 2000, int")
    monkeypatch.setattr(
        launch, "supervisor_command", lambda d: [sys.executable, "-c", _SELDOM, str(d)]
    )
    run = path.start(numbered[0], workers=1, chunk=350)
    deadline = time.monotonic() + 30
    while not run.progress["chunks"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert run.status == "running"
    gate.touch()
    assert run.wait(60).status == "done"


def test_what_changes_with_time_alone_is_told_seldom(numbered):
    path = hn.Path("slow")

    @path.define
    def x(event):
        time.sleep(3)
        return event

    path.hist("x", x="x: 0, 2000, int")
    run = path.start(numbered[0][0], workers=1)
    told: list[float] = []
    run.watch(lambda s: told.append(s["now"]) if s["state"] == "running" else None)
    run.wait(60)
    assert 2 < len(told) < 20, "not ten a second"


def processes_of(state: Path) -> list[psutil.Process]:
    """Supervisors and zygotes of runs below this directory."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if any(word.startswith(str(state)) for word in process.cmdline()):
                found.append(process)
    return found


def test_a_run_that_the_cell_refuses_leaves_nothing(numbered, tmp_path):
    path = hn.Path("refused")
    path.hist("x", x="Muon.nothing: 10, 0, 1")
    with pytest.raises(hn.HepnbError, match="nothing"):
        path.start(numbered[0])
    assert list((tmp_path / "state" / "runs").iterdir()) == []
    _, alive = psutil.wait_procs(processes_of(tmp_path), timeout=30)
    assert not alive


_HANGS = """import pathlib, sys, time
if "hepnb.runs.engines.zygote" in sys.orig_argv:
    pathlib.Path(__file__).with_name("begun").touch()
    time.sleep(600)"""


def test_a_run_that_the_cell_refuses_takes_along_a_zygote_that_hangs(
    numbered, tmp_path, pt_path, monkeypatch
):
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(_HANGS)

    def refuse(inputs, job):
        deadline = time.monotonic() + 30
        while not (site / "begun").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        raise hn.HepnbError("refused")

    monkeypatch.setattr(preparing.Inputs, "check", refuse)
    places = os.pathsep.join([str(site), str(Path(hn.__file__).parents[1])])
    with pytest.raises(hn.HepnbError, match="refused"):
        pt_path.start(numbered[0], environment={"PYTHONPATH": places})
    assert (site / "begun").exists()
    _, alive = psutil.wait_procs(processes_of(tmp_path), timeout=5)
    for process in alive:
        process.kill()
    assert not alive


_HELD = """import os, pathlib, signal, sys, time, hepnb as hn
from hepnb.runs.starting import preparing
file, begun, end = sys.argv[1:]
def look(inputs, job):
    (row,) = hn.runs()
    if end == "look for long":
        while not pathlib.Path(begun).exists(): time.sleep(0.01)
    else:
        time.sleep(4)  # were the run not held, its first chunk would have begun by now
    print(row["id"], row["state"], pathlib.Path(begun).exists(), flush=True)
    if end == "die":
        os.kill(os.getpid(), signal.SIGKILL)
preparing.Inputs.check = look
path = hn.Path("held")
@path.define
def x(event):
    pathlib.Path(begun).touch()
    return event
path.hist("x", x="x: 0, 2000, int")
print(path.start(file, workers=1).wait(60).status)"""


@pytest.mark.parametrize("end", ["go on", "die", "look for long"])
def test_a_run_is_held_while_the_cell_looks_at_its_files_unless_the_kernel_dies(
    numbered, tmp_path, end, monkeypatch
):
    site = tmp_path / "site"
    site.mkdir()
    if end == "look for long":
        (site / "sitecustomize.py").write_text(
            "from hepnb.runs import spec; spec.LONGEST_HOLD = 1.0"
        )
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(site), str(Path(hn.__file__).parents[1])])
    )
    command = [sys.executable, "-c", _HELD, numbered[0][0], str(tmp_path / "begun"), end]
    kernel = subprocess.run(command, capture_output=True, text=True, check=False)
    run, state, has_begun, *said = kernel.stdout.split()
    assert (state, has_begun) == ("starting", str(end == "look for long")), kernel.stderr
    assert said == ([] if end == "die" else ["done"])
    assert hn.attach(run).wait(60).hist("x").sum() == 400
