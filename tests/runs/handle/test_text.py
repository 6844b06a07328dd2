"""The bar that a script shows on a terminal while it waits, and the line in a file."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest

import hepnb as hn

SCRIPT = """
import os, hepnb as hn
run = hn.attach(os.environ["RUN"])
run.wait()
print("state", run.status)
"""


@pytest.fixture
def slow_run(numbered):
    path = hn.Path("[red]slow")

    @path.define
    def slowly(event):
        import time

        time.sleep(0.3)
        return event

    path.select("known", "slowly >= 0")
    path.hist("pt", pt="Muon.pt: 20, 0, 100")
    run = path.start(numbered[0], 1, chunk=100)
    yield run
    run.cancel()


@pytest.mark.parametrize("by", [["-W", "error"], ["-m", "IPython", "--no-banner"]])
def test_a_terminal_sees_a_bar_that_moves(slow_run, tmp_path, by):
    ours, theirs = pty.openpty()
    settings = {"TERM": "xterm", "COLUMNS": "120", "IPYTHONDIR": str(tmp_path), "RUN": slow_run.id}
    with subprocess.Popen(
        [sys.executable, *by, "-c", SCRIPT],
        stderr=theirs,
        stdout=subprocess.PIPE,
        env=os.environ | settings,
    ) as script:
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # how the end of a terminal reads
                break
            if not piece:
                break
            shown += piece
        os.close(ours)
        assert script.stdout.read() == b"state done\n"
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert "[red]slow" in text  # a name is no markup
    assert re.search(r"running \d+ % [1-9]\d+ of about", text)
    assert "100 % 700 of 700 events" in " ".join(text.split())


def test_a_file_gets_no_bar(slow_run):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"RUN": slow_run.id},
    )
    assert (done.stdout, done.stderr) == ("state done\n", "")
