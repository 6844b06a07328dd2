"""Runs a command, and ends it with all that it started as soon as nobody wants it any more.

Started as a script, `python guard.py FD STATUS COMMAND...`, by a worker that holds the other end of the
pipe FD: however the worker ends, the pipe does, too, and then the command's process group is killed.
The named pipe STATUS is removed at the end, with the directory that was made for it.
The exit status is the command's; 128 and more where a signal ended it, as a shell has it.
"""

from __future__ import annotations

import os
import select
import signal
import sys

__all__ = ["main"]

_NOT_STARTED = 127


def main(life: int, status_pipe: str, command: list[str]) -> int:
    """Run the command; returns its status."""
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    os.set_inheritable(life, False)
    child = os.fork()
    if child == 0:
        _become(command)
    _set_group(child)  # here and in the child: whichever is first, it is done before a kill
    while True:
        ready, _, _ = select.select([life, wake], [], [])
        done, status = os.waitpid(child, os.WNOHANG)
        if done or life in ready:
            break
        os.read(wake, 4096)
    _kill_group(child)
    _remove(status_pipe)
    if not done:
        os.waitpid(child, 0)
        return 128 + signal.SIGKILL
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _become(command: list[str]) -> None:
    """In the forked child: be the command, in a process group of its own."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setpgid(0, 0)
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(_NOT_STARTED)


def _set_group(child: int) -> None:
    try:
        os.setpgid(child, child)
    except OSError:
        return  # it is the command by now, and did so itself


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except OSError:
        return  # nobody is left in it


def _remove(status_pipe: str) -> None:
    try:
        os.unlink(status_pipe)  # noqa: PTH108  this script imports little, to start fast
        os.rmdir(os.path.dirname(status_pipe))  # noqa: PTH106, PTH120
    except OSError:
        return  # somebody was faster


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
