"""Times, repeats and tables: the median and spread of several interleaved runs."""

from __future__ import annotations

import resource
import statistics
from collections.abc import Callable, Sequence

__all__ = ["cpu", "interleaved", "show"]


def cpu() -> float:
    """CPU seconds so far of this process, and of those that it started and saw end."""
    spent = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def interleaved(cases: dict[str, Callable[[], float]], repeats: int) -> dict[str, list[float]]:
    """Call every case `repeats` times in turn, so that drifts of the machine hit all alike.

    Each case returns its own measure, in seconds.
    """
    found: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(repeats):
        for name, case in cases.items():
            found[name].append(case())
    return found


def show(
    title: str, found: dict[str, list[float]], peer: str, goal: str = "", unit: str = "s"
) -> None:
    """Print one row per case: median, least, most, and the median ratio to the peer, pair by pair."""
    print(f"\n{title}" + (f"   (goal: {goal})" if goal else ""))
    print(f"  {'case':<34}{f'median {unit}':>10}{'min':>9}{'max':>9}{'ratio':>9}")
    for name, values in found.items():
        ratios = [a / b for a, b in zip(values, found[peer], strict=True)]
        row: Sequence[float] = (statistics.median(values), min(values), max(values))
        ratio = "-" if name == peer else f"{statistics.median(ratios):.3f}"
        print(f"  {name:<34}{row[0]:>10.3f}{row[1]:>9.3f}{row[2]:>9.3f}{ratio:>9}")
