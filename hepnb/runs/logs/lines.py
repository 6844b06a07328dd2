"""What was printed, as records: whole tracebacks stay together, repeated lines are counted.

Everything that is done for every line is done by C code (split, compare, match): a worker may print
a hundred thousand lines a second.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from .block import shortened
from .levels import levels_of_lines

__all__ = ["Records", "open_traceback", "records_of"]

_HEADS = (
    "Traceback (most recent call last):",
    "Fatal Python error:",
    "  + Exception Group Traceback (most recent call last):",
)
_LINKS = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
_LONG = 16_000
_STACK = re.compile(r"(?:Current t|T)hread 0x\w+.*\(most recent call first\):|Extension modules:")


@dataclass
class Records:
    """Records in the order in which they were printed: text, level, how often in a row."""

    texts: list[str]
    levels: bytearray
    repeats: dict[int, int]


def records_of(text: str, default: int) -> Records:
    """The records of whole lines; `default` is the level of a line that does not say its own.

    A carriage return overwrites, as in a terminal: of a progress bar the last state is kept.

    >>> records_of("one\\ntwo\\ntwo\\n[ERROR] bad\\n", default=1)
    Records(texts=['one', 'two', '[ERROR] bad'], levels=bytearray(b'\\x01\\x01\\x03'), repeats={1: 2})
    """
    lines = text.removesuffix("\n").split("\n")
    if "\r" in text:
        lines = [line.rstrip("\r").rpartition("\r")[2] for line in lines]
    is_long = _has_long_lines(text)
    if any(text.rfind(head) >= 0 for head in _HEADS):  # faster than `in` where there is none
        lines = _with_whole_tracebacks(lines)
        is_long = True
    if not all(lines):
        lines = [line for line in lines if line and not line.isspace()]
    repeats: dict[int, int] = {}
    if any(map(operator.eq, lines, islice(lines, 1, None))):
        lines, repeats = _folded(lines)
    levels = levels_of_lines(lines, default)
    return Records(list(map(shortened, lines)) if is_long else lines, levels, repeats)


def _has_long_lines(text: str) -> bool:
    """False where no line is longer than `_LONG`: every half of that has an end in it."""
    half = _LONG // 2
    return any(text.find("\n", at, at + half) < 0 for at in range(0, len(text), half))


def _folded(lines: Sequence[str]) -> tuple[list[str], dict[int, int]]:
    """Neighbours that are the same become one, with their number."""
    if lines.count(lines[0]) == len(lines):
        return [lines[0]], {0: len(lines)}
    kept: list[str] = []
    repeats: dict[int, int] = {}
    for line, same in groupby(lines):
        if (count := sum(1 for _ in same)) > 1:
            repeats[len(kept)] = count
        kept.append(line)
    return kept, repeats


def _with_whole_tracebacks(lines: Sequence[str]) -> list[str]:
    """Each traceback as one text of several lines."""
    out: list[str] = []
    at = 0
    while at < len(lines):
        end = _traceback_end(lines, at) if lines[at].startswith(_HEADS) else at + 1
        out.append("\n".join(lines[at : end or len(lines)]).rstrip("\n"))
        at = end or len(lines)
    return out


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


def open_traceback(text: str) -> int:
    """Where in `text`, whole lines, a traceback begins whose end has not come; -1 where none does.

    >>> open_traceback("fine\\nTraceback (most recent call last):\\n  File ...\\n")
    5
    """
    start = max(text.rfind(head) for head in _HEADS)
    if start < 0 or (start > 0 and text[start - 1] != "\n"):
        return -1
    lines = text[start:].removesuffix("\n").split("\n")
    return start if _traceback_end(lines, 0) is None else -1
