"""The `hepnb` command as one types it: help, exit status, one line for an error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

import hepnb as hn
from hepnb.cli import main
from hepnb.notebook.lab import FIRST, copy_starterkit, starterkit
from hepnb.samples import toy_dimuon

VERBS = ("demo", "lab", "run", "card", "runs", "attach", "log", "cancel", "resume", "gc", "doctor")


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEPNB_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    return toy_dimuon(tmp_path / "toy.root", 1_000, 6)


def start(toy: Path, *, seconds: float = 0.0) -> Any:
    """A run that logs, and takes its time."""
    path = hn.Path("counts")

    @path.define
    def muons(Muon: Any) -> Any:
        import logging

        import awkward as ak

        time.sleep(seconds)
        logging.getLogger("muons").warning("counted")
        return ak.num(Muon)

    path.hist("n", n="muons: 5, -0.5, 4.5")
    return path.start(toy, 1, chunk=100)  # type: ignore[attr-defined]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code == 0
    assert f"hepnb {verb}" in capsys.readouterr().out


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    assert all(f"    {verb} " in said for verb in VERBS)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"hepnb {hn.__version__}\n"


@pytest.mark.parametrize(
    "line", [[], ["demi"], ["demo", "--workers", "0"], ["demo", "--chunk", "many"], ["attach"]]
)
def test_what_is_not_understood_ends_with_2(
    line: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(line)
    assert ended.value.code == 2
    assert "usage: hepnb" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["attach", "log", "cancel"])
def test_an_unknown_run_is_one_line(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "nothing-like-it"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"hepnb {verb}: no run 'nothing-like-it'")
    assert said.err.count("\n") == 1


def test_runs_are_listed(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs"]) == 0
    assert capsys.readouterr().out == "no runs yet\n"
    run = start(toy).wait(30)
    assert main(["runs"]) == 0
    assert run.id in capsys.readouterr().out
    assert main(["runs", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["id"], row["state"]) == (run.id, "done")


def test_attach_follows_to_the_end(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = start(toy, seconds=0.05)
    assert main(["attach", run.id]) == 0
    said = capsys.readouterr().out
    assert "done  100 %  1,000 of 1,000 events" in said
    assert str(run.directory) in said
    assert main(["attach", run.id, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["progress"]["events"] == 1_000


def test_log_prints_records(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = start(toy).wait(30)
    assert main(["log", run.id]) == 0
    assert "WARNING" in (said := capsys.readouterr().out)
    assert "counted" in said
    assert main(["log", run.id, "--level", "error"]) == 0
    assert "has said nothing of level ERROR" in capsys.readouterr().out
    assert main(["log", run.id, "--level", "warn"]) == 1
    assert "did you mean 'WARNING'?" in capsys.readouterr().err
    assert main(["log", run.id, "--json"]) == 0
    assert "counted" in {record["text"] for record in json.loads(capsys.readouterr().out)}


def test_cancel_ends_a_run(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = start(toy, seconds=1.0)
    assert main(["cancel", run.id]) == 0
    assert "cancelled" in capsys.readouterr().out
    assert run.wait(30).status == "cancelled"
    assert main(["attach", run.id]) == 1
    capsys.readouterr()
    assert main(["cancel", run.id]) == 0
    assert "is cancelled already" in capsys.readouterr().out


def test_a_killed_run_is_resumed(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = start(toy, seconds=0.2)
    run.hist("n")  # there is a store: it has started
    run.kill()
    with pytest.raises(hn.HepnbError, match=r"hn\.resume"):
        run.wait(30)
    assert main(["resume", run.id]) == 0
    assert main(["attach", run.id]) == 0
    assert "done" in capsys.readouterr().out
    assert hn.attach(run.id).progress["events"] == 1000
    assert main(["resume", run.id]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_misspelt_option_is_said_with_the_usage_of_its_verb(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["demo", "--wrkers", "3"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "usage: hepnb demo" in said
    assert "unrecognized arguments: --wrkers 3; did you mean '--workers'?" in said


def test_as_a_process_an_error_is_one_line_and_1(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hepnb", "demo", "--data", "nowhere.root"]
    ended = subprocess.run(
        [*command, "--out", str(tmp_path / "out")],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "nowhere.root" in ended.stderr


# -- lab --------------------------------------------------------------------------------------


def test_the_starterkit_is_copied_once_and_what_was_changed_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "kit"
    first = copy_starterkit(folder)
    assert FIRST in first.new
    assert (folder / FIRST).read_bytes() == (starterkit() / FIRST).read_bytes()
    assert os.access(folder / FIRST, os.W_OK)
    (folder / FIRST).write_text("mine")
    second = copy_starterkit(folder)
    assert (second.new, second.kept) == ((), (FIRST,))
    assert (folder / FIRST).read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert main(["lab", "--no-browser", "--dir", str(tmp_path / "file" / "kit")]) == 1
    assert "give another --dir" in capsys.readouterr().err


def test_without_jupyterlab_the_mend_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("hepnb.notebook.lab.find_spec", lambda _name: None)
    assert main(["lab", "--dir", str(tmp_path / "kit")]) == 1
    assert "pip install 'hepnb[lab]'" in capsys.readouterr().err


@pytest.mark.notebook
@pytest.mark.slow
def test_lab_serves_the_first_notebook(tmp_path: Path) -> None:
    pytest.importorskip("jupyterlab")
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = {"HOME": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path), "JUPYTER_TOKEN": "t"}
    command = [sys.executable, "-m", "hepnb", "lab", "--no-browser", "--port", str(port)]
    with (tmp_path / "lab.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--dir", str(tmp_path / "kit")],
            env=os.environ | home,
            stdout=log,
            stderr=log,
        )
    try:
        address = f"http://127.0.0.1:{port}/api/contents/{FIRST}?token=t&content=0"
        assert json.loads(answer(address, process))["type"] == "notebook"
        assert f"/lab/tree/{FIRST}" in (tmp_path / "lab.log").read_text()
    finally:
        process.terminate()
        process.wait(20)


def answer(address: str, process: subprocess.Popen[bytes]) -> bytes:
    """What a server says once it is up."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as reply:
                return bytes(reply.read())
        except (urllib.error.URLError, ConnectionError):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.3)
