"""The composition root: gives lower rooms the verbs that live in higher ones.

`path.start(...)` belongs to the analysis room but starts a run; a run shows itself with a widget.
Rooms import downwards only, so these two are joined here and nowhere else.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from . import analysis
from .analysis.module.registry import ModuleTable, modules
from .analysis.steering.description import as_text, describe_path
from .runs import Run, RunSet, RunTable, list_runs, scan, start
from .runs.debugging import debug
from .runs.duplicates import find_duplicates
from .runs.finding import attach, resume
from .runs.preview import plan
from .runs.views import in_terminal

__all__ = [
    "Card",
    "Path",
    "Run",
    "RunSet",
    "attach",
    "debug",
    "find_duplicates",
    "list_runs",
    "modules",
    "plan",
    "resume",
    "runs",
    "scan",
]

runs = import_module(".runs", __package__)  # a package that can be called: hn.runs()


class Path(analysis.Path):
    __doc__ = analysis.Path.__doc__

    start = start

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        if in_terminal():
            return {"text/plain": as_text(describe_path(self))}
        from .widgets import PathView

        return PathView(self)._repr_mimebundle_(include=include, exclude=exclude)


def _modules_as_html(known: ModuleTable) -> str:
    from .widgets.static_table import table

    return table("Modules", known.heads, known.rows())


class Card(analysis.Card):
    __doc__ = analysis.Card.__doc__

    path_type = Path

    def start(self, data: Any = None, **settings: Any) -> Run:
        """Run the card's path on its datasets, or on other data, in the background.

        Takes the keywords of `Path.start`, and raises what it raises; a misspelt column is told
        with its place in the card.
        """
        with self.placed():
            return start(
                self.path,
                self if data is None else data,
                parameters={**self.parameters, **settings.pop("parameters", {})},
                **settings,
            )


def _dashboard(run: Run) -> Any:
    from .widgets import RunView

    return RunView(run)


def _overview() -> Any:
    from .widgets import RunsView

    return RunsView(list_runs, lambda run: attach(run).cancel(), "Your runs", "hn.runs()")


def _scan(runs: RunSet) -> Any:
    from .widgets import RunsView

    return RunsView.of_scan(runs)


Run.viewer = staticmethod(_dashboard)
RunSet.viewer = staticmethod(_scan)
RunTable.viewer = staticmethod(_overview)
ModuleTable._repr_html_ = _modules_as_html  # type: ignore[attr-defined]
