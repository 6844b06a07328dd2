"""The supervisor that waits beside a notebook for its next run, with all that it needs imported.

Nothing in the start of a run takes as long as the imports of its processes. A notebook keeps one
supervisor with its zygote in reserve, a run takes it, and when that has ended there is a next one.
It has nothing of a run, the user's code included, before it is handed one; it ends with the notebook,
or when no run has come for long. Where the environment, the packages or the limits have changed
since it was begun, it is not used.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import secrets
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from ...errors import RunError
from ...shell import interactive_shell
from ...whole import written_whole
from ..directory import RunDirectory
from ..policy import Policy
from ..processes import detached, opened, withdraw
from ..spec import SPARE, SUPERVISING, search_path, supervisor_command

__all__ = ["RESERVE", "Reserve", "commands_of"]

_WAITS_FOR = 900.0
_PACKAGES = ("site-packages", "dist-packages")


class _Spare:
    """One process that waits, until it is handed a run or is not wanted any more."""

    def __init__(self, reserve: Reserve, seconds: float) -> None:
        self._reserve = reserve
        self.name = secrets.token_hex(8)
        self._made_in = _circumstances()
        self._has_run = False
        self.process = detached(_command(self.name), is_held=True, at_end=self._end)
        self._patience = threading.Timer(seconds, reserve.dismiss)
        self._patience.daemon = True
        self._patience.start()

    def take(self, directory: RunDirectory) -> bool:
        """Hand it the run; False where it cannot be had, and is gone then."""
        is_told = False
        try:
            self._patience.cancel()
            if self.process.poll() is None and self._made_in == _circumstances():
                with contextlib.suppress(OSError):
                    self._tell(directory)
                    is_told = True
        finally:
            if not is_told:  # nor when the cell is interrupted
                self._has_run = False
                withdraw(self.process)
        return is_told

    def _tell(self, directory: RunDirectory) -> None:
        directory.spares.mkdir(mode=0o700, exist_ok=True)
        with written_whole(directory.spares / self.name) as part:
            part.write_bytes(os.fsencode(directory.path.resolve()))
        opened(directory.supervisor_log).close()
        self._has_run = True
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(str(directory.path)).encode() + b"\n")
        self.process.stdin.flush()

    def drop(self) -> None:
        """Nobody wants it."""
        self._patience.cancel()
        withdraw(self.process)

    def disown(self) -> None:
        """In a fork of the notebook: it is not ours."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def _end(self) -> None:
        if self._has_run:
            self._reserve.replace()


class Reserve:
    """The spare of this process, if it is a notebook: from the extension on, or from its first run."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._waiting: _Spare | None = None
        self._is_wanted: bool | None = None

    def keep(self) -> None:
        """Have a spare from now on: this process is a notebook."""
        self._is_wanted = True
        self.replace()

    def replace(self) -> None:
        """See that a spare is there, in a notebook where the site allows it."""
        with self._lock:
            if not self._is_notebook() or self._waiting is not None or sys.is_finalizing():
                return
            # No process to be had, or a malformed policy: this one is needed by no run.
            with contextlib.suppress(OSError, RunError):
                allowed = Policy.of_site().spare
                seconds = _WAITS_FOR if allowed is None else allowed
                if seconds > 0:
                    self._waiting = _Spare(self, seconds)

    def hand_over(self, directory: RunDirectory) -> subprocess.Popen[bytes] | None:
        """Give the run to the spare, which is held until it is released; None without one."""
        spare = self._taken()
        return spare.process if spare is not None and spare.take(directory) else None

    def dismiss(self) -> None:
        """Let the spare go; when a run has ended there is a next one."""
        if (spare := self._taken()) is not None:
            spare.drop()

    def close(self) -> None:
        """Let it go, and have none any more."""
        self._is_wanted = False
        self.dismiss()

    def forget(self) -> None:
        """In a fork of the notebook: what is there is not ours, nor is this a notebook."""
        if self._waiting is not None:
            self._waiting.disown()
        self.__init__()  # type: ignore[misc]
        self._is_wanted = False

    def pause(self) -> None:
        """Before a fork: one that is just being made would be known to nobody there."""
        self._lock.acquire()

    def go_on(self) -> None:
        """After it."""
        self._lock.release()

    def _is_notebook(self) -> bool:
        """Whether runs come from cells: then one that has ended is followed by others."""
        return interactive_shell() is not None if self._is_wanted is None else self._is_wanted

    def _taken(self) -> _Spare | None:
        with self._lock:
            spare, self._waiting = self._waiting, None
        return spare


RESERVE = Reserve()
"""This process's own."""
atexit.register(RESERVE.close)
os.register_at_fork(
    before=RESERVE.pause, after_in_parent=RESERVE.go_on, after_in_child=RESERVE.forget
)


def commands_of(directory: RunDirectory) -> list[list[str]]:
    """The commands of all processes that may supervise this run: begun for it, or told of it.

    Several may be on their way at once, where it is resumed from two places; one gets it.
    """
    found = [supervisor_command(directory.path)]
    with contextlib.suppress(OSError):
        for told in directory.spares.iterdir():
            # In the copy of a run's directory they are the original's.
            if told.read_bytes() == os.fsencode(directory.path.resolve()):
                found.append(_command(told.name))
    return found


def _command(name: str) -> list[str]:
    return [*SUPERVISING, SPARE, name]


def _circumstances() -> Any:
    """What a process has from its beginning on: the environment, and the packages that are there.

    On Linux also the mask of file modes, the processors and the limits of the thread that begins it.
    """
    packages = [place for place in search_path() if place.endswith(_PACKAGES)]
    made = [path.stat().st_mtime_ns for path in map(Path, packages) if path.is_dir()]
    inherited: list[str] = []
    with contextlib.suppress(OSError):
        of_thread = Path("/proc/thread-self/status").read_text().splitlines()
        inherited += [line for line in of_thread if line.startswith(("Umask:", "Cpus_allowed:"))]
        inherited.append(Path("/proc/self/limits").read_text())
    return dict(os.environ), packages, made, inherited
