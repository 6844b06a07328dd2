"""The engine for debugging: one worker, which is the caller's own process.

Everything else is as in any run: the same tasks, records, journal and store, so the result is the
same to the last bit. What the user's code prints and asks goes where the caller's does, a debugger
stops in it, and what it raised is kept for the caller. Limits of memory and time do not hold here.
"""

from __future__ import annotations

import math
import os
import selectors
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ..bundle import Bundle
from ..directory import RunDirectory
from ..spec import RunSpec
from .base import Listener
from .tasks import Tasks

__all__ = ["InlineEngine"]


class _Tasks(Tasks):
    """Keeps what a task raised, frames and all."""

    failure: BaseException | None = None

    def _attempt(self, task: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        try:
            return super()._attempt(task)
        except BaseException as error:
            self.failure = error
            raise


class InlineEngine:
    """See `hepnb.runs.engines.base.Engine`."""

    def __init__(
        self,
        bundle: Bundle,
        directory: RunDirectory,
        spec: RunSpec,
        selector: selectors.BaseSelector,
        listener: Listener,
    ) -> None:
        self._selector = selector
        self._listener = listener
        self._tasks = _Tasks(bundle, spec, directory.path)
        self._due: deque[Callable[[], None]] = deque()
        self._woken, self._wake = os.pipe()
        selector.register(self._woken, selectors.EVENT_READ, self._do_next)

    @property
    def failure(self) -> BaseException | None:
        """What the user's code raised last."""
        return self._tasks.failure

    def _later(self, action: Callable[[], None]) -> None:
        """Do it in the supervisor's next turn, not in the middle of this one."""
        self._due.append(action)
        os.write(self._wake, b".")

    def _do_next(self) -> None:
        os.read(self._woken, 1)
        self._due.popleft()()

    def start(self, worker: int) -> None:
        """Be ready."""
        self._later(lambda: self._listener.worker_ready(worker, os.getpid()))

    def submit(self, worker: int, tasks: Sequence[Mapping[str, Any]]) -> None:
        """Do the tasks."""
        for task in tasks:
            self._later(partial(self._answer, worker, task))

    def _answer(self, worker: int, task: Mapping[str, Any]) -> None:
        reply, record = self._tasks.answer(task)
        self._listener.worker_said(worker, reply, record)
        if isinstance(self.failure, KeyboardInterrupt):
            self._listener.engine_failed("interrupted from the keyboard", "")

    def dismiss(self, worker: int) -> None:
        """Go."""
        self._later(lambda: self._listener.worker_lost(worker, "dismissed", "died"))

    def show_stack(self, worker: int) -> None:
        """The caller sees where it is."""

    def kill(self, worker: int, why: str) -> None:
        """The caller stops it, if anybody."""

    def turn(self) -> float:
        """Nothing is ever due."""
        return math.inf

    def close(self) -> None:
        """Close the files."""
        self._tasks.close()
        self._selector.unregister(self._woken)
        os.close(self._woken)
        os.close(self._wake)
