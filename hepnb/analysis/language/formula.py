"""How a value is computed: an expression, or a function whose argument names are columns."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...errors import PathError
from .expression import Expression
from .inspection import function_uses
from .usage import Uses

__all__ = ["RESERVED", "Call", "Formula", "make_formula"]

RESERVED = ("dataset", "variation", "rng")


@dataclass(frozen=True)
class Call:
    """A function of the user; its arguments are the names of columns or collections.

    `renames` tell which arguments mean columns of another name (those of a sub-path).
    """

    function: Callable[..., Any]
    arguments: tuple[str, ...]
    uses: Uses = field(compare=False)
    where: str = "function"
    renames: tuple[tuple[str, str], ...] = ()

    def renamed(self, names: Mapping[str, str], place: str) -> Call:
        """The same with other names for some columns; messages name the `place`."""
        found = tuple((old, new) for old, new in names.items() if old in self.arguments)
        where = f"{place}, {self.where}"
        return replace(self, uses=self.uses.renamed(names), where=where, renames=found)

    def __str__(self) -> str:
        return getattr(self.function, "__name__", "function")


Formula = Expression | Call


def make_formula(what: Any, where: str) -> Formula:
    """The formula meant by a text, a number or a function. Raises `PathError` naming `where`.

    Which lookups an expression may call is for its path to say.
    """
    if isinstance(what, Expression | Call):
        return what
    if isinstance(what, str):
        return Expression(what, where, lookups=None)
    if isinstance(what, bool | int | float):
        return Expression(repr(what), where)
    if not callable(what):
        raise PathError(
            f"{where}: expected an expression (text) or a function, not {type(what).__name__}"
        )
    return _call(what, where)


def _call(function: Callable[..., Any], where: str) -> Call:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        raise PathError(
            f"{where}: the arguments of {function!r} cannot be seen; wrap it in a def"
        ) from None
    names = []
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise PathError(f"{where}: *{parameter.name} names no column; name each argument")
        if parameter.default is not parameter.empty:
            continue  # a default is the user's own constant, such as `pt=30.0`
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise PathError(
                f"{where}: argument {parameter.name!r} is positional-only (drop the '/')"
            )
        names.append(parameter.name)
    if not names:
        raise PathError(
            f"{where}: the function takes no columns; its argument names say what it reads"
        )
    return Call(function, tuple(names), function_uses(function, names), where)
