"""Views of a snapshot's tables: plain lists of dicts that print as a table.

They are pictures of a moment: ask the run again for the next one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ...errors import RunError
from ...shell import interactive_shell

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Collections",
    "Costs",
    "Datasets",
    "Files",
    "Log",
    "Record",
    "Table",
    "Workers",
    "in_terminal",
]

_MOMENTS = ("time", "started", "ended")
"""Columns of unix seconds, printed as local time."""


class Table(list[dict[str, Any]]):
    """Rows with the same keys.

    >>> Table([{"name": "Muon", "total": 12}, {"name": "Jet", "total": 3}])
    name  total
    Muon  12
    Jet   3
    """

    columns: ClassVar[tuple[str, ...]] = ()
    """The columns that are printed; all if there are none."""
    units: ClassVar[Mapping[str, str]] = {}
    """Units that are printed above a column; a number of bytes is shown in MB (10^6)."""

    def __repr__(self) -> str:
        if not self:
            return "(empty)"
        columns = list(self.columns or self[0])
        heads = [f"{c} [{self.units[c]}]" if c in self.units else c for c in columns]
        cells = [heads, *([self._cell(row.get(c), c) for c in columns] for row in self)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
        return "\n".join(_line(row, widths) for row in cells)

    def to_frame(self) -> pd.DataFrame:
        """A pandas DataFrame of all keys. Raises RunError where pandas is not installed.

        >>> Table([{"name": "Muon", "total": 12}, {"name": "Jet", "total": 3}]).to_frame().shape
        (2, 2)
        """
        try:
            import pandas as pd
        except ImportError:
            raise RunError("to_frame needs pandas: pip install pandas") from None
        return pd.DataFrame(list(self))

    def _cell(self, value: Any, column: str) -> str:
        if self.units.get(column) == "MB" and value is not None:
            value /= 1e6
        return _text(value, column)


class Workers(Table):
    """What each worker does, and what it uses."""

    units: ClassVar[Mapping[str, str]] = {"cpu": "cores", "rss": "MB"}


class Collections(Table):
    """Objects per event; `sizes`, the events by their number of objects, is not printed."""

    columns = ("name", "events", "total", "min", "max")


class Costs(Table):
    """What each step costs, phase by phase.

    >>> row = {"module": "good", "phase": "process", "calls": 2, "events": 2000, "cpu": 0.00123}
    >>> Costs([row | {"wall": 0.0015, "peak": 131e6}])
    module  phase    calls  events  cpu [s]  wall [s]  peak [MB]
    good    process  2      2000    0.00123  0.0015    131
    """

    units: ClassVar[Mapping[str, str]] = {"cpu": "s", "wall": "s", "peak": "MB"}


class Datasets(Table):
    """What is known of each dataset, and what became of it."""

    units: ClassVar[Mapping[str, str]] = {"xsec": "pb"}


class Files(Table):
    """The ledger of files."""

    units: ClassVar[Mapping[str, str]] = {
        "seconds": "s",
        "cpu": "s",
        "bytes": "MB",
        "rate": "events/s",
    }


class Log(Table):
    """Records of the log; the text is last, since it may be long and of many lines.

    >>> row = {"time": None, "level": "INFO", "worker": 1, "chunk": "a.root:0-9", "logger": "stdout"}
    >>> Log([row | {"n": 0, "text": "x = 1", "repeat": 2}])
    time  level  worker  chunk       logger  repeat  text
    -     INFO   1       a.root:0-9  stdout  2       x = 1
    """

    columns = ("time", "level", "worker", "chunk", "logger", "repeat", "text")


class Record(dict[str, Any]):
    """One row, printed as `key  value` lines.

    >>> Record({"events": 48976, "weighted": 48976.0, "rate": None, "eta": 0.12345})
    events    48976
    weighted  48976
    rate      -
    eta       0.1235
    """

    def __init__(self, fields: Mapping[str, Any]) -> None:
        super().__init__(fields)

    def __repr__(self) -> str:
        width = max((len(key) for key in self), default=0)
        return "\n".join(f"{key:<{width}}  {_text(value, key)}" for key, value in self.items())


def in_terminal() -> bool:
    """Whether IPython runs without a front end that could draw: there a view is its text."""
    shell = interactive_shell()
    return shell is not None and getattr(shell, "kernel", None) is None


def _text(value: Any, column: str) -> str:
    if value is None:
        return "-"
    if column in _MOMENTS:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(value))
    if column == "size":
        return f"{value / 1e6:.1f} MB"
    if isinstance(value, float):
        # Counts and rates in full: 48976, not 4.898e+04.
        return f"{value:.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"
    return str(value)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
