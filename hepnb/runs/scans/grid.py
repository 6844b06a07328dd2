"""The points of a scan: every combination of some lists of values, in the order given.

Values are numbers or short texts, since they name runs and become the categories of an axis. Pure:
no file and no run here.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import RunError, nearest

__all__ = ["Grid", "Value", "label", "said"]

Value = str | int | float | bool | None
Point = dict[str, Value]

_LONGEST_TEXT = 500
_SHOWN = 60
_INT32 = range(-(2**31), 2**31)


@dataclass(frozen=True)
class Grid:
    """Lists of values by parameter. The last parameter changes fastest.

    >>> grid = Grid.of({"pt": [20, 25], "iso": [0.1, 0.2]})
    >>> len(grid), [said(point) for point in grid][1]
    (4, 'pt=20, iso=0.2')
    """

    lists: Mapping[str, tuple[Value, ...]]

    @classmethod
    def of(cls, lists: Mapping[str, Any]) -> Grid:
        """Check what a user gave. Raises RunError, which names the parameter and the value."""
        if not lists:
            raise RunError(
                "a scan needs at least one parameter with its values, such as pt=[20, 25]"
            )
        return cls({name: _values(name, given) for name, given in lists.items()})

    def __len__(self) -> int:
        return math.prod(len(values) for values in self.lists.values())

    def __iter__(self) -> Iterator[Point]:
        for values in itertools.product(*self.lists.values()):
            yield dict(zip(self.lists, values, strict=True))

    def check(self, asked: Mapping[str, Any]) -> None:
        """Raise RunError unless these are parameters of the scan, with values that it has."""
        for name, value in asked.items():
            if name not in self.lists:
                raise RunError(
                    f"the scan has no parameter {name!r} "
                    f"(it has {', '.join(self.lists)}){nearest(str(name), self.lists)}"
                )
            if not any(_same(value, known) for known in self.lists[name]):
                known = ", ".join(_shown(v) for v in self.lists[name][:20])
                raise RunError(f"the scan has no {name}={_shown(value)}; it has {known}")

    @staticmethod
    def fits(point: Point, asked: Mapping[str, Any]) -> bool:
        """Whether a point has these values."""
        return all(_same(value, point[name]) for name, value in asked.items())

    def categories(self, name: str) -> tuple[str, ...] | tuple[int, ...]:
        """The values of a parameter as an axis has them: whole numbers as they are, else texts.

        >>> Grid.of({"pt": [20, 25], "iso": [0.1, 1e-7]}).categories("iso")
        ('0.1', '1e-07')
        """
        values = self.lists[name]
        whole = tuple(v for v in values if type(v) is int and v in _INT32)
        return whole if len(whole) == len(values) else tuple(label(v) for v in values)


def label(value: Value) -> str:
    """A value as a category or in a table.

    >>> label(0.1), label(20.0), label(0.1 + 0.2), label("tight")
    ('0.1', '20', '0.30000000000000004', 'tight')
    """
    if isinstance(value, float):
        short = f"{value:.15g}"
        return short if float(short) == value else repr(value)
    return str(value)


def said(point: Mapping[str, Value]) -> str:
    """The parameters of a point in one line."""
    return ", ".join(f"{name}={_shown(value)}" for name, value in point.items())


def _shown(value: Any) -> str:
    """A value in a message: one line, whatever it is."""
    text = repr(value) if isinstance(value, str) else label(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _same(asked: Any, known: Value) -> bool:
    """Equal, and a truth value only to a truth value."""
    return isinstance(_plain(asked), bool) == isinstance(known, bool) and bool(asked == known)


def _plain(value: Any) -> Any:
    """A NumPy number as Python's."""
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", None) == 0 else value


def _values(name: str, given: Any) -> tuple[Value, ...]:
    if not name.isidentifier():
        raise RunError(f"parameter {name!r} cannot be a keyword of the function: rename it")
    unordered = isinstance(given, (str, bytes, Mapping, set, frozenset))
    if unordered or not isinstance(given, Iterable):
        raise RunError(f"parameter {name}={_shown(given)}: give a list of values")
    values = tuple(_value(name, value) for value in given)
    if not values:
        raise RunError(f"parameter {name}: the list is empty")
    seen: set[str] = set()
    for value in values:
        if label(value) in seen:
            raise RunError(f"parameter {name} has {_shown(value)} twice: remove one")
        seen.add(label(value))
    return values


def _value(name: str, given: Any) -> Value:
    value = _plain(given)
    if isinstance(value, float) and not math.isfinite(value):
        raise RunError(f"parameter {name}: {value} is no value to scan; give finite numbers")
    if value is not None and not isinstance(value, (str, int, float)):
        raise RunError(
            f"parameter {name}: a value is a number or a text, not {type(value).__name__}; "
            "give its name, and choose the object inside the function"
        )
    if isinstance(value, str):
        odd = "\0" in value or any("\ud800" <= c <= "\udfff" for c in value)
        if odd or len(value) > _LONGEST_TEXT:
            raise RunError(
                f"parameter {name}: {_shown(value)} cannot name a run: "
                f"give at most {_LONGEST_TEXT} characters of text"
            )
        return str(value)
    return value
