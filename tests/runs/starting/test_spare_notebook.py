"""The spare supervisor and the process that it waits beside: which has one, how it ends, its forks."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil
import pytest

import hepnb as hn
from hepnb.runs.starting.spare import RESERVE

_NOTEBOOK = """import os, signal, sys, time, hepnb as hn
from hepnb.runs.starting.spare import RESERVE
RESERVE.keep()
print(RESERVE._waiting.process.pid, flush=True)
time.sleep(float(sys.argv[2]))
sys.stdin.readline()
if sys.argv[1] == "fork":
    if os.fork() == 0:
        time.sleep(60)
elif sys.argv[1] == "fork and run":
    path = hn.Path("forked")
    path.hist("x", x="event: 0, 2000, int")
    if os.fork() == 0:
        print(path.start(sys.argv[3], workers=1).wait(60).status, flush=True)
        os._exit(0)
    os.wait()
    print(RESERVE._waiting.process.poll())
if sys.argv[1] != "end":
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("end", ["end", "kill", "fork"])
@pytest.mark.parametrize("after", ["0", "1.5"])
def test_a_spare_ends_with_its_notebook(end, after):
    command = [sys.executable, "-c", _NOTEBOOK, end, after]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as notebook:
        spare = psutil.Process(int(notebook.stdout.readline()))
        family = [spare, *spare.children(recursive=True)]
        notebook.stdin.write("\n")
        notebook.stdin.flush()
        notebook.wait(20)
        _, alive = psutil.wait_procs(family, timeout=20)
        assert not alive


def test_a_fork_of_the_notebook_leaves_it_alone(numbered):
    """Such as a process of multiprocessing, which may run something itself."""
    told = subprocess.run(
        [sys.executable, "-c", _NOTEBOOK, "fork and run", "0", numbered[0][0]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    ).stdout.split()
    assert told[1:] == ["done", "None"]


_RUNS = """import sys, time, hepnb as hn
from hepnb.runs.starting.spare import RESERVE
RESERVE.keep()
time.sleep(1)
path = hn.Path("counts")
@path.define
def x(event):
    time.sleep(0.1)
    return event
path.hist("x", x="x: 0, 2000, int")
run = path.start(sys.argv[1], workers=1, chunk=20)
print(run.id, flush=True)
time.sleep(60)
"""


def test_a_run_that_took_the_spare_outlives_the_notebook(numbered):
    command = [sys.executable, "-c", _RUNS, numbered[0][0]]
    notebook = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    run_id = notebook.stdout.readline().strip()
    notebook.kill()
    notebook.communicate()
    run = hn.attach(run_id)
    assert run._directory.spares.exists()
    assert run.wait(60).status == "done"
    assert run.hist("x").sum() == 400


_CELLS = """import sys, time
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell
HistoryManager.enabled = False
shell = InteractiveShell.instance()
shell.user_ns["file"] = sys.argv[1]
def cell(text):
    assert shell.run_cell(text).success
if sys.argv[2] == "unloaded":
    cell("%load_ext hepnb")
    cell("%unload_ext hepnb")
cell("import hepnb as hn")
cell("path = hn.Path('cells'); path.hist('x', x='event: 0, 2000, int')")
cell("run = path.start(file, workers=1).wait(60)")
cell("run._client._supervisor.wait()")
from hepnb.runs.starting.spare import RESERVE
began = time.monotonic()
while not RESERVE._waiting and time.monotonic() - began < float(sys.argv[3]):
    time.sleep(0.01)
print(RESERVE._waiting is not None)
"""


@pytest.mark.parametrize(
    ("before", "waits", "then"), [("", "20", "True"), ("unloaded", "1", "False")]
)
def test_a_notebook_without_the_extension_has_one_after_its_first_run(
    numbered, before, waits, then
):
    pytest.importorskip("IPython")
    command = [sys.executable, "-c", _CELLS, numbered[0][0], before, waits]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.stdout.split()[-1:] == [then], told.stderr


def test_a_process_that_is_no_notebook_has_none(numbered, pt_path):
    pt_path.start(numbered[0], workers=1).wait(60)
    time.sleep(0.2)
    assert RESERVE._waiting is None
