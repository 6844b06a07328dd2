"""The folder `binder/` says what Binder needs, and repo2docker can read it where it is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[1]
BINDER = PROJECT / "binder"


def test_the_kernel_is_newer_than_the_one_that_loses_updates() -> None:
    environment = yaml.safe_load((BINDER / "environment.yml").read_text())
    names = environment["dependencies"]
    (kernel,) = (name for name in names if name.startswith("ipykernel"))
    assert kernel == "ipykernel>=7.2"


def test_the_python_is_one_we_support() -> None:
    environment = yaml.safe_load((BINDER / "environment.yml").read_text())
    (python,) = (name for name in environment["dependencies"] if name.startswith("python="))
    assert f"Python :: {python.removeprefix('python=')}" in (PROJECT / "pyproject.toml").read_text()


def test_post_build_is_a_script_that_parses() -> None:
    script = BINDER / "postBuild"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_repo2docker_understands_it(tmp_path: Path) -> None:
    """Prints the Dockerfile without a Docker engine; names of packages are not looked up."""
    beside = Path(sys.executable).with_name("jupyter-repo2docker")
    command = str(beside) if beside.exists() else which("jupyter-repo2docker")
    if command is None:
        pytest.skip("repo2docker is not installed: pip install jupyter-repo2docker")
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "binder").symlink_to(BINDER)
    result = subprocess.run(
        [command, "--no-build", "--debug", str(repository)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    dockerfile = result.stdout + result.stderr
    assert '--file "binder/environment.yml"' in dockerfile
    assert "./binder/postBuild" in dockerfile
