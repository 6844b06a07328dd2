"""One thread that does a widget's slow work and owns all of its trait writes.

A job has a key; a newer job with the same key takes the place of one that still waits, so a burst
of slider moves or of snapshots costs one slice or one message. The thread starts with the first
job and leaves when there is nothing to do. It knows nothing of widgets.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

__all__ = ["Pump"]

_LINGER = 2.0  # seconds without work after which the thread leaves


@dataclass(frozen=True)
class _Job:
    due: float
    run: Callable[[], None]
    dropped: Callable[[], None] | None


class Pump:
    """Runs jobs one after the other; among jobs of one key the newest wins.

    `failed` is called, on the pump's thread, with whatever a job raised: nothing vanishes.

    >>> done = []
    >>> pump = Pump("doctest", failed=done.append)
    >>> pump.put("a", lambda: done.append("ran"))
    >>> pump.join(5.0)
    True
    >>> done
    ['ran']
    """

    def __init__(self, name: str, failed: Callable[[BaseException], None]) -> None:
        self._name = name
        self._failed = failed
        self._jobs: dict[Hashable, _Job] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._busy = False
        self._stopped = False

    def put(
        self,
        key: Hashable,
        run: Callable[[], None],
        *,
        after: float = 0.0,
        dropped: Callable[[], None] | None = None,
    ) -> None:
        """Queue `run`, not before `after` seconds from now.

        A waiting job of the same key is replaced, and its `dropped` is called (from this thread).
        """
        with self._changed:
            if self._stopped:
                return
            old = self._jobs.pop(key, None)
            self._jobs[key] = _Job(time.monotonic() + after, run, dropped)
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify_all()
        if old is not None and old.dropped is not None:
            old.dropped()

    def stop(self) -> None:
        """Forget what waits and take no more work; the job that runs now ends by itself."""
        with self._changed:
            self._stopped = True
            self._jobs.clear()
            self._changed.notify_all()

    def join(self, timeout: float) -> bool:
        """Wait until nothing runs or waits; False when `timeout` seconds were not enough."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._jobs and not self._busy, timeout)

    def _next(self) -> _Job | None:
        """The job that is due, taken from the queue; None when the thread should leave."""
        leave = time.monotonic() + _LINGER
        while not self._stopped:
            now = time.monotonic()
            if self._jobs:
                key, job = min(self._jobs.items(), key=lambda item: item[1].due)
                if job.due <= now:
                    del self._jobs[key]
                    return job
                self._changed.wait(job.due - now)
                leave = time.monotonic() + _LINGER
            elif now >= leave:
                return None
            else:
                self._changed.wait(leave - now)
        return None

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                job = self._next()
                if job is None:
                    self._thread = None
                    return
                self._busy = True
            try:
                job.run()
            except BaseException as error:  # noqa: BLE001 - shown, never lost with the thread
                self._failed(error)
