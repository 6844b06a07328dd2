"""The small interface between a supervisor and whatever executes its tasks.

An engine knows workers by number and tasks as plain maps; it knows no plan, no store and no
policy. It tells its listener what happens, always from inside the supervisor's own loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

__all__ = ["Cause", "Engine", "Listener"]

Cause = Literal["died", "too large", "swept away"]
"""Why a worker is lost: by itself, over its memory limit, or with the engine's own process."""


class Listener(Protocol):
    """Who is told what workers do."""

    def worker_ready(self, worker: int, pid: int) -> None:
        """A worker waits for its first task."""

    def worker_said(self, worker: int, message: dict[str, Any], raw: bytes) -> None:
        """A worker sent a message: the answer to the first of its tasks, or a log record.

        What it said is told before it is reported as lost: only what it was doing is in doubt.
        """

    def worker_printed(self, worker: int, stream: str, lines: bytes) -> None:
        """A worker, or a library inside it, wrote whole lines to its `stdout` or `stderr`.

        What it printed before an answer is told before that answer.
        """

    def worker_lost(self, worker: int, why: str, cause: Cause) -> None:
        """A worker is gone, with whatever it was doing."""

    def engine_failed(self, title: str, traceback: str) -> None:
        """No worker can ever start: the user's code cannot be loaded."""


class Engine(Protocol):
    """Who executes tasks."""

    def start(self, worker: int) -> None:
        """Start a worker under this number; it reports when it is ready."""

    def submit(self, worker: int, tasks: Sequence[Mapping[str, Any]]) -> None:
        """Give tasks to a worker, beside those it has: it does and answers them one by one."""

    def dismiss(self, worker: int) -> None:
        """Let a worker that waits go: it is reported as lost when it has gone."""

    def show_stack(self, worker: int) -> None:
        """Have a worker print where it is, if it still can."""

    def kill(self, worker: int, why: str) -> None:
        """End a worker whatever it does; it is reported as lost, with this reason."""

    def turn(self) -> float:
        """Do what is due by now; returns the seconds until something is again (`inf`: nothing)."""

    def close(self) -> None:
        """Stop every worker, whatever it does, and wait until they are gone."""
