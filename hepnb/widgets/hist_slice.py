"""A slice: the numbers of what a view shows, before any choice of how to draw them.

Made here from the selected histogram, or in the browser (widgets_js/src/slicing.ts) from a
histogram that was sent whole; whatever draws it cannot tell which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import boost_histogram as bh
import numpy as np
from numpy.typing import NDArray

from .hist_axes import AxisInfo
from .hist_view import CURVES, Step, View
from .labels import Runs, runs, unit

__all__ = ["Slice", "SliceAxis", "read_slice"]

Array = NDArray[np.float64]
MOST_BINS = 8192  # of x alone; more are thinned
GROUPS = 4096
MOST_CELLS = 250_000  # of x and y


@dataclass(frozen=True, eq=False)
class SliceAxis:
    """The x or y axis of a slice.

    `edges` float64 [n + 1] may be infinite at the ends, and are 0 to n for categories, whose names
    are `items`. `under` and `over` say whether the values have a flow bin before the first and
    after the last bin; `width` is the width that all bins share, else None.
    """

    key: str
    label: Runs
    unit: str
    edges: Array
    items: tuple[str, ...]
    under: bool
    over: bool
    circular: bool
    discrete: bool
    log: bool
    width: float | None

    def to_wire(self) -> dict[str, object]:
        """For the browser: JSON, with the edges as little-endian float64."""
        return {
            **{k: getattr(self, k) for k in ("key", "label", "unit", "under", "over")},
            **{k: getattr(self, k) for k in ("circular", "discrete", "log", "width")},
            "edges": _bytes(self.edges),
            "items": list(self.items),
        }


@dataclass(frozen=True, eq=False)
class Slice:
    """Numbers of one or several series over x, or over x and y.

    `values` and `variances` float64 [series, y, x] (or [series, x]) include the flow bins that the
    axes have. `counts`: values are numbers of events, so each variance is its value. Where very
    many bins were thinned, `group` of them are one along each axis: `values` are then the highest,
    `low` the lowest and `sums` the sum of each group, `variances` the sums of theirs; flow bins are
    never grouped.
    """

    axes: tuple[SliceAxis, ...]
    series: tuple[str, ...]
    stacked: bool
    kind: Literal["count", "mean"]
    values: Array
    variances: Array | None
    counts: bool
    group: int = 1
    low: Array | None = None
    sums: Array | None = None

    @property
    def contents(self) -> Array:
        """What the bins hold: the values, or the sums of a thinned histogram's groups."""
        return self.values if self.sums is None else self.sums

    @property
    def spread(self) -> Array | None:
        """The variances of `contents`; None where they are not known."""
        return self.contents if self.counts else self.variances

    def to_wire(self) -> dict[str, object]:
        """For the browser: JSON, with the numbers as little-endian float64."""
        return {
            "axes": [axis.to_wire() for axis in self.axes],
            "series": [{"label": label} for label in self.series],
            "stacked": self.stacked,
            "kind": self.kind,
            "values": _bytes(self.values),
            "variances": None if self.variances is None else _bytes(self.variances),
            "counts": self.counts,
            "group": self.group,
            "low": None if self.low is None else _bytes(self.low),
            "sums": None if self.sums is None else _bytes(self.sums),
        }


def read_slice(selected: Any, view: View, axes: Sequence[AxisInfo]) -> Slice:
    """The numbers of `selected`, which the view's index gave of a histogram with these axes."""
    pairs = list(zip(axes, view, strict=True))
    shown = [pair for role in ("x", "y") for pair in pairs if pair[1].role == role]
    curves = next((pair for pair in pairs if pair[1].role in CURVES), None)
    with np.errstate(all="ignore"):  # a mean of nothing has no variance
        variances = selected.variances(flow=True)
    values, spread = (
        None if numbers is None else _laid_out(np.asarray(numbers, dtype=np.float64), curves)
        for numbers in (selected.values(flow=True), variances)
    )
    assert values is not None
    mean = selected.kind == bh.Kind.MEAN
    made = Slice(
        axes=tuple(
            _axis(axis, step, made)
            for (axis, step), made in zip(shown, selected.axes, strict=False)
        ),
        series=("",) if curves is None else tuple(str(item) for item in curves[1].items),
        stacked=curves is not None and curves[1].role == "stack",
        kind="mean" if mean else "count",
        values=values,
        variances=spread,
        counts=spread is not None
        and not mean
        and bool(np.array_equal(spread, values) and np.array_equal(values, np.floor(values))),
    )
    return _thinned(made)


def _laid_out(numbers: Array, curves: tuple[AxisInfo, Step] | None) -> Array:
    """[series, y, x] or [series, x] of what a histogram has as [x], [x, y] or [x, curves]."""
    if curves is None:
        return np.ascontiguousarray(numbers.T[np.newaxis])
    axis, step = curves
    if axis.dense:
        first = axis.choices[step.start]
        columns = [int(axis.underflow) + int(item) - int(first) for item in step.items]
    elif axis.boolean:
        columns = [int(item) for item in step.items]
    else:
        columns = list(range(len(step.items)))
    return np.ascontiguousarray(numbers[:, columns].T)


def _axis(axis: AxisInfo, step: Step, made: Any) -> SliceAxis:
    items: tuple[str, ...] = ()
    if axis.edges is not None:
        bins = step.cuts or range(step.start, step.stop + 1, step.rebin)
        edges = axis.edges[list(bins)]
    else:
        items = tuple(str(item) for item in step.items)
        edges = np.arange(len(items) + 1, dtype=np.float64)
    return SliceAxis(
        key=axis.key,
        label=runs(axis.label),
        unit=unit(axis.label),
        edges=edges,
        items=items,
        under=bool(made.traits.underflow),
        over=bool(made.traits.overflow),
        circular=bool(made.traits.circular),
        discrete=axis.discrete,
        log=axis.logarithmic,
        width=_common_width(edges) if axis.dense else None,
    )


def _common_width(edges: Array) -> float | None:
    """The width of all bins, if they share one."""
    widths = np.diff(edges)
    if not np.isfinite(widths).all() or np.ptp(widths) > 1e-6 * abs(widths[0]):
        return None
    return float((edges[-1] - edges[0]) / len(widths))


def _thinned(made: Slice) -> Slice:
    """With fewer bins, where a message of all of them would be slow and no screen could show them."""
    bins = [len(axis.edges) - 1 for axis in made.axes]
    if len(bins) == 1 and bins[0] > MOST_BINS:
        group = -(-bins[0] // GROUPS)
    elif len(bins) == 2 and bins[0] * bins[1] > MOST_CELLS:
        group = int(np.ceil(np.sqrt(bins[0] * bins[1] / MOST_CELLS)))
    else:
        return made
    variances, values = made.variances, made.values
    low, high, sums = values, values, values
    for i, axis in enumerate(made.axes):
        starts = _starts(axis, group)
        low = np.minimum.reduceat(low, starts, axis=-1 - i)
        high = np.maximum.reduceat(high, starts, axis=-1 - i)
        sums = np.add.reduceat(sums, starts, axis=-1 - i)
        if variances is not None:
            variances = np.add.reduceat(variances, starts, axis=-1 - i)
    thinned = tuple(
        replace(axis, edges=np.append(axis.edges[:-1][::group], axis.edges[-1]), width=None)
        for axis in made.axes
    )
    return replace(
        made, axes=thinned, values=high, low=low, sums=sums, variances=variances, group=group
    )


def _starts(axis: SliceAxis, group: int) -> NDArray[np.intp]:
    """Where each group begins, flow bins alone."""
    bins = len(axis.edges) - 1
    starts = np.arange(0, bins, group) + int(axis.under)
    before = [0] if axis.under else []
    after = [bins + int(axis.under)] if axis.over else []
    return np.concatenate([before, starts, after]).astype(np.intp)


def _bytes(values: Array) -> bytes:
    return np.ascontiguousarray(values, dtype="<f8").tobytes()
