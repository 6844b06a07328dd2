"""From a slice and a look to what is drawn: flow, sums, normalisation, errors, stacks.

The same transforms, with the same numbers, as widgets_js/src/display.ts, which draws the live
picture; a test drives both. Nothing here changes what is selected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .hist_compare import compare
from .hist_drawing import Curve, Drawing
from .hist_drawn_axis import drawn_axis, is_log, kept, values_label
from .hist_heat import heat, profile
from .hist_intervals import garwood
from .hist_look import Kind, Look
from .hist_normalise import factor, notes
from .hist_slice import Slice
from .hist_statistics import Statistics, statistics

__all__ = ["display"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Row:
    """One series while it is transformed: contents, the ends of its errors, its lowest bins."""

    kind: Kind
    values: Array
    low: Array | None
    high: Array | None
    floor: Array | None

    def scaled(self, by: Array) -> _Row:
        low, high, floor = (
            None if end is None else end * by for end in (self.low, self.high, self.floor)
        )
        if (by < 0).any():
            low, high = high, low
        return _Row(self.kind, self.values * by, low, high, floor)


@np.errstate(all="ignore")  # what is not finite is not drawn
def display(part: Slice, look: Look) -> Drawing:
    """What is drawn of a slice of one or two dimensions."""
    if len(part.axes) == 2:
        by_mean = look.profile and part.kind == "count" and not part.axes[1].items
        return profile(part, look) if by_mean else heat(part, look)
    axis = part.axes[0]
    x, widths = drawn_axis(axis, look, log=is_log(axis, look.logx))
    data = _data_of(part, look)
    rows = _rows(part, look, data)
    counted = part.kind == "count"
    if counted:
        totals = [_total(part, i) for i in range(len(part.series))]
        if part.stacked:
            whole = sum(total for i, total in enumerate(totals) if i != data)
            totals = [total if i == data else whole for i, total in enumerate(totals)]
        pairs = zip(rows, totals, strict=True)
        spans = widths if part.stacked else widths / part.group
        rows = [row.scaled(factor(look, total, spans)) for row, total in pairs]
    curves, band = _stacked(part, rows, data) if part.stacked else (_beside(part, rows), None)
    said = notes(part, look)
    below = compare(curves, look, data=data, band=band, stacked=part.stacked)
    if below is None and look.below is not None:
        said.append("a comparison needs two series" if not part.stacked else _NEEDS_DATA)
    elif look.below == "pull" and any(curve.low is None for curve in curves):
        said.append("pulls need errors")
    return Drawing(
        x=x,
        ylabel=values_label(axis, look, counted=counted),
        log=look.logy,
        zero=counted,
        curves=curves,
        stacked=part.stacked,
        bars=look.errors or look.kind in ("errorbar", "points"),
        band=band,
        below=below,
        heat=None,
        statistics=_statistics(part),
        note="; ".join(said),
    )


_NEEDS_DATA = "choose the series that is the data as reference, to compare it with the sum"


def _data_of(part: Slice, look: Look) -> int | None:
    """In a stack the reference is the data: points beside the stack, compared with its sum."""
    if part.stacked and len(part.series) > 1 and look.reference in part.series:
        return part.series.index(look.reference)
    return None


def _rows(part: Slice, look: Look, data: int | None) -> list[_Row]:
    """Each series' drawn bins, summed up where asked, with the ends of its errors."""
    axis = part.axes[0]
    drawn = kept(axis, look)
    summed = look.cumulative is not None and part.kind == "count"
    merged = summed or part.stacked
    source = part.contents if merged else part.values
    rows = []
    for i in range(len(part.series)):
        kind: Kind = "points" if i == data else look.kind
        values = source[i].ravel()[drawn]
        variances = None if part.spread is None else part.spread[i].ravel()[drawn]
        if part.group > 1 and not merged:
            floor = None if part.low is None else part.low[i].ravel()[drawn]
            rows.append(_Row(kind, values, None, None, floor))
            continue
        if summed:
            values = _sum(values, look)
            variances = None if variances is None else _sum(variances, look)
        if kind == "points" and part.kind == "count" and _are_counts(values, variances):
            rows.append(_Row(kind, values, *garwood(values), None))
        elif variances is None:
            rows.append(_Row(kind, values, None, None, None))
        else:
            errors = np.sqrt(np.maximum(variances, 0))
            rows.append(_Row(kind, values, values - errors, values + errors, None))
    return rows


def _are_counts(values: Array, variances: Array | None) -> bool:
    """Whether bins are numbers of events: whole, and each its own variance."""
    if variances is None or not np.array_equal(values, variances):
        return False
    return bool((values == np.floor(values)).all())


def _sum(values: Array, look: Look) -> Array:
    if look.cumulative == "up":
        return np.cumsum(values)
    return np.cumsum(values[::-1])[::-1]


def _beside(part: Slice, rows: list[_Row]) -> tuple[Curve, ...]:
    return tuple(
        Curve(label, row.kind, row.values, row.low, row.high, None, row.floor)
        for label, row in zip(part.series, rows, strict=True)
    )


def _stacked(
    part: Slice, rows: list[_Row], data: int | None
) -> tuple[tuple[Curve, ...], tuple[Array, Array] | None]:
    """The curves, each upon the one before, and the error of their sum."""
    if not rows:
        return (), None
    curves = []
    base = np.zeros(len(rows[0].values))
    squares: Array | None = np.zeros(len(base))
    for i, (label, row) in enumerate(zip(part.series, rows, strict=True)):
        if i == data:
            curves.append(Curve(label, row.kind, row.values, row.low, row.high))
            continue
        top = base + np.nan_to_num(row.values)
        if row.low is None or row.high is None:
            low, high, squares = None, None, None
        else:
            low, high = base + row.low, base + row.high
            if squares is not None:
                squares = squares + np.nan_to_num(row.high - row.values) ** 2
        curves.append(Curve(label, row.kind, top, low, high, base))
        base = top
    if squares is None:
        return tuple(curves), None
    return tuple(curves), (base - np.sqrt(squares), base + np.sqrt(squares))


def _total(part: Slice, i: int) -> float:
    """The sum of the bins in view, without flow."""
    axis = part.axes[0]
    values = part.contents[i].ravel()
    return float(values[int(axis.under) : len(values) - int(axis.over)].sum())


def _statistics(part: Slice) -> tuple[Statistics, ...]:
    if part.kind != "count":
        return ()
    axis = part.axes[0]
    return tuple(
        statistics(
            label,
            part.contents[i].ravel(),
            None if part.spread is None else part.spread[i].ravel(),
            axis.edges,
            flow=(axis.under, axis.over),
            counts=part.counts,
            dense=not axis.items,
        )
        for i, label in enumerate(part.series)
    )
