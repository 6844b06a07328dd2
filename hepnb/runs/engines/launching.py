"""Starting a zygote: of all that a run waits for, its imports take longest.

So a supervisor's process starts the first one before it imports what only a supervisor needs. It
forks it, while it has a single thread: what both need is imported once, and is in memory once. A
zygote whose environment is the user's, or that takes the place of another, is a fresh interpreter.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from importlib import import_module

from ..directory import RunDirectory
from ..settings import Settings

__all__ = ["Zygote", "first_zygote", "launch_zygote", "told"]

_SHARED = (
    "hepnb.frames",
    "hepnb.runs.engines.zygote",
    "hepnb.histograms.manifest",
)
_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
_POLLS = 0.001


class _Forked:
    """A forked child, with the part of `subprocess.Popen` that an engine needs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended. Raises `subprocess.TimeoutExpired`."""
        began = time.monotonic()
        while self.returncode is None:
            pid, status = os.waitpid(self.pid, 0 if timeout is None else os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
            elif timeout is not None and time.monotonic() - began > timeout:
                raise subprocess.TimeoutExpired("zygote", timeout)
            else:
                time.sleep(_POLLS)
        return self.returncode

    def kill(self) -> None:
        """Kill it, if it has not ended."""
        if self.returncode is None:
            os.kill(self.pid, signal.SIGKILL)


@dataclass
class Zygote:
    """A zygote's process, and the socket on which it takes requests."""

    process: subprocess.Popen[bytes] | _Forked
    channel: socket.socket


def first_zygote(directory: RunDirectory | None, settings: Settings | None) -> Zygote | None:
    """Start the zygote of a run from a process that has imported little, and never had a zygote.

    Where the run is not known yet it waits to be `told`; None where it cannot be started before.
    """
    # A supervisor computes nothing in threads; its libraries would start them all the same.
    os.environ.update(_environment(1))
    for module in _SHARED:
        import_module(module)
    # By a sitecustomize, say: a fork would lose them.
    has_threads = threading.active_count() > 1
    if directory is None or settings is None:
        return None if has_threads else _fork_zygote(None)
    if has_threads or _is_another(settings):
        return launch_zygote(directory, settings)
    return _fork_zygote(directory)


def told(zygote: Zygote | None, directory: RunDirectory, settings: Settings) -> Zygote:
    """Have a zygote that waits load this run; another one, where it does not fit or is not there."""
    if zygote is not None:
        if not _is_another(settings):
            with contextlib.suppress(OSError):
                zygote.channel.send(os.fsencode(directory.path))
                return zygote
        zygote.channel.close()
        zygote.process.kill()
        zygote.process.wait()
    return launch_zygote(directory, settings)


def _is_another(settings: Settings) -> bool:
    """Whether the run's zygote has an environment that is not the supervisor's."""
    return bool(settings.environment) or settings.threads > 1


def _fork_zygote(directory: RunDirectory | None) -> Zygote:
    gc.freeze()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        ours.close()
        _become_zygote(theirs.detach(), directory)
    theirs.close()
    return Zygote(_Forked(pid), ours)


def _become_zygote(descriptor: int, directory: RunDirectory | None) -> None:
    """In the forked child: never return."""
    status = 1
    # What its supervisor reads is not for it, nor does it keep that open.
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    try:
        from .zygote import main

        main(descriptor, directory)
        status = 0
    except BaseException:  # noqa: BLE001  a fork must never return into the supervisor
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def launch_zygote(directory: RunDirectory, settings: Settings) -> Zygote:
    """Start the zygote of a run as a fresh interpreter; it says on its socket when it is ready."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", "hepnb.runs.engines.zygote"]
    with theirs, directory.supervisor_log.open("ab") as log:
        process = subprocess.Popen(
            [*command, str(theirs.fileno()), str(directory.path)],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **_environment(settings.threads), **settings.environment},
        )
    return Zygote(process, ours)


def _environment(threads: int) -> dict[str, str]:
    """How many threads libraries may start; and that they draw into files.

    pyarrow, where it is there, starts one as it is imported, which a zygote must not have. Notebooks
    set a backend that draws into the notebook; there is none behind it.
    """
    return {
        **dict.fromkeys(_THREADS, str(threads)),
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "MPLBACKEND": "agg",
    }
