"""The lower panel: ratios to a reference, or pulls.

A ratio carries the error of its numerator; the reference's own is the band around 1. A pull is the
difference over both errors in quadrature, each on the side that faces the other. The same as
widgets_js/src/compare.ts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .hist_drawing import Curve, Panel
from .hist_look import Look

__all__ = ["compare"]

Array = NDArray[np.float64]


def compare(
    curves: Sequence[Curve],
    look: Look,
    *,
    data: int | None,
    band: tuple[Array, Array] | None,
    stacked: bool,
) -> Panel | None:
    """The panel, or None where none is asked for or nothing can be compared.

    Curves are compared with the series `look.reference`, or with the first. In a stack the
    reference is the data, number `data`, and it is compared with the sum, whose error is `band`.
    """
    if look.below is None or len(curves) < 2 or (stacked and data is None):
        return None
    if stacked:
        assert data is not None
        top = [curve for i, curve in enumerate(curves) if i != data][-1]
        low, high = band if band is not None else (None, None)
        reference = Curve("sum", "step", top.values, low, high)
        at = [data]
    else:
        labels = [curve.label for curve in curves]
        chosen = labels.index(look.reference) if look.reference in labels else 0
        reference = curves[chosen]
        at = [i for i in range(len(curves)) if i != chosen]
    if look.below == "pull":
        pulls = tuple(_pull(curves[i], reference) for i in at)
        largest = _largest([np.abs(pull.values) for pull in pulls])
        reach = float(min(10, max(3, math.ceil(largest * 1.1))))
        return Panel("pull", "pull", pulls, tuple(at), None, (-reach, reach))
    ratios = tuple(_over(curves[i], reference) for i in at)
    own = _over(reference, reference)
    around = None if own.low is None or own.high is None else (own.low, own.high)
    reach = _reach(ratios)
    label = f"{curves[at[0]].label} / sum" if stacked else f"ratio to {reference.label}"
    return Panel("ratio", label, ratios, tuple(at), around, (1 - reach, 1 + reach))


def _over(curve: Curve, reference: Curve) -> Curve:
    bottom = np.where(reference.values == 0, np.nan, reference.values)
    low, high = None, None
    if curve.low is not None and curve.high is not None:
        ends = curve.low / bottom, curve.high / bottom
        low, high = np.minimum(*ends), np.maximum(*ends)
    return Curve(curve.label, curve.kind, curve.values / bottom, low, high)


def _pull(curve: Curve, reference: Curve) -> Curve:
    difference = curve.values - reference.values
    nothing = np.full(difference.shape, np.nan)
    if curve.low is None or curve.high is None or reference.low is None or reference.high is None:
        return Curve(curve.label, curve.kind, nothing, None, None)
    above = difference >= 0
    own = np.where(above, curve.values - curve.low, curve.high - curve.values)
    other = np.where(above, reference.high - reference.values, reference.values - reference.low)
    spread = np.sqrt(own**2 + other**2)
    spread = np.where(spread > 0, spread, np.nan)
    return Curve(curve.label, curve.kind, difference / spread, None, None)


def _largest(arrays: Sequence[Array], none: float = 0.0) -> float:
    finite = [array[np.isfinite(array)] for array in arrays]
    return max((float(array.max()) for array in finite if len(array)), default=none)


def _reach(ratios: Sequence[Curve]) -> float:
    """How far the panel goes from 1: to hold every ratio that is known to 50 %, at most to 0 and 2.

    Where none is known that well, as of a few events, it goes that far.
    """
    known = []
    for ratio in ratios:
        distance = np.abs(ratio.values - 1)
        if ratio.low is not None and ratio.high is not None:
            half = (ratio.high - ratio.low) / 2
            distance = np.where(half < 0.5 * np.abs(ratio.values), distance + half, np.nan)
        known.append(distance)
    largest = _largest(known, none=np.inf) * 1.1
    return next((step for step in (0.02, 0.05, 0.1, 0.2, 0.5) if largest <= step), 1.0)
