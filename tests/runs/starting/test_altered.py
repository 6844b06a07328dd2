"""Runs whose directory is not as they left it: moved, read-only, of another owner, host or plan.

What belongs to them is found all the same, and what must not be resumed is said in a line.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

import hepnb as hn
from hepnb.errors import RunError
from hepnb.runs.directory import RunDirectory

from ..lives import CHUNK, exported, is_lost, reach, slow_path


def test_what_cannot_be_resumed_is_said_in_a_line(numbered, pt_path, monkeypatch):
    run = pt_path.start(numbered[0], chunk=CHUNK).wait(60)
    with pytest.raises(RunError, match=r"is done: there is nothing to resume; hn\.attach shows it"):
        run.resume()
    run = slow_path(0.1).start(numbered[0], workers=1, chunk=CHUNK)
    reach(run, 1)
    with pytest.raises(RunError, match="supervised already, by process"):
        hn.resume(run.id)
    run.kill()
    is_lost(run)
    lock = run.directory / "store.lock"
    mine = lock.read_text()
    lock.write_text(json.dumps({"pid": 1, "host": "far.example.org"}))
    with pytest.raises(RunError, match=r"supervised on host far\.example\.org.*take_over=True"):
        hn.resume(run.id)
    lock.write_text(mine)
    spec = run.directory / "spec.json"
    asked = json.loads(spec.read_text())
    spec.write_text(json.dumps({**asked, "python": "3.4"}))
    with pytest.raises(RunError, match=r"started with Python 3\.4.*resume it with Python 3\.4"):
        hn.resume(run.id)
    spec.write_text(json.dumps(asked))
    manifest = run.directory / "manifest"
    whole = manifest.read_bytes()
    manifest.write_bytes(whole.replace(b"hepnb-store 1 ", b"hepnb-store 9 "))
    with pytest.raises(RunError, match=r"has store version 9, this hepnb reads up to 1") as caught:
        hn.resume(run.id)
    assert "\n" not in str(caught.value)
    manifest.write_bytes(whole)
    lock.write_text(json.dumps({"pid": 1, "host": "far.example.org"}))
    assert hn.resume(run.id, take_over=True).wait(60).progress["events"] == 700


def test_a_journal_of_another_plan_is_not_mixed_with_this_one(numbered):
    run = slow_path(0.1).start(numbered[0], workers=1, chunk=CHUNK)
    reach(run, 2)
    run.kill()
    is_lost(run)
    spec = run.directory / "spec.json"
    spec.write_text(spec.read_text().replace(f'"chunk": {CHUNK}', '"chunk": 7'))
    with pytest.raises(RunError, match="which is no chunk of this run"):
        run.resume().wait(60)
    assert "Traceback" not in (run.directory / "supervisor.log").read_text()


def test_a_moved_run_is_found_and_resumed_where_it_is(numbered, tmp_path, undisturbed):
    run = slow_path(0.1).start(numbered[0], workers=2, chunk=CHUNK, out=tmp_path / "here")
    reach(run, 2)
    run.kill()
    is_lost(run)
    run.directory.rename(tmp_path / "there")
    with pytest.raises(RunError, match=r"is not in .*here any more: if it was moved, attach"):
        hn.attach(run.id)
    moved = hn.attach(tmp_path / "there")
    assert moved._client.wait(60)
    assert hn.attach(run.id).directory == tmp_path / "there"
    moved.resume().wait(60)
    assert exported(moved, tmp_path) == undisturbed[0]


def test_one_that_cannot_be_written_is_shown_and_not_resumed(numbered, tmp_path):
    if os.getuid() != 0:
        pytest.skip("mounting a directory read-only needs root")
    run = slow_path(0.1).start(numbered[0], workers=1, chunk=CHUNK, out=tmp_path / "run")
    reach(run, 2)
    run.kill()
    is_lost(run)
    for mount in (
        ["--bind", run.directory, run.directory],
        ["-o", "remount,bind,ro", run.directory],
    ):
        if subprocess.run(["mount", *mount], capture_output=True, check=False).returncode:
            pytest.skip("this system lets nobody mount a directory")
    try:
        shown = hn.attach(run.id)
        is_lost(shown)
        assert shown.hist("pt").committed >= 2
        assert shown.log_page(0, 10)["total"] >= 0
        with pytest.raises(RunError, match=r"cannot be written: copy the whole of it to a place"):
            shown.resume()
        sockets = shutil.ignore_patterns("sock*")
        shutil.copytree(run.directory, tmp_path / "copy", ignore=sockets)
    finally:
        subprocess.run(["umount", "--lazy", str(run.directory)], check=True)
    assert hn.resume(tmp_path / "copy").wait(60).progress["events"] == 700


@pytest.mark.parametrize("whose", ["open", "foreign"])
def test_one_of_another_owner_or_mode_is_never_loaded(numbered, pt_path, whose, monkeypatch):
    if whose == "foreign" and os.getuid() != 0:
        pytest.skip("giving a directory away needs root")
    run = pt_path.start(numbered[0], chunk=CHUNK).wait(60)
    (run.directory / "status.json").unlink()
    (run.directory / "bundle.pkl").write_bytes(
        b"cos\nsystem\n(S'touch " + bytes(run.directory) + b"/loaded'\ntR."
    )
    if whose == "open":
        run.directory.chmod(0o750)
    else:
        os.chown(run.directory, 12345, -1)
    for use in (hn.attach, hn.resume):
        with pytest.raises(RunError, match="chmod 700" if whose == "open" else "belongs to user"):
            use(run.id)
    # Nor by a supervisor or a zygote that is started all the same.
    for module in ("supervisor.process", "engines.zygote"):
        command = [sys.executable, "-m", f"hepnb.runs.{module}"]
        ours, theirs = os.pipe()
        more = [str(theirs)] if "zygote" in module else []
        done = subprocess.run(
            [*command, *more, str(run.directory)],
            pass_fds=[theirs],
            capture_output=True,
            check=False,
        )
        os.close(ours)
        os.close(theirs)
        assert "zygote" in module or done.returncode == 1
    assert not (run.directory / "loaded").exists()


def test_a_number_that_another_process_has_now_deceives_nobody(numbered):
    run = slow_path(0.1).start(numbered[0], workers=1, chunk=CHUNK)
    reach(run, 1)
    run.kill()
    is_lost(run)
    innocent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
    try:
        lock, status = run.directory / "store.lock", run.directory / "status.json"
        lock.write_text(lock.read_text().replace(str(run.snapshot()["pid"]), str(innocent.pid)))
        kept = json.loads(status.read_text())
        status.write_text(json.dumps({**kept, "pid": innocent.pid}))
        again = hn.attach(run.id)
        is_lost(again)
        again.kill()
        assert innocent.poll() is None
        assert hn.runs()[0]["state"] == "lost"
        assert again.resume().wait(60).status == "done"
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


def test_cancelling_works_without_a_socket(numbered):
    run = slow_path(0.1).start(numbered[0], workers=1, chunk=CHUNK)
    run.cancel()
    assert run.wait(60).status == "cancelled"
    run = slow_path(0.1).start(numbered[0], workers=1, chunk=CHUNK)
    reach(run, 1)
    RunDirectory(run.directory).socket_path().unlink()
    stranger = hn.attach(run.id)
    stranger.cancel()
    assert run.wait(60).status == "cancelled"
    assert stranger.wait(60).status == "cancelled"
    assert run.hist("pt").sealed
