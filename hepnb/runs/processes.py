"""Starting a process that outlives this one: a session of its own, none of our files or sockets.

And killing such a process, known by its command: a pid may be somebody else's by now.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

__all__ = ["detached", "is_awake", "kill", "opened", "print_into", "release", "withdraw"]

_WAKES_WITHIN = 5.0


def detached(
    command: Sequence[str],
    log: Path | None = None,
    *,
    keep: Sequence[int] = (),
    is_held: bool = False,
    at_end: Callable[[], object] | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command`, which writes what it prints to `log` and inherits the descriptors `keep`.

    It imports this very hepnb, wherever it runs. It has nothing to read, but one that is held
    waits for a line of its input, or its end: it is released, or this process is gone. `at_end` is
    called, in a thread, when it has ended.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    home = str(Path(__file__).parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, (home, environment.get("PYTHONPATH", "")))
    )
    with contextlib.nullcontext(subprocess.DEVNULL) if log is None else opened(log) as printed:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if is_held else subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            start_new_session=True,
            cwd="/",
            env=environment,
            pass_fds=keep,
        )

    def reap() -> None:
        process.wait()
        if at_end is not None:
            at_end()

    try:
        # It may outlive this process; where it does not, it leaves no zombie.
        threading.Thread(target=reap, name="hepnb-reaper", daemon=True).start()
    except BaseException:  # interrupted, or no thread to be had
        withdraw(process)
        raise
    return process


def opened(log: Path) -> BinaryIO:
    """The end of a log that only its owner can read."""
    printed = log.open("ab")
    log.chmod(0o600)
    return printed


def print_into(log: Path) -> None:
    """Have this process print into a log from now on."""
    with opened(log) as printed:
        for descriptor in (1, 2):
            os.dup2(printed.fileno(), descriptor)


def release(process: subprocess.Popen[bytes]) -> None:
    """Let a process that is held go on, if it is still there.

    It is told so: a fork of this process, as of multiprocessing, may keep its input open for long.
    """
    assert process.stdin is not None
    if not process.stdin.closed:
        with contextlib.suppress(BrokenPipeError), process.stdin as line:
            line.write(b"\n")


def is_awake(process: subprocess.Popen[bytes]) -> bool:
    """Whether it can hear us; False where a signal has stopped it, and no other wakes it in some seconds."""
    import psutil

    deadline = time.monotonic() + _WAKES_WITHIN
    with contextlib.suppress(psutil.Error):
        while psutil.Process(process.pid).status() == psutil.STATUS_STOPPED:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
    return True


def withdraw(process: subprocess.Popen[bytes]) -> None:
    """Kill a process of a session of its own, with those that it has started, whatever they are at."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


def kill(commands: Sequence[Sequence[str]], pid: int | None = None) -> None:
    """Kill the process of one of these commands, with this pid or, where that is not known, with any."""
    import psutil

    wanted = [list(command[1:]) for command in commands]
    # One that is only just starting has not said its pid yet.
    for known in psutil.pids() if pid is None else [pid]:
        try:
            process = psutil.Process(known)
            if process.cmdline()[1:] in wanted:
                process.kill()
        except psutil.Error:
            continue
