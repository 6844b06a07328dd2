"""Every notebook of the starterkit runs from top to bottom, under nbval."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]


@pytest.mark.notebook
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_notebook_runs_and_says_what_it_said(tmp_path: Path) -> None:
    """One pytest for all of them: starting up costs more than most notebooks."""
    command = [
        "--nbval-lax",
        "--nbval-current-env",
        "-q",
        "-o",
        "addopts=",
        "-p",
        "no:cacheprovider",
    ]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *command, "--rootdir", str(tmp_path), "starterkit"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-8000:]
    assert " passed" in result.stdout
