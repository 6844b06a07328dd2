"""What a program is asked to compute: one chunk of one input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path as FilePath

__all__ = ["ChunkTask"]


def _nobody(events: float) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class ChunkTask:
    """Entries [start, stop) of an input, the `order`-th chunk of a run.

    `parts`: read in so many smaller reads, where the last attempt ran out of memory; `key`: what
    stands for the input in the key of random numbers, `seed`: a number of 32 bits, both of what the
    chunk holds and of the run's seed alone; `directory`: that of the run; `tell`: called with the
    number of events of this chunk that are done, as often as one likes, where it takes long.
    """

    start: int
    stop: int
    order: int = 0
    parts: int = 1
    key: str = ""
    seed: int = 0
    directory: FilePath = FilePath()
    tell: Callable[[float], None] = _nobody

    @property
    def events(self) -> int:
        """How many entries it has."""
        return self.stop - self.start
