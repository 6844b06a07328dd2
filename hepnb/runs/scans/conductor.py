"""The conductor of a scan: a small detached process that starts ordinary supervisors in turn.

It loads no code of the user and keeps nothing in mind that is not in the directories: killed at any
moment, another one goes on. Runs that it has started do not need it any more.
Run as `python -m hepnb.runs.scans.conductor SCANDIR LOCK [take-over]`, where LOCK is the descriptor of the
scan's lock, inherited locked.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from ...errors import RunError
from ...whole import written_whole
from ..directory import RunDirectory
from ..handle.glance import glance, was_launched
from ..handle.unheard import unheard
from ..record import write_record
from ..spec import RunSpec
from ..starting.admission import admitted
from ..starting.launch import launch
from .directory import ScanDirectory, ScanSpec, lock_now

__all__ = ["Conductor"]

_LOOK_EVERY = 0.5
_CONFIRM = 1.0
_AFTER_REFUSAL = 5.0


class Conductor:
    """Starts the runs of one scan, so many at a time, until none is left."""

    def __init__(self, scan: ScanDirectory, lock: int, *, take_over: bool = False) -> None:
        scan.check_private()
        self._scan, self._lock, self._take_over = scan, lock, take_over
        self._at_once = ScanSpec.read(scan.spec).max_parallel
        self._supervisors: dict[Path, subprocess.Popen[bytes]] = {}
        self._over: set[Path] = set()  # ended, or gone in spite of us
        self._doubted: dict[Path, float] = {}
        self._next_try = 0.0
        self._said = ""
        self._held = scan.why_held()  # an earlier conductor may have said something
        self._is_interrupted = False
        self._woken, wake = socket.socketpair()
        self._wake = wake
        for end in (self._woken, wake):
            end.setblocking(False)

    def main(self) -> None:
        """Work until every run has ended. A signal ends the conductor, not the runs."""
        os.set_inheritable(self._lock, False)
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, json.dumps({"pid": os.getpid()}).encode(), 0)
        self._say_held("")
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._be_interrupted)
        while not self._is_interrupted and self._has_work():
            select.select([self._woken], [], [], _LOOK_EVERY)
            with contextlib.suppress(BlockingIOError):
                self._woken.recv(4096)

    def _has_work(self) -> bool:
        """Take a turn. With nothing left, let go of the lock and look once more.

        Whoever adds a run first writes it and then tries the lock: either it gets the lock, or this
        last look finds the run.
        """
        if self._turn():
            return True
        if not self._scan.path.is_dir():
            return False
        fcntl.flock(self._lock, fcntl.LOCK_UN)
        return self._is_anything_new() and lock_now(self._lock)

    def _is_anything_new(self) -> bool:
        return any(run.path not in self._over for run in self._scan.runs().values())

    def _turn(self) -> bool:
        """Start what may start now; whether anything goes on or waits."""
        waiting: list[RunDirectory] = []
        going_on = 0
        for run in self._scan.runs().values():
            if run.path in self._over:
                continue
            if self._is_at_work(run):
                going_on += 1
            elif self._is_to_begin(run):
                waiting.append(run)
            elif run.path not in self._over:
                going_on += 1  # in doubt
        for run in waiting:
            if self._cancelled_before(run):
                self._over.add(run.path)
            elif going_on < self._at_once and time.monotonic() >= self._next_try:
                self._start(run)
                going_on += 1
        return bool(going_on or any(run.path not in self._over for run in waiting))

    def _is_at_work(self, run: RunDirectory) -> bool:
        """Whether its supervisor, ours or that of an earlier conductor, lives."""
        ours = self._supervisors.get(run.path)
        return (ours is not None and ours.poll() is None) or run.is_supervised()

    def _is_to_begin(self, run: RunDirectory) -> bool:
        """Whether it was never started, or lost before this conductor came; else it is over.

        A run that another conductor started a moment ago has no lock yet: nothing is said of it
        before it was seen like this for some time.
        """
        if not was_launched(run):
            return True
        now = time.monotonic()
        seen = glance(run)
        if seen.has_ended and seen.state != "lost":
            self._over.add(run.path)
            return False
        if run.path in self._supervisors or self._is_elsewhere(run):
            # Our own supervisor ended without a word: a fault, which is not tried twice.
            self._over.add(run.path)
            return False
        return now - self._doubted.setdefault(run.path, now) > _CONFIRM

    def _is_elsewhere(self, run: RunDirectory) -> bool:
        """Whether it may go on on another host, which cannot be seen from here."""
        holder = run.supervisor()
        return not self._take_over and holder is not None and holder[1] != socket.gethostname()

    def _cancelled_before(self, run: RunDirectory) -> bool:
        """Whether it was cancelled while it waited: then that is what it says from now on."""
        if was_launched(run) or not run.cancel_request.exists():
            return False
        now = time.time()
        snapshot = {
            **unheard(run, RunSpec.read(run.spec)),
            "state": "cancelled",
            "seq": 1,
            "host": socket.gethostname(),
            "ended": now,
            "now": now,
        }
        try:
            write_record(run.status, snapshot)
        except OSError as error:
            self._refused(run, error)
            return False
        return True

    def _start(self, run: RunDirectory) -> None:
        try:
            with admitted():
                self._supervisors[run.path] = launch(run)
        except (OSError, RunError) as error:
            self._refused(run, error)
        else:
            self._say_held("")

    def _refused(self, run: RunDirectory, error: OSError | RunError) -> None:
        """The machine has no process, or no space, or the site admits no run just now: said once,
        and tried again."""
        self._next_try = time.monotonic() + _AFTER_REFUSAL
        if str(error) != self._said:
            self._said = str(error)
            sys.stderr.write(f"{time.strftime('%H:%M:%S')} run {run.path.name}: {error}\n")
        self._say_held(str(error))

    def _say_held(self, why: str) -> None:
        """Let those who look know why runs wait; a disk that is full keeps it from them."""
        if why == self._held:
            return
        with contextlib.suppress(OSError):
            if why:
                with written_whole(self._scan.held) as part:
                    part.write_text(why, encoding="utf-8")
            else:
                self._scan.held.unlink(missing_ok=True)
            self._held = why

    def _be_interrupted(self, *_: object) -> None:
        self._is_interrupted = True


if __name__ == "__main__":
    Conductor(
        ScanDirectory(Path(sys.argv[1])), int(sys.argv[2]), take_over="take-over" in sys.argv[3:]
    ).main()
