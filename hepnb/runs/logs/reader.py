"""Pages of a log, also while it grows: the index says which blocks a question concerns."""

from __future__ import annotations

import io
import re
import time
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from .block import ENTRY, REPEAT, TEXT, Block, key_of, parse_block
from .levels import LEVELS
from .segments import numbers, path_of, read_index

if TYPE_CHECKING:
    import numpy as np

__all__ = ["LogFile"]

_KEPT_BLOCKS = 256


@dataclass(eq=False)
class _Segment:
    """What is known of one segment: the entries of its blocks; `note` stands for lost segments."""

    number: int
    blocks: np.ndarray
    read: int = 0
    note: Block | None = None


@dataclass(frozen=True)
class _Filter:
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


@dataclass
class _Search:
    """How far a search has come: the places of what it found, and where it goes on."""

    key: tuple[Any, ...]
    segments: tuple[int, ...] = ()
    at: tuple[int, int] = (0, 0)
    found: list[tuple[_Segment, int, array[int]]] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)


class LogFile:
    """Reads a log; remembers its index and the last search.

    >>> LogFile(Path("/nonexistent")).page(0, 10)["total"]
    0
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._segments: list[_Segment] = []
        self._repeats: dict[int, int] = {}
        self._blocks: OrderedDict[tuple[int, int], Block] = OrderedDict()
        self._search = _Search(())

    def page(
        self,
        start: int,
        count: int,
        levels: Collection[str] | None = None,
        search: str | re.Pattern[str] | None = None,
        *,
        worker: int | None = None,
        chunk: str | None = None,
        logger: str | None = None,
        patience: float | None = None,
    ) -> dict[str, Any]:
        """`count` records from the `start`-th on of those that match.

        A negative `start` counts from the end. `search` is plain text, case ignored, or a compiled
        regular expression. Returns `{"total": number that match, "start": first given, "records":
        [...], "counts": records by level whatever `levels` and `search` say, "searched": share of
        the log that was searched}`; the share is below 1 only where `patience` seconds were over,
        and the next call goes on from there.
        """
        wanted = tuple(n for n, level in enumerate(LEVELS) if levels is None or level in levels)
        asked = _Filter(wanted, worker, chunk, logger)
        for _ in range(3):
            try:
                self._catch_up()
                if search:
                    return self._searched(start, count, asked, search, patience)
                return self._page(start, count, asked)
            except FileNotFoundError:  # the writer has just removed a segment
                continue
        raise FileNotFoundError(f"{self._directory}: the log is removed while it is read")

    # -- the index --------------------------------------------------------------------------

    def _catch_up(self) -> None:
        known = {segment.number: segment for segment in self._segments}
        newest = max(known, default=0)
        segments: list[_Segment] = []
        for number in numbers(self._directory):
            segment = known.get(number) or _Segment(number, _nothing())
            if number >= newest:
                self._extend(segment)
            segments.append(segment)
        gap = next((n for n, segment in enumerate(segments) if segment.number != n + 1), 0)
        if gap:
            segments.insert(gap, _gap(segments, gap))
        self._segments = segments

    def _extend(self, segment: _Segment) -> None:
        """Read what was written to a segment's index since the last look."""
        import numpy as np

        entries = read_index(path_of(self._directory, segment.number, "index"), segment.read)
        if not len(entries):
            return
        segment.read += len(entries) * ENTRY.size
        blocks = entries[entries["kind"] == TEXT]
        segment.blocks = np.concatenate([segment.blocks, blocks]) if len(segment.blocks) else blocks
        for entry in entries[entries["kind"] == REPEAT]:
            self._repeats[int(entry["first"])] = int(entry["number"])

    # -- pages without a search -------------------------------------------------------------

    def _page(self, start: int, count: int, asked: _Filter) -> dict[str, Any]:
        import numpy as np

        matching = []
        by_level = np.zeros(5, dtype=np.uint64)
        for segment in self._segments:
            counts = segment.blocks["levels"] * asked.blocks(segment.blocks)[:, None]
            by_level += counts.sum(axis=0)
            matching.append(counts[:, list(asked.levels)].sum(axis=1))
        total = int(by_level[list(asked.levels)].sum())
        first = max(0, total + start) if start < 0 else start
        records: list[dict[str, Any]] = []
        before = 0
        for segment, counts in zip(self._segments, matching, strict=True):
            ends = before + np.cumsum(counts)
            before = int(ends[-1]) if len(ends) else before
            if before <= first or len(records) == count:
                continue
            begin = int(np.searchsorted(ends, first + len(records), side="right"))
            with self._text(segment) as text:
                for at in begin + np.flatnonzero(counts[begin:]):
                    skip = max(0, first - int(ends[at] - counts[at]))
                    block = self._block(segment, int(at), text)
                    fitting = _of_levels(block, asked.levels)
                    records += [
                        self._record(block, n) for n in fitting[skip : skip + count - len(records)]
                    ]
                    if len(records) == count:
                        break
        return _answer(total, first, records, by_level, 1.0)

    # -- pages of a search ------------------------------------------------------------------

    def _searched(
        self,
        start: int,
        count: int,
        asked: _Filter,
        search: str | re.Pattern[str],
        patience: float | None,
    ) -> dict[str, Any]:
        import numpy as np

        state = self._go_on(asked, search)
        done = self._look_further(state, asked, search, patience)
        total = state.ends[-1] if state.ends else 0
        first = max(0, total + start) if start < 0 else start
        records: list[dict[str, Any]] = []
        at = bisect_right(state.ends, first)
        while at < len(state.found) and len(records) < count:
            segment, number, hits = state.found[at]
            skip = max(0, first - (state.ends[at] - len(hits)))
            with self._text(segment) as text:
                block = self._block(segment, number, text)
            records += [self._record(block, n) for n in hits[skip : skip + count - len(records)]]
            at += 1
        by_level = np.zeros(5, dtype=np.uint64)
        for segment in self._segments:
            by_level += segment.blocks["levels"][asked.blocks(segment.blocks)].sum(axis=0)
        return _answer(total, first, records, by_level, done)

    def _go_on(self, asked: _Filter, search: str | re.Pattern[str]) -> _Search:
        """The state of this search, from the beginning if it is another, or segments are gone."""
        there = tuple(segment.number for segment in self._segments)
        old = self._search
        if old.key != (asked, search) or there[: len(old.segments)] != old.segments:
            self._search = _Search((asked, search))
        self._search.segments = there
        return self._search

    def _look_further(
        self,
        state: _Search,
        asked: _Filter,
        search: str | re.Pattern[str],
        patience: float | None,
    ) -> float:
        """Search what was not searched yet, as long as patience lasts; the share that is done."""
        import numpy as np

        deadline = None if patience is None else time.monotonic() + patience
        begin, start = state.at
        for place, segment in list(enumerate(self._segments))[begin:]:
            mask = asked.blocks(segment.blocks)
            mask &= segment.blocks["levels"][:, list(asked.levels)].sum(axis=1) > 0
            with self._text(segment) as text:
                for number in (start + np.flatnonzero(mask[start:])).tolist():
                    if hits := self._hits(segment, number, text, asked, search):
                        state.found.append((segment, number, hits))
                        state.ends.append((state.ends[-1] if state.ends else 0) + len(hits))
                    if deadline is not None and time.monotonic() > deadline:
                        state.at = place, number + 1
                        return (place + number / len(segment.blocks)) / len(self._segments)
            state.at, start = (place, len(segment.blocks)), 0
        return 1.0

    def _hits(
        self,
        segment: _Segment,
        number: int,
        text: BinaryIO,
        asked: _Filter,
        search: str | re.Pattern[str],
    ) -> array[int]:
        """Which records of a block are of the wanted levels and have what is searched for."""
        data = _bytes(segment, number, text)
        is_plain = isinstance(search, str) and search.isascii() and data.isascii()
        if is_plain and str(search).lower().encode() not in data.lower():
            return array("I")
        block = parse_block(data, int(segment.blocks["first"][number]))
        texts = block.texts
        if isinstance(search, str):
            folded = search.casefold()
            hits = [n for n, text in enumerate(texts) if folded in text.casefold()]
        else:
            hits = [n for n, found in enumerate(map(search.search, texts)) if found]
        return array("I", [n for n in hits if block.levels[n] in asked.levels])

    # -- blocks and records -----------------------------------------------------------------

    def _text(self, segment: _Segment) -> BinaryIO:
        """The text of a segment, open. Raises FileNotFoundError."""
        if segment.note is not None:
            return io.BytesIO(segment.note.encode())
        return path_of(self._directory, segment.number, "text").open("rb", buffering=0)

    def _block(self, segment: _Segment, number: int, text: BinaryIO) -> Block:
        key = segment.number, number
        if key not in self._blocks:
            data = _bytes(segment, number, text)
            self._blocks[key] = parse_block(data, int(segment.blocks["first"][number]))
            if len(self._blocks) > _KEPT_BLOCKS:
                self._blocks.popitem(last=False)
        return self._blocks[key]

    def _record(self, block: Block, index: int) -> dict[str, Any]:
        return block.record(index, self._repeats.get(block.first + index))


def _bytes(segment: _Segment, number: int, text: BinaryIO) -> bytes:
    text.seek(int(segment.blocks["offset"][number]))
    return text.read(int(segment.blocks["size"][number]))


def _of_levels(block: Block, levels: tuple[int, ...]) -> range | list[int]:
    if len(levels) == len(LEVELS):
        return range(len(block))
    return [found.start() for found in re.finditer(rb"[%s]" % bytes(levels), block.levels)]


def _answer(
    total: int, first: int, records: list[dict[str, Any]], by_level: np.ndarray, searched: float
) -> dict[str, Any]:
    counts = {level: int(n) for level, n in zip(LEVELS, by_level, strict=True) if n}
    return {
        "total": total,
        "start": first,
        "records": records,
        "counts": counts,
        "searched": searched,
    }


def _nothing() -> np.ndarray:
    import numpy as np

    from .segments import form

    return np.empty(0, dtype=form())


def _gap(segments: list[_Segment], place: int) -> _Segment:
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
    return _Segment(-end, entry, note=note)
