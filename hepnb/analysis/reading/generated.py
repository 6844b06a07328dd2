"""Events that no file holds: `generated://1000` stands for so many, which a function makes."""

from __future__ import annotations

import re

__all__ = ["CHUNK", "events_generated"]

CHUNK = 1000
"""Events that are made at a time where nobody says how many."""
_FORM = re.compile(r"generated://(\d+)$")


def events_generated(file: str) -> int | None:
    """How many events a file of this name stands for; None for one that is read.

    >>> events_generated("generated://500"), events_generated("tt.root")
    (500, None)
    """
    match = _FORM.match(file)
    return None if match is None else int(match[1])
