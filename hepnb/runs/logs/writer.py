"""The one writer of a log: numbers records, folds repeated ones, counts, and keeps the tail at hand."""

from __future__ import annotations

import contextlib
import time
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

from ...errors import DiskError
from ...histograms.durable import disk_faults
from .block import COUNTS, ENTRY, REPEAT, Block, shortened
from .levels import LEVELS, changes_of_level, count_levels
from .lines import Records, records_of
from .segments import SegmentWriter

__all__ = ["LogWriter"]

TAIL = 200
_TAIL_TEXT = 200_000
_BLOCK_TEXT = 64_000
_TEXT_PER_CHANGE = 4_000
_MOST_IN_BLOCK = 200
_MOST_WAITING = 1 << 20
_SETTLE_EVERY = 2.0
_PLACE = {level: place for place, level in enumerate(LEVELS)}


class LogWriter:
    """Appends records; `flush` makes readable what was added.

    The last record of each worker stays open: if the same text comes again its `repeat` grows. What
    a disk refuses is kept and tried again, up to a megabyte, and what is lost beyond that is counted,
    and said; `problem` is the disk's reason meanwhile, for which a run makes a pause.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._segments = SegmentWriter(directory)
        self._next = self._segments.next
        self.counts: Counter[str] = Counter(
            {level: n for level, n in zip(LEVELS, self._segments.counts, strict=True) if n}
        )
        self.version = 0
        self._waiting: list[Block] = []
        self._recent: deque[Block] = deque()
        self._last: dict[int | None, tuple[Block, int]] = {}
        self._stale: dict[int, int] = {}
        self._settled = time.monotonic()
        self._lost = 0
        self.problem = ""

    # -- what comes in ----------------------------------------------------------------------

    def add(
        self,
        text: str,
        *,
        level: str = "INFO",
        worker: int | None = None,
        chunk: str = "",
        logger: str = "",
        when: float | None = None,
        left_out: int = 0,
    ) -> None:
        """One record. `left_out` like it came before and were not sent: too many per second."""
        level = level if level in _PLACE else "INFO"
        if left_out:
            self.counts[level] += left_out
            self.add(
                f"{left_out} messages like the next one left out: too many per second",
                level="WARNING",
                worker=worker,
                chunk=chunk,
                logger=logger,
                when=when,
            )
        self.version += 1
        self.counts[level] += 1
        place, text = _PLACE[level], shortened(text)
        if self._is_again(worker, logger, text, place):
            self._count_again(worker, 1)
            return
        block = self._waiting[-1] if self._waiting else None
        if (
            block is None
            or not block.fits(worker, chunk, logger)
            or not 0 < len(block.times) < _MOST_IN_BLOCK
        ):
            block = self._begin(worker, chunk, logger)
        block.append(text, place, time.time() if when is None else when)
        self._next += 1
        self._last[worker] = block, len(block) - 1

    def printed(self, data: bytes, *, worker: int, chunk: str, logger: str) -> None:
        """Whole lines that a worker wrote to its `logger`: `stdout`, or `stderr`."""
        found = records_of(data, _PLACE["INFO" if logger == "stdout" else "WARNING"])
        if not found.texts:
            return
        self.version += 1
        for level, count in zip(LEVELS, count_levels(found.levels), strict=True):
            if count:
                self.counts[level] += count
        for index, times in found.repeats.items():
            self.counts[LEVELS[found.levels[index]]] += times - 1
        start = 0
        if self._is_again(worker, logger, found.texts[0], found.levels[0]):
            self._count_again(worker, found.repeats.pop(0, 1))
            start = 1
        bounds = _bounds(found, start, len(data))
        blocks = []
        for begin, end in pairwise(bounds):
            blocks.append(block := self._begin(worker, chunk, logger))
            block.texts = found.texts[begin:end]
            block.levels = found.levels[begin:end]
            self._next += end - begin
            self._last[worker] = block, end - begin - 1
        for index, times in found.repeats.items():
            place = bisect_right(bounds, index) - 1
            blocks[place].repeats[index - bounds[place]] = times

    def _begin(self, worker: int | None, chunk: str, logger: str) -> Block:
        block = Block(self._next, time.time(), worker, chunk, logger)
        self._waiting.append(block)
        self._recent.append(block)
        held = sum(map(len, self._recent))
        while held - len(self._recent[0]) > TAIL:
            held -= len(self._recent.popleft())
        return block

    def _is_again(self, worker: int | None, logger: str, text: str, level: int) -> bool:
        if worker not in self._last:
            return False
        block, index = self._last[worker]
        same = block.texts[index] == text and block.levels[index] == level
        return same and block.logger == logger

    def _count_again(self, worker: int | None, times: int) -> None:
        block, index = self._last[worker]
        block.repeats[index] = block.repeats.get(index, 1) + times
        if not self._waiting or block.first < self._waiting[0].first:
            self._stale[block.first + index] = block.repeats[index]

    # -- what goes out ----------------------------------------------------------------------

    @property
    def total(self) -> int:
        """How many records a reader finds, repeated ones counted once."""
        return self._segments.records + sum(map(len, self._waiting))

    @property
    def tail(self) -> list[dict[str, Any]]:
        """The last records, oldest first: 200, or fewer where they are long."""
        out: list[dict[str, Any]] = []
        room = _TAIL_TEXT
        for block in reversed(self._recent):
            for index in reversed(range(len(block))):
                room -= len(block.texts[index])
                if len(out) == TAIL or (out and room < 0):
                    return out[::-1]
                out.append(block.record(index))
        return out[::-1]

    def flush(self) -> None:
        """Everything added so far can be read; how often it was repeated, within two seconds."""
        self._write(settle=time.monotonic() - self._settled > _SETTLE_EVERY)

    def close(self) -> None:
        """Write what is left."""
        self._write(settle=True)
        if self._waiting:
            self._write(settle=True)
        self._segments.close()

    def _write(self, *, settle: bool) -> None:
        stale = self._stale if settle else {}
        if not self._waiting and not stale:
            return
        try:
            with disk_faults("write the log in", self._directory):
                text, entries = self._encode(self._segments.end(), self._waiting)
                for number, times in stale.items():
                    entries += _entry(REPEAT, number, times)
                entries += _entry(COUNTS, self._next, 0, (self.counts[level] for level in LEVELS))
                self._segments.append(text, entries, sum(map(len, self._waiting)))
        except DiskError as error:
            self.problem = str(error)
            self._give_up_some()
            return
        self.problem = ""
        self._waiting = []
        if settle:
            self._stale.clear()
            self._settled = time.monotonic()
        if self._lost:
            text_of_loss = f"{self._lost} records are not in the file: there was no space for them"
            self._lost = 0
            self.add(text_of_loss, level="WARNING", logger="hepnb")

    @staticmethod
    def _encode(offset: int, blocks: Iterable[Block]) -> tuple[bytes, bytes]:
        texts: list[bytes] = []
        entries = []
        for block in blocks:
            parts = block.parts()
            size = sum(map(len, parts))
            texts += parts
            entries.append(block.entry(offset, size))
            offset += size
        return b"".join(texts), b"".join(entries)

    def _give_up_some(self) -> None:
        """Hold a megabyte until there is space; what comes after it is lost, but counted.

        The few records of the run itself, which no worker sent, are held in any case.
        """
        held = 0
        kept = []
        for block in self._waiting:
            held += sum(map(len, block.texts))
            if held <= _MOST_WAITING or block.worker is None:
                kept.append(block)
                continue
            self._lost += len(block)
            with contextlib.suppress(ValueError):
                self._recent.remove(block)
        self._waiting = kept


def _bounds(found: Records, start: int, size: int) -> list[int]:
    """Where the blocks of what was printed begin and end, from record `start` on, of `size` bytes.

    The few lines of another level are blocks of their own: who asks for them reads no others.
    """
    number = len(found.levels)
    each = max(1, number * _BLOCK_TEXT // size)
    bounds = {*range(start, number, each), number}
    if changes := changes_of_level(found.levels, most=size // _TEXT_PER_CHANGE):
        bounds.update(place for place in changes if place > start)
    return sorted(bounds)


def _entry(kind: int, first: int, number: int, levels: Iterable[int] = (0,) * 5) -> bytes:
    return ENTRY.pack(kind, 0, first, time.time(), 0, 0, 0, 0, *levels, number)
