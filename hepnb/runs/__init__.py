"""How it runs in the background: supervisor, workers, run directory, messages.

`hn.runs()` lists the user's runs; the package of the same name answers to that call, so both
`hn.runs()` and `import hepnb.runs` mean what they say.
"""

from __future__ import annotations

import sys
from types import ModuleType

from .launch import start
from .listing import RunTable, list_runs
from .run import Run, RunFailure, attach
from .run_set import RunSet
from .scanning import scan

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


class _CallableModule(ModuleType):
    def __call__(self) -> RunTable:
        return list_runs()


sys.modules[__name__].__class__ = _CallableModule
