"""The run directory: private, found again, refused when it is not ours."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
import stat
import tempfile
from pathlib import Path

import pytest

import hepnb as hn
from hepnb.errors import RunError, StoreError
from hepnb.runs.directory import (
    RunDirectory,
    all_runs,
    find_run,
    runtime_directory,
    state_directory,
)


@pytest.fixture(autouse=True)
def _state(tmp_path, monkeypatch):
    monkeypatch.setenv("HEPNB_STATE_DIR", str(tmp_path / "state"))


def made(name: str = "tt", **options) -> RunDirectory:
    directory = RunDirectory.create(name, **options)
    directory.spec.write_text("{}")
    return directory


def test_it_is_private_whatever_the_umask():
    old = os.umask(0)
    try:
        directory = made()
    finally:
        os.umask(old)
    for place in (directory.path, state_directory() / "runs", state_directory()):
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
    directory.check_private()


@pytest.mark.parametrize("out", ["x" * 5000, "a\0b", 5, b"bytes"])
def test_what_can_be_no_directory_is_refused_in_a_line(out):
    with pytest.raises(RunError) as caught:
        RunDirectory.create("r", out)
    assert "\n" not in str(caught.value)
    with pytest.raises(RunError, match="no run") as caught:
        find_run(out)
    assert "\n" not in str(caught.value)


def test_one_that_others_can_enter_is_refused():
    directory = made()
    directory.path.chmod(0o755)
    with pytest.raises(RunError, match="chmod 700"):
        directory.check_private()


@pytest.mark.skipif(os.getuid() != 0, reason="giving a directory away needs root")
def test_one_of_another_user_is_refused():
    directory = made()
    os.chown(directory.path, 12345, -1)
    with pytest.raises(RunError, match="belongs to user id 12345"):
        directory.check_private()


def test_found_by_id_part_of_id_and_path(tmp_path):
    inside = made("alpha")
    outside = made("beta", out=tmp_path / "out")
    assert find_run(inside.id).path == inside.path
    assert find_run("beta").path == (tmp_path / "out").resolve()
    assert find_run(tmp_path / "out").id == outside.id
    assert {d.id for d in all_runs()} == {inside.id, outside.id}
    with pytest.raises(RunError, match="no run 'gamma'"):
        find_run("gamma")
    made("alpha")
    with pytest.raises(RunError, match="say more of the id"):
        find_run("alpha")


def test_a_place_that_was_used_before_has_one_run(tmp_path):
    gone = made("alpha", out=tmp_path / "out")
    assert gone.id
    shutil.rmtree(tmp_path / "out")
    new = made("beta", out=tmp_path / "out")
    assert [directory.id for directory in all_runs()] == [new.id]
    with pytest.raises(RunError, match=r"out any more: if it was moved"):
        find_run(gone.id)
    (tmp_path / "out").rename(tmp_path / "other")
    find_run(tmp_path / "other").register()
    assert find_run(new.id).path == tmp_path / "other"


def test_a_directory_is_never_used_twice(tmp_path):
    made(out=tmp_path / "out")
    with pytest.raises(RunError, match="there already"):
        made(out=tmp_path / "out")


def test_a_place_that_cannot_be_written_is_said_in_a_line(tmp_path, monkeypatch):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    with pytest.raises(RunError, match=r"file: File exists\): give another out$"):
        RunDirectory.create("r", in_the_way / "run")
    monkeypatch.setenv("HEPNB_STATE_DIR", str(in_the_way))
    with pytest.raises(
        RunError, match=r"^runs cannot be listed in .*file.runs \(Not a directory\)"
    ):
        list(all_runs())
    with pytest.raises(RunError, match=r"set HEPNB_STATE_DIR to a place you can write$"):
        RunDirectory.create("r", tmp_path / "run")


@pytest.mark.parametrize("depth", [0, 3])
def test_the_socket_is_reached_however_long_the_path(tmp_path, depth):
    deep = tmp_path.joinpath(*["d" * 60] * depth)
    directory = made(out=deep / "run")
    listener = directory.listen()
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(directory.socket_path()))
    assert stat.S_IMODE(directory.socket_path().stat().st_mode) & 0o077 == 0
    client.close()
    listener.close()
    path = directory.socket_path()
    directory.close_socket()
    assert not path.exists()


def test_a_socket_that_does_not_fit_goes_to_the_runtime_directory(tmp_path, monkeypatch):
    given = Path(tempfile.mkdtemp())
    deep = tmp_path.joinpath(*["d" * 60] * 3)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(given))
    assert runtime_directory() == given
    directory = made(out=deep / "run")
    with directory.listen():
        assert directory.socket_path().parent.parent == given
        assert stat.S_IMODE(directory.socket_path().parent.stat().st_mode) == 0o700
    directory.close_socket()
    given.rmdir()  # nothing is left in it
    for unfit in (str(given), "/" + "x" * 90, ""):
        monkeypatch.setenv("XDG_RUNTIME_DIR", unfit)
        assert runtime_directory() == Path(tempfile.gettempdir())


@pytest.mark.parametrize("how", ["refused", "granted to everybody"])
def test_where_locks_do_not_work_no_run_starts(tmp_path, monkeypatch, how, make_file):
    """Nothing could tell there who writes: refused in the cell, and nothing is left behind."""

    def flock(descriptor, operation):
        if how == "refused":
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    make_file(tmp_path / "a.root", 50)
    path = hn.Path("n")
    path.hist("n", n="count(Muon): 0, 5, int")
    with monkeypatch.context() as system:
        system.setattr(fcntl, "flock", flock)
        with pytest.raises(StoreError, match="locks of its file system do not work"):
            path.start(str(tmp_path / "a.root"), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert list((state_directory() / "runs").iterdir()) == []
    assert path.start(str(tmp_path / "a.root"), out=tmp_path / "run").wait(60).status == "done"


def test_one_that_was_moved_is_known_again_once_it_was_attached_to(tmp_path):
    outside = made("beta", out=tmp_path / "out")
    inside = made("alpha")
    assert outside.id != inside.id
    outside.path.rename(tmp_path / "elsewhere")
    inside.path.rename(tmp_path / "taken-out")
    with pytest.raises(RunError, match=r"out any more: if it was moved, attach to its directory"):
        find_run(outside.id)
    with pytest.raises(RunError, match="no run 'alpha'"):
        find_run("alpha")
    for moved in ("elsewhere", "taken-out"):
        find_run(tmp_path / moved).register()
    assert find_run(outside.id).path == tmp_path / "elsewhere"
    assert find_run("alpha").path == tmp_path / "taken-out"
    # A copy has the same id: the first one keeps the name.
    shutil.copytree(tmp_path / "elsewhere", tmp_path / "copy")
    find_run(tmp_path / "copy").register()
    assert find_run(outside.id).path == tmp_path / "elsewhere"
    known = {directory.path.name for directory in all_runs()}
    assert known == {"elsewhere", "taken-out"}
