"""How long a task may take before its worker is taken to hang.

Without a `timeout` of the user's, the tasks so far say it, generously: an innocent worker that is
killed costs more than a hung one that is noticed some minutes later. A worker's first chunk may
load models and compile, so it gets more.
"""

from __future__ import annotations

import time
from typing import Literal

from .leasing import Seat

__all__ = ["Patience"]

_TIMES_LONGEST = 20.0
_LEAST = 120.0
_LEAST_AT_FIRST = 600.0
_FOR_ITS_STACK = 0.5
_LONGEST_STEP = 1.0


class Patience:
    """Clocks the tasks of seats; `timeout` [s] is the user's limit, if there is one."""

    def __init__(self, timeout: float | None) -> None:
        self._timeout = timeout
        self._longest = 0.0
        self._last = time.monotonic()
        self._step = 0.0

    def learn(self, seconds: float) -> None:
        """A chunk took so long."""
        self._longest = max(self._longest, seconds)

    def tick(self) -> None:
        """A moment has passed; if the supervisor itself was held up, that is no worker's fault."""
        now = time.monotonic()
        self._step, self._last = min(now - self._last, _LONGEST_STEP), now

    def with_task_of(self, seat: Seat) -> Literal["wait", "ask", "end"]:
        """Whether to wait, to ask a worker that is over its time for its stack, or to end it."""
        seat.spent += self._step
        # Who tells of progress does not hang; a limit that the user set holds all the same.
        silent = seat.spent - (seat.heard if self._timeout is None else 0.0)
        before, limit = silent - self._step, self._limit(seat)
        if silent <= limit:
            return "wait"
        if before <= limit:
            return "ask"
        return "end" if silent > limit + _FOR_ITS_STACK else "wait"

    def _limit(self, seat: Seat) -> float:
        if self._timeout is not None:
            return self._timeout
        least = _LEAST if seat.done else _LEAST_AT_FIRST
        return max(least, _TIMES_LONGEST * self._longest)
