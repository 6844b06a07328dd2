"""Who does what next: workers' seats, the chunks that wait, and the window that bounds them.

A worker gets chunks of files it has open, so that no file is opened twice without need; then a new
file; then whatever chunk is first. Chunks far ahead of the fold wait while the journal's tail is
large, so one slow chunk bounds nothing but its window. Nothing here talks to a process.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .plan import Chunk, Plan
from .spec import OPEN_FILES

__all__ = ["Leases", "Seat"]

_WINDOW_BYTES = 256 << 20
_MOST_READY = 10_000


@dataclass
class Seat:
    """A worker's place: who sits there now and what it does."""

    number: int
    state: str = "starting"
    pid: int = 0
    chunk: Chunk | None = None
    file: int | None = None
    opened: deque[int] = field(default_factory=lambda: deque(maxlen=OPEN_FILES))
    events: int = 0
    chunks: int = 0
    deaths: int = 0

    @property
    def is_working(self) -> bool:
        """Whether a task is out."""
        return self.chunk is not None or self.file is not None

    def release(self) -> tuple[Chunk | None, int | None]:
        """The task is over: what it was."""
        task = self.chunk, self.file
        self.chunk, self.file = None, None
        return task

    def remember(self, file: int) -> None:
        """The worker has this file open now; it keeps the last `OPEN_FILES`."""
        if file in self.opened:
            self.opened.remove(file)
        self.opened.append(file)


class Leases:
    """The chunks that wait for a worker."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._ready: dict[int, deque[Chunk]] = {}
        self._tail: list[tuple[int, int]] = []
        self._tail_bytes = 0

    def __len__(self) -> int:
        return sum(map(len, self._ready.values()))

    def add(self, chunks: Iterable[Chunk]) -> None:
        """Chunks that were just cut."""
        for chunk in chunks:
            self._ready.setdefault(chunk.file, deque()).append(chunk)

    def put_back(self, chunk: Chunk) -> None:
        """A chunk whose worker died goes first."""
        self._ready.setdefault(chunk.file, deque()).appendleft(chunk)

    def committed(self, order: int, size: int, frontier: int) -> None:
        """A contribution of `size` bytes is in the journal; the fold has reached `frontier`."""
        heapq.heappush(self._tail, (order, size))
        self._tail_bytes += size
        while self._tail and self._tail[0][0] < frontier:
            self._tail_bytes -= heapq.heappop(self._tail)[1]

    def next_task(self, seat: Seat, frontier: int) -> Mapping[str, Any] | None:
        """The task for an idle seat, noted there, or None if it has to wait."""
        if self._tail_bytes > _WINDOW_BYTES:
            # Only the chunk that everybody waits for.
            first = next(
                (f for f, chunks in self._ready.items() if chunks[0].order <= frontier), None
            )
            return None if first is None else self._chunk_task(seat, first)
        own = next((file for file in seat.opened if file in self._ready), None)
        if own is not None:
            return self._chunk_task(seat, own)
        index = self._plan.next_file() if len(self) < _MOST_READY else None
        if index is not None:
            seat.file = index
            return {"k": "open", "file": index}
        first = min(self._ready, default=None)
        return None if first is None else self._chunk_task(seat, first)

    def _chunk_task(self, seat: Seat, file: int) -> Mapping[str, Any]:
        chunk = self._ready[file].popleft()
        if not self._ready[file]:
            del self._ready[file]
        seat.chunk, seat.file = chunk, file
        seat.remember(file)
        self._plan.started(chunk)
        return {
            "k": "chunk",
            "file": file,
            "uuid": self._plan.files[file].uuid,
            "entries": self._plan.files[file].entries,
            "start": chunk.start,
            "stop": chunk.stop,
            "id": chunk.id,
            "order": chunk.order,
        }
