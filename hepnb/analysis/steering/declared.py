"""The steps that a path has been told, in their order, each with the place that told it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ...errors import PathError
from ...given import given_names
from ..language.expression import Expression
from ..language.formula import RESERVED
from .cells import Place, place_of_caller
from .checking import check_name
from .steps import Told, formulas, lookups_of, named, owned

__all__ = ["Declared", "texts"]

F = TypeVar("F", bound=Callable[..., Any])


class Declared:
    """What is told twice is refused, or replaced where it is a cell that runs again."""

    def __init__(self, name: str = "path") -> None:
        check_name(name, "a path", words=True)
        self.name = name
        self._steps: list[Told] = []
        self._places: list[Place] = []

    def __repr__(self) -> str:
        counts = {
            kind: sum(step.kind == kind for step in self._steps)
            for kind in dict.fromkeys(s.kind for s in self._steps)
        }
        several = {kind: f"{kind}s".replace("ys", "ies") for kind in counts}
        inside = ", ".join(f"{n} {several[kind] if n > 1 else kind}" for kind, n in counts.items())
        return f"<Path {self.name!r}: {inside or 'empty'}>"

    def _decorator(self, add: Callable[[Any], None]) -> Callable[[F], F]:
        def decorate(function: F) -> F:
            add(function)
            return function

        return decorate

    def _add(self, step: Told) -> None:
        """Append a step; one of the same name is an error, or replaced when a cell is run again."""
        known = lookups_of(self._steps)
        for formula in formulas(step):
            if isinstance(formula, Expression):
                formula.bound(known)  # so that what is unknown is told now
        place = place_of_caller()
        for index, other in enumerate(self._steps):
            same = set(owned(step)) & set(owned(other))
            if not same and not (type(step) is type(other) and step.name == other.name):
                continue
            what = named(other) if not same else f"column {min(same)!r}"
            if (
                type(step) is type(other)
                and step.name == other.name
                and place.again(self._places[index])
            ):
                self._steps[index], self._places[index] = step, place
                place.say(f"path {self.name!r}: {named(step)} replaced")
                return
            raise PathError(
                f"path {self.name!r}: {what} has an owner already ({named(other)}, {self._places[index]})"
            )
        for name in owned(step):
            if name in RESERVED:
                raise PathError(
                    f"{named(step)}: {name!r} is a reserved name ({', '.join(RESERVED)})"
                )
        self._steps.append(step)
        self._places.append(place)


def texts(values: Any, place: str) -> tuple[str, ...]:
    """One name or several. Raises `PathError` naming `place` for anything else."""
    return given_names(values, place, PathError)
