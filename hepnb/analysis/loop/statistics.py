"""What each step of a path costs: calls, rows, CPU, wall time and memory, phase by phase."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["Statistics", "StatisticsRow"]

T = TypeVar("T")
StatisticsRow = tuple[str, str, int, int, float, float, int]
"""Step, phase, calls, rows, CPU [s], wall [s], high-water mark of the process's memory [bytes]."""

_UNIT = 1 if sys.platform == "darwin" else 1024


class Statistics:
    """The costs of steps, each without those of the steps it uses.

    >>> statistics = Statistics()
    >>> statistics.timed("x", 10, lambda: 1 + 1)
    2
    >>> [row[:4] for row in statistics.table()]
    [('x', 'process', 1, 10)]
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], list[float]] = {}

    def timed(self, name: str, rows: int, compute: Callable[[], T], phase: str = "process") -> T:
        """The result of `compute`, with its cost written down under `name` and `phase`.

        A step of several computations (the axes of a histogram) is one call.
        """
        wall, cpu = time.perf_counter(), time.thread_time()
        result = compute()
        row = self._rows.setdefault((name, phase), [1, rows, 0.0, 0.0, 0])
        row[2] += time.thread_time() - cpu
        row[3] += time.perf_counter() - wall
        row[4] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return result

    def table(self) -> tuple[StatisticsRow, ...]:
        """One row per step and phase, in order of first use."""
        return tuple(
            (name, phase, int(calls), int(rows), cpu, wall, int(peak) * _UNIT)
            for (name, phase), (calls, rows, cpu, wall, peak) in self._rows.items()
        )
