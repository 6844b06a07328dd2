"""`hn.runs()`: every run of this user, newest first, from the files alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from ...errors import RunError
from ..directory import RunDirectory, all_runs
from ..policy import size_of
from ..scans.directory import ScanDirectory, all_scans
from ..scans.scoreboard import Scoreboard
from ..spec import RunSpec
from .glance import glance
from .views import Table, in_terminal

__all__ = ["ALIVE", "RunTable", "list_runs", "row_of"]

ALIVE = ("starting", "running", "paused")
D = TypeVar("D", RunDirectory, ScanDirectory)
_UNREADABLE = {
    "id": "",
    "name": "?",
    "state": "unreadable",
    "events": 0,
    "events_total": None,
    "events_lost": 0,
    "files_failed": 0,
    "started": None,
    "ended": None,
    "size": 0,
    "parameters": {},
    "directory": "",
}


class RunTable(Table):
    """Rows of runs; a notebook shows them live with the `viewer` that is set, else as text."""

    columns = ("id", "name", "state", "events", "events_total", "started", "size")
    viewer: ClassVar[Callable[[], Any] | None] = None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        viewer = type(self).viewer
        if viewer is None or in_terminal():
            return {"text/plain": repr(self)}
        return viewer()._repr_mimebundle_(include=include, exclude=exclude)


def list_runs() -> RunTable:
    """One row per run: id, name, state, events, what was lost, times (unix seconds), size on disk (bytes), directory.

    A list of dicts that prints as a table; a notebook shows it live. A run that says it is running
    but that nobody supervises is `lost`; one that this hepnb cannot read is `unreadable`. A scan has
    a row of its own, with the sums of its runs, beside theirs.

    >>> import hepnb as hn
    >>> [row["id"] for row in hn.runs() if row["state"] == "running"]
    []
    """
    scans = [_readable(scan, lambda s: Scoreboard(s).row()) for scan in all_scans()]
    rows = [_readable(run, row_of) for run in all_runs()]
    return RunTable(sorted([*rows, *scans], key=lambda row: str(row["id"]), reverse=True))


def _readable(directory: D, row: Callable[[D], dict[str, Any]]) -> dict[str, Any]:
    """One that a newer hepnb wrote, or that is damaged, must not hide the others."""
    try:
        return row(directory)
    except (RunError, LookupError, TypeError):
        return _UNREADABLE | {"id": directory.id, "directory": str(directory.path)}


def row_of(directory: RunDirectory) -> dict[str, Any]:
    """The row of one run. Raises RunError or LookupError for one that cannot be read."""
    spec, seen = RunSpec.read(directory.spec), glance(directory)
    return {
        "id": directory.id,
        "name": spec.name,
        "state": seen.state,
        "events": seen.progress["events"],
        "events_total": seen.progress["events_total"],
        "events_lost": seen.progress["events_lost"],
        "files_failed": seen.progress["files_failed"],
        "started": spec.created if seen.started is None else seen.started,
        "ended": seen.ended,
        "size": size_of(directory.path),
        "parameters": dict(spec.parameters),
        "directory": str(directory.path),
    }
