"""How a run stands, by its files alone: no connection, no thread. For tables of many runs."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from typing import Any

from ..directory import RunDirectory
from ..scans.directory import scan_of
from ..spec import RunSpec
from .client import ENDED

__all__ = ["FOR_GOOD", "Glance", "glance", "waiting", "was_launched"]

_STARTUP = 60.0
FOR_GOOD = ("done", "failed", "cancelled")
_NOTHING = {
    "events": 0,
    "events_total": None,
    "events_expected": None,
    "events_lost": 0,
    "events_under_way": 0,
    "files_failed": 0,
    "rate": None,
    "eta": None,
}


@dataclass(frozen=True)
class Glance:
    """The state of a run and what a row of a table says of it; `problem` is one line or empty."""

    state: str
    error: str = ""
    problem: str = ""
    progress: dict[str, Any] = field(default_factory=lambda: dict(_NOTHING))
    started: float | None = None
    ended: float | None = None

    @property
    def has_ended(self) -> bool:
        """Whether it will not change any more, unless somebody resumes it."""
        return self.state in ENDED


def glance(run: RunDirectory) -> Glance:
    """What the files of a run say now.

    A run that nobody supervises is `waiting` while it is a point of a scan whose turn has not come,
    `starting` for a while after it was launched, and otherwise `lost`. Raises RunError where the
    directory is not that of a run.
    """
    kept = run.last_snapshot()
    if kept is None:
        RunSpec.read(run.spec)
    elif kept["state"] in FOR_GOOD:
        return _of(kept, kept["state"])
    if run.is_supervised() or (kept is not None and kept["host"] != socket.gethostname()):
        # A lost one that was resumed has not said so yet.
        lives = kept is not None and kept["state"] != "lost"
        return _of(kept, kept["state"]) if kept is not None and lives else Glance("starting")
    if not was_launched(run):
        return waiting(run) or Glance("lost")
    if kept is None and _is_young(run):
        return Glance("starting")
    # It may have ended, and let go of its lock, since its status was read.
    kept = run.last_snapshot()
    if kept is None:
        return Glance("lost")
    return _of(kept, kept["state"] if kept["state"] in FOR_GOOD else "lost")


def waiting(run: RunDirectory) -> Glance | None:
    """How it stands if it is a point of a scan that somebody conducts, and has not been launched yet.

    The problem is what holds it back, such as the policy of the site, beside that it is not its turn.
    """
    scan = None if was_launched(run) else scan_of(run)
    if scan is None or not scan.is_conducted():
        return None
    return Glance("waiting", problem=scan.why_held())


def was_launched(run: RunDirectory) -> bool:
    """Whether a supervisor was ever started: its log is made first."""
    return run.supervisor_log.exists()


def _is_young(run: RunDirectory) -> bool:
    """Whether its supervisor may still be on its way to its first word."""
    try:
        made = run.supervisor_log.stat()
    except OSError:
        return False
    # Once there is a store there was a lock: then nobody is on the way any more.
    fresh = not made.st_size and time.time() - made.st_mtime < _STARTUP
    return fresh and not (run.path / "manifest").exists()


def _of(kept: dict[str, Any], state: str) -> Glance:
    error = kept["error"]
    return Glance(
        state,
        error=_error(error) if error else "",
        problem=kept["problem"],
        progress={key: kept["progress"].get(key, none) for key, none in _NOTHING.items()},
        started=kept["started"],
        ended=kept["ended"],
    )


def _error(error: dict[str, str]) -> str:
    where = f"in chunk {error['chunk']}: " if error["chunk"] else ""
    return f"{where}{error['title']}"
