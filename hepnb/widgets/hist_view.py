"""The explorer's view: for each axis of a histogram, what is done with it.

A view is small JSON that a person can write, `{"mass": "x", "pt": {"as": "range", "range":
[20, 60]}, "charge": {"as": "pick", "items": ["opposite"]}}`; read here, checked against the axes
once, and held as frozen `Step`s in whole bins. What a step means for the numbers is in
`hist_code`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import numpy as np

from ..errors import HepnbError, nearest
from .hist_axes import AxisInfo, Item

__all__ = ["Role", "Step", "View", "default_x", "read_view", "write_view"]

Role = Literal["x", "overlay", "range", "bin", "pick", "sum"]
_DENSE: tuple[Role, ...] = ("x", "range", "bin", "sum")
_CATEGORY: tuple[Role, ...] = ("x", "overlay", "pick", "sum")
_MANY = 8  # curves that an overlay starts with


@dataclass(frozen=True)
class Step:
    """What is done with one axis.

    `x` and `range` use bins `start` to `stop` (not included); `x` may merge `rebin` of them into
    one; `bin` is bin `start`; `x`, `pick` and `overlay` of categories use `items`, in that order.
    `sum` is everything, under- and overflow included.
    """

    role: Role
    start: int = 0
    stop: int = 0
    rebin: int = 1
    items: tuple[Item, ...] = ()


View = tuple[Step, ...]
"""One step for each axis, in the order of the axes; exactly one has the role `x`."""


def default_x(axes: Sequence[AxisInfo]) -> int:
    """The axis drawn unless said: the dense one with most bins, else the longest."""
    return max(range(len(axes)), key=lambda i: (axes[i].dense, axes[i].size, -i))


def read_view(source: Mapping[str, object] | None, axes: Sequence[AxisInfo]) -> View:
    """Read and check a view. Axes it does not name are summed; a missing `x` is chosen.

    Raises `HepnbError` that names the axis and what would be right.
    """
    given = dict(source or {})
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
    steps = tuple(_read(axis, wanted.get(axis.key, {"as": "sum"})) for axis in axes)
    for role in ("x", "overlay"):
        several = [a.key for a, s in zip(axes, steps, strict=True) if s.role == role]
        if len(several) > 1:
            raise HepnbError(f"view: only one axis can be {role!r}, not {' and '.join(several)}")
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


def _read(axis: AxisInfo, step: Mapping[str, Any]) -> Step:
    roles = _DENSE if axis.dense else _CATEGORY
    role = step["as"]
    if role not in roles:
        hint = nearest(role, get_args(Role)) if role not in get_args(Role) else ""
        raise HepnbError(
            f"view: axis {axis.key!r} can be {', '.join(roles)}, not {role!r}{hint}",
        )
    allowed = {"x": {"range", "rebin"} if axis.dense else {"items"}, "range": {"range"}}
    allowed |= {"bin": {"bin"}, "pick": {"items"}, "overlay": {"items"}, "sum": set()}
    for word in step:
        if word != "as" and word not in allowed[role]:
            raise HepnbError(f"view: axis {axis.key!r} as {role!r} has no setting {word!r}")
    if role == "sum":
        return Step("sum")
    if role == "bin":
        return Step("bin", start=_whole(axis, "bin", step.get("bin", 0), 0, axis.size - 1))
    if not axis.dense:
        return _read_items(axis, role, step.get("items"))
    start, stop = _bins(axis, step.get("range"))
    rebin = _whole(axis, "rebin", step.get("rebin", 1), 1, max(1, stop - start))
    if rebin > 1 and (axis.discrete or axis.circular):
        kind = "circular" if axis.circular else "of whole numbers"
        raise HepnbError(f"view: axis {axis.key!r} is {kind}: its bins cannot be merged")
    return Step(role, start=start, stop=stop - (stop - start) % rebin, rebin=rebin)


def _read_items(axis: AxisInfo, role: Role, items: object) -> Step:
    if items is None:
        return Step(role, items=_all(axis, role))
    if isinstance(items, str | int):
        items = [items]
    if not isinstance(items, Sequence):
        raise HepnbError(f"view: 'items' of axis {axis.key!r} must be a list, not {items!r}")
    known = {(type(item), item) for item in axis.items}
    for item in items:
        if (type(item), item) not in known:
            hint = nearest(str(item), [str(i) for i in axis.items])
            raise HepnbError(f"view: axis {axis.key!r} has no category {item!r}{hint}")
    if len(set(items)) != len(items):
        raise HepnbError(f"view: 'items' of axis {axis.key!r} names a category twice")
    if not items and role == "pick":
        raise HepnbError(f"view: axis {axis.key!r}: pick at least one category")
    if axis.boolean:
        if role == "x" or len(items) != 1:
            items = axis.items
        elif role == "overlay":  # one curve: boost-histogram picks no list of booleans
            role = "pick"
    return Step(role, items=tuple(cast("Sequence[Item]", items)))


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
    if (axis.circular) and (low is not None or high is not None):
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
        if 0 <= i < len(edges):
            narrow = np.diff(edges[max(i - 1, 0) : i + 2]).min()
            if edges[i] == value or abs(edges[i] - value) <= 1e-9 * narrow < np.inf:
                return i
    return min(max(near if up else near - 1, 0), len(edges) - 1)


def _write(axis: AxisInfo, step: Step) -> dict[str, object]:
    out: dict[str, object] = {"as": step.role}
    if step.role == "bin":
        out["bin"] = step.start
    elif step.role in ("x", "range") and axis.edges is not None:
        whole = step.start == 0 and step.stop == axis.size
        ends = [_limit(axis, step.start), _limit(axis, step.stop)]
        out["range"] = None if whole else ends
        if step.role == "x":
            out["rebin"] = step.rebin
    elif step.role != "sum":
        everything = step.role != "pick" and step.items == _all(axis, step.role)
        out["items"] = None if everything else list(step.items)
    return out


def _all(axis: AxisInfo, role: Role) -> tuple[Item, ...]:
    """The categories meant when none are named: those of later are in it once they are there."""
    return axis.items if role == "x" else axis.items[:_MANY]


def _limit(axis: AxisInfo, index: int) -> float | None:
    assert axis.edges is not None
    return None if index in (0, axis.size) else float(axis.edges[index])
