"""Event by event: what a module with `event(event)` sees and gives. Slow, and easy to port to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np

from ...errors import PathError, nearest, one_line

if TYPE_CHECKING:
    from .module import Module, Rows

__all__ = ["Event", "each_event"]

_AT_ONCE = 1000


class Event:
    """One event, or one object of a collection: `event.MET_pt`, `event.Muon[0].pt`.

    Numbers are those of Python, collections are lists of such objects; `event.dataset` is the dataset.
    """

    __slots__ = ("_values", "_what")

    def __init__(self, values: Mapping[str, Any], what: str = "event") -> None:
        self._values, self._what = values, what

    def __getattr__(self, name: str) -> Any:
        if name not in self._values:
            raise AttributeError(f"the {self._what} has no {name!r}{nearest(name, self._values)}")
        return _seen(self._values[name], name)

    __getitem__ = __getattr__

    def __repr__(self) -> str:
        return f"<{self._what}: {', '.join(self._values)}>"


def _seen(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return Event(value, name)
    if isinstance(value, list):
        return [_seen(one, name) for one in value]
    return value


def each_event(module: Module, rows: Rows) -> dict[str, Any]:
    """Call `event` for each row, and make columns of what it returns.

    Raises `PathError` where that is not what `produces` promises.
    """
    place = f"module {type(module).__name__!r}"
    names = (module.produces,) if isinstance(module.produces, str) else tuple(module.produces)
    found: dict[str, list[Any]] = {name: [] for name in names}
    for event in _events(rows):
        answer = module.event(event)
        if len(names) == 1 and not isinstance(answer, Mapping):
            answer = {names[0]: answer}
        elif answer is None:
            answer = dict.fromkeys(names)
        if not isinstance(answer, Mapping) or set(answer) != set(names):
            said = sorted(answer) if isinstance(answer, Mapping) else type(answer).__name__
            raise PathError(f"{place}: event returned {said}, but produces says {sorted(names)}")
        for name, value in answer.items():
            found[name].append(value)
    types = module.produces if isinstance(module.produces, Mapping) else {}
    return {
        name: _column(values, types.get(name), f"{place}, column {name!r}")
        for name, values in found.items()
    }


def _events(rows: Rows) -> Iterator[Event]:
    for start in range(0, len(rows), _AT_ONCE):
        stop = min(start + _AT_ONCE, len(rows))
        columns = {name: _values(rows[name], start, stop) for name in rows}
        for place in range(stop - start):
            one = {name: values[place] for name, values in columns.items()}
            yield Event({"dataset": rows.dataset, **one})


def _values(column: Any, start: int, stop: int) -> Any:
    if isinstance(column, np.ndarray | ak.Array):
        return column[start:stop].tolist()
    if hasattr(column, "among"):  # random numbers
        return [column.among(place, place + 1) for place in range(start, stop)]
    return [column] * (stop - start)


def _column(values: list[Any], kind: str | None, place: str) -> Any:
    """The values as an array; of a declared type, since no values do not tell theirs."""
    try:
        array = ak.from_iter(values)
        if kind is not None:
            return ak.enforce_type(array, ak.types.from_datashape(kind, highlevel=False))
    except Exception as error:  # noqa: BLE001  whatever was returned
        said = one_line(error)[:120]
        raise PathError(f"{place}: what event returned is no column ({said})") from None
    if array.ndim > 1 or ak.fields(array):
        raise PathError(
            f"{place}: lists and records need a declared type, since a chunk may have no event: "
            f"produces = {{..., {place.rsplit(' ', maxsplit=1)[-1]}: '{array.type.content}'}}"
        )
    return np.zeros(0) if not values else array
