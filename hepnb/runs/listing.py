"""`hn.runs()`: every run of this user, newest first, from the files alone."""

from __future__ import annotations

import json
import socket

from .directory import all_runs
from .run import unheard
from .spec import RunSpec
from .views import Table

__all__ = ["list_runs"]


def list_runs() -> Table:
    """One row per run: id, name, state, events done and in all, when it started (unix seconds).

    A run that says it is running but that nobody supervises is `lost`.
    """
    rows = Table()
    for directory in all_runs():
        try:
            kept = json.loads(directory.status.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            kept = unheard(directory, RunSpec.read(directory.spec))
        state = kept["state"]
        here = kept["host"] in (None, socket.gethostname())
        if here and state in ("starting", "running") and not directory.is_supervised():
            state = "lost"
        rows.append(
            {
                "id": directory.id,
                "name": kept["name"],
                "state": state,
                "events": kept["progress"]["events"],
                "events_total": kept["progress"]["events_total"],
                "started": kept["started"],
                "directory": str(directory.path),
            }
        )
    return rows
