"""How much memory a histogram may use: from what a person writes to bytes, and what they are for."""

from __future__ import annotations

import re

from .refusal import HistValueError

__all__ = ["bytes_of", "held_by_contribution"]

_SIZE = re.compile(r"\s*(\d+(?:\.\d*)?)\s*([kMGT]?)(i?)B?\s*", re.IGNORECASE)
FILLING = 512_000_000
_LEAST = 16_000_000


def held_by_contribution(budget: int | None) -> int:
    """Bytes that a contribution may hold: a quarter of the budget, the rest is for working on them.

    Without a budget it is 512 MB; less than 64 MB is too little to work with.
    """
    return max((budget or FILLING) // 4, _LEAST)


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
