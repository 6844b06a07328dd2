"""Versions that must fit each other, in the kernel's environment and in the Jupyter server's."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

from .. import __version__
from .finding import Finding

__all__ = ["anywidget", "ipykernel", "python"]

_ASK = "from importlib.metadata import version; print(version('anywidget'))"
_ANSWERS_WITHIN = 15.0


def python() -> Finding:
    """The interpreter and hepnb itself."""
    return Finding("python", f"{platform.python_version()} in {sys.prefix}, hepnb {__version__}")


def ipykernel() -> Finding:
    """ipykernel 7.0 loses what background threads say to widgets."""
    found = _installed("ipykernel")
    if found is None:
        return Finding("ipykernel", "not installed: hepnb works in scripts and terminals only")
    if found.split(".")[:2] == ["7", "0"]:
        return Finding(
            "ipykernel",
            f"{found} loses live updates of widgets",
            "pip install 'ipykernel>=7.2', then restart the kernel",
        )
    return Finding("ipykernel", found)


def anywidget() -> Finding:
    """The widgets' browser half comes from the server's environment: the same minor version."""
    here = version("anywidget")
    server = _server_python()
    if server is None:
        return Finding("anywidget", f"{here} here; no Jupyter server started this process")
    asked = subprocess.run(
        [server, "-c", _ASK],
        capture_output=True,
        text=True,
        timeout=_ANSWERS_WITHIN,
        check=False,
        env={k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")},
    )
    there = asked.stdout.strip()
    if asked.returncode or not there:
        return Finding(
            "anywidget",
            f"{here} here, missing in the server's environment ({server}): widgets stay blank",
            f"{server} -m pip install 'anywidget=={here}', then restart the server",
        )
    if here.split(".")[:2] != there.split(".")[:2]:
        return Finding(
            "anywidget",
            f"{here} here, {there} in the server's environment ({server}): widgets stay blank",
            f"{server} -m pip install 'anywidget=={here}', then restart the server",
        )
    return Finding("anywidget", f"{here} here, {there} in the server's environment")


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _server_python() -> str | None:
    """The interpreter of the Jupyter server above this process; None outside of Jupyter."""
    import psutil

    if "JPY_PARENT_PID" not in os.environ:
        return None
    try:
        # The one that a virtual environment is known by: the executable itself may be shared.
        command = psutil.Process(int(os.environ["JPY_PARENT_PID"])).cmdline()
    except (psutil.Error, ValueError):
        return None
    return command[0] if command and os.access(command[0], os.X_OK) else None
