"""Tab completion of the magics: words of `%hepanalysis`, ids of runs, options of the cell magic."""

from __future__ import annotations

from typing import Any

__all__ = ["KEYS", "VERBS", "complete"]

KEYS = ("%hepanalysis", "%%hepanalysis")
VERBS = ("runs", "status", "attach", "log", "cancel")
_OPTIONS = ("--data", "--workers", "--chunk", "--out", "--on-error", "--allow-duplicates", "-o")
_POLICIES = ("fail", "skip")


def complete(_shell: Any, event: Any) -> list[str]:
    """What may stand at the cursor; `event` has `line` and `symbol`, as IPython's hooks do."""
    words = event.line.split()
    before = words[:-1] if words and words[-1] == event.symbol else words
    return [word for word in _known(before) if word.startswith(event.symbol)]


def _known(before: list[str]) -> list[str]:
    if not before:
        return []
    if before[0].startswith("%%"):
        return list(_POLICIES if before[-1] == "--on-error" else _OPTIONS)
    if len(before) == 1:
        return list(VERBS)
    if before[1] in VERBS[1:] and len(before) == 2:
        from ..runs import list_runs

        return [row["id"] for row in list_runs()]
    return []
