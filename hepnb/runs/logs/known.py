"""What a reader knows of a log without its text: segments of blocks, and which of them are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .block import Block, key_of
from .levels import LEVELS

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Filter", "Segment", "gap_between", "no_blocks"]


@dataclass(eq=False)
class Segment:
    """What is known of one segment: the entries of its blocks; `note` stands for lost segments."""

    number: int
    blocks: np.ndarray
    read: int = 0
    note: Block | None = None


@dataclass(frozen=True)
class Filter:
    """Which records are wanted, as far as the index can tell."""

    levels: tuple[int, ...] = (0, 1, 2, 3, 4)
    worker: int | None = None
    chunk: str | None = None
    logger: str | None = None

    def blocks(self, entries: np.ndarray) -> np.ndarray:
        """Which blocks are of this worker, chunk and logger."""
        import numpy as np

        mask = np.ones(len(entries), dtype=bool)
        if self.worker is not None:
            mask &= entries["worker"] == self.worker
        if self.chunk is not None:
            mask &= entries["chunk"] == key_of(self.chunk)
        if self.logger is not None:
            mask &= entries["logger"] == key_of(self.logger)
        return mask


def no_blocks() -> np.ndarray:
    """The entries of an empty index."""
    import numpy as np

    from .segments import form

    return np.empty(0, dtype=form())


def gap_between(segments: list[Segment], place: int) -> Segment:
    """One record in the place of the segments that were removed before the one at `place`."""
    import numpy as np

    before, after = segments[place - 1].blocks[-1], segments[place].blocks[:1]
    first = int(before["first"] + before["number"])
    end = int(after["first"][0]) if len(after) else first
    when = float(after["time"][0]) if len(after) else float(before["time"])
    note = Block(first, when, None, "", "hepnb")
    left_out = f"{end - first} records left out here: the log had reached its limit in size"
    note.texts = [f"{left_out}; they are counted in the totals"]
    note.levels = bytearray([LEVELS.index("WARNING")])
    entry = np.frombuffer(note.entry(0, len(note.encode())), dtype=before.dtype)
    return Segment(-end, entry, note=note)
