"""The composition root: gives lower rooms the verbs that live in higher ones.

`path.start(...)` belongs to the analysis room but starts a run; a run shows itself with a widget.
Rooms import downwards only, so these two are joined here and nowhere else.
"""

from __future__ import annotations

from typing import Any

from . import analysis, runs
from .runs import Run, RunSet, RunTable, list_runs, scan, start
from .runs.finding import attach, resume

__all__ = ["Path", "Run", "RunSet", "attach", "list_runs", "resume", "runs", "scan"]


class Path(analysis.Path):
    __doc__ = analysis.Path.__doc__

    start = start


def _dashboard(run: Run) -> Any:
    from .widgets import RunView

    return RunView(run)


def _overview() -> Any:
    from .widgets import RunsView

    return RunsView(list_runs, lambda run: attach(run).cancel(), "Your runs", "hn.runs()")


Run.viewer = staticmethod(_dashboard)
RunTable.viewer = staticmethod(_overview)
