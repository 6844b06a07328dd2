"""Pages of a log, also while it grows: the index says which blocks a question concerns."""

from __future__ import annotations

import io
import re
import time
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from ...errors import RunError
from .block import ENTRY, NOBODY, REPEAT, TEXT, Block, parse_block
from .known import Filter, Segment, gap_between, no_blocks
from .levels import LEVELS
from .matching import matches, seen
from .segments import numbers, path_of, read_index

if TYPE_CHECKING:
    import numpy as np

__all__ = ["LogFile"]

_T = TypeVar("_T")

_KEPT_BYTES = 4 << 20
_KEPT_SEARCHES = 4
_MOST_NAMES = 2000


@dataclass
class _Search:
    """How far a search has come: the places of what it found, and where it goes on."""

    segments: tuple[int, ...] = ()
    at: tuple[int, int] = (0, 0)
    found: list[tuple[Segment, int, array[int]]] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    problem: str = ""


class LogFile:
    """Reads a log; remembers its index and the last searches.

    >>> LogFile(Path("/nonexistent")).page(0, 10)["total"]
    0
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._segments: list[Segment] = []
        self._repeats: dict[int, int] = {}
        self._blocks: OrderedDict[tuple[int, int], tuple[Block, int]] = OrderedDict()
        self._kept = 0
        self._searches: OrderedDict[tuple[Any, ...], _Search] = OrderedDict()
        self._names: dict[str, dict[int, str]] = {"chunk": {}, "logger": {}}

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
        asked = Filter(_places(levels), worker, chunk, logger)
        if search:
            return self._steadily(lambda: self._searched(start, count, asked, search, patience))
        return self._steadily(lambda: self._page(start, count, asked))

    def find(
        self,
        search: str | re.Pattern[str],
        near: int,
        levels: Collection[str] | None = None,
        *,
        back: bool = False,
        worker: int | None = None,
        chunk: str | None = None,
        logger: str | None = None,
        patience: float | None = None,
    ) -> dict[str, Any]:
        """The first record after number `near` that has what is searched for; the last before it
        if `back`.

        Returns `{"total": hits, "searched": share, "hit": which of them, "n": its number, "row": its
        place among the records that match all but the search}`; `hit`, `n` and `row` are None where
        there is none that way, or where it was not searched yet.
        """
        asked = Filter(_places(levels), worker, chunk, logger)
        return self._steadily(lambda: self._found(search, near, back, asked, patience))

    def names(self) -> dict[str, list[Any]]:
        """The workers, and the chunks and loggers by name, that have records; 2000 at most."""
        return self._steadily(self._sources)

    def _steadily(self, read: Callable[[], _T]) -> _T:
        """Read, and read again where the writer removed a segment meanwhile."""
        for _ in range(3):
            try:
                self._catch_up()
                return read()
            except FileNotFoundError:
                continue
        raise FileNotFoundError(f"{self._directory}: the log is removed while it is read")

    # -- the index --------------------------------------------------------------------------

    def _catch_up(self) -> None:
        known = {segment.number: segment for segment in self._segments}
        newest = max(known, default=0)
        segments: list[Segment] = []
        for number in numbers(self._directory):
            segment = known.get(number) or Segment(number, no_blocks())
            if number >= newest:
                self._extend(segment)
            segments.append(segment)
        gap = next((n for n, segment in enumerate(segments) if segment.number != n + 1), 0)
        if gap:
            segments.insert(gap, gap_between(segments, gap))
        self._segments = segments

    def _extend(self, segment: Segment) -> None:
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

    def _page(self, start: int, count: int, asked: Filter) -> dict[str, Any]:
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
        asked: Filter,
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

    def _go_on(self, asked: Filter, search: str | re.Pattern[str]) -> _Search:
        """The state of this search, from the beginning if it is another, or segments are gone."""
        there = tuple(segment.number for segment in self._segments)
        state = self._searches.pop((asked, search), None)
        if state is None or there[: len(state.segments)] != state.segments:
            state = _Search()
        state.segments = there
        self._searches[asked, search] = state
        if len(self._searches) > _KEPT_SEARCHES:
            self._searches.popitem(last=False)
        return state

    def _look_further(
        self,
        state: _Search,
        asked: Filter,
        search: str | re.Pattern[str],
        patience: float | None,
    ) -> float:
        """Search what was not searched yet, as long as patience lasts; the share that is done."""
        import numpy as np

        if state.problem:
            raise RunError(state.problem)
        deadline = None if patience is None else time.monotonic() + patience
        begin, start = state.at
        for place, segment in list(enumerate(self._segments))[begin:]:
            mask = asked.blocks(segment.blocks)
            mask &= segment.blocks["levels"][:, list(asked.levels)].sum(axis=1) > 0
            with self._text(segment) as text:
                for number in (start + np.flatnonzero(mask[start:])).tolist():
                    try:
                        hits = self._hits(segment, number, text, asked, search)
                    except RunError as error:
                        state.problem = str(error)  # it would be so each time
                        raise
                    if hits:
                        state.found.append((segment, number, hits))
                        state.ends.append((state.ends[-1] if state.ends else 0) + len(hits))
                    if deadline is not None and time.monotonic() > deadline:
                        state.at = place, number + 1
                        return (place + number / len(segment.blocks)) / len(self._segments)
            state.at, start = (place, len(segment.blocks)), 0
        return 1.0

    def _hits(
        self,
        segment: Segment,
        number: int,
        text: BinaryIO,
        asked: Filter,
        search: str | re.Pattern[str],
    ) -> array[int]:
        """Which records of a block are of the wanted levels and have what is searched for."""
        data = _bytes(segment, number, text)
        is_coloured = b"\x1b[" in data
        is_plain = isinstance(search, str) and search.isascii() and data.isascii()
        if is_plain and not is_coloured and str(search).lower().encode() not in data.lower():
            return array("I")
        block = parse_block(data, int(segment.blocks["first"][number]))
        texts = block.texts
        if is_coloured:  # what is searched is what is seen
            texts = [seen(text) for text in texts]
        return array("I", [n for n in matches(texts, search) if block.levels[n] in asked.levels])

    def _found(
        self,
        search: str | re.Pattern[str],
        near: int,
        back: bool,
        asked: Filter,
        patience: float | None,
    ) -> dict[str, Any]:
        """Where the next hit is."""
        state = self._go_on(asked, search)
        done = self._look_further(state, asked, search, patience)
        answer: dict[str, Any] = {"total": state.ends[-1] if state.ends else 0, "searched": done}

        def first(found: tuple[Segment, int, array[int]]) -> int:
            segment, number, _ = found
            return int(segment.blocks["first"][number])

        # the block that may hold `near` itself, and from there the way that is asked for
        at = max(0, bisect_right(state.found, near, key=first) - 1)
        way = range(min(at, len(state.found) - 1), -1, -1) if back else range(at, len(state.found))
        for place in way:
            segment, number, hits = state.found[place]
            begin = first(state.found[place])
            fitting = [
                k for k, n in enumerate(hits) if (begin + n < near if back else begin + n > near)
            ]
            if fitting:
                k = fitting[-1 if back else 0]
                hit = state.ends[place] - len(hits) + k
                row = self._rank(asked, segment, number, hits[k])
                return {**answer, "hit": hit, "n": begin + hits[k], "row": row}
        return {**answer, "hit": None, "n": None, "row": None}

    def _rank(self, asked: Filter, where: Segment, number: int, index: int) -> int:
        """How many records that are asked for come before this one."""
        rank = 0
        for segment in self._segments:
            end = number if segment.number == where.number else None
            blocks = segment.blocks[:end]
            counts = blocks["levels"][:, list(asked.levels)] * asked.blocks(blocks)[:, None]
            rank += int(counts.sum())
            if segment.number == where.number:
                break
        with self._text(where) as text:
            block = self._block(where, number, text)
        return rank + bisect_left(_of_levels(block, asked.levels), index)

    def _sources(self) -> dict[str, list[Any]]:
        import numpy as np

        workers: set[int] = set()
        there: dict[str, dict[int, None]] = {"chunk": {}, "logger": {}}
        for segment in self._segments:
            workers.update(np.unique(segment.blocks["worker"]).tolist())
            with self._text(segment) as text:
                for kind, names in self._names.items():
                    keys, at = np.unique(segment.blocks[kind], return_index=True)
                    order = np.argsort(at)
                    for key, place in zip(keys[order].tolist(), at[order].tolist(), strict=True):
                        if key not in names and len(names) < _MOST_NAMES:
                            names[key] = getattr(self._block(segment, place, text), kind)
                        there[kind][key] = None
        found = {
            kind: [names[key] for key in there[kind] if names.get(key)]
            for kind, names in self._names.items()
        }
        return {
            "workers": sorted(n for n in workers if n != NOBODY),
            "chunks": found["chunk"],
            "loggers": sorted(found["logger"]),
        }

    # -- blocks and records -----------------------------------------------------------------

    def _text(self, segment: Segment) -> BinaryIO:
        """The text of a segment, open. Raises FileNotFoundError."""
        if segment.note is not None:
            return io.BytesIO(segment.note.encode())
        return path_of(self._directory, segment.number, "text").open("rb", buffering=0)

    def _block(self, segment: Segment, number: int, text: BinaryIO) -> Block:
        key = segment.number, number
        if key not in self._blocks:
            data = _bytes(segment, number, text)
            self._blocks[key] = parse_block(data, int(segment.blocks["first"][number])), len(data)
            self._kept += len(data)
            while self._kept > _KEPT_BYTES and len(self._blocks) > 1:
                self._kept -= self._blocks.popitem(last=False)[1][1]
        return self._blocks[key][0]

    def _record(self, block: Block, index: int) -> dict[str, Any]:
        return block.record(index, self._repeats.get(block.first + index))


def _bytes(segment: Segment, number: int, text: BinaryIO) -> bytes:
    text.seek(int(segment.blocks["offset"][number]))
    return text.read(int(segment.blocks["size"][number]))


def _places(levels: Collection[str] | None) -> tuple[int, ...]:
    return tuple(n for n, level in enumerate(LEVELS) if levels is None or level in levels)


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
