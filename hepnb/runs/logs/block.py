"""The form of the log on disk: blocks of text with a line of JSON above, and one index entry each.

All records of a block are of one worker, one chunk and one logger, so most questions are answered
by the index alone. The text file is made to be read by people too: grep works on it.
"""

from __future__ import annotations

import itertools
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from .bulk import Lines
from .levels import LEVELS, count_levels

__all__ = [
    "COUNTS",
    "ENTRY",
    "LONGEST_TEXT",
    "NOBODY",
    "REPEAT",
    "TEXT",
    "Block",
    "key_of",
    "parse_block",
    "shortened",
]

ENTRY = struct.Struct("<IiQdIIQQ5QI4x")
"""kind, worker, first number, time, offset, size, chunk, logger, five levels, number of records.

Kinds: TEXT is a block of records; REPEAT says that record `first number` came `number` times;
COUNTS holds in its levels how many messages of each level there have been so far.
"""
TEXT, REPEAT, COUNTS = range(3)
NOBODY = -1
LONGEST_TEXT = 20_000
_SHORT = 4_000
_TO_DIGITS = bytes.maketrans(bytes(range(5)), b"01234")
_FROM_DIGITS = bytes.maketrans(b"01234", bytes(range(5)))


def shortened(text: str) -> str:
    """The text of a record, cut where it is so long that nobody would read it."""
    if len(text) <= LONGEST_TEXT:
        return text
    end = f" ... ({len(text)} characters)"
    return text[: LONGEST_TEXT - len(end)] + end


@lru_cache(maxsize=4096)
def key_of(name: str) -> int:
    """A chunk's or a logger's name as the number that stands for it in the index."""
    data = name.encode("utf-8", "replace")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")


@dataclass
class Block:
    """Neighbouring records of one worker, chunk and logger; `times` where each has its own."""

    first: int
    time: float
    worker: int | None
    chunk: str
    logger: str
    texts: Sequence[str] = field(default_factory=list)
    levels: bytearray = field(default_factory=bytearray)
    repeats: dict[int, int] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.levels)

    def fits(self, worker: int | None, chunk: str, logger: str) -> bool:
        """Whether a record of these belongs here."""
        return (self.worker, self.chunk, self.logger) == (worker, chunk, logger)

    def append(self, text: str, level: int, time: float) -> None:
        """One record more, of a block that is being made of single ones."""
        assert isinstance(self.texts, list)
        self.texts.append(text)
        self.levels.append(level)
        self.times.append(time)

    def record(self, index: int, repeat: int | None = None) -> dict[str, Any]:
        """One record as the protocol has it."""
        return {
            "n": self.first + index,
            "time": self.times[index] if self.times else self.time,
            "level": LEVELS[self.levels[index]],
            "worker": self.worker,
            "chunk": self.chunk,
            "logger": self.logger,
            "text": self.texts[index],
            "repeat": repeat or self.repeats.get(index, 1),
        }

    def encode(self) -> bytes:
        """The bytes of the text file."""
        return b"".join(self.parts())

    def parts(self) -> tuple[bytes, bytes]:
        """The same in two parts: the line that is above, and the lines."""
        if isinstance(self.texts, Lines):
            body = self.texts.data
        else:
            body = "\n".join([*self.texts, ""]).encode("utf-8", "replace")
        head: dict[str, Any] = {"time": self.time, "worker": self.worker}
        head |= {"chunk": self.chunk, "logger": self.logger}
        same = self.levels == self.levels[:1] * len(self.levels)
        head["levels"] = (self.levels[:1] if same else self.levels).translate(_TO_DIGITS).decode()
        if not isinstance(self.texts, Lines) and body.count(b"\n") != len(self.texts):
            head["lines"] = {n: t.count("\n") + 1 for n, t in enumerate(self.texts) if "\n" in t}
        if self.repeats:
            head["repeats"] = self.repeats
        if self.times:
            head["times"] = self.times
        return f"{json.dumps(head)}\n".encode(), body

    def entry(self, offset: int, size: int) -> bytes:
        """The index entry of the block that lies at `offset`."""
        worker = NOBODY if self.worker is None else self.worker
        keys = key_of(self.chunk), key_of(self.logger)
        at = self.first, self.time, offset, size
        return ENTRY.pack(TEXT, worker, *at, *keys, *count_levels(self.levels), len(self))


def _joined(lines: list[str], lengths: Mapping[int, int]) -> Iterator[str]:
    """Texts of which some, by their numbers, have several lines."""
    at = 0
    for number in itertools.count():
        if at >= len(lines):
            return
        length = lengths.get(number, 1)
        yield "\n".join(lines[at : at + length])
        at += length


def parse_block(data: bytes, first: int) -> Block:
    """What `encode` wrote. Raises ValueError, KeyError where it is not that."""
    head, _, body = data.partition(b"\n")
    about = json.loads(head.decode())
    texts: Sequence[str] = Lines(body)
    if "lines" in about:
        lengths = {int(n): length for n, length in about["lines"].items()}
        texts = list(_joined(list(texts), lengths))
    elif len(body) < _SHORT:
        texts = list(texts)
    levels = bytearray(about["levels"], "ascii").translate(_FROM_DIGITS)
    return Block(
        first=first,
        time=about["time"],
        worker=about["worker"],
        chunk=about["chunk"],
        logger=about["logger"],
        texts=texts,
        levels=levels * len(texts) if len(levels) == 1 else levels,
        repeats={int(n): times for n, times in about.get("repeats", {}).items()},
        times=about.get("times", []),
    )
