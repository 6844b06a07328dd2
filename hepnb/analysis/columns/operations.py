"""What the functions of the expression language compute, on flat columns, and by awkward on all others.

One value per event is a NumPy array (or a `Flat` where some are missing); one per object is a `Flat`.
Reductions go over the objects of an event; an event without objects gives a missing value where
nothing could be returned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import awkward as ak
import numpy as np

from ..kinematics import deltaphi, deltar, mass, pt
from .flat import Flat, Lists, aligned, as_awkward, column
from .picked import Picked
from .reductions import all_of, any_of, largest, least, product, total
from .source import Collection, simplify
from .subset import subset

__all__ = ["OPERATIONS", "apply", "apply_awkward", "decided", "is_jagged", "masked", "picked"]

_Columns = Callable[..., Any]


def is_jagged(value: Any) -> bool:
    """Whether there is a list of values per event (rather than one value)."""
    if isinstance(value, ak.Array):
        return bool(value.ndim > 1)
    return _lists(value) is not None


def _lists(value: Any) -> Lists | None:
    """The lists of a flat column or a collection, if it has any."""
    return value.lists if isinstance(value, Flat | Collection) else None


def apply(function: _Columns, *values: Any) -> Any:
    """A function of NumPy, value by value."""
    if any(isinstance(value, ak.Array | Collection | Picked) for value in values):
        return apply_awkward(function, *values)
    return function(*values)


def decided(condition: Any) -> Any:
    """A condition as true or false: false where it, or what it asks for, is missing."""
    if isinstance(condition, Flat) and condition.missing is not None:
        return column(condition.lists, condition.values.astype(bool) & ~condition.missing, None)
    if isinstance(condition, ak.Array):
        return simplify(ak.fill_none(condition != 0, False, axis=-1))
    return condition


def masked(value: Any, mask: Any) -> Any:
    """The objects for which a condition holds (or, with whole numbers, those at these places)."""
    lists = _lists(value)
    if isinstance(mask, Flat) and mask.values.dtype.kind == "b":
        mask = decided(mask)
    if lists is not None and _is_whole(mask) and mask.values.dtype.kind == "b":
        if not lists.same(mask.lists):
            raise ValueError(
                "the condition has another number of objects per event: is it of another collection?"
            )
        return value.kept(mask)
    return apply_awkward(lambda objects, index: objects[index], value, mask)


def picked(value: Any, index: int | slice) -> Any:
    """Object `index` of every event, which each must have, or a slice of the objects."""
    if isinstance(index, slice):
        if _lists(value) is not None and index.step in (None, 1):
            return value.sliced(index)
        return apply_awkward(lambda objects: objects[:, index], value)
    lists = _lists(value)
    try:
        if lists is None:
            return apply_awkward(lambda objects: objects[:, index], value)
        place, missing = lists.place(index)
        if missing.any():
            raise IndexError
        return value.picked(place)
    except (IndexError, ValueError) as error:
        raise IndexError(
            f"some events have no object number {index}; select enough objects above, "
            f"or write nth(x, {index}, default)"
        ) from error


def apply_awkward(function: _Columns, *values: Any) -> Any:
    """A function of awkward arrays (of NumPy for plain columns) and of whatever is no column."""
    result = function(*(as_awkward(value) for value in values))
    return simplify(result) if isinstance(result, ak.Array) else result


def _elementwise(function: _Columns) -> _Columns:
    return lambda *values: apply(function, *values)


def _need_jagged(value: Any, name: str) -> Any:
    if not is_jagged(value):
        raise TypeError(
            f"{name} needs a collection or one value per object, not one value per event"
        )
    return value


def _is_whole(value: Any) -> bool:
    """Whether a column has flat numbers, none of them missing."""
    return isinstance(value, Flat) and value.missing is None


def _count(value: Any) -> Any:
    """Objects per event; of a condition, the objects for which it holds."""
    lists = _lists(_need_jagged(value, "count"))
    if lists is None:
        return simplify(ak.num(value, axis=1))
    if isinstance(value, Collection) or value.values.dtype.kind != "b":
        return lists.counts
    return lists.sums(value.values if value.missing is None else value.values & ~value.missing)


def _over_objects(name: str, flat: Callable[[Flat], Any]) -> _Columns:
    def compute(value: Any) -> Any:
        if _is_whole(_need_jagged(value, name)):
            return flat(value)
        return apply_awkward(lambda objects: getattr(ak, name)(objects, axis=-1), value)

    return compute


def _extreme(name: str, flat: Callable[[Flat], Any], elementwise: _Columns) -> _Columns:
    def compute(*values: Any, default: Any = None) -> Any:
        if len(values) == 1:
            _need_jagged(values[0], name)
            if _is_whole(values[0]) and values[0].values.dtype.kind != "b":
                return _filled(flat(values[0]), default)
            by_awkward = lambda objects: getattr(ak, name)(objects, axis=-1)
            return _filled(apply_awkward(by_awkward, values[0]), default)
        if default is not None:
            raise TypeError(f"{name} of several values takes no default")
        result = values[0]
        for value in values[1:]:
            result = apply(elementwise, result, value)
        return result

    return compute


def _first(value: Any, default: Any = None) -> Any:
    return _nth(value, 0, default)


def _nth(value: Any, number: Any, default: Any = None) -> Any:
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError("nth needs a whole number, such as nth(Jet.pt, 1)")
    lists = _lists(_need_jagged(value, "nth" if number else "first"))
    if lists is not None and (_is_whole(value) or isinstance(value, Collection)):
        return _filled(value.picked(*lists.place(number)), default)
    return _filled(apply_awkward(lambda objects: _pick(objects, number), value), default)


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


def _filled(value: Any, default: Any) -> Any:
    """A default in place of what is missing; numbers take the type that holds both."""
    if default is None:
        return value
    flat = isinstance(value, Flat) and value.lists is None and value.missing is not None
    if flat and isinstance(default, bool | int | float):
        return np.where(value.missing, np.asarray(default), value.values)
    return apply_awkward(lambda objects: ak.fill_none(objects, default), value)


def _kinematic(function: _Columns) -> _Columns:
    def compute(*objects: Any) -> Any:
        result = function(*objects)
        return simplify(result) if isinstance(result, ak.Array) else result

    return compute


def _where(condition: Any, yes: Any, no: Any) -> Any:
    if isinstance(condition, bool | int | float | np.bool_):
        return yes if condition else no
    parts = (condition, yes, no)
    if not any(isinstance(value, Flat | ak.Array | Collection | Picked) for value in parts):
        return np.where(condition, yes, no)
    plain = bool | int | float | np.ndarray | np.generic
    if all(_is_whole(value) or isinstance(value, plain) for value in parts):
        (chosen, first, second), lists, _ = aligned(parts)
        return column(lists, np.where(chosen, np.asarray(first), np.asarray(second)), None)
    return apply_awkward(ak.where, *parts)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "count": _count,
    "sum": _over_objects("sum", total),
    "prod": _over_objects("prod", product),
    "any": _over_objects("any", any_of),
    "all": _over_objects("all", all_of),
    "min": _extreme("min", least, np.minimum),
    "max": _extreme("max", largest, np.maximum),
    "first": _first,
    "nth": _nth,
    "where": _where,
    "subset": subset,
    "deltaphi": _kinematic(deltaphi),
    "deltar": _kinematic(deltar),
    "mass": _kinematic(mass),
    "pt": _kinematic(pt),
    "atan2": _elementwise(np.arctan2),
    "hypot": _elementwise(np.hypot),
    "abs": _elementwise(np.abs),
    "sqrt": _elementwise(np.sqrt),
    "exp": _elementwise(np.exp),
    "log": _elementwise(np.log),
    "log10": _elementwise(np.log10),
    "sin": _elementwise(np.sin),
    "cos": _elementwise(np.cos),
    "tan": _elementwise(np.tan),
    "sinh": _elementwise(np.sinh),
    "cosh": _elementwise(np.cosh),
    "tanh": _elementwise(np.tanh),
    "floor": _elementwise(np.floor),
    "ceil": _elementwise(np.ceil),
    "sign": _elementwise(np.sign),
    "isfinite": _elementwise(np.isfinite),
}
