"""The numbers of a picture: curves with errors, what lies outside, and the labels of both axes.

Made from a selected histogram of one or two dimensions; drawn by the browser and by `hist_svg`.
Histograms with very many bins are thinned here to groups that keep their lowest and highest bin,
so that a message stays small.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import boost_histogram as bh
import numpy as np
from numpy.typing import NDArray

from .hist_axes import AxisInfo, describe
from .hist_view import View
from .labels import Runs, number, runs, short, unit

__all__ = ["Curve", "Picture", "picture", "statistics"]

Array = NDArray[np.float64]
MOST_BINS = 8192
GROUPS = 4096


@dataclass(frozen=True, eq=False)
class Curve:
    """One line of steps.

    `values` float64 [bins]; `errors` the same, or None where they are not known; `low` the lowest
    bin of each group of a thinned histogram. Sums exclude what is outside the view.
    """

    label: str
    values: Array
    errors: Array | None
    low: Array | None
    total: float
    total_error: float | None
    under: float | None
    over: float | None

    def to_wire(self) -> dict[str, object]:
        return {
            "label": self.label,
            "values": _bytes(self.values),
            "errors": None if self.errors is None else _bytes(self.errors),
            "low": None if self.low is None else _bytes(self.low),
            "total": _finite(self.total),
            "total_error": _finite(self.total_error),
            "under": _finite(self.under),
            "over": _finite(self.over),
        }


@dataclass(frozen=True, eq=False)
class Picture:
    """What is drawn. `edges` float64 [bins + 1] of a dense x axis; `items` the names otherwise."""

    x: str
    xlabel: Runs
    ylabel: Runs
    edges: Array
    items: tuple[str, ...]
    curves: tuple[Curve, ...]
    log: bool
    note: str

    def to_wire(self) -> dict[str, object]:
        return {
            "x": self.x,
            "xlabel": self.xlabel,
            "ylabel": self.ylabel,
            "edges": _bytes(self.edges),
            "items": list(self.items),
            "curves": [curve.to_wire() for curve in self.curves],
            "log": self.log,
            "note": self.note,
        }


def _bytes(values: Array) -> bytes:
    return np.ascontiguousarray(values, dtype="<f8").tobytes()


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def picture(selected: Any, view: View, axes: Sequence[AxisInfo]) -> Picture:
    """Read the numbers out of `selected`, the result of the view's index."""
    where = next(i for i, step in enumerate(view) if step.role == "x")
    axis, step = axes[where], view[where]
    means = selected.kind == bh.Kind.MEAN
    values = np.asarray(selected.values(flow=True), dtype=np.float64)
    variances = selected.variances(flow=True)
    if variances is not None:
        variances = np.asarray(variances, dtype=np.float64)
    first = selected.axes[0]
    labels = [""]
    if selected.ndim == 1:
        values = values[:, np.newaxis]
        variances = None if variances is None else variances[:, np.newaxis]
    else:
        overlay = selected.axes[1]
        labels = [str(item) for item in describe([overlay])[0].items]
    if axis.dense:
        edges = np.asarray(first.edges, dtype=np.float64)
        items: tuple[str, ...] = ()
    else:
        items = tuple(str(item) for item in (axis.items if axis.boolean else step.items))
        edges = np.arange(len(items) + 1, dtype=np.float64)
    flow = (bool(first.traits.underflow), bool(first.traits.overflow))
    curves = tuple(
        _curve(
            label,
            values[:, column],
            None if variances is None else variances[:, column],
            flow,
            means=means,
        )
        for column, label in enumerate(labels)
    )
    notes = [] if variances is not None else ["errors are not known: weights were not squared"]
    drawn, group = edges, 1
    if len(edges) - 1 > MOST_BINS:
        group = -(-(len(edges) - 1) // GROUPS)
        drawn = np.append(edges[:-1][::group], edges[-1])
        curves = tuple(_thin(curve, group) for curve in curves)
        notes.append(f"each column spans {group} bins, lowest to highest; zoom in to see them")
    return Picture(
        x=axis.key,
        xlabel=runs(axis.label),
        ylabel=_ylabel(axis, edges, means=means),
        edges=_drawable(drawn),
        items=items,
        curves=curves,
        log=axis.logarithmic,
        note="; ".join(notes),
    )


def _curve(
    label: str,
    values: Array,
    variances: Array | None,
    flow: tuple[bool, bool],
    *,
    means: bool,
) -> Curve:
    low, high = int(flow[0]), len(values) - int(flow[1])
    inside = values[low:high]
    errors = None if variances is None else np.sqrt(np.clip(variances[low:high], 0, None))
    spread = None if variances is None else math.sqrt(max(0.0, float(variances[low:high].sum())))
    return Curve(
        label=label,
        values=inside,
        errors=errors,
        low=None,
        total=math.nan if means else float(inside.sum()),
        total_error=None if means else spread,
        under=float(values[0]) if flow[0] and not means else None,
        over=float(values[-1]) if flow[1] and not means else None,
    )


def _thin(curve: Curve, group: int) -> Curve:
    starts = np.arange(0, len(curve.values), group)
    return Curve(
        label=curve.label,
        values=np.maximum.reduceat(curve.values, starts),
        errors=None,
        low=np.minimum.reduceat(curve.values, starts),
        total=curve.total,
        total_error=curve.total_error,
        under=curve.under,
        over=curve.over,
    )


def _drawable(edges: Array) -> Array:
    """Edges at infinity moved to the width of the neighbouring bin."""
    out = edges.copy()
    if len(out) > 2 and not np.isfinite(out[0]):
        out[0] = 2 * out[1] - out[2]
    if len(out) > 2 and not np.isfinite(out[-1]):
        out[-1] = 2 * out[-2] - out[-3]
    return out


def _ylabel(axis: AxisInfo, edges: Array, *, means: bool) -> Runs:
    """`Events / 2 GeV`, or `Events / bin` where bins differ in width."""
    what = "Mean" if means else "Events"
    if not axis.dense or means:
        return ((what, 0),)
    widths = np.diff(edges)
    if not np.allclose(widths, widths[0], rtol=1e-6):
        return ((f"{what} / bin", 0),)
    if axis.discrete and widths[0] == 1:
        return ((what, 0),)
    return ((f"{what} / {short(float(f'{widths[0]:.4g}'))} {unit(axis.label)}".rstrip(), 0),)


def statistics(shown: Picture) -> list[str]:
    """The line below the picture, one entry per curve."""
    lines = []
    for curve in shown.curves:
        parts = [] if math.isnan(curve.total) else [f"in view {number(curve.total)}"]
        if parts and curve.total_error is not None:
            parts[0] += f" ± {number(float(f'{curve.total_error:.3g}'))}"
        for name, value in (("below", curve.under), ("above", curve.over)):
            if value is not None:
                parts.append(f"{name} {number(value)}")
        head = f"{curve.label}: " if curve.label else ""
        lines.append(head + ", ".join(parts))
    return lines
