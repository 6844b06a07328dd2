"""Makes contributions durable and folds them, beside the supervisor's loop, so it never stalls.

Folding costs time in proportion to the histograms' size, not to the number of events, so it is
done in batches: the larger a fold was, the longer the next one waits.
"""

from __future__ import annotations

import threading
import time
from typing import Protocol

from ...errors import DiskError, one_line

__all__ = ["Folder"]

_SHORTEST_PAUSE = 1.0
_SHARE = 10.0


class _Foldable(Protocol):
    def sync(self) -> None: ...

    def fold(self) -> bool: ...


class Folder:
    """A thread that syncs and folds a store while another one appends to it.

    `problem` is the disk's reason while it has no space for a fold, `fault` any other one.
    """

    def __init__(self, store: _Foldable) -> None:
        self._store = store
        self._wake = threading.Event()
        self._ending = False
        self.problem = self.fault = ""
        self._thread = threading.Thread(target=self._run, name="hepnb-fold", daemon=True)
        self._thread.start()

    def nudge(self) -> None:
        """Something was appended."""
        self._wake.set()

    def stop(self) -> None:
        """End the thread after what it is doing; the store is then free for `seal`."""
        self._ending = True
        self._wake.set()
        self._thread.join()

    def _is_ending(self) -> bool:
        return self._ending

    def _run(self) -> None:
        while True:
            self._wake.wait()
            if self._is_ending():
                return
            self._wake.clear()
            began = time.monotonic()
            try:
                self._store.sync()
                self._store.fold()
                self.problem = self.fault = ""
            except DiskError as error:
                # The journal has everything, so try again later.
                self.problem = str(error)
                self._wake.set()
            except Exception as error:  # noqa: BLE001  whatever it is, the journal is whole
                self.fault = one_line(error)
                self._wake.set()
            pause = max(_SHORTEST_PAUSE, _SHARE * (time.monotonic() - began))
            deadline = time.monotonic() + pause
            while not self._is_ending() and (left := deadline - time.monotonic()) > 0:
                time.sleep(min(0.05, left))
