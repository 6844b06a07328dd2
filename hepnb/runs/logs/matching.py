"""Which texts have what is searched for; a regular expression that would try for ever is given up.

Python's own module cannot be stopped, and holds the interpreter's lock meanwhile: `(a+)+$` on a line
of forty letters would stop a kernel for hours. The module `regex` means the same by an expression,
is rarely caught so, and takes a timeout, of CPU time.
"""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from ...errors import RunError

__all__ = ["matches", "places", "seen"]

_COLOURS = re.compile(r"\x1b\[[\d;:]*m")
_GLANCE = 0.001
_MOST = 0.5
_MOST_PLACES = 100
_MARKING = 0.1  # seconds for the places in all texts
_FLAGS = ("IGNORECASE", "MULTILINE", "DOTALL", "VERBOSE", "ASCII")


def matches(texts: Iterable[str], search: str | re.Pattern[str]) -> list[int]:
    """The numbers of the texts that have it: plain text, case ignored, or a regular expression.

    Raises RunError where a regular expression takes more than half a second for one of them, or some.

    >>> matches(["Straße", "x = 12"], "strasse"), matches(["Straße", "x = 12"], re.compile(r"= \\d"))
    ([0], [1])
    """
    if isinstance(search, str):
        folded = search.casefold()
        return [number for number, text in enumerate(texts) if folded in text.casefold()]
    expression = _stoppable(search)
    found, left = [], _MOST
    for number, text in enumerate(texts):
        try:
            hit = expression.search(text, timeout=_GLANCE, concurrent=False)
        except TimeoutError:
            began = time.process_time()
            hit = _searched(expression, text, left)
            left -= time.process_time() - began
        if hit:
            found.append(number)
    return found


def places(texts: Iterable[str], search: str | re.Pattern[str]) -> list[list[tuple[int, int]]]:
    """Where each text has it: begin and end of up to a hundred hits, of which none is empty.

    What is searched is what is seen. A regular expression that takes long is given up, and what it
    was not looked for in has no places.

    >>> places(["Straße, Strasse", "x = 12"], "strasse")
    [[(0, 6), (8, 15)], []]
    """
    hits = _plain_hits(search.casefold()) if isinstance(search, str) else _hits(_stoppable(search))
    found = []
    for text in texts:
        origin: Sequence[int] = range(len(text))
        plain = text
        if "\x1b[" in text:
            coloured = {n for colour in _COLOURS.finditer(text) for n in range(*colour.span())}
            origin = [n for n in origin if n not in coloured]
            plain = "".join(text[n] for n in origin)
        wide = ((begin, end) for begin, end in hits(plain) if begin < end)
        found.append([(origin[a], origin[b - 1] + 1) for a, b in islice(wide, _MOST_PLACES)])
    return found


def seen(text: str) -> str:
    """The text without the colours that are printed for a terminal."""
    return _COLOURS.sub("", text)


_Hits = Callable[[str], Iterator[tuple[int, int]]]


def _plain_hits(folded: str) -> _Hits:
    def hits(text: str) -> Iterator[tuple[int, int]]:
        whole = text.casefold()
        owner: Sequence[int] = range(len(text))
        if len(whole) != len(text):  # a letter may fold to several
            owner = [n for n, letter in enumerate(text) for _ in letter.casefold()]
        at = whole.find(folded)
        while at >= 0:
            end = at + len(folded)
            yield owner[at], owner[end - 1] + 1
            at = whole.find(folded, end)

    return hits


def _hits(expression: Any) -> _Hits:
    deadline = time.process_time() + _MARKING

    def hits(text: str) -> Iterator[tuple[int, int]]:
        left = deadline - time.process_time()
        if left <= 0:
            return
        try:
            for hit in expression.finditer(text, timeout=left, concurrent=True):
                yield hit.span()
                if time.process_time() > deadline:
                    return
        except TimeoutError:
            return

    return hits


def _searched(expression: Any, text: str, seconds: float) -> object:
    """A long search, in which other threads go on."""
    try:
        if seconds > 0:
            return expression.search(text, timeout=seconds, concurrent=True)
    except TimeoutError:
        pass
    raise RunError(
        f"the regular expression {expression.pattern!r} takes too long: it tries the same letters"
        " in very many ways; say each repeat once, such as a+ for (a+)+"
    )


@lru_cache(maxsize=16)
def _stoppable(pattern: re.Pattern[str]) -> Any:
    import regex

    flags = regex.VERSION0
    for name in _FLAGS:
        if pattern.flags & re.RegexFlag[name]:
            flags |= getattr(regex, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what may mean something else in a later version
            return regex.compile(pattern.pattern, flags)
    except regex.error as error:
        raise RunError(f"no regular expression: {error}") from None
