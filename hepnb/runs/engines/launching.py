"""Starting a zygote: of all that a run waits for, its imports take longest.

So a supervisor's process starts one before it imports anything else; little stands at the top here.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass

from ..directory import RunDirectory
from ..settings import Settings

__all__ = ["Zygote", "launch_zygote"]

_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


@dataclass
class Zygote:
    """A zygote's process, and the socket on which it takes requests."""

    process: subprocess.Popen[bytes]
    channel: socket.socket


def launch_zygote(directory: RunDirectory, settings: Settings) -> Zygote:
    """Start the zygote of a run; it says on its socket when it is ready."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    environment.update(dict.fromkeys(_THREADS, str(settings.threads)))
    # Notebooks set a backend that draws into the notebook; there is none behind it.
    environment["MPLBACKEND"] = "agg"
    environment.update(settings.environment)
    command = [sys.executable, "-m", "hepnb.runs.engines.zygote"]
    with theirs, directory.supervisor_log.open("ab") as log:
        process = subprocess.Popen(
            [*command, str(theirs.fileno()), str(directory.path)],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
        )
    return Zygote(process, ours)
