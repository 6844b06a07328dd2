"""The functions of the expression language, as a table: names, arguments and what they need.

The computations are in `operations.py`; this file stays free of arrays so that a path can be built
and checked without loading them.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FUNCTIONS", "MOMENTUM", "Function"]

MOMENTUM = ("pt", "eta", "phi", "mass")


@dataclass(frozen=True)
class Function:
    """How a function of the language is called, and which part of its arguments it uses."""

    arguments: str
    least: int = 1
    most: int = 1
    keywords: tuple[str, ...] = ()
    passes: bool = False  # the value holds the records of the arguments
    counts: bool = False  # only the numbers of objects matter
    fields: tuple[str, ...] = ()  # record fields read when the argument is an object


_ONE = Function("one argument")
_REDUCE = Function("one argument (or several, compared event by event)", 1, 8, ("default",))

FUNCTIONS: dict[str, Function] = {
    "count": Function("one collection or condition", counts=True),
    "sum": _ONE,
    "prod": _ONE,
    "min": _REDUCE,
    "max": _REDUCE,
    "any": _ONE,
    "all": _ONE,
    "first": Function("a collection or column, and a default", 1, 2, ("default",), passes=True),
    "nth": Function(
        "a collection or column, a number, and a default", 2, 3, ("default",), passes=True
    ),
    "where": Function("a condition and two values", 3, 3, passes=True),
    "subset": Function(
        "a collection, a condition on its objects, and sub-collections to leave out", 2, 10
    ),
    "deltaphi": Function("two angles or two objects", 2, 2, fields=("phi",)),
    "deltar": Function("two objects", 2, 2, fields=("eta", "phi")),
    "mass": Function("two or more objects", 2, 6, fields=MOMENTUM),
    "pt": Function("two or more objects", 2, 6, fields=("pt", "phi")),
    "atan2": Function("two arguments", 2, 2),
    "hypot": Function("two arguments", 2, 2),
    **dict.fromkeys(
        ("abs", "sqrt", "exp", "log", "log10", "sin", "cos", "tan", "sinh", "cosh", "tanh"), _ONE
    ),
    **dict.fromkeys(
        ("floor", "ceil", "sign", "isfinite"),
        _ONE,
    ),
}
