"""hepnb: particle-physics analysis that runs behind the notebook.

`import hepnb as hn` costs milliseconds: each public name is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Path": "hepnb._bind",
    "Card": "hepnb._bind",
    "Module": "hepnb.analysis",
    "modules": "hepnb._bind",
    "param": "hepnb.analysis",
    "resource": "hepnb.analysis",
    "Conditions": "hepnb.analysis",
    "Dataset": "hepnb.analysis",
    "lookup": "hepnb.analysis",
    "LumiMask": "hepnb.analysis",
    "Unique": "hepnb.analysis",
    "find_duplicates": "hepnb._bind",
    "debug": "hepnb._bind",
    "H5Hist": "hepnb.histograms",
    "RemoteHist": "hepnb.histograms",
    "Run": "hepnb._bind",
    "runs": "hepnb._bind",
    "attach": "hepnb._bind",
    "resume": "hepnb._bind",
    "scan": "hepnb._bind",
    "plan": "hepnb._bind",
    "RunSet": "hepnb._bind",
    "HistExplorer": "hepnb.widgets",
    "RunView": "hepnb.widgets",
    "ProgressView": "hepnb.widgets",
    "CollectionsView": "hepnb.widgets",
    "LogView": "hepnb.widgets",
    "PathView": "hepnb.widgets",
    "StatisticsView": "hepnb.widgets",
    "HepnbError": "hepnb.errors",
    "doctor": "hepnb.checkup",
}

# Rooms that are used by their own name, such as `hn.stats.envelope`.
_ROOMS = ("adapt", "plots", "stats")

__all__ = [
    "Card",
    "CollectionsView",
    "Conditions",
    "Dataset",
    "H5Hist",
    "HepnbError",
    "HistExplorer",
    "LogView",
    "LumiMask",
    "Module",
    "Path",
    "PathView",
    "ProgressView",
    "RemoteHist",
    "Run",
    "RunSet",
    "RunView",
    "StatisticsView",
    "Unique",
    "__version__",
    "adapt",
    "attach",
    "debug",
    "doctor",
    "find_duplicates",
    "load_ipython_extension",
    "lookup",
    "modules",
    "param",
    "plan",
    "plots",
    "resource",
    "resume",
    "runs",
    "scan",
    "stats",
]

if TYPE_CHECKING:
    from . import adapt, plots, stats
    from ._bind import (
        Card,
        Path,
        Run,
        RunSet,
        attach,
        debug,
        find_duplicates,
        modules,
        plan,
        resume,
        scan,
    )
    from .analysis import Conditions, Dataset, LumiMask, Module, Unique, lookup, param, resource
    from .checkup import doctor
    from .errors import HepnbError
    from .histograms import H5Hist, RemoteHist
    from .runs import list_runs as runs
    from .widgets import (
        CollectionsView,
        HistExplorer,
        LogView,
        PathView,
        ProgressView,
        RunView,
        StatisticsView,
    )


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"hepnb.{name}")
    if name not in _HOMES:
        from .errors import nearest

        raise AttributeError(f"hepnb has no {name!r}{nearest(name, __all__)}")
    home = import_module(_HOMES[name])
    value = getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext hepnb`: the magics and the rich reprs of the notebook."""
    from .notebook import load_ipython_extension as load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext hepnb`: the magics are gone, the runs go on."""
    from .notebook import unload_ipython_extension as unload

    unload(shell)
