"""UHI indexing, axis by axis: which bins of an axis become which bins of the result.

Each item is resolved by boost-histogram itself, on a one-dimensional histogram of that axis alone
whose bins carry their own number: what comes back says which bins were merged where, and on what
axis. So every rule about flow bins, ends and errors is boost-histogram's own.
"""

from __future__ import annotations

import copy
import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import boost_histogram as bh
import hist
import numpy as np

from ..errors import nearest
from .refusal import HistIndexError, HistRuntimeError, HistValueError, refusal_like
from .signature import relabelled

__all__ = ["AxisPlan", "kept", "plan_axis", "split_index", "summed"]

Array = np.ndarray[Any, Any]
_REFUSED = (IndexError, KeyError, TypeError, ValueError, RuntimeError)


@dataclass(frozen=True)
class AxisPlan:
    """For each bin of the result (flow bins included) the bins of the axis that are summed into it.

    `members[i]` is a range on a dense axis and any sequence on a category axis; bins count from 0
    with the flow bins. `axis` is the result's axis, None when the axis is picked or summed away.
    """

    start: Array
    count: Array
    axis: Any
    picked: bool = False  # one bin chosen, not a sum
    rest: tuple[int, ...] | None = None  # the scattered bins of a category axis' last result bin

    @property
    def size(self) -> int:
        """Bins of the result, flow bins included; 1 for an axis that goes away."""
        return len(self.start)

    def span(self) -> tuple[int, int]:
        """The range of bins that are needed at all."""
        used = self.count > 0
        if not used.any():
            return 0, 0
        return int(self.start[used].min()), int((self.start + self.count)[used].max())

    def only(self, first: int, last: int) -> AxisPlan:
        """The plan of the result's bins [first, last) alone."""
        rest = self.rest if last == self.size else None
        return AxisPlan(self.start[first:last], self.count[first:last], self.axis, rest=rest)

    def targets(self) -> dict[int, list[int]]:
        """Category axes: for each needed bin, the bins of the result that it goes to."""
        out: dict[int, list[int]] = {}
        for to, (start, count) in enumerate(zip(self.start, self.count, strict=True)):
            last = self.rest is not None and to == self.size - 1
            for source in self.rest or () if last else range(int(start), int(start + count)):
                out.setdefault(source, []).append(to)
        return out


def split_index(index: Any, names: Sequence[str], said: str) -> list[Any]:
    """One item per axis, of any index that UHI or hist knows: items, tuples, dicts, an ellipsis."""
    ndim = len(names)
    if isinstance(index, Mapping):
        return _from_dict(index, names, said)
    items = list(index) if isinstance(index, tuple) else [index]
    dots = [i for i, item in enumerate(items) if item is Ellipsis]
    if len(dots) > 1:
        raise HistIndexError(f"{said}: an index can only have a single ellipsis ('...')")
    if dots:
        missing = ndim - len(items) + 1
        items[dots[0] : dots[0] + 1] = [slice(None)] * max(missing, 0)
    if len(items) != ndim:
        raise HistIndexError(
            f"{said} has {ndim} axes, the index has {len(items)} items; use ... for the others"
        )
    return items


def _from_dict(index: Mapping[Any, Any], names: Sequence[str], said: str) -> list[Any]:
    items: list[Any] = [slice(None)] * len(names)
    seen = set()
    for key, item in index.items():
        if isinstance(key, str):
            if key not in names:
                known = ", ".join(names)
                raise HistValueError(
                    f"{said} has no axis {key!r} (axes: {known}){nearest(key, names)}"
                )
            at = names.index(key)
        elif not isinstance(key, int) or not -len(names) <= key < len(names):
            raise HistIndexError(f"{said} has no axis {key!r}, only 0 to {len(names) - 1}")
        else:
            at = key % len(names)
        if at in seen:
            raise HistValueError(f"{said}: axis {names[at] or at!r} is indexed twice")
        seen.add(at)
        items[at] = item
    return items


def plan_axis(ax: Any, item: Any, said: str) -> AxisPlan:
    """Resolve one item of an index on one axis (`said` names it in errors)."""
    if isinstance(item, slice) and item == slice(None):
        return kept(ax)
    if item is sum:
        return summed(ax, flow=True)
    if isinstance(item, tuple):
        item = list(item)  # hist takes it as a list
    if isinstance(item, Mapping) or item is Ellipsis:
        raise HistIndexError(f"{said}: {item!r} is not an index of one axis")
    if isinstance(item, str) and _wild(item):
        item = [item]
    if isinstance(item, list):
        return _picks(ax, item, said)
    return _resolved(ax, item, said)


def _resolved(ax: Any, item: Any, said: str) -> AxisPlan:
    probe = hist.Hist(ax, storage=hist.storage.Weight())
    view = probe.view(flow=True)
    view["value"] = 1
    view["variance"] = np.arange(ax.extent)
    try:
        found = probe[item]
    except NotImplementedError:
        raise HistIndexError(
            f"{said}: a slice's third argument is sum or rebin, and nothing else"
        ) from None
    except _REFUSED as error:
        text = str(error.args[0]) if error.args else type(error).__name__
        raise refusal_like(error, f"{said}: {text.splitlines()[0]}") from None
    if not isinstance(found, bh.Histogram):
        counts, numbers = np.array([found.value]), np.array([found.variance])
        axis = None
    else:
        counts, numbers = found.view(flow=True)["value"], found.view(flow=True)["variance"]
        axis = copy.deepcopy(found.axes[0])
    counts = counts.astype(np.int64)
    # bins a, a+1 ... a+n-1 carry numbers that add up to n*a + n(n-1)/2
    low = (numbers.astype(np.int64) - counts * (counts - 1) // 2) // np.maximum(counts, 1)
    if isinstance(ax, (bh.axis.StrCategory, bh.axis.IntCategory)) and axis is not None:
        return _category_slice(ax, axis, low, counts)
    return AxisPlan(low, counts, axis, picked=axis is None and not isinstance(item, slice))


def _category_slice(ax: Any, axis: Any, low: Array, counts: Array) -> AxisPlan:
    """A slice of categories: what is cut away lies on both sides, and goes to the overflow."""
    kept = {i for a, n in zip(low, counts[: axis.size], strict=False) for i in range(a, a + n)}
    rest = tuple(i for i in range(ax.extent) if i not in kept)
    if not axis.traits.overflow or len(rest) != int(counts[-1]):
        return AxisPlan(low, counts, axis)  # no overflow, or groups: what is cut away is dropped
    return AxisPlan(low, counts, axis, rest=rest)


def summed(ax: Any, *, flow: bool) -> AxisPlan:
    """The sum over an axis, with or without its flow bins."""
    if flow:
        return AxisPlan(np.array([0]), np.array([ax.extent]), None)
    return AxisPlan(np.array([int(ax.traits.underflow)]), np.array([len(ax)]), None)


def kept(ax: Any) -> AxisPlan:
    """The axis as it is."""
    n = ax.extent
    return AxisPlan(np.arange(n), np.ones(n, np.int64), copy.deepcopy(ax))


def _picks(ax: Any, items: list[Any], said: str) -> AxisPlan:
    """A list of categories: their order is kept, the others vanish, an overflow bin stays."""
    picked: list[int] = []
    category = isinstance(ax, (bh.axis.StrCategory, bh.axis.IntCategory))
    for item in _expanded(ax, items, said):
        plan = _resolved(ax, item, said)
        if not category:
            break
        if plan.axis is not None or int(plan.count[0]) != 1 or int(plan.start[0]) >= ax.size:
            raise HistIndexError(f"{said}: {item!r} picks no single category")
        picked.append(int(plan.start[0]))
    if not category:
        raise HistRuntimeError(f"{said} is not a category axis: a list cannot pick from it")
    traits = ax.traits
    labels: list[Any] = [ax.value(i) for i in range(ax.size)]
    axis = relabelled(ax, [labels[i] for i in picked])
    start = np.array([*picked, ax.size] if traits.overflow else picked)
    return AxisPlan(start, np.ones(len(start), np.int64), axis)


def _wild(pattern: Any) -> bool:
    return isinstance(pattern, str) and ("*" in pattern or "?" in pattern)


def _expanded(ax: Any, items: list[Any], said: str) -> list[Any]:
    """Wildcards replaced by the labels that they match, each label once, as hist does."""
    if not any(map(_wild, items)) or not all(isinstance(i, str) for i in items):
        return items
    found: dict[str, None] = {}
    for item in items:
        labels = [label for label in ax if isinstance(label, str)]
        matches = fnmatch.filter(labels, item) if _wild(item) else [item]
        found.update(dict.fromkeys(matches))
    if not found:
        raise HistValueError(f"{said}: no category matches {items}")
    return list(found)
