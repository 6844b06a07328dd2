"""`hn.runs()`: every run of this user, newest first, from the files alone."""

from __future__ import annotations

import json
import socket
from typing import Any

from ..errors import RunError
from .directory import RunDirectory, all_runs
from .run import unheard
from .spec import RunSpec
from .views import Table

__all__ = ["list_runs"]

_UNREADABLE = {
    "id": "",
    "name": "?",
    "state": "unreadable",
    "events": 0,
    "events_total": None,
    "started": None,
    "directory": "",
}


def list_runs() -> Table:
    """One row per run: id, name, state, events done and in all, when it started (unix seconds).

    A list of dicts that prints as a table. A run that says it is running but that nobody
    supervises is `lost`; one that this hepnb cannot read is `unreadable`.

    >>> import hepnb as hn
    >>> [row["id"] for row in hn.runs() if row["state"] == "running"]
    []
    """
    rows = Table()
    for directory in all_runs():
        try:
            rows.append(_row(directory))
        except (RunError, LookupError, TypeError):
            # One that a newer hepnb wrote, or that is damaged, must not hide the others.
            rows.append(_UNREADABLE | {"id": directory.id, "directory": str(directory.path)})
    return rows


def _row(directory: RunDirectory) -> dict[str, Any]:
    try:
        kept = json.loads(directory.status.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        kept = unheard(directory, RunSpec.read(directory.spec))
    state = kept["state"]
    here = kept.get("host") in (None, socket.gethostname())
    if here and state in ("starting", "running") and not directory.is_supervised():
        state = "lost"
    return {
        "id": directory.id,
        "name": kept["name"],
        "state": state,
        "events": kept["progress"]["events"],
        "events_total": kept["progress"]["events_total"],
        "started": kept["started"],
        "directory": str(directory.path),
    }
