"""What a scan shows while one waits for it: one bar for all of its runs, with an honest time left."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest

import hepnb as hn
from hepnb.runs.handle.glance import Glance
from hepnb.runs.scans.pace import expected_of_all, time_left

from .conftest import until

WAITS = ["-W", "error", "-c", "import os, hepnb as hn; hn.attach(os.environ['RUN']).wait()"]
ATTACHES = ["-m", "hepnb", "attach"]


def glance_at(state, events=0, total=None, rate=None, eta=None, problem=""):
    progress = Glance("").progress | {"events": events, "events_total": total}
    return Glance(state, problem=problem, progress=progress | {"rate": rate, "eta": eta})


DONE = glance_at("done", 1000, 1000, rate=100.0)
WAITING = glance_at("waiting")


@pytest.mark.parametrize(
    ("seen", "at_once", "left"),
    [
        ([WAITING, WAITING], 1, None),
        ([DONE, DONE], 1, None),
        ([DONE, WAITING, WAITING], 1, 20.0),
        ([DONE, WAITING, WAITING], 4, 10.0),  # one alone takes that long
        ([DONE, glance_at("running", 500, 1000, rate=1.0, eta=3.0), WAITING], 1, 13.0),
        ([glance_at("running", 500, 1000, rate=50.0, eta=10.0), WAITING], 1, 30.0),
        ([DONE, glance_at("starting")], 1, 10.0),
        ([DONE, glance_at("failed", 10, 1000, rate=1.0), WAITING], 1, 10.0),
        ([DONE, glance_at("paused", 500, 1000)], 1, None),
        ([DONE, glance_at("waiting", problem="this site allows 1 at once")], 1, None),
    ],
)
def test_the_time_left_is_that_of_all_runs(seen, at_once, left):
    assert time_left(seen, at_once) == left


def test_runs_to_come_have_as_many_events_as_the_others():
    assert expected_of_all([DONE, WAITING, WAITING]) == 3000.0
    assert expected_of_all([WAITING]) is None


@pytest.mark.parametrize(("by", "stream"), [(WAITS, "stderr"), (ATTACHES, "stdout")])
def test_a_terminal_sees_one_bar_of_all_runs(numbered, gated, by, stream):
    make, gates = gated
    runs = hn.scan(make, numbered[0], n=range(3), workers=1, max_parallel=1)
    until((gates / "began-0").exists)
    ours, theirs = pty.openpty()
    command = [sys.executable, *by, *([runs.id] if by is ATTACHES else [])]
    settings = {"TERM": "xterm", "COLUMNS": "160", "RUN": runs.id}
    with subprocess.Popen(command, **{stream: theirs}, env=os.environ | settings) as script:
        os.close(theirs)
        shown = _Shown(ours)
        shown.until("running 0 of 3 runs ended")
        (gates / "open-0").touch()
        shown.until(
            r"running \d+ % 1 of 3 runs ended, 700 of about 2,100 events, about \d+ \w+ left"
        )
        (gates / "open").touch()
        shown.until("done 100 % 3 of 3 runs ended, 2,100 of 2,100 events")
        shown.rest()
        os.close(ours)
    assert script.returncode == 0
    assert runs.progress["eta"] is None
    assert runs.progress["events_total"] == 2100


@pytest.mark.parametrize("by", [WAITS, ATTACHES])
def test_a_file_gets_no_bar(numbered, gated, by):
    make, gates = gated
    (gates / "open").touch()
    runs = hn.scan(make, numbered[0], n=range(2), workers=1)
    command = [sys.executable, *by, *([runs.id] if by is ATTACHES else [])]
    settings = os.environ | {"RUN": runs.id}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=settings)
    assert done.stderr == ""
    line = "done  100 %  2 of 2 runs ended, 1,400 of 1,400 events"
    assert done.stdout.splitlines()[:1] == ([line] if by is ATTACHES else [])


class _Shown:
    """What a terminal was shown; its end reads as an error."""

    def __init__(self, terminal):
        self.terminal, self.text = terminal, ""

    def until(self, pattern):
        while not re.search(pattern, " ".join(self.text.split())):
            assert self._more(), f"never {pattern!r} in {self.text!r}"

    def rest(self):
        while self._more():
            pass

    def _more(self):
        try:
            piece = os.read(self.terminal, 65536)
        except OSError:
            return False
        self.text += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", piece.decode(errors="replace"))
        return bool(piece)
