"""Who does what next: workers' seats, the chunks that wait, and the window that bounds them.

A worker gets chunks of files it has open, so that no file is opened twice without need; then a new
file; then whatever chunk is first. Where chunks are short it gets some more ahead, so that it never
waits between two. Chunks far ahead of the fold wait while the journal's tail is large, so one slow
chunk bounds nothing but its window. What went wrong once comes again on its own terms (`Again`).
Nothing here talks to a process.
"""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..plan import Chunk, Plan
from ..spec import OPEN_FILES

__all__ = ["Again", "Leases", "Seat"]

_WINDOW_BYTES = 256 << 20
_MOST_READY = 10_000
_AHEAD_SECONDS = 0.03
_AHEAD_BYTES = 128 << 10
_TASK_BYTES = 250
_UNKNOWN = 1.0
_LEAST = 1e-5
_LEARNS = 0.2


@dataclass(frozen=True)
class Again:
    """A task that is done once more: a chunk, or (None) the opening of a file.

    `alone`: while no other worker works, so that a death is its own. `parts`: in so many smaller
    reads, by a worker that has done no other chunk. `after`: not before this moment [monotonic s].
    """

    chunk: Chunk | None
    file: int
    alone: bool = False
    parts: int = 1
    after: float = 0.0


@dataclass
class Seat:
    """A worker's place: who sits there now and what it does.

    `state` is starting, idle, busy, finishing (its modules' last hooks), leaving or ended; `spent`
    is how long its task has taken [s], of which `heard` [s] had passed when its worker told of its
    progress, `at` events; `done` counts the chunks of the worker that sits there now; `behind` are those that it has beside its task, to be done after it, and `lately` is how long
    its chunks take [s]: a second until it has shown that they are shorter. A worker that `is_tired`
    gets nothing more, and goes.
    """

    number: int
    state: str = "starting"
    pid: int = 0
    chunk: Chunk | None = None
    file: int | None = None
    alone: bool = False
    parts: int = 1
    spent: float = 0.0
    heard: float = 0.0
    at: float = 0.0
    done: int = 0
    behind: deque[Chunk] = field(default_factory=deque)
    lately: float = _UNKNOWN
    is_tired: bool = False
    opened: deque[int] = field(default_factory=lambda: deque(maxlen=OPEN_FILES))
    events: int = 0
    chunks: int = 0
    deaths: int = 0

    @property
    def is_working(self) -> bool:
        """Whether a task is out."""
        return self.chunk is not None or self.file is not None

    @property
    def seconds_ahead(self) -> float:
        """About how long it will be before it has nothing to do."""
        return len(self.behind) * self.lately

    def release(self) -> tuple[Chunk | None, int | None]:
        """The task is over: what it was. The one behind it begins."""
        task = self.chunk, self.file
        self.chunk, self.file = None, None
        self.alone, self.parts = False, 1
        self.spent = self.heard = self.at = 0.0
        if self.behind:
            self.chunk = self.behind.popleft()
            self.file = self.chunk.file
        return task

    def tells(self, order: int, events: float) -> None:
        """So many events of its chunk are done: whoever says so does not hang."""
        if self.chunk and self.chunk.order == order:
            self.at = max(self.at, min(events, float(self.chunk.events)))
            self.heard = self.spent

    def took(self, seconds: float) -> None:
        """A chunk took so long."""
        self.done += 1
        self.lately += _LEARNS * (max(_LEAST, min(_UNKNOWN, seconds)) - self.lately)

    def be_watched(self) -> None:
        """What it does is to be seen chunk by chunk: for a while it gets no more than one."""
        self.lately = _UNKNOWN

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
        self._waiting = 0
        self._again: list[Again] = []
        self._tail: list[tuple[int, int]] = []
        self._tail_bytes = 0

    def __len__(self) -> int:
        return self._waiting + len(self._again)

    def add(self, chunks: Iterable[Chunk]) -> None:
        """Chunks that were just cut."""
        for chunk in chunks:
            self._ready.setdefault(chunk.file, deque()).append(chunk)
            self._waiting += 1

    def give_back(self, seat: Seat) -> None:
        """What stands behind the seat's task was not begun, and will be by another worker."""
        while seat.behind:
            chunk = seat.behind.pop()
            self._ready.setdefault(chunk.file, deque()).appendleft(chunk)
            self._waiting += 1

    def repeat(self, task: Again) -> None:
        """This one is done once more."""
        self._again.append(task)

    def suspect(self) -> Again | None:
        """The first task that has to be done alone, if any."""
        return next((task for task in self._again if task.alone), None)

    def take(self, seat: Seat, task: Again) -> Mapping[str, Any]:
        """The task for this seat, noted there."""
        self._again.remove(task)
        seat.alone, seat.parts = task.alone, task.parts
        if task.chunk is None:
            seat.file = task.file
            return {"k": "open", "file": task.file}
        return self._chunk_task(seat, task.chunk)

    @property
    def wants_a_fresh_worker(self) -> bool:
        """Whether a chunk waits for a worker that has done no other."""
        return any(task.parts > 1 for task in self._again)

    def committed(self, order: int, size: int, frontier: int) -> None:
        """A contribution of `size` bytes is in the journal; the fold has reached `frontier`."""
        heapq.heappush(self._tail, (order, size))
        self._tail_bytes += size
        while self._tail and self._tail[0][0] < frontier:
            self._tail_bytes -= heapq.heappop(self._tail)[1]

    def next_task(self, seat: Seat, frontier: int) -> Mapping[str, Any] | None:
        """The task for an idle seat, noted there, or None if it has to wait."""
        now = time.monotonic()
        for task in self._again:
            if not task.alone and task.after <= now and (task.parts == 1 or not seat.done):
                return self.take(seat, task)
        if self._tail_bytes > _WINDOW_BYTES:
            # Only the chunk that everybody waits for.
            first = next(
                (f for f, chunks in self._ready.items() if chunks[0].order <= frontier), None
            )
            return None if first is None else self._first_chunk(seat, first)
        own = next((file for file in seat.opened if file in self._ready), None)
        if own is not None:
            return self._first_chunk(seat, own)
        index = self._plan.next_file() if len(self) < _MOST_READY else None
        if index is not None:
            seat.file = index
            return {"k": "open", "file": index}
        first = min(self._ready, default=None)
        return None if first is None else self._first_chunk(seat, first)

    def more_tasks(self, seat: Seat, workers: int) -> list[Mapping[str, Any]]:
        """Short chunks of the file that a seat reads, noted behind its task.

        Less than it does in a moment, and than its share of what is left, so that workers end
        together; and no more than a socket holds, so that one that hangs keeps nobody waiting.
        None while a task is to be done on its own terms.
        """
        if self._again or not seat.chunk or seat.alone or self._tail_bytes > _WINDOW_BYTES:
            return []
        ready = self._ready.get(seat.chunk.file, ())
        most = min(
            int(_AHEAD_SECONDS / seat.lately),
            _AHEAD_BYTES // (_TASK_BYTES + len(seat.chunk.id)),
            len(ready) // (2 * workers),
        )
        if 2 * len(seat.behind) >= most:
            return []
        chunks = [self._pop(seat.chunk.file) for _ in range(most - len(seat.behind))]
        seat.behind.extend(chunks)
        return [self._task(chunk, 1) for chunk in chunks]

    def _first_chunk(self, seat: Seat, file: int) -> Mapping[str, Any]:
        return self._chunk_task(seat, self._pop(file))

    def _pop(self, file: int) -> Chunk:
        chunk = self._ready[file].popleft()
        self._waiting -= 1
        if not self._ready[file]:
            del self._ready[file]
        return chunk

    def _chunk_task(self, seat: Seat, chunk: Chunk) -> Mapping[str, Any]:
        seat.chunk, seat.file = chunk, chunk.file
        seat.remember(chunk.file)
        return self._task(chunk, seat.parts)

    def _task(self, chunk: Chunk, parts: int) -> Mapping[str, Any]:
        file = chunk.file
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
            "parts": parts,
        }
