"""The composition root: gives lower rooms the verbs that live in higher ones.

`path.start(...)` belongs to the analysis room but starts a run; a run shows itself with a widget.
Rooms import downwards only, so these two are joined here and nowhere else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import analysis
from .analysis.module.registry import ModuleTable, modules
from .analysis.steering.description import as_text, describe_path
from .errors import HepnbError
from .runs import Run, RunSet, RunTable, list_runs, scan, start
from .runs.handle.finding import attach, resume
from .runs.handle.views import in_terminal
from .runs.starting.debugging import debug
from .runs.starting.duplicates import find_duplicates
from .runs.starting.preview import plan

if TYPE_CHECKING:
    from .adapt.commands import command

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

    def __init__(self, *given: Any, **settings: Any) -> None:
        super().__init__(*given, **settings)
        self._program(allow_exec=True)  # is only made here, which tells its mistakes

    __init__.__doc__ = analysis.Card.__init__.__doc__

    def start(self, data: Any = None, *, allow_exec: bool = False, **settings: Any) -> Run:
        """Run the card's path on its datasets, or on other data, in the background.

        Takes the keywords of `Path.start`, and raises what it raises; a misspelt column is told
        with its place in the card. A card with a command runs that, where `allow_exec` says that you have
        read what it is.
        """
        program = self._program(allow_exec=allow_exec)
        settings["parameters"] = {**self.parameters, **settings.pop("parameters", {})}
        if program is not None:
            return program.start(list(self.datasets) if data is None else data, **settings)
        with self.placed():
            return start(self.path, self if data is None else data, **settings)

    def _program(self, *, allow_exec: bool) -> command | None:
        """The external program of a card that has one. Raises `CardError` with its place."""
        if self.command is None:
            return None
        from .adapt.commands import PLACES, command_of_card

        node = self.tree.get("command") or self.tree
        for name in self.parameters:
            if name in PLACES:
                raise node.error(
                    f"{{{name}}} is of each chunk: name the card's parameter otherwise"
                )
        try:
            return command_of_card({"name": self.name, **self.command}, allow_exec=allow_exec)
        except HepnbError as error:
            raise node.error(str(error)) from None


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
