"""Starting a process that outlives this one: a session of its own, none of our files or sockets.

And killing such a process, known by its command: a pid may be somebody else's by now.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

__all__ = ["detached", "kill"]

_launched: list[subprocess.Popen[bytes]] = []
"""Children that may outlive every handle on their run, and are still ours to reap."""


def detached(
    command: Sequence[str], log: Path, *, keep: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start `command`, which writes what it prints to `log` and inherits the descriptors `keep`.

    It imports this very hepnb, wherever it runs.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    home = str(Path(__file__).parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, (home, environment.get("PYTHONPATH", "")))
    )
    _launched[:] = [process for process in _launched if process.poll() is None]
    with log.open("ab") as printed:
        log.chmod(0o600)
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            start_new_session=True,
            cwd="/",
            env=environment,
            pass_fds=keep,
        )
    _launched.append(process)
    return process


def kill(command: Sequence[str], pid: int | None = None) -> None:
    """Kill the process of this command, with this pid or, where that is not known, with any."""
    import psutil

    for known in psutil.pids() if pid is None else [pid]:
        try:
            process = psutil.Process(known)
            if process.cmdline()[1:] == list(command[1:]):
                process.kill()
        except psutil.Error:
            continue
