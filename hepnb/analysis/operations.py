"""What the functions of the expression language compute, on NumPy and awkward arrays.

One value per event is a 1-D array; one per object is jagged. Reductions go over the objects of an
event; an event without objects gives a missing value (None) where nothing could be returned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import awkward as ak
import numpy as np

from .kinematics import deltaphi, deltar, mass, pt

__all__ = ["OPERATIONS", "is_jagged"]


def is_jagged(value: Any) -> bool:
    """Whether there is a list of values per event (rather than one value)."""
    return isinstance(value, ak.Array) and value.ndim > 1


def _need_jagged(value: Any, name: str) -> Any:
    if not is_jagged(value):
        raise TypeError(
            f"{name} needs a collection or one value per object, not one value per event"
        )
    return value


def _count(value: Any) -> Any:
    """Objects per event; of a condition, the objects for which it holds."""
    _need_jagged(value, "count")
    if not ak.fields(value) and value.ndim == 2 and _leaf(value.layout) == np.dtype("bool"):
        return ak.sum(value, axis=1)
    return ak.num(value, axis=1)


def _leaf(layout: Any) -> Any:
    """The dtype of the numbers in an array without fields; None when there are several."""
    while hasattr(layout, "content"):
        layout = layout.content
    return getattr(layout, "dtype", None)


def _reduce(name: str, elementwise: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    reducer = getattr(ak, name)

    def compute(*values: Any, default: Any = None) -> Any:
        if len(values) == 1:
            result = reducer(_need_jagged(values[0], name), axis=-1)
            return result if default is None else ak.fill_none(result, default)
        if default is not None:
            raise TypeError(f"{name} of several values takes no default")
        result = values[0]
        for value in values[1:]:
            result = elementwise(result, value)
        return result

    return compute


def _over_objects(name: str) -> Callable[[Any], Any]:
    reducer = getattr(ak, name)
    return lambda value: reducer(_need_jagged(value, name), axis=-1)


def _first(value: Any, default: Any = None) -> Any:
    return _nth(value, 0, default)


def _nth(value: Any, number: Any, default: Any = None) -> Any:
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError("nth needs a whole number, such as nth(Jet.pt, 1)")
    _need_jagged(value, "nth" if number else "first")
    result = _pick(value, number)
    return result if default is None else ak.fill_none(result, default)


def _pick(value: Any, number: int) -> Any:
    """Object `number` of each event (from the end when negative), None where there are fewer."""
    lists = ak.to_layout(value)
    if lists.is_option or lists.is_indexed:
        lists = ak.to_layout(
            ak.fill_none(value, [], axis=0) if lists.is_option else ak.to_packed(value)
        )
    lists = lists.to_ListOffsetArray64(True)
    offsets = np.asarray(lists.offsets)
    place = offsets[:-1] + number if number >= 0 else offsets[1:] + number
    there = (place < offsets[1:]) & (place >= offsets[:-1])
    index = ak.index.Index64(np.where(there, place, -1))
    return ak.Array(ak.contents.IndexedOptionArray.simplified(index, lists.content))


def _where(condition: Any, yes: Any, no: Any) -> Any:
    if isinstance(condition, bool | int | float | np.bool_):
        return yes if condition else no
    jagged = any(isinstance(value, ak.Array) for value in (condition, yes, no))
    return ak.where(condition, yes, no) if jagged else np.where(condition, yes, no)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "count": _count,
    "sum": _over_objects("sum"),
    "any": _over_objects("any"),
    "all": _over_objects("all"),
    "min": _reduce("min", np.minimum),
    "max": _reduce("max", np.maximum),
    "first": _first,
    "nth": _nth,
    "where": _where,
    "deltaphi": deltaphi,
    "deltar": deltar,
    "mass": mass,
    "pt": pt,
    "atan2": np.arctan2,
    "hypot": np.hypot,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "log10": np.log10,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "floor": np.floor,
    "ceil": np.ceil,
    "sign": np.sign,
    "isfinite": np.isfinite,
}
