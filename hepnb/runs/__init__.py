"""How it runs in the background: supervisor, workers, run directory, messages.

`hn.runs()` lists the user's runs; the package of the same name answers to that call, so both
`hn.runs()` and `import hepnb.runs` mean what they say.
"""

from __future__ import annotations

import sys
from types import ModuleType

from .launch import start
from .listing import list_runs
from .run import Run, RunFailure, attach
from .views import Table

__all__ = ["Run", "RunFailure", "attach", "list_runs", "start"]


class _CallableModule(ModuleType):
    def __call__(self) -> Table:
        return list_runs()


sys.modules[__name__].__class__ = _CallableModule
