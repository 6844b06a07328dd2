"""Taking up a run that was lost: is it one, may it be, and a new supervisor for it.

How that one finds out what is done already is in `rebuilding`.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time

from ...errors import RunError
from ..directory import RunDirectory
from ..handle.glance import FOR_GOOD
from ..spec import PYTHON, SAID, TAKEN, RunSpec
from .admission import admitted
from .launch import launch

__all__ = ["check_resumable", "take_up"]

_STARTS_WITHIN = 120.0


def take_up(directory: RunDirectory, *, take_over: bool = False) -> subprocess.Popen[bytes]:
    """Launch a supervisor that goes on with the run, and return once it has it.

    Raises RunError, in a line, where there is nothing to resume, it cannot be resumed from here, or
    the site admits no further run.
    """
    check_resumable(directory, take_over=take_over)
    with admitted():
        directory.cancel_request.unlink(missing_ok=True)
        said = directory.supervisor_log.stat().st_size if directory.supervisor_log.exists() else 0
        supervisor = launch(directory)
        _wait_for(supervisor, directory, said)
    return supervisor


def _wait_for(supervisor: subprocess.Popen[bytes], directory: RunDirectory, said: int) -> None:
    """Until it has the run. Raises RunError where it does not get it; `said` ends what is old."""
    deadline = time.monotonic() + _STARTS_WITHIN
    while directory.supervisor() != (supervisor.pid, socket.gethostname()):
        if (status := supervisor.poll()) is not None:
            if status == TAKEN:
                _refuse_supervised(directory)
            raise RunError(f"run {directory.id} cannot be resumed: {_last_line(directory, said)}")
        if time.monotonic() > deadline:
            supervisor.kill()
            supervisor.wait()
            raise RunError(
                f"run {directory.id}: no supervisor could be started in {_STARTS_WITHIN:g} s: "
                "the machine may be overloaded; try again"
            )
        time.sleep(0.01)


def check_resumable(directory: RunDirectory, *, take_over: bool = False) -> None:
    """Raise RunError where there is nothing to resume, or it cannot be resumed from here."""
    directory.check_private()
    spec = RunSpec.read(directory.spec)
    _refuse_supervised(directory)
    _refuse_ended(directory)
    _refuse_elsewhere(directory, take_over=take_over)
    if spec.python != PYTHON:
        raise RunError(
            f"run {directory.id} was started with Python {spec.python}, this is {PYTHON}: its code "
            f"travels only to the same version; resume it with Python {spec.python}"
        )
    if not os.access(directory.path, os.W_OK):
        raise RunError(
            f"run directory {directory.path} cannot be written: copy the whole of it to a place "
            "where you can write, and resume the copy"
        )


def _refuse_ended(directory: RunDirectory) -> None:
    state = (directory.last_snapshot() or {}).get("state")
    if state in FOR_GOOD:
        raise RunError(
            f"run {directory.id} is {state}: there is nothing to resume; hn.attach shows it, and "
            "path.start(...) starts it anew"
        )


def _refuse_supervised(directory: RunDirectory) -> None:
    if directory.is_supervised():
        pid, host = directory.supervisor() or ("?", "this host")
        raise RunError(
            f"run {directory.id} is supervised already, by process {pid} on {host}: "
            f"hn.attach({directory.id!r}) shows it"
        )


def _refuse_elsewhere(directory: RunDirectory, *, take_over: bool) -> None:
    _, host = directory.supervisor() or (0, socket.gethostname())
    if host != socket.gethostname() and not take_over:
        raise RunError(
            f"run {directory.id} was supervised on host {host}, and whether it still is cannot be "
            "seen from here: resume it there, or, where that host is gone for good, "
            f"hn.resume({directory.id!r}, take_over=True)"
        )


def _last_line(directory: RunDirectory, start: int) -> str:
    """What the new supervisor said of itself before it ended."""
    lines = directory.supervisor_log.read_bytes()[start:].decode("utf-8", "replace").splitlines()
    return lines[-1].removeprefix(SAID) if lines else "its supervisor was killed"
