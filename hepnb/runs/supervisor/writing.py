"""What is to be written into the journal, in order, whatever the disk says.

A full disk is no end: what could not be written waits and is tried again every second, and nothing
overtakes it. A store that refuses for another reason is: waiting would mend nothing.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from ...errors import DiskError, StoreError

__all__ = ["Writing"]

_RETRY = 1.0


class Writing:
    """A queue of writes. `problem` is the disk's reason while it waits, `refusal` the store's."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], object]] = deque()
        self._retry_at = 0.0
        self.problem = ""
        self.refusal = ""

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, action: Callable[[], object]) -> None:
        """Write now if nothing waits and the disk takes it, else in its turn."""
        self._waiting.append(action)
        self.go_on()

    def drop(self) -> None:
        """Write nothing of what waits; `problem` stays as the reason."""
        self._waiting.clear()

    def go_on(self) -> None:
        """Write what waits, as far as the disk takes it."""
        while self._waiting and time.monotonic() >= self._retry_at:
            try:
                self._waiting[0]()
            except DiskError as error:
                self.problem = str(error)
                self._retry_at = time.monotonic() + _RETRY
                return
            except StoreError as error:
                self.refusal = self.refusal or str(error)
            self._waiting.popleft()
            self.problem = ""
