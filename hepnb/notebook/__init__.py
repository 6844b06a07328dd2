"""The face in the notebook: the `%hepanalysis` magics (`%load_ext hepnb`) and the way into the Lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics; `%load_ext hepnb` calls this."""
    from .extension import load_ipython_extension as load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the magics out again; `%unload_ext hepnb` calls this."""
    from .extension import unload_ipython_extension as unload

    unload(shell)
