"""Watching a table that is made of files: a thread that looks and says when something changed."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..errors import HepnbError
from .views import Table

__all__ = ["watch_table"]

_LOOK_EVERY = 0.5


def watch_table(
    table: Callable[[], Table], has_ended: Callable[[], bool], callback: Callable[[Table], None]
) -> Callable[[], None]:
    """Call back with the table now, at each change, and at the end; returns what stops it."""
    stopped = threading.Event()

    def look() -> None:
        shown: Table | None = None
        over = False
        while not over and not stopped.is_set():
            try:
                over = has_ended()
                found = table()
            except HepnbError:
                return  # its directory is gone
            if found != shown and not stopped.is_set():
                shown = found
                callback(found)
            if not over:
                stopped.wait(_LOOK_EVERY)

    threading.Thread(target=look, name="hepnb-table", daemon=True).start()
    return stopped.set
