"""How long a column of a variation is needed: hundreds of variations stand side by side in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .steps import (
    Category,
    Definition,
    Histogram,
    Merged,
    ModuleStep,
    Selection,
    Step,
    Weight,
    inputs,
    owned,
)

__all__ = ["Lifetimes"]


class Lifetimes:
    """Which steps use each column under a variation, and until when.

    A select and a histogram do so when their turn comes, a definition when it is first asked for, and a
    weight at any time.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self._users: dict[str, list[tuple[int, Step, bool]]] = {}
        for index, step in enumerate(steps):
            if not isinstance(
                step, Selection | Histogram | Weight | Definition | Category | Merged | ModuleStep
            ):
                continue
            for _, uses in inputs(step):
                for name, use in uses.inputs.items():
                    counts = use.counts_alone and name not in uses.passes
                    self._users.setdefault(name, []).append((index, step, counts))

    def left(self, name: str, below: int, made: Collection[str]) -> list[bool]:
        """What is yet to be computed with a column: by steps below one, and of those that are not made.

        Of each, whether numbers of objects are all that it asks for.
        """
        return [
            counts
            for index, step, counts in self._users.get(name, ())
            if isinstance(step, Weight)
            or (not set(made).issuperset(owned(step)) if owned(step) else index > below)
        ]
