"""How it runs in the background: supervisor, workers, run directory, messages.

`hn.runs()` lists the user's runs; the package of the same name answers to that call, so both
`hn.runs()` and `import hepnb.runs` mean what they say. Each name is imported when it is first used:
supervisors and workers are of this package, too, and need few of them.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .handle.listing import RunTable, list_runs
    from .handle.run import Run, RunFailure, attach
    from .scans.run_set import RunSet
    from .scans.scanning import scan
    from .starting.launch import start

__all__ = [
    "Run",
    "RunFailure",
    "RunSet",
    "RunTable",
    "attach",
    "list_runs",
    "scan",
    "start",
]

_HOMES = {
    "Run": "handle.run",
    "RunFailure": "handle.run",
    "RunSet": "scans.run_set",
    "RunTable": "handle.listing",
    "attach": "handle.run",
    "list_runs": "handle.listing",
    "scan": "scans.scanning",
    "start": "starting.launch",
}


class _CallableModule(ModuleType):
    def __call__(self) -> RunTable:
        # The public name, however this package came to be imported: it shows itself live.
        table: RunTable = import_module("hepnb._bind").list_runs()
        return table


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


sys.modules[__name__].__class__ = _CallableModule
