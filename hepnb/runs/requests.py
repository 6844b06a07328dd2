"""What anybody who is connected to a run may ask of it: one method per kind of request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .supervisor import Supervisor

__all__ = ["Requests"]

_MOST_RECORDS = 2000


class Requests:
    """Answers requests (docs/protocol.md) from inside the supervisor's loop."""

    def __init__(self, run: Supervisor) -> None:
        self._run = run
        self._kinds = {"snapshot": self._snapshot, "log": self._log, "cancel": self._cancel}

    def answer(self, kind: str, request: Mapping[str, Any]) -> Any:
        """The result of a request. Raises TypeError, ValueError, OverflowError with one line."""
        if kind not in self._kinds:
            known = ", ".join(["subscribe", *self._kinds])
            raise ValueError(f"unknown request {kind!r}; this run answers {known}")
        return self._kinds[kind](request)

    def _snapshot(self, _: Mapping[str, Any]) -> Any:
        return self._run.reporter.snapshot()

    def _log(self, request: Mapping[str, Any]) -> Any:
        self._run.log.flush()
        levels = request.get("levels")
        return self._run.log_file.page(
            int(request.get("start", 0)),
            min(int(request.get("count", 100)), _MOST_RECORDS),
            None if levels is None else [str(level) for level in levels],
            str(request["search"]) if request.get("search") else None,
        )

    def _cancel(self, _: Mapping[str, Any]) -> Any:
        self._run.cancel("by request")
        return True
