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
import sys, hepnb as hn
run = hn.attach(sys.argv[1])
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


def test_a_terminal_sees_a_bar_that_moves(slow_run):
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SCRIPT, slow_run.id],
        stderr=theirs,
        stdout=subprocess.PIPE,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "120"},
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
        [sys.executable, "-c", SCRIPT, slow_run.id], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("state done\n", "")
