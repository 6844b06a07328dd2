"""What a failure means for a task: once more, on which terms, or never again.

A death counts against a chunk when nothing else can have caused it. Workers that die together
may all be victims of one of them, or of something outside: what they did is done again alone, one
after the other, and only then counts; and nothing is given up before it has failed alone.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..engines.base import Cause
from ..plan import Chunk
from .leasing import Again

__all__ = ["SMALLER_READS", "Death", "Verdicts"]

SMALLER_READS = 10
_MOST_DEATHS = 3
_MOST_SWEEPS = 10
_AT_ONCE = 0.3
_REMOTE_RETRIES = 2
_REMOTE_PAUSE = 2.0


@dataclass(frozen=True)
class Death:
    """A worker that is gone and what it was doing: a chunk, or (None) the opening of a file."""

    worker: int
    chunk: Chunk | None
    file: int
    why: str
    cause: Cause
    alone: bool
    parts: int

    @property
    def key(self) -> int:
        """The task in the journal's notes: the chunk's order, or below 0 for a file."""
        return self.chunk.order if self.chunk else -1 - self.file

    def again(self, *, alone: bool = False, parts: int = 1) -> Again:
        """The task once more."""
        return Again(self.chunk, self.file, alone, parts)


class Verdicts:
    """Remembers what went wrong with each task; knows no process and no store."""

    def __init__(self, retries: int) -> None:
        self._retries = retries
        self._deaths: Counter[int] = Counter()
        self._sweeps: Counter[int] = Counter()
        self._failures: Counter[int] = Counter()
        self._undecided: list[Death] = []
        self._last = 0.0

    def __bool__(self) -> bool:
        """Whether a death waits for its verdict."""
        return bool(self._undecided)

    def remember(self, note: Mapping[str, Any]) -> None:
        """A death that the journal of an earlier life tells of."""
        self._deaths[note["order"]] += 1

    def died(self, death: Death) -> None:
        """A worker died; the verdict waits until it is clear whether others die with it."""
        self._undecided.append(death)
        self._last = time.monotonic()

    def decide(self, *, now: bool = False) -> Iterator[tuple[Death, Again | str, bool]]:
        """Of each death what comes of its task, or why nothing, and whether it counts against it."""
        if not self._undecided or (not now and time.monotonic() - self._last < _AT_ONCE):
            return
        together, self._undecided = self._undecided, []
        for death in together:
            yield (death, *self._judge(death, together))

    def _judge(self, death: Death, together: Sequence[Death]) -> tuple[Again | str, bool]:
        if death.cause == "too large":
            return self.too_large(death), False
        # Parts stay what they are: a chunk that was too large once is so again.
        if not death.alone and (len(together) > 1 or death.cause == "swept away"):
            return death.again(alone=True, parts=death.parts), False
        if death.cause == "swept away":
            # Only a task that ends the engine itself, whenever it runs, comes to so many.
            self._sweeps[death.key] += 1
            if self._sweeps[death.key] < _MOST_SWEEPS:
                return death.again(alone=True, parts=death.parts), False
            return f"the engine's own process died {_MOST_SWEEPS} times with its worker", False
        self._deaths[death.key] += 1
        count = self._deaths[death.key]
        if count >= _MOST_DEATHS and death.alone:
            return f"its worker died {count} times ({death.why})", True
        return death.again(alone=count >= _MOST_DEATHS - 1, parts=death.parts), True

    def too_large(self, death: Death) -> Again | str:
        """A task that took too much memory: once more in smaller reads, if it can be."""
        if death.chunk and death.parts == 1:
            return death.again(parts=SMALLER_READS)
        smaller = f", even in {SMALLER_READS} smaller reads" if death.chunk else ""
        return f"{death.why}{smaller}"

    def failed(self, chunk: Chunk | None, file: int, *, remote: bool, parts: int) -> Again | None:
        """A task that raised, or (`remote`) whose file on another machine could not be read."""
        key = chunk.order if chunk else -1 - file
        self._failures[key] += 1
        most = max(self._retries, _REMOTE_RETRIES) if remote else self._retries
        if self._failures[key] > most:
            return None
        pause = _REMOTE_PAUSE * self._failures[key] if remote else 0.0
        return Again(chunk, file, parts=parts, after=time.monotonic() + pause)
