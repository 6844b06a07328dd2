"""`Adapter`: what can be started as a path can."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import RunError

if TYPE_CHECKING:
    from ..runs import Run
    from ..runs.job import Job

__all__ = ["Adapter"]


class Adapter(ABC):
    """Something that is no path, ready to be started. Its job is made when it is started."""

    @abstractmethod
    def job(self) -> Job:
        """What is run: a copy that later changes do not reach."""

    def freeze(self, variations: str | Sequence[str] = "all") -> Job:
        """The job. Raises RunError where variations are chosen, which only a path has."""
        if variations != "all":
            raise RunError("variations= is for paths: other frameworks make their own")
        return self.job()

    def start(self, data: Any, workers: int = 2, **settings: Any) -> Run:
        """Run it in background processes and return at once: see `Path.start` for the settings."""
        from ..runs import start

        return start(self, data, workers, **settings)
