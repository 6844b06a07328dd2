"""Fills that were not sent yet, gathered by time and by bytes into records with unique ids."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from typing import Any

from ..h5hist import HistContribution
from ..signature import Signature
from .protocol import full_id

__all__ = ["Buffer"]


class Buffer:
    """Fills go into one contribution; `take` gives it encoded."""

    def __init__(self, signature: Signature, seconds: float, memory: int) -> None:
        self._signature, self._seconds, self._memory = signature, seconds, memory
        self._filling = threading.Lock()
        self._contents: HistContribution | None = None
        self._since = 0.0
        self._ids = (f"{uuid.uuid4().hex}-{n}" for n in itertools.count())

    def fill(self, *args: Any, **columns: Any) -> None:
        """Fill; what is refused changes nothing."""
        with self._filling:
            into = self._contents or HistContribution(self._signature)
            into.fill(*args, **columns)
            if self._contents is None:
                self._contents, self._since = into, time.monotonic()

    @property
    def is_full(self) -> bool:
        """Whether it takes more memory than it may; one block is always allowed."""
        found = self._contents
        blocks = 0 if found is None else len(found.contents._blocks)
        each = self._signature.bins * self._signature.dtype.itemsize * len(self._signature.fields)
        return blocks > 1 and blocks * each > self._memory

    def clear(self) -> None:
        """Forget what is in it."""
        with self._filling:
            self._contents = None

    def due_in(self) -> float | None:
        """Seconds until it should be shipped, 0 when it is due; None when it is empty."""
        with self._filling:
            if self._contents is None:
                return None
            return max(0.0, self._since + self._seconds - time.monotonic())

    def take(self) -> tuple[str, bytes] | None:
        """All of it as a record with a fresh id: (id, body); None when it is empty."""
        with self._filling:
            contents, self._contents = self._contents, None
        if contents is None:
            return None
        ident = full_id(self._signature.name, next(self._ids))
        return ident, contents.contents.encode(ident, None, {})
