"""Fills that were not sent yet, gathered by time and by bytes into records with unique ids."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from typing import Any

import numpy as np

from ..contribution import Contribution
from ..h5hist import HistContribution
from ..signature import Signature
from ..sparse_block import SparseBlock
from .protocol import full_id

__all__ = ["Buffer", "new_contribution"]


def new_contribution(signature: Signature) -> HistContribution:
    """An empty contribution to one histogram."""
    return HistContribution(signature, Contribution({signature.name: signature}))


class Buffer:
    """Fills go into one contribution; `take` gives it encoded."""

    def __init__(self, signature: Signature, seconds: float, memory: int) -> None:
        self._signature, self._seconds, self._memory = signature, seconds, memory
        self._filling = threading.Lock()
        self._contents: HistContribution | None = None
        self._since = 0.0
        self._entries = 0
        self._ids = (f"{uuid.uuid4().hex}-{n}" for n in itertools.count())

    def fill(self, *args: Any, **columns: Any) -> None:
        """Fill; what is refused changes nothing."""
        with self._filling:
            into = self._contents or new_contribution(self._signature)
            into.fill(*args, **columns)
            if self._contents is None:
                self._contents, self._since, self._entries = into, time.monotonic(), 0
            self._entries += max(np.size(v) for v in (*args, *columns.values()))

    @property
    def is_full(self) -> bool:
        """Whether it takes more memory than it may; one block is always allowed."""
        found = self._contents
        if found is None:
            return False
        if self._signature.bins >= SparseBlock.LARGE:  # kept by entries: an index and the sums
            return self._entries * 8 * (1 + len(self._signature.fields)) > self._memory
        blocks = len(found.contents._blocks)
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
