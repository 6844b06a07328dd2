"""What was printed, as records: whole tracebacks stay together, repeated lines are counted.

A large piece without a traceback, as of a worker that prints without end, is not taken apart.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from .block import LONGEST_TEXT, shortened
from .bulk import BULK, Lines
from .levels import levels_of_lines, levels_of_texts

__all__ = ["Records", "open_traceback", "records_of"]

_HEADS = (
    "Traceback (most recent call last):",
    "Fatal Python error:",
    "  + Exception Group Traceback (most recent call last):",
)
_SIGNS = (b"Traceback (most recent call last):", b"Fatal Python error:")
_LINKS = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
_STACK = re.compile(r"(?:Current t|T)hread 0x\w+.*\(most recent call first\):|Extension modules:")


@dataclass
class Records:
    """Records in the order in which they were printed: text, level, how often in a row."""

    texts: Sequence[str]
    levels: bytearray
    repeats: dict[int, int]


def records_of(data: bytes, default: int) -> Records:
    r"""The records of whole lines; `default` is the level of a line that does not say its own.

    A carriage return overwrites, as in a terminal: of a progress bar the last state is kept.

    >>> found = records_of(b"one\ntwo\ntwo\n[ERROR] bad\n", default=1)
    >>> list(found.texts), list(found.levels), found.repeats
    (['one', 'two', '[ERROR] bad'], [1, 1, 3], {1: 2})
    """
    if not data.isascii():
        data = data.decode("utf-8", "replace").encode()
    if b"\r" in data:
        last = (line.rstrip(b"\r").rpartition(b"\r")[2] for line in data.split(b"\n"))
        data = b"\n".join(last)
    has_traceback = any(data.rfind(sign) >= 0 for sign in _SIGNS)  # faster than `in`
    if has_traceback or len(data) < BULK:
        lines = data.decode().split("\n")[:-1]
        if has_traceback:
            lines = _with_whole_tracebacks(lines)
        texts, repeats = _folded(lines)
        return Records(texts, levels_of_texts(texts, data, default), repeats)
    return _records_in_bulk(Lines(data), default)


def _records_in_bulk(lines: Lines, default: int) -> Records:
    """The records of many lines, of which none is that of a traceback."""
    if (blank := lines.are_blank()).any():
        lines = lines.only(~blank)
    if lines.lengths.max(initial=0) > LONGEST_TEXT:
        lines = Lines("".join(f"{shortened(line)}\n" for line in lines).encode())
    repeats: dict[int, int] = {}
    if (again := lines.are_repeats()).any():
        import numpy as np

        firsts = (~again).nonzero()[0]
        times = np.diff(firsts, append=len(lines))
        several = (times > 1).nonzero()[0]
        repeats = dict(zip(several.tolist(), times[several].tolist(), strict=True))
        lines = lines.only(~again)
    return Records(lines, levels_of_lines(lines, default), repeats)


def _folded(texts: Iterable[str]) -> tuple[list[str], dict[int, int]]:
    """Neighbours that are the same become one, with their number; what is blank goes."""
    texts = [shortened(text) for text in texts if text and not text.isspace()]
    if not any(map(operator.eq, texts, texts[1:])):
        return texts, {}
    kept: list[str] = []
    repeats: dict[int, int] = {}
    for text, same in groupby(texts):
        if (times := len(list(same))) > 1:
            repeats[len(kept)] = times
        kept.append(text)
    return kept, repeats


def _with_whole_tracebacks(lines: Sequence[str]) -> list[str]:
    """Each traceback as one text of several lines."""
    out: list[str] = []
    at = 0
    for head in [number for number, line in enumerate(lines) if line.startswith(_HEADS)]:
        if head >= at:
            end = _traceback_end(lines, head) or len(lines)
            out += lines[at:head]
            out.append("\n".join(lines[head:end]).rstrip("\n"))
            at = end
    return [*out, *lines[at:]]


def _traceback_end(lines: Sequence[str], start: int) -> int | None:
    """Where the traceback that begins at `start` ends; None where more of it may come."""
    if lines[start].startswith("Fatal Python error"):
        return _stack_end(lines, start + 1)
    at = start + 1
    while at < len(lines) and lines[at].startswith((" ", "\t")):
        at += 1
    if lines[start].startswith(" "):
        return at if at < len(lines) else None
    if at >= len(lines):
        return None
    at += 1  # the line that names the exception
    following = at
    while following < len(lines) and not lines[following]:
        following += 1
    if following < len(lines) and lines[following] in _LINKS:
        following += 1
        while following < len(lines) and not lines[following]:
            following += 1
        if following == len(lines):
            return None
        if lines[following].startswith(_HEADS):
            return _traceback_end(lines, following)
    return at


def _stack_end(lines: Sequence[str], at: int) -> int | None:
    """The end of what faulthandler prints: stacks of threads between empty lines."""
    while at < len(lines):
        line = lines[at]
        if line and not line.startswith((" ", "\t")) and not _STACK.match(line):
            return at
        at += 1
    return None


def open_traceback(data: bytes) -> int:
    r"""Where in `data`, whole lines, a traceback begins whose end has not come; -1 where none does.

    >>> open_traceback(b"fine\nTraceback (most recent call last):\n  File ...\n")
    5
    """
    heads = tuple(head.encode() for head in _HEADS)
    at = max(data.rfind(sign) for sign in _SIGNS)
    while at >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        if data.startswith(heads, start):
            lines = data[start:].decode("utf-8", "replace").removesuffix("\n").split("\n")
            return start if _traceback_end(lines, 0) is None else -1
        at = max(data.rfind(sign, 0, start) for sign in _SIGNS)
    return -1
