"""The row sets of a path as a tree: level 0 has all rows, each select makes a level below its own.

Without sub-paths the tree is a chain. A sub-path hangs at the level where it branches off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .steps import Rest, Selection, Step

__all__ = ["ALL_EVENTS", "Levels"]

ALL_EVENTS = "all"
"""What the cutflow calls level 0."""


class Levels:
    """Which level lies within which, and the step that makes each."""

    def __init__(self, steps: Sequence[Step] = ()) -> None:
        self._above: dict[int, int] = {}
        self._maker: dict[int, int] = {}
        for index, step in enumerate(steps):
            if isinstance(step, Selection | Rest):
                self._above[step.into] = step.level
                self._maker[step.into] = index

    def maker(self, level: int) -> int:
        """The step that makes a level, by its index; level 0 has none."""
        return self._maker[level]

    def above(self, level: int) -> int:
        """The level from whose rows a level takes its own."""
        return self._above[level]

    def up(self, level: int) -> Iterator[int]:
        """The level, the one above it, and so on up to level 0."""
        yield level
        while level:
            level = self._above[level]
            yield level

    def contains(self, outer: int, inner: int) -> bool:
        """Whether the rows of `inner` are rows of `outer`."""
        return outer == inner or outer in self.up(inner)

    def meet(self, one: int, other: int) -> int:
        """The lowest level that contains both."""
        if one == other:
            return one
        mine = set(self.up(one))
        return next(level for level in self.up(other) if level in mine)

    def between(self, inner: int, outer: int) -> Iterator[int]:
        """The levels from `inner` up to where it meets `outer`, without that one."""
        end = self.meet(inner, outer)
        for level in self.up(inner):
            if level == end:
                return
            yield level
