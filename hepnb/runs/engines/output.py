"""What workers print, as their pipes bring it: whole lines, in large pieces.

A pipe that was just read rests for a moment, so that a worker that flushes after every line costs
no more than one that does not. What a worker printed before its answer is read before the answer is
told, so it belongs to the chunk in which it was printed.
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import selectors
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..logs.lines import open_traceback

__all__ = ["Outputs"]

_PIPE_BYTES = 256 << 10
_REST = 0.01
_MOST_AT_ONCE = 16
_LONGEST_LINE = 20_000
_LONGEST_HELD = 64_000


@dataclass(eq=False)
class _Pipe:
    """One stream of one worker, and what of it is not a whole line, or traceback, yet."""

    worker: int
    stream: str
    descriptor: int
    partial: bytes = b""
    held: bytes = b""

    def lines(self, data: bytes) -> bytes:
        """The whole lines there are now; a progress bar's earlier states are overwritten."""
        end = data.rfind(b"\n") + 1
        rest = data[end:] if end else self.partial + data
        if b"\r" in rest:
            rest = rest[rest.rfind(b"\r", 0, len(rest) - 1) + 1 :]
        whole = self.held
        if end:
            whole = b"".join((whole, self.partial, memoryview(data)[:end]))
        if len(rest) > _LONGEST_LINE:
            whole += rest + b"\n"
            rest = b""
        self.partial = rest
        start = open_traceback(whole)
        if start < 0 or len(whole) - start > _LONGEST_HELD:
            start = len(whole)
        self.held = whole[start:]
        return whole[:start]

    def release(self, *, whole: bool) -> bytes:
        """What was held back; with the unfinished line, where nothing more will come."""
        held, self.held = self.held, b""
        if whole and self.partial:
            held += self.partial + b"\n"
            self.partial = b""
        return held


class Outputs:
    """The output pipes of all workers; `say(worker, stream, lines)` is told what they print."""

    def __init__(
        self, selector: selectors.BaseSelector, say: Callable[[int, str, bytes], None]
    ) -> None:
        self._selector = selector
        self._say = say
        self._pipes: dict[int, _Pipe] = {}
        self._resting: dict[int, float] = {}

    def open(self, worker: int) -> tuple[int, int]:
        """Pipes for a new worker's stdout and stderr: the ends to write to, to be closed here."""
        ends = []
        for stream in ("stdout", "stderr"):
            read, write = os.pipe()
            os.set_blocking(read, False)
            if hasattr(fcntl, "F_SETPIPE_SZ"):
                with contextlib.suppress(OSError):
                    fcntl.fcntl(read, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
            pipe = self._pipes[read] = _Pipe(worker, stream, read)
            self._register(pipe)
            ends.append(write)
        return ends[0], ends[1]

    def turn(self) -> float:
        """Wake the pipes that have rested; the seconds until the next one has."""
        now = time.monotonic()
        for descriptor, until in list(self._resting.items()):
            if until <= now:
                del self._resting[descriptor]
                self._register(self._pipes[descriptor])
        return min(self._resting.values(), default=math.inf) - now

    def drain(self, worker: int) -> None:
        """Everything that this worker has printed so far: its chunk is over."""
        for pipe in self._of(worker):
            self._read(pipe, _MOST_AT_ONCE)
            self._tell(pipe, pipe.release(whole=False))

    def close(self, worker: int) -> None:
        """Everything that is still in the pipes of a worker that is gone."""
        for pipe in self._of(worker):
            self._read(pipe, _MOST_AT_ONCE)
            self._end(pipe)

    def _of(self, worker: int) -> list[_Pipe]:
        return [pipe for pipe in self._pipes.values() if pipe.worker == worker]

    def _register(self, pipe: _Pipe) -> None:
        self._selector.register(pipe.descriptor, selectors.EVENT_READ, lambda: self._hear(pipe))

    def _hear(self, pipe: _Pipe) -> None:
        self._read(pipe, 1)
        if pipe.descriptor in self._pipes:
            self._selector.unregister(pipe.descriptor)
            self._resting[pipe.descriptor] = time.monotonic() + _REST

    def _read(self, pipe: _Pipe, times: int) -> None:
        for _ in range(times):
            try:
                data = os.read(pipe.descriptor, _PIPE_BYTES)
            except BlockingIOError:
                return
            if not data:
                self._end(pipe)
                return
            self._tell(pipe, pipe.lines(data))

    def _tell(self, pipe: _Pipe, lines: bytes) -> None:
        if lines:
            self._say(pipe.worker, pipe.stream, lines)

    def _end(self, pipe: _Pipe) -> None:
        if self._pipes.pop(pipe.descriptor, None) is None:
            return
        if self._resting.pop(pipe.descriptor, None) is None:
            self._selector.unregister(pipe.descriptor)
        os.close(pipe.descriptor)
        self._tell(pipe, pipe.release(whole=True))
