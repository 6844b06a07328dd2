"""The explorer's view: for each axis of a histogram, what is done with it.

A view is small JSON that a person can write, `{"mass": "x", "pt": {"as": "range", "range":
[20, 60]}, "charge": {"as": "pick", "items": ["opposite"]}}`; read here, checked against the axes
once, and held as frozen `Step`s in whole bins. What a step means for the numbers is in
`hist_code`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import numpy as np

from ..analysis.steering.variations import NOMINAL
from ..errors import HepnbError, nearest
from ..given import given_mapping
from .hist_axes import AxisInfo, Item

__all__ = ["CURVES", "Role", "Step", "View", "default_x", "read_view", "write_view"]

Role = Literal["x", "y", "overlay", "stack", "range", "bin", "pick", "sum"]
CURVES: tuple[Role, ...] = ("overlay", "stack")
_DENSE: tuple[Role, ...] = ("x", "y", "range", "bin", "sum")
_COUNTABLE: tuple[Role, ...] = ("x", "y", "overlay", "stack", "range", "bin", "sum")
_CATEGORY: tuple[Role, ...] = ("x", "y", "overlay", "stack", "pick", "sum")
_MANY = 8  # curves that an overlay starts with


@dataclass(frozen=True)
class Step:
    """What is done with one axis.

    `x`, `y` and `range` use bins `start` to `stop` (not included); `x` and `y` may merge `rebin` of
    them into one, or keep only the edges `cuts`; `bin` is bin `start`; `x`, `y`, `pick`, `overlay`
    and `stack` of categories use `items`, in that order, and so do the curves of whole numbers.
    `sum` is everything, under- and overflow included unless `flow` is false.
    """

    role: Role
    start: int = 0
    stop: int = 0
    rebin: int = 1
    cuts: tuple[int, ...] = ()
    items: tuple[Item, ...] = ()
    flow: bool = True


View = tuple[Step, ...]
"""One step for each axis, in the order of the axes; exactly one has the role `x`."""


def default_x(axes: Sequence[AxisInfo]) -> int:
    """The axis drawn unless said: the dense one with most bins, else the longest."""
    return max(range(len(axes)), key=lambda i: (axes[i].dense, axes[i].size, -i))


def read_view(source: Mapping[str, object] | None, axes: Sequence[AxisInfo]) -> View:
    """Read and check a view. Axes it does not name are left; a missing `x` is chosen.

    Left is summed, but of systematic variations, whose sum means nothing, the nominal.

    Raises `HepnbError` that names the axis and what would be right.
    """
    given = dict(given_mapping(source or {}, "view", HepnbError))
    keys = [axis.key for axis in axes]
    if not axes:
        raise HepnbError("the histogram has no axes: there is nothing to draw")
    for key in given:
        if key not in keys:
            raise HepnbError(f"view: no axis {key!r} (axes: {', '.join(keys)}){nearest(key, keys)}")
    wanted = {key: _normal(key, step) for key, step in given.items()}
    if not any(step["as"] == "x" for step in wanted.values()):
        free = [axis for axis in axes if axis.key not in wanted]
        if not free:
            raise HepnbError("view: one axis must be 'x'")
        wanted[free[default_x(free)].key] = {"as": "x"}
    steps = tuple(_read(axis, wanted.get(axis.key) or _left(axis)) for axis in axes)
    for roles in (("x",), ("y",), CURVES, ("y", *CURVES)):
        several = [a.key for a, s in zip(axes, steps, strict=True) if s.role in roles]
        if len(several) > 1:
            raise HepnbError(
                f"view: only one axis can be {' or '.join(map(repr, roles))}, "
                f"not {' and '.join(several)}",
            )
    return steps


def write_view(view: View, axes: Sequence[AxisInfo]) -> dict[str, dict[str, object]]:
    """The JSON form of a view, complete: `read_view` of it gives the same steps."""
    return {axis.key: _write(axis, step) for axis, step in zip(axes, view, strict=True)}


def _normal(key: str, step: object) -> dict[str, Any]:
    if isinstance(step, str):
        return {"as": step}
    if isinstance(step, Mapping) and isinstance(step.get("as"), str):
        return dict(step)
    raise HepnbError(f"view: axis {key!r} needs a role or {{'as': role, ...}}, not {step!r}")


def _left(axis: AxisInfo) -> dict[str, Any]:
    """What is done with an axis that nobody speaks of; `roles.ts` has the same."""
    varied = axis.name == "variation" and NOMINAL in axis.items
    return {"as": "pick", "items": [NOMINAL]} if varied else {"as": "sum"}


_SETTINGS: Mapping[Role, frozenset[str]] = {
    "range": frozenset({"range"}),
    "bin": frozenset({"bin", "at"}),
    "pick": frozenset({"items"}),
    "overlay": frozenset({"items"}),
    "stack": frozenset({"items"}),
    "sum": frozenset({"flow"}),
}


def _read(axis: AxisInfo, step: Mapping[str, Any]) -> Step:
    roles = (_COUNTABLE if axis.choices else _DENSE) if axis.dense else _CATEGORY
    role = step["as"]
    if role not in roles:
        hint = nearest(role, get_args(Role)) if role not in get_args(Role) else ""
        raise HepnbError(
            f"view: axis {axis.key!r} can be {', '.join(roles)}, not {role!r}{hint}",
        )
    shown = frozenset({"range", "rebin"} if axis.dense else {"items"})
    for word in step:
        if word != "as" and word not in _SETTINGS.get(role, shown):
            raise HepnbError(f"view: axis {axis.key!r} as {role!r} has no setting {word!r}")
    if role == "sum":
        flow = step.get("flow", True)
        if not isinstance(flow, bool):
            raise HepnbError(f"view: 'flow' of axis {axis.key!r} is true or false, not {flow!r}")
        return Step("sum", flow=flow)
    if role == "bin":
        return Step("bin", start=_bin(axis, step))
    if role in CURVES or not axis.dense:
        return _read_items(axis, role, step.get("items"))
    return _read_dense(axis, role, step)


def _read_dense(axis: AxisInfo, role: Role, step: Mapping[str, Any]) -> Step:
    rebin = step.get("rebin", 1)
    listed = isinstance(rebin, Sequence) and not isinstance(rebin, str)
    limits = step.get("range")
    cuts = _cuts(axis, rebin) if listed else ()
    start, stop = (cuts[0], cuts[-1]) if listed and limits is None else _bins(axis, limits)
    factor = 1 if listed else _whole(axis, "rebin", rebin, 1, max(1, stop - start))
    if (factor > 1 or listed) and (axis.discrete or axis.circular):
        kind = "circular" if axis.circular else "of whole numbers"
        raise HepnbError(f"view: axis {axis.key!r} is {kind}: its bins cannot be merged")
    if listed:
        inside = [cut for cut in cuts if start < cut < stop]
        return Step(role, start=start, stop=stop, cuts=(start, *inside, stop))
    return Step(role, start=start, stop=stop - (stop - start) % factor, rebin=factor)


def _bin(axis: AxisInfo, step: Mapping[str, Any]) -> int:
    """The bin of a `bin` or of an `at`."""
    at = step.get("at")
    if at is None:
        return _whole(axis, "bin", step.get("bin", 0), 0, axis.size - 1)
    if isinstance(at, bool) or not isinstance(at, int | float) or math.isnan(at):
        raise HepnbError(f"view: 'at' of axis {axis.key!r} must be a number, not {at!r}")
    assert axis.edges is not None
    found = int(axis.axis.index(at))
    if not 0 <= found < axis.size:
        raise HepnbError(
            f"view: {at:g} lies outside of axis {axis.key!r} "
            f"(it goes from {axis.edges[0]:g} to {axis.edges[-1]:g})",
        )
    return found


def _cuts(axis: AxisInfo, edges: Sequence[object]) -> tuple[int, ...]:
    """The numbers of the edges that are kept; None is an end of the axis."""
    assert axis.edges is not None
    found = []
    for i, edge in enumerate(edges):
        if edge is None and i in (0, len(edges) - 1):
            found.append(0 if i == 0 else axis.size)
            continue
        if isinstance(edge, bool) or not isinstance(edge, int | float) or math.isnan(edge):
            raise HepnbError(f"view: {edge!r} is no edge of axis {axis.key!r}")
        low, high = (_edge(axis.edges, float(edge), up=up) for up in (False, True))
        if low != high or not _close(axis.edges, low, float(edge)):
            raise HepnbError(
                f"view: axis {axis.key!r} has no edge at {edge:g}, "
                f"but at {axis.edges[low]:g} and {axis.edges[high]:g}"
                if low != high
                else f"view: axis {axis.key!r} has no edge at {edge:g} "
                f"(it goes from {axis.edges[0]:g} to {axis.edges[-1]:g})",
            )
        found.append(low)
    if len(found) < 2 or any(a >= b for a, b in itertools.pairwise(found)):
        raise HepnbError(
            f"view: 'rebin' of axis {axis.key!r} needs two or more edges in rising order",
        )
    return tuple(found)


def _read_items(axis: AxisInfo, role: Role, items: object) -> Step:
    if items is None:
        return _of_items(axis, role, _all(axis, role))
    if isinstance(items, str | int):
        items = [items]
    if not isinstance(items, Sequence):
        raise HepnbError(f"view: 'items' of axis {axis.key!r} must be a list, not {items!r}")
    if axis.dense:  # JSON in a browser does not know 1 from 1.0
        items = [int(i) if isinstance(i, float) and i.is_integer() else i for i in items]
    known = {(type(item), item) for item in axis.choices}
    for item in items:
        if (type(item), item) not in known:
            hint = nearest(str(item), [str(i) for i in axis.choices])
            raise HepnbError(f"view: axis {axis.key!r} has no category {item!r}{hint}")
    if len(set(items)) != len(items):
        raise HepnbError(f"view: 'items' of axis {axis.key!r} names a category twice")
    if not items and (role == "pick" or axis.dense):
        raise HepnbError(f"view: axis {axis.key!r}: {role} at least one category")
    if axis.boolean:
        if role in ("x", "y") or not items:
            items = axis.items
        elif role in CURVES and len(items) == 1:  # boost-histogram picks no list of booleans
            role = "pick"
    return _of_items(axis, role, tuple(cast("Sequence[Item]", items)))


def _of_items(axis: AxisInfo, role: Role, items: tuple[Item, ...]) -> Step:
    if not axis.dense:
        return Step(role, items=items)
    bins = [axis.choices.index(item) for item in items]
    return Step(role, start=min(bins), stop=max(bins) + 1, items=items)


def _whole(axis: AxisInfo, word: str, value: object, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise HepnbError(
            f"view: {word!r} of axis {axis.key!r} must be a whole number from {low} to {high}, "
            f"not {value!r}",
        )
    return value


def _bins(axis: AxisInfo, limits: object) -> tuple[int, int]:
    """Whole bins [start, stop) that a range of coordinates touches; None is an open end."""
    if limits is None:
        return 0, axis.size
    if not isinstance(limits, Sequence) or isinstance(limits, str) or len(limits) != 2:
        raise HepnbError(f"view: 'range' of axis {axis.key!r} must be [low, high], not {limits!r}")
    for limit in limits:
        number = isinstance(limit, int | float) and not isinstance(limit, bool)
        if limit is not None and not (number and not math.isnan(limit)):
            raise HepnbError(f"view: {limit!r} is no limit of axis {axis.key!r}")
    assert axis.edges is not None
    low, high = limits
    if axis.circular and (low is not None or high is not None):
        raise HepnbError(f"view: axis {axis.key!r} is circular and has no range to cut")
    start = 0 if low is None else _edge(axis.edges, float(low), up=False)
    stop = axis.size if high is None else _edge(axis.edges, float(high), up=True)
    if start >= stop:
        raise HepnbError(
            f"view: no bin of axis {axis.key!r} between {low} and {high} "
            f"(it goes from {axis.edges[0]:g} to {axis.edges[-1]:g})",
        )
    return start, stop


def _edge(edges: np.ndarray[Any, np.dtype[np.float64]], value: float, *, up: bool) -> int:
    """The edge at `value`, or the next one outwards, so that bins stay whole."""
    near = int(np.searchsorted(edges, value))
    for i in (near - 1, near):
        if 0 <= i < len(edges) and _close(edges, i, value):
            return i
    return min(max(near if up else near - 1, 0), len(edges) - 1)


def _close(edges: np.ndarray[Any, np.dtype[np.float64]], i: int, value: float) -> bool:
    narrow = np.diff(edges[max(i - 1, 0) : i + 2]).min()
    return bool(edges[i] == value or abs(edges[i] - value) <= 1e-9 * narrow < np.inf)


def _write(axis: AxisInfo, step: Step) -> dict[str, object]:
    out: dict[str, object] = {"as": step.role}
    if step.role == "bin":
        out["bin"] = step.start
    elif step.role == "sum":
        if not step.flow:
            out["flow"] = False
    elif step.role in CURVES or not axis.dense:
        everything = step.role != "pick" and step.items == _all(axis, step.role)
        out["items"] = None if everything else list(step.items)
    else:
        whole = step.start == 0 and step.stop == axis.size
        out["range"] = None if whole else [_limit(axis, step.start), _limit(axis, step.stop)]
        if step.role != "range":
            out["rebin"] = [_limit(axis, cut) for cut in step.cuts] if step.cuts else step.rebin
    return out


def _all(axis: AxisInfo, role: Role) -> tuple[Item, ...]:
    """The categories meant when none are named: those of later are in it once they are there."""
    return axis.items if role in ("x", "y") else axis.choices[:_MANY]


def _limit(axis: AxisInfo, index: int) -> float | None:
    assert axis.edges is not None
    return None if index in (0, axis.size) else float(axis.edges[index])
