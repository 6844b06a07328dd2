"""Workers on this machine, forked by one single-threaded zygote per run.

The zygote is a fresh interpreter: it imports the heavy libraries and loads the user's bundle once,
then forks a worker in milliseconds. Each worker has one stream socket to the supervisor and two
pipes for what it prints, so one that dies takes nothing of the others with it.
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...frames import FrameError, FrameReader, encode
from ..directory import RunDirectory
from ..spec import RunSpec
from .base import Cause, Listener
from .launching import Zygote, launch_zygote
from .limits import MEASURE_EVERY, resident
from .output import Outputs

__all__ = ["LocalEngine"]

_SOCKET_BUFFER = 4 << 20
_EXIT_NOTICE = 0.1
_LAST_WORDS = 1.0
_LAST_LINES = 0.05
_MOST_STARTS = 3
_AT_ONCE = 1 << 20
_NONSENSE = (FrameError, KeyError, TypeError, ValueError)


@dataclass
class _Worker:
    """The supervisor's ends of one worker's channels."""

    number: int
    zygote: int
    channel: socket.socket
    reader: FrameReader = field(default_factory=FrameReader)
    pid: int = 0
    tasks: int = 0
    is_gone: bool = False

    @property
    def is_busy(self) -> bool:
        """Whether it has not answered all its tasks."""
        return self.tasks > 0


class LocalEngine:
    """See `hepnb.runs.engines.base.Engine`; `zygote` is the first one, where it was started before."""

    def __init__(
        self,
        directory: RunDirectory,
        spec: RunSpec,
        selector: selectors.BaseSelector,
        listener: Listener,
        zygote: Zygote | None = None,
    ) -> None:
        self._directory = directory
        self._spec = spec
        self._selector = selector
        self._listener = listener
        self._outputs = Outputs(selector, listener.worker_printed)
        self._workers: dict[int, _Worker] = {}
        self._reasons: dict[int, str] = {}
        self._failed_starts = 0
        self._zygotes = 0
        self._measured = 0.0
        self._take_up(zygote or launch_zygote(directory, spec.settings))

    def _take_up(self, zygote: Zygote) -> None:
        self._process, self._zygote = zygote.process, zygote.channel
        self._zygotes += 1
        self._is_ready = False
        self._wanted: list[int] = []
        self._selector.register(self._zygote, selectors.EVENT_READ, self._hear_zygote)

    def start(self, worker: int) -> None:
        """Fork a worker under this number, as soon as the zygote is ready."""
        if not self._is_ready:
            self._wanted.append(worker)
            return
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BUFFER)
        write_out, write_err = self._outputs.open(worker)
        try:
            socket.send_fds(self._zygote, [b"%d" % worker], [theirs.fileno(), write_out, write_err])
        except OSError:
            # The zygote is dying; its end of file follows, and starts everything anew.
            self._outputs.close(worker)
            ours.close()
            self._wanted.append(worker)
            return
        finally:
            theirs.close()
            os.close(write_out)
            os.close(write_err)
        handle = _Worker(worker, self._zygotes, ours)
        self._workers[worker] = handle
        self._selector.register(ours, selectors.EVENT_READ, lambda: self._hear_worker(handle))

    def submit(self, worker: int, tasks: Sequence[Mapping[str, Any]]) -> None:
        """Send tasks; a worker that is gone is noticed by its end of file."""
        try:
            self._workers[worker].tasks += len(tasks)
            self._workers[worker].channel.sendall(b"".join(map(encode, tasks)))
        except (OSError, KeyError):
            return

    def dismiss(self, worker: int) -> None:
        """A worker that waits hears that there is nothing more to do."""
        if handle := self._workers.get(worker):
            with contextlib.suppress(OSError):
                handle.channel.shutdown(socket.SHUT_WR)

    def show_stack(self, worker: int) -> None:
        """Have a worker write its stack to its stderr, whatever it does, unless it is stopped."""
        if handle := self._workers.get(worker):
            self._signal(handle, signal.SIGUSR1, group=False)

    def kill(self, worker: int, why: str) -> None:
        """End a worker and whatever it started."""
        if handle := self._workers.get(worker):
            self._end(handle, why, "died")

    def turn(self) -> float:
        """Listen again to pipes that have rested; end workers that are over their memory limit."""
        return min(self._outputs.turn(), self._measure())

    def _measure(self) -> float:
        limit = self._spec.settings.memory
        if limit is None:
            return math.inf
        left = self._measured + MEASURE_EVERY - time.monotonic()
        if left > 0:
            return left
        self._measured = time.monotonic()
        for handle in list(self._workers.values()):
            if handle.is_busy and handle.pid and (size := resident(handle.pid)) > limit:
                why = f"{size / 1e6:.0f} MB are more than its memory limit of {limit / 1e6:.0f} MB"
                self._end(handle, why, "too large")
        return MEASURE_EVERY

    def close(self) -> None:
        """Terminate, then kill, then reap: nothing of the run is left."""
        if self._zygote.fileno() >= 0:
            self._selector.unregister(self._zygote)
        for handle in list(self._workers.values()):
            if handle.is_busy:
                self._signal(handle, signal.SIGTERM)
            else:
                # An idle one hears that there is nothing more to do, and ends its modules.
                handle.channel.shutdown(socket.SHUT_WR)
        self._wait_for_workers()
        self._zygote.close()
        try:
            self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            for handle in list(self._workers.values()):
                self._signal(handle, signal.SIGKILL)
            self._process.kill()
            self._process.wait()
        for handle in list(self._workers.values()):
            self._drop(handle)

    def _wait_for_workers(self) -> None:
        """Read what the ending workers still have to say, for a second at most."""
        deadline = time.monotonic() + _LAST_WORDS
        while (left := deadline - time.monotonic()) > 0:
            streams = [handle.channel for handle in self._workers.values() if not handle.is_gone]
            if not streams:
                return
            for stream in select.select(streams, [], [], min(left, _LAST_LINES))[0]:
                handle = next(h for h in self._workers.values() if h.channel is stream)
                self._hear_last(handle)
            for number in self._workers:
                self._outputs.drain(number)

    def _hear_last(self, handle: _Worker) -> None:
        try:
            data = handle.channel.recv(1 << 20, socket.MSG_DONTWAIT)
            for message, _ in handle.reader.feed(data):
                if message.get("k") == "log":
                    self._listener.worker_said(handle.number, message, b"")
        except (OSError, FrameError):
            data = b""
        handle.is_gone = not data

    @staticmethod
    def _signal(handle: _Worker, number: signal.Signals, *, group: bool = True) -> None:
        if handle.pid:
            with contextlib.suppress(OSError):
                (os.killpg if group else os.kill)(handle.pid, number)

    def _end(self, handle: _Worker, why: str, cause: Cause) -> None:
        self._signal(handle, signal.SIGKILL)
        with contextlib.suppress(OSError, *_NONSENSE):
            while data := handle.channel.recv(_AT_ONCE, socket.MSG_DONTWAIT):
                self._tell(handle, data)
        self._lose(handle, why, cause)

    # -- what the zygote says ---------------------------------------------------------------

    def _hear_zygote(self) -> None:
        import msgpack

        try:
            data = self._zygote.recv(1 << 20, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._zygote_died()
            return
        message = msgpack.unpackb(data)
        if message["k"] == "ready":
            self._is_ready = True
            wanted, self._wanted = self._wanted, []
            for number in wanted:
                self.start(number)
        elif message["k"] == "failed":
            self._listener.engine_failed(message["title"], message["traceback"])
        elif message["k"] == "exit":
            # Arrives beside the worker's own end of file, in either order.
            self._reasons[message["pid"]] = _exit_reason(message["status"])

    def _zygote_died(self) -> None:
        self._selector.unregister(self._zygote)
        self._zygote.close()
        status = self._process.wait()
        wanted = self._wanted
        self._failed_starts = 0 if self._is_ready else self._failed_starts + 1
        was_killed = status < 0
        if self._failed_starts and (not was_killed or self._failed_starts == _MOST_STARTS):
            self._listener.engine_failed(
                f"the zygote ended with status {status} before it was ready",
                self._directory.supervisor_log.read_text(errors="replace")[-4000:],
            )
            return
        # Its workers die with it (PDEATHSIG), and each is reported lost by its own end of file, which
        # what they have started would hold back.
        for handle in self._workers.values():
            self._signal(handle, signal.SIGKILL)
        self._take_up(launch_zygote(self._directory, self._spec.settings))
        self._wanted.extend(wanted)

    # -- what workers say -------------------------------------------------------------------

    def _hear_worker(self, handle: _Worker) -> None:
        try:
            data = handle.channel.recv(_AT_ONCE, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lose(handle, "", "died")
            return
        try:
            self._tell(handle, data)
        except _NONSENSE as error:
            self._signal(handle, signal.SIGKILL)
            self._lose(handle, f"sent a message nobody understands ({error})", "died")

    def _tell(self, handle: _Worker, data: bytes) -> None:
        """Hand on what a worker said. Raises one of `_NONSENSE` where it makes no sense."""
        is_drained = False
        for message, raw in handle.reader.feed(data):
            if message.get("k") == "ready":
                handle.pid = int(message["pid"])
                self._listener.worker_ready(handle.number, handle.pid)
                continue
            if message.get("k") not in ("log", "progress"):
                handle.tasks -= 1
                if not is_drained:
                    self._outputs.drain(handle.number)
                    is_drained = True
            self._listener.worker_said(handle.number, message, raw)

    def _lose(self, handle: _Worker, why: str, cause: Cause) -> None:
        self._drop(handle)
        if not why:
            self._wait_for_word_of(handle)
            why = self._reasons.pop(handle.pid, "")
        if not why and handle.zygote != self._zygotes:
            why, cause = "its parent process died", "swept away"
        self._listener.worker_lost(handle.number, why or "its process ended", cause)

    def _wait_for_word_of(self, handle: _Worker) -> None:
        """The zygote's word on how a worker ended is on its way, unless it died itself."""
        deadline = time.monotonic() + _EXIT_NOTICE
        while handle.pid not in self._reasons and handle.zygote == self._zygotes:
            left = deadline - time.monotonic()
            if self._zygote.fileno() < 0 or left <= 0:
                return
            if select.select([self._zygote], [], [], left)[0]:
                self._hear_zygote()

    def _drop(self, handle: _Worker) -> None:
        """Close all ends of a worker, after reading what it still had to say."""
        if self._workers.get(handle.number) is handle:
            del self._workers[handle.number]
        self._outputs.close(handle.number)
        self._selector.unregister(handle.channel)
        handle.channel.close()


def _exit_reason(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"its process ended with status {os.WEXITSTATUS(status)}"
