"""The axes of a drawing: edges with flow bins, logarithmic or not, and the words beside them.

The same as widgets_js/src/drawn_axis.ts.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .hist_drawing import DrawnAxis
from .hist_look import Look
from .hist_slice import Slice, SliceAxis
from .labels import Runs, short

__all__ = ["drawn_axis", "finite_edges", "is_log", "kept", "values_label", "zlabel"]

Array = NDArray[np.float64]
_FLOW_SHARE = 0.04  # of the axis that a flow bin takes at least


def finite_edges(edges: Array) -> Array:
    """Edges at infinity moved to the width of the neighbouring bin, or to 1 where that is infinite.

    >>> [finite_edges(np.array(edges)).tolist() for edges in ([-np.inf, 0, 2], [0, np.inf])]
    [[-2.0, 0.0, 2.0], [0.0, 1.0]]
    """
    known = edges[np.isfinite(edges)]
    if len(known) == 0:
        known = np.zeros(1)
    steps = np.diff(known) if len(known) > 1 else np.ones(1)
    out = edges.copy()
    if np.isneginf(out[0]):
        out[0] = known[0] - steps[0]
    if np.isposinf(out[-1]):
        out[-1] = known[-1] + steps[-1]
    return out


def is_log(axis: SliceAxis, wanted: bool | None) -> bool:
    """Whether the axis is drawn logarithmically: as wanted, or as its bins are; never over zero."""
    positive = not axis.items and len(axis.edges) > 1 and bool(finite_edges(axis.edges)[0] > 0)
    return positive and (axis.log if wanted is None else wanted)


def kept(axis: SliceAxis, look: Look) -> slice:
    """The bins that are drawn, of those with flow."""
    return slice(int(axis.under and not look.flow), -1 if axis.over and not look.flow else None)


def drawn_axis(axis: SliceAxis, look: Look, *, log: bool) -> tuple[DrawnAxis, Array]:
    """The axis with its flow bins where they are shown, and each bin's width; NaN where none is."""
    under, over = look.flow and axis.under, look.flow and axis.over
    with np.errstate(invalid="ignore"):
        widths = np.diff(axis.edges)
    widths = np.where(np.isfinite(widths), widths, np.nan)
    edges, items = finite_edges(axis.edges), axis.items
    if items or len(edges) < 2:
        before, after = -1.0, float(edges[-1]) + 1
    else:
        bend = [math.log(e) if log else float(e) for e in (edges[[0, 1, -2, -1]])]
        least = _FLOW_SHARE * (bend[3] - bend[0])
        before = bend[0] - max(bend[1] - bend[0], least)
        after = bend[3] + max(bend[3] - bend[2], least)
        if log:
            before, after = math.exp(before), math.exp(after)
    if under:
        edges, widths = np.append(before, edges), np.append(np.nan, widths)
        items = ("below", *items) if items else ()
    if over:
        edges, widths = np.append(edges, after), np.append(widths, np.nan)
        items = (*items, "others") if items else ()
    drawn = DrawnAxis(axis.label, axis.unit, edges, items, under, over, log, axis.discrete)
    return drawn, widths


def values_label(axis: SliceAxis, look: Look, *, counted: bool) -> Runs:
    """What the contents over this axis are: `Events / 2 GeV`, `Events / bin` where bins differ."""
    if not counted:
        return (("Mean", 0),)
    whole = look.normalise in ("area", "density")
    if look.cumulative:
        what = "Cumulative fraction" if whole else "Cumulative events"
        return ((f"{what} ({'≤' if look.cumulative == 'up' else '≥'} x)", 0),)
    if look.normalise in ("density", "width"):
        what = "Probability density" if whole else "Events"
        return ((f"{what} / {axis.unit or 'unit of x'}", 0),)
    what = "Fraction of events" if whole else "Events"
    if axis.items or (axis.discrete and axis.width == 1):
        return ((what, 0),)
    if axis.width is None:
        return ((f"{what} / bin", 0),)
    return ((f"{what} / {short(float(f'{axis.width:.4g}'))} {axis.unit}".rstrip(), 0),)


def zlabel(part: Slice, look: Look) -> Runs:
    """What the contents of a heat map are."""
    if part.kind != "count":
        return (("Mean", 0),)
    if look.normalise is None:
        return (("Events / bin", 0),)
    if look.normalise == "area":
        return (("Fraction of events / bin", 0),)
    what = "Probability density" if look.normalise == "density" else "Events"
    units = [axis.unit or f"unit of {name}" for axis, name in zip(part.axes, "xy", strict=True)]
    return ((f"{what} / ({units[0]}·{units[1]})", 0),)
