"""What anybody who is connected to a run may ask of it: one method per kind of request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...errors import RunError
from ..settings import MOST_WORKERS, whole

if TYPE_CHECKING:
    from .supervisor import Supervisor

__all__ = ["Requests"]

_MOST_RECORDS = 2000
_PATIENCE = 0.1


class Requests:
    """Answers requests (docs/protocol.md) from inside the supervisor's loop."""

    def __init__(self, run: Supervisor) -> None:
        self._run = run
        self._kinds = {
            "snapshot": self._snapshot,
            "log": self._log,
            "cancel": self._cancel,
            "pause": self._pause,
            "resume": self._resume,
            "scale": self._scale,
        }

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
        worker = request.get("worker")
        return self._run.log_file.page(
            int(request.get("start", 0)),
            min(int(request.get("count", 100)), _MOST_RECORDS),
            None if levels is None else [str(level) for level in levels],
            str(request["search"]) if request.get("search") else None,
            worker=None if worker is None else int(worker),
            chunk=None if request.get("chunk") is None else str(request["chunk"]),
            logger=None if request.get("logger") is None else str(request["logger"]),
            patience=_PATIENCE,
        )

    def _cancel(self, _: Mapping[str, Any]) -> Any:
        self._run.cancel("by request")
        return True

    def _pause(self, _: Mapping[str, Any]) -> Any:
        self._rest(True)
        return True

    def _resume(self, _: Mapping[str, Any]) -> Any:
        was_held = self._run.is_held
        self._rest(False)
        return was_held

    def _rest(self, wanted: bool) -> None:
        if self._run.is_held != wanted:
            self._run.is_held = wanted
            word = "paused" if wanted else "goes on"
            self._run.log.add(f"{word} by request", logger="hepnb")

    def _scale(self, request: Mapping[str, Any]) -> Any:
        try:
            workers = whole("workers", request.get("workers"), 1, MOST_WORKERS)
        except RunError as error:
            raise ValueError(str(error)) from None
        if workers != self._run.crew.wanted:
            self._run.log.add(f"{workers} workers by request", logger="hepnb")
        self._run.crew.scale(workers)
        return workers
