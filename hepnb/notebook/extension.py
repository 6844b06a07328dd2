"""Loading and unloading the extension: both may be repeated, and leave nothing behind."""

# IPython leaves its magics untyped.
# mypy: allow-untyped-calls, allow-untyped-decorators

from __future__ import annotations

from typing import TYPE_CHECKING

from ..runs.starting.spare import RESERVE
from .completion import KEYS, complete
from .magics import HepMagics

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register `%hepanalysis`, `%%hepanalysis` and their completion; once is enough.

    From then on a supervisor waits beside the notebook, so that the next run begins at once.
    """
    if _loaded(shell):
        return
    shell.register_magics(HepMagics(shell))
    for key in KEYS:
        shell.set_hook("complete_command", complete, str_key=key)
    RESERVE.keep()


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take them out again; runs go on."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("hepanalysis", None)
    shell.magics_manager.registry.pop(HepMagics.__name__, None)
    for key in KEYS:
        shell.strdispatchers["complete_command"].strs.pop(key, None)
    RESERVE.close()


def _loaded(shell: InteractiveShell) -> bool:
    return HepMagics.__name__ in shell.magics_manager.registry
