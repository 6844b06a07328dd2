"""`hepnb gc`: what goes, and above all what does not."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
import time
from pathlib import Path

import pytest

import hepnb as hn
from hepnb.cli import main
from hepnb.errors import RunError
from hepnb.runs.directory import RunDirectory, state_directory
from hepnb.runs.handle.cleaning import seconds_of


@pytest.fixture(autouse=True)
def _no_sockets_of_others(tmp_path, monkeypatch):
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))


def counts(numbered, **options):
    path = hn.Path("counts")
    path.hist("pt", pt="Muon.pt: 20, 0, 100")
    return path.start(numbered[0], 1, **options)


def gc(capsys, *arguments):
    assert main(["gc", "--json", *arguments]) == 0
    return {Path(row["path"]): row for row in json.loads(capsys.readouterr().out)}


def aged(run, days):
    """The run ended some days ago."""
    status = run.directory / "status.json"
    kept = json.loads(status.read_text())
    status.write_text(json.dumps(kept | {"ended": time.time() - 86400 * days}))


def test_old_runs_go_and_young_ones_stay(numbered, tmp_path, capsys):
    old, young = counts(numbered).wait(60), counts(numbered).wait(60)
    elsewhere = counts(numbered, out=tmp_path / "mine").wait(60)
    aged(old, 31)
    aged(young, 29)
    aged(elsewhere, 1000)
    assert set(gc(capsys, "--dry-run")) == {old.directory}
    assert old.directory.exists()
    gone = gc(capsys)
    assert set(gone) == {old.directory}
    assert gone[old.directory]["size"] > 0
    assert not old.directory.exists()
    assert {row["id"] for row in hn.runs()} == {young.id, elsewhere.id}
    assert set(gc(capsys, "--older", "0d")) == {young.directory}
    assert elsewhere.hist("pt").sum(flow=True) > 0


def test_a_run_that_goes_on_and_a_lost_one_stay(numbered, gated_path, capsys):
    path, _ = gated_path
    run = path.start(numbered[0], 1)
    assert gc(capsys, "--older", "0d") == {}
    assert main(["gc", run.id]) == 1
    assert "goes on: cancel it first" in capsys.readouterr().err
    run.hist("pt")  # there is a store: it has started
    run.kill()
    with pytest.raises(RunError, match="lost"):
        run.wait(60)
    assert gc(capsys, "--older", "0d") == {}
    assert set(gc(capsys, run.id)) == {run.directory}
    assert not run.directory.exists()


def test_leftovers_go(numbered, tmp_path, capsys):
    moved = counts(numbered, out=tmp_path / "gone").wait(60)
    registry = state_directory() / "runs"
    entry = registry / moved.id
    shutil.rmtree(moved.directory)
    # Another run is there now: the link leads to that one, and is not the first one's.
    other_run = RunDirectory.create("other", tmp_path / "gone")
    (other_run.path / "spec.json").touch()
    half, fresh = registry / "half", registry / "fresh"
    for folder in (half, fresh):
        folder.mkdir()
        (folder / "id").write_text(folder.name)
    os.utime(half, (0, 0))
    dead, alive, other = (Path(tempfile.gettempdir(), f"hepnb-{n}") for n in ("dead", "on", "no"))
    with socket.socket(socket.AF_UNIX) as gone, socket.socket(socket.AF_UNIX) as listening:
        for folder, listener in ((dead, gone), (alive, listening)):
            folder.mkdir()
            listener.bind(str(folder / "sock"))
            listener.listen()
        gone.close()
        other.mkdir()
        (other / "thesis.tex").touch()
        assert set(gc(capsys)) == {entry, half, dead}
    assert fresh.exists()
    assert alive.exists()
    assert (other / "thesis.tex").exists()


def test_ages():
    assert seconds_of("12 h") == 43200
    with pytest.raises(RunError, match="is no age: write 30d"):
        seconds_of("soon")
