"""Tab completion of the magics: words of `%hepanalysis`, ids of runs, options of the cell magic."""

from __future__ import annotations

import contextlib
from typing import Any

from ..errors import HepnbError
from .options import POLICIES, START_OPTIONS
from .verbs import VERBS

__all__ = ["KEYS", "complete"]

KEYS = ("%hepanalysis", "%%hepanalysis")
_OPTIONS = ("--data", *START_OPTIONS, "--with", "-o")
_OF_RUNS = ("status", "attach", "log", "wait", "cancel", "pause", "resume")


def complete(_shell: Any, event: Any) -> list[str]:
    """What may stand at the cursor; `event` has `line` and `symbol`, as IPython's hooks do."""
    words = event.line.split()
    before = words[:-1] if words and words[-1] == event.symbol else words
    return [word for word in _known(before) if word.startswith(event.symbol)]


def _known(before: list[str]) -> list[str]:
    if not before:
        return []
    if before[-1] == "--on-error":
        return list(POLICIES)
    if before[0].startswith("%%"):
        return list(_OPTIONS)
    if len(before) == 1:
        return list(VERBS)
    if before[1] in _OF_RUNS and len(before) == 2:
        from ..runs import list_runs

        with contextlib.suppress(HepnbError):  # a key is no place to say why they cannot be listed
            return [row["id"] for row in list_runs()]
    if before[1] in ("scan", "plan"):
        return [*_OPTIONS, *(["--max-parallel"] if before[1] == "scan" else [])]
    return []
