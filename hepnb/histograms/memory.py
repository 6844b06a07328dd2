"""How much memory a histogram may use: from what a person writes to bytes."""

from __future__ import annotations

import re

from .refusal import HistValueError

__all__ = ["bytes_of"]

_SIZE = re.compile(r"\s*(\d+(?:\.\d*)?)\s*([kMGT]?)(i?)B?\s*", re.IGNORECASE)


def bytes_of(memory: str | int | None) -> int | None:
    """Bytes of "512 MB", "2 GiB" or a number; None stays None.

    >>> bytes_of("512 MB"), bytes_of("2 GiB"), bytes_of(1000)
    (512000000, 2147483648, 1000)
    """
    if memory is None:
        return None
    match = _SIZE.fullmatch(str(memory))
    found = 0
    if match is not None:
        step = 1024 if match[3] else 1000
        found = int(float(match[1]) * step ** " kmgt".index(match[2].lower() or " "))
    if found <= 0:
        raise HistValueError(f"memory={memory!r} is no size; write '512 MB' or '2 GiB'")
    return found
