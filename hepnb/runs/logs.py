"""The log of a run: records with time, level, worker and chunk; one JSON line each on disk.

A message that repeats is stored once and counted; a flood is thinned, never silently: what was
left out is itself a record. Text is data: nothing here or later renders it as markup.
"""

from __future__ import annotations

import contextlib
import json
import time
from array import array
from collections import Counter, deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["LEVELS", "Flood", "LogFile", "LogWriter", "shortened"]

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
TAIL = 200
_LONGEST_TEXT = 20_000


def shortened(text: str) -> str:
    """The text of a record, cut where it is so long that nobody would read it."""
    if len(text) <= _LONGEST_TEXT:
        return text
    end = f" ... ({len(text)} characters)"
    return text[: _LONGEST_TEXT - len(end)] + end


@dataclass
class Flood:
    """A token bucket: `rate` records per second on average, `burst` at once."""

    rate: float = 2000.0
    burst: float = 20_000.0
    tokens: float = 20_000.0
    last: float = field(default_factory=time.monotonic)
    suppressed: int = 0

    def admits(self) -> bool:
        """Whether one more record may pass; those that may not are counted."""
        now = time.monotonic()
        self.tokens = min(self.burst, self.tokens + (now - self.last) * self.rate)
        self.last = now
        if self.tokens < 1:
            self.suppressed += 1
            return False
        self.tokens -= 1
        return True


class LogWriter:
    """Appends records to the log file; keeps the counts and the last `TAIL` records at hand.

    The last record of each worker stays open: if the same text comes again its `repeat` grows,
    and the new count is written when another message follows, or at `flush`.
    """

    def __init__(self, file: Path) -> None:
        self._stream = file.open("ab")
        file.chmod(0o600)
        with file.open("rb") as lines:
            self._number = sum(1 for line in lines if not line.startswith(b'{"of"'))
        self._open: dict[int | None, dict[str, Any]] = {}
        self._stale: set[int | None] = set()
        self._floods: dict[int | None, Flood] = {}
        self.counts: Counter[str] = Counter()
        self.tail: deque[dict[str, Any]] = deque(maxlen=TAIL)
        self.version = 0
        self._unwritten = 0

    def add(
        self,
        text: str,
        *,
        level: str = "INFO",
        worker: int | None = None,
        chunk: str = "",
        logger: str = "",
        when: float | None = None,
    ) -> None:
        """One record. Errors always pass; a flood of anything else is thinned and counted."""
        self.version += 1
        level = level if level in LEVELS else "INFO"
        self.counts[level] += 1
        last = self._open.get(worker)
        if last and (last["text"], last["level"], last["logger"]) == (text, level, logger):
            last["repeat"] += 1
            self._stale.add(worker)
            return
        flood = self._floods.setdefault(worker, Flood())
        if level not in ("ERROR", "CRITICAL") and not flood.admits():
            return
        if flood.suppressed:
            count, flood.suppressed = flood.suppressed, 0
            self._store(
                f"{count} records left out: too many per second",
                "WARNING",
                worker,
                "",
                "hepnb",
                None,
            )
        self._store(text, level, worker, chunk, logger, when)

    def _store(
        self, text: str, level: str, worker: int | None, chunk: str, logger: str, when: float | None
    ) -> None:
        self._write_repeat(worker)
        record = {
            "n": self._number,
            "time": when or time.time(),
            "level": level,
            "worker": worker,
            "chunk": chunk,
            "logger": logger,
            "text": shortened(text),
            "repeat": 1,
        }
        self._number += 1
        self._open[worker] = record
        self.tail.append(record)
        self._write(record)

    def _write_repeat(self, worker: int | None) -> None:
        if worker in self._stale:
            self._stale.discard(worker)
            record = self._open[worker]
            self._write({"of": record["n"], "repeat": record["repeat"]})

    def _write(self, record: dict[str, Any]) -> None:
        try:
            self._stream.write(
                json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
            )
        except OSError:
            # A full disk must not stop the run for its log; the counts stay right.
            self._unwritten += 1

    @property
    def total(self) -> int:
        """How many records there are, repeated ones counted once."""
        return self._number

    def flush(self) -> None:
        """Everything added so far can be read from the file."""
        for worker, flood in self._floods.items():
            if flood.suppressed and flood.tokens >= 1:
                count, flood.suppressed = flood.suppressed, 0
                self._store(
                    f"{count} records left out: too many per second",
                    "WARNING",
                    worker,
                    "",
                    "hepnb",
                    None,
                )
        for worker in list(self._stale):
            self._write_repeat(worker)
        try:
            self._stream.flush()
        except OSError:
            return
        if self._unwritten:
            text = f"{self._unwritten} records are not in the file: there was no space for them"
            self._unwritten = 0
            self._store(text, "WARNING", None, "", "hepnb", None)

    def close(self) -> None:
        """Write what is left."""
        for flood in self._floods.values():
            flood.tokens = flood.burst
        self.flush()
        with contextlib.suppress(OSError):
            self._stream.close()


class LogFile:
    """Reads pages of a log, also while it grows: remembers where lines begin."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._offsets = array("Q")
        self._levels: list[str] = []
        self._repeats: dict[int, int] = {}
        self._end = 0

    def _catch_up(self) -> None:
        try:
            with self._file.open("rb") as stream:
                stream.seek(self._end)
                for line in stream:
                    if not line.endswith(b"\n"):
                        break
                    record = json.loads(line)
                    if "of" in record:
                        self._repeats[record["of"]] = record["repeat"]
                    else:
                        self._offsets.append(self._end)
                        self._levels.append(record["level"])
                    self._end += len(line)
        except FileNotFoundError:
            return

    def page(
        self,
        start: int,
        count: int,
        levels: Collection[str] | None = None,
        search: str | None = None,
    ) -> dict[str, Any]:
        """`count` records from the `start`-th on of those that match.

        A negative `start` counts from the end. `search` is plain text, case ignored. Returns
        `{"total": number that match, "start": first given, "records": [...]}`.
        """
        self._catch_up()
        numbers: Iterable[int] = range(len(self._offsets))
        if levels is not None:
            wanted = set(levels)
            numbers = [n for n in numbers if self._levels[n] in wanted]
        if search:
            folded = search.casefold()
            numbers = [n for n, r in self._read(numbers) if folded in r["text"].casefold()]
        chosen = numbers if isinstance(numbers, (list, range)) else list(numbers)
        first = max(0, len(chosen) + start) if start < 0 else start
        records = [record for _, record in self._read(chosen[first : first + count])]
        return {"total": len(chosen), "start": first, "records": records}

    def _read(self, numbers: Iterable[int]) -> Iterable[tuple[int, dict[str, Any]]]:
        try:
            stream = self._file.open("rb")
        except FileNotFoundError:
            return
        with stream:
            for n in numbers:
                stream.seek(self._offsets[n])
                record = json.loads(stream.readline())
                record["repeat"] = self._repeats.get(record["n"], record["repeat"])
                yield n, record
