"""The composition root: gives lower rooms the verbs that live in higher ones.

`path.start(...)` belongs to the analysis room but starts a run; a run shows itself with a widget.
Rooms import downwards only, so these few verbs are attached here and nowhere else.
"""

from __future__ import annotations

from typing import Any

from .analysis import Path
from .runs import Run, attach, list_runs, start

__all__ = ["Path", "Run", "attach", "list_runs"]


def _show(run: Run) -> Any:
    """The live dashboard of the run, a `hn.RunView`."""
    from .widgets import RunView

    return RunView(run)


def _mimebundle(run: Run, include: Any = None, exclude: Any = None) -> Any:
    """A notebook shows a run as its dashboard; elsewhere its one-line repr is used."""
    return _show(run)._repr_mimebundle_(include=include, exclude=exclude)


setattr(Path, "start", start)  # noqa: B010
setattr(Run, "show", _show)  # noqa: B010
setattr(Run, "_repr_mimebundle_", _mimebundle)  # noqa: B010
