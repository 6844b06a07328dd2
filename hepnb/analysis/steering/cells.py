"""Where a step of a path was written: a place in a script, or a notebook cell that is run again."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from ...shell import interactive_shell

__all__ = ["Place", "place_of_caller"]

_HERE = str(FilePath(__file__).parents[1])


@dataclass(frozen=True)
class Place:
    """File and line; `execution` is the number of the cell's execution, None outside a notebook."""

    file: str
    line: int
    execution: int | None = None

    def __str__(self) -> str:
        if self.execution is not None:
            return f"line {self.line} of a notebook cell"
        return f"{FilePath(self.file).name}:{self.line}"

    def again(self, earlier: Place) -> bool:
        """Whether this is a later run of a cell (not the same run, not a script)."""
        return (
            self.execution is not None
            and earlier.execution is not None
            and self.execution != earlier.execution
        )

    def say(self, line: str) -> None:
        """Tell the notebook's reader one line."""
        sys.stdout.write(f"{line}\n")


def place_of_caller() -> Place:
    """The nearest frame outside the analysis."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno, _execution(frame.f_globals))


def _execution(names: dict[str, Any]) -> int | None:
    """The execution count when the caller's globals are those of an interactive shell."""
    shell = interactive_shell()
    if shell is None or names.get("__name__") != "__main__":
        return None
    return int(shell.execution_count)
