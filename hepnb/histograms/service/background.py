"""The thread beside the server's loop: folds the journal and does what may take long."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from ...errors import StoreError
from ..writer import StoreWriter

__all__ = ["Background"]

_SHORTEST_PAUSE = 5.0
_LONGEST_PAUSE = 60.0
_SHARE = 20.0
_log = logging.getLogger("hepnb.service")

Job = Callable[[], Any]
Done = Callable[[Any], None]


class Background:
    """Runs jobs one after the other; `wake` is called when there are results to `deliver`."""

    def __init__(self, writer: StoreWriter, wake: Callable[[], None]) -> None:
        self._writer, self._wake = writer, wake
        self._jobs: queue.SimpleQueue[tuple[Job, Done] | None] = queue.SimpleQueue()
        self._results: deque[tuple[Done, Any]] = deque()
        self._next_fold = time.monotonic() + _SHORTEST_PAUSE
        self._thread = threading.Thread(target=self._run, name="hepnb-fold", daemon=True)
        self._thread.start()

    def submit(self, job: Job, done: Done) -> None:
        """Do `job` soon; `done` gets its result, or the exception, in the thread of `deliver`."""
        self._jobs.put((job, done))

    def deliver(self) -> None:
        """Hand over the results that are there."""
        while self._results:
            done, result = self._results.popleft()
            done(result)

    def stop(self) -> None:
        """End after the jobs that were submitted."""
        self._jobs.put(None)
        self._thread.join()
        self.deliver()

    def _run(self) -> None:
        while True:
            try:
                item = self._jobs.get(timeout=1.0)
            except queue.Empty:
                pass
            else:
                if item is None:
                    return
                job, done = item
                try:
                    result = job()
                except Exception as error:  # noqa: BLE001  the one who asked is told
                    result = error
                self._results.append((done, result))
                self._wake()
            if self._is_due():
                self._fold()

    def _is_due(self) -> bool:
        return self._writer.tail_records > 0 and time.monotonic() >= self._next_fold

    def _fold(self) -> None:
        began = time.monotonic()
        try:
            self._writer.fold()
        except StoreError as error:
            _log.warning("folding waits: %s", error)
        except Exception:  # noqa: BLE001  as above: it is tried again
            _log.exception("folding failed; the journal has everything")
        took = time.monotonic() - began
        pause = min(_LONGEST_PAUSE, max(_SHORTEST_PAUSE, _SHARE * took))
        self._next_fold = time.monotonic() + pause
