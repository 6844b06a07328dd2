"""How the process of a supervisor begins: the zygote first, and the first result at once."""

from __future__ import annotations

import subprocess
import sys
import time

import hepnb as hn
from hepnb.runs import launch

_SELDOM = """import sys; from hepnb.runs import supervisor as s
s._TICK = s._SILENCE = 3600; s.main(sys.argv[1])"""


def test_little_is_imported_before_the_zygote_starts():
    """A zygote imports for half a second, and a run waits for nothing longer."""
    code = "import sys, hepnb.runs.supervising; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    dear = {"numpy", "h5py", "hist", "msgpack", "hashlib", "tempfile", "hepnb.runs.supervisor"}
    assert not dear & set(loaded.stdout.split())


def test_a_zygote_loads_nothing_that_only_a_supervisor_needs():
    code = "import sys, hepnb.runs.engines.zygote; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"h5py", "hepnb.runs.engines.local"} & set(loaded.stdout.split())


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
