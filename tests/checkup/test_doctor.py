"""The doctor on a sound machine, and on one with each trouble that it knows."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import hepnb as hn
from hepnb.checkup import Finding, place, versions
from hepnb.checkup.cgroups import cpu_limit, memory_limit
from hepnb.checkup.finding import looked
from hepnb.checkup.looks import LOOKS


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEPNB_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def doctor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hepnb", "doctor", *arguments],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=False,
    )


def test_a_sound_machine_is_well_and_nothing_is_left_behind(state: Path) -> None:
    told: list[Finding] = []
    report = hn.doctor(told.append)
    assert report.ok, repr(report)
    assert told == report
    assert [f.what for f in report] == list(LOOKS)
    assert repr(report).splitlines()[-1] == "all is well"
    assert list(state.rglob("*")) == [state / "runs"]


def test_the_command_prints_a_line_each_or_json() -> None:
    lines = doctor().stdout.splitlines()
    assert len(lines) == len(LOOKS) + 1
    assert all(line.startswith("ok  ") for line in lines[:-1])
    asked = doctor("--json")
    assert asked.returncode == 0
    assert [row["what"] for row in json.loads(asked.stdout)] == list(LOOKS)


def test_a_problem_has_its_mend_and_the_status_1(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    asked = doctor(HEPNB_DATA_DIR=str(tmp_path / "nowhere"), HEPNB_STATE_DIR=str(tmp_path / "file"))
    assert asked.returncode == 1
    assert not asked.stderr
    assert f"HEPNB_DATA_DIR={tmp_path / 'nowhere'} cannot be read" in asked.stdout
    assert "mend: correct HEPNB_DATA_DIR, or unset it" in asked.stdout
    assert "mend: set HEPNB_STATE_DIR" in asked.stdout
    assert "need mending" in asked.stdout.splitlines()[-1]


def test_a_look_that_fails_hides_no_other() -> None:
    def look() -> Finding:
        raise OSError("broken")

    found = looked("thing", look)
    assert not found.ok
    assert found.found == "OSError: broken"


def test_ipykernel_7_0(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "version", lambda _: "7.0.1")
    assert "7.0.1 loses live updates" in versions.ipykernel().found
    monkeypatch.setattr(versions, "version", lambda _: "7.10.0")
    assert versions.ipykernel().ok


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A living process that is known by the path of an interpreter, as a Jupyter server is."""
    python = tmp_path / "python"
    process = subprocess.Popen([str(python), "600"], executable="/bin/sleep")
    monkeypatch.setenv("JPY_PARENT_PID", str(process.pid))
    yield python
    process.kill()
    process.wait()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("echo $VERSION", "in the server's environment"),
        ("echo 0.1.0", "0.1.0 in the server's environment"),
        ("echo no module >&2; exit 1", "missing in the server's environment"),
    ],
)
def test_anywidget_in_the_server(server: Path, answer: str, says: str) -> None:
    here = versions.version("anywidget")
    server.write_text(f"#!/bin/sh\n{answer.replace('$VERSION', here)}\n")
    server.chmod(0o700)
    found = versions.anywidget()
    assert says in found.found
    assert found.ok == ("$VERSION" in answer)
    assert found.ok or f"'anywidget=={here}'" in found.mend


def test_locks_that_are_refused_or_hold_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert place.file_locks().found == "refused: No locks available"
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    assert place.file_locks().found == "a second process got the same lock"


def test_a_directory_without_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEPNB_STATE_DIR", str(tmp_path / ("deep" * 40)))
    found = place.sockets()
    assert found.ok
    assert "deep" not in found.found


def test_an_output_that_is_not_utf8() -> None:
    asked = doctor("--json", PYTHONIOENCODING="latin-1")
    found = next(row for row in json.loads(asked.stdout) if row["what"] == "locale")
    assert not found["ok"]
    assert "iso8859-1" in found["found"]
    assert "LANG" in found["mend"]


def test_the_limits_of_version_2(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("0::/hub/user\n")
    for group, limit, used in (("hub", "max", "9"), ("hub/user", "2000000000", "500000000")):
        folder = tmp_path / group
        folder.mkdir()
        (folder / "memory.max").write_text(f"{limit}\n")
        (folder / "memory.current").write_text(f"{used}\n")
    (tmp_path / "hub/cpu.max").write_text("150000 100000\n")
    (tmp_path / "hub/user/cpu.max").write_text("max 100000\n")
    assert memory_limit(tmp_path, own) == (2_000_000_000, 500_000_000)
    assert cpu_limit(tmp_path, own) == 1.5


def test_the_limits_of_version_1(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("4:memory:/pod\n3:cpu,cpuacct:/pod\n")
    for controller in ("memory", "cpu"):
        (tmp_path / controller / "pod").mkdir(parents=True)
    (tmp_path / "memory/memory.limit_in_bytes").write_text("9223372036854771712")
    (tmp_path / "memory/pod/memory.limit_in_bytes").write_text("1000000000")
    (tmp_path / "memory/pod/memory.usage_in_bytes").write_text("400")
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("-1")
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000")
    (tmp_path / "cpu/pod/cpu.cfs_quota_us").write_text("50000")
    (tmp_path / "cpu/pod/cpu.cfs_period_us").write_text("100000")
    assert memory_limit(tmp_path, own) == (1_000_000_000, 400)
    assert cpu_limit(tmp_path, own) == 0.5


def test_no_limits_at_all(tmp_path: Path) -> None:
    assert memory_limit(tmp_path, tmp_path / "own") == (None, 0)
    assert cpu_limit(tmp_path, tmp_path / "own") is None
