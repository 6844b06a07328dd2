"""The IPython shell of this process: a notebook's or a terminal's."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["interactive_shell"]


def interactive_shell() -> Any:
    """The shell that runs cells in this process; None in a script. IPython is not imported for it."""
    return getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
