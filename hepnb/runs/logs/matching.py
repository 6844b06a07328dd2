"""Which texts have what is searched for; a regular expression that would try for ever is given up.

Python's own module cannot be stopped, and holds the interpreter's lock meanwhile: `(a+)+$` on a line
of forty letters would stop a kernel for hours. The module `regex` means the same by an expression,
is rarely caught so, and takes a timeout, of CPU time.
"""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from ...errors import RunError

__all__ = ["matches"]

_GLANCE = 0.001
_MOST = 0.5
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
