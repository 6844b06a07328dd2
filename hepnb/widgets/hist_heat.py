"""Two dimensions: the heat map with its projections, and the profile.

The same transforms, with the same numbers, as widgets_js/src/heat.ts.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .hist_drawing import Curve, Drawing, Heat
from .hist_drawn_axis import drawn_axis, finite_edges, is_log, kept, zlabel
from .hist_look import Look
from .hist_normalise import factor, notes
from .hist_slice import Slice
from .hist_statistics import Statistics, statistics_2d

__all__ = ["heat", "profile"]

Array = NDArray[np.float64]


def heat(part: Slice, look: Look) -> Drawing:
    """The contents as colours, and their sums along each axis. Thinned bins are drawn as sums."""
    x_axis, y_axis = part.axes
    x, x_widths = drawn_axis(x_axis, look, log=is_log(x_axis, look.logx))
    y, y_widths = drawn_axis(y_axis, look, log=is_log(y_axis, look.logy))
    drawn = kept(y_axis, look), kept(x_axis, look)
    values, variances = (
        None if cells is None else cells[0][drawn] for cells in (part.contents, part.spread)
    )
    assert values is not None
    errors = None if variances is None else np.sqrt(np.maximum(variances, 0))
    total = float(part.contents[0][_inside(part)].sum())
    counted = part.kind == "count"
    plain = replace(look, cumulative=None, normalise=look.normalise if counted else None)
    areas = y_widths[:, np.newaxis] * x_widths
    factors = [factor(plain, total, widths) for widths in (areas, x_widths, y_widths)]
    sides = []
    for k, by in ((0, factors[1]), (1, factors[2])):
        row = np.nansum(values, axis=k) * by
        if variances is None:
            sides.append(Curve("", "step", row, None, None))
        else:
            spread = np.sqrt(np.maximum(np.nansum(variances, axis=k), 0)) * by
            sides.append(Curve("", "step", row, row - spread, row + spread))
    said = notes(part, look)
    if look.cumulative and part.kind == "count":
        said.append("a heat map is not summed up")
    return Drawing(
        x=x,
        ylabel=y.label,
        log=y.log,
        zero=False,
        curves=(),
        stacked=False,
        bars=False,
        band=None,
        below=None,
        heat=Heat(
            y=y,
            label=zlabel(part, look),
            log=look.logz,
            values=values * factors[0],
            errors=None if errors is None else errors * factors[0],
            top=sides[0],
            side=sides[1],
        ),
        statistics=_statistics(part),
        note="; ".join(said),
    )


def profile(part: Slice, look: Look) -> Drawing:
    """The mean of y in each bin of x, and the error of that mean; what lies outside y is left out.

    The error is the standard deviation of y over the square root of the effective entries.
    """
    x_axis, y_axis = part.axes
    x, _ = drawn_axis(x_axis, look, log=is_log(x_axis, look.logx))
    drawn = _inside(part)[0], kept(x_axis, look)
    cells = part.contents[0][drawn]
    edges = finite_edges(y_axis.edges)
    centres = (edges[:-1] + edges[1:]) / 2
    total = cells.sum(axis=0)
    total = np.where(total > 0, total, np.nan)
    mean = centres @ cells / total
    low = high = None
    if part.spread is not None:
        spread = ((centres[:, np.newaxis] - mean) ** 2 * cells).sum(axis=0) / total
        error = np.sqrt(np.maximum(spread, 0) * part.spread[0][drawn].sum(axis=0)) / total
        low, high = mean - error, mean + error
    said = notes(part, replace(look, normalise=None, cumulative=None))
    return Drawing(
        x=x,
        ylabel=(("Mean of ", 0), *y_axis.label),
        log=look.logy,
        zero=False,
        curves=(Curve("", "errorbar", mean, low, high),),
        stacked=False,
        bars=True,
        band=None,
        below=None,
        heat=None,
        statistics=_statistics(part),
        note="; ".join(said),
    )


def _inside(part: Slice) -> tuple[slice, slice]:
    x, y = part.axes
    rows, columns = part.values[0].shape
    return slice(int(y.under), rows - int(y.over)), slice(int(x.under), columns - int(x.over))


def _statistics(part: Slice) -> tuple[Statistics, ...]:
    if part.kind != "count":
        return ()
    x_edges, y_edges = (None if axis.items else axis.edges for axis in part.axes)
    return (
        statistics_2d(
            part.contents[0],
            None if part.spread is None else part.spread[0],
            x_edges,
            y_edges,
            _inside(part),
            counts=part.counts,
        ),
    )
