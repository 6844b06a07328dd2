"""The statistics box: entries, what is in view, mean, standard deviation and width at half maximum.

Numbers of the bins as they were selected, before the look scales or sums them; moments take each
bin at its centre. The same as widgets_js/src/statistics_box.ts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .labels import number

__all__ = ["Statistics", "in_words", "statistics", "statistics_2d"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Statistics:
    """One series. What cannot be said is None.

    `entries` includes what lies outside; of weighted events they are the effective ones,
    (sum of weights)² / (sum of squared weights). `integral` and `error` are of the bins in view.
    `y_mean`, `y_std` and `correlation` belong to two dimensions.
    """

    label: str
    entries: float | None
    effective: bool
    integral: float | None
    error: float | None
    under: float | None
    over: float | None
    mean: float | None
    std: float | None
    fwhm: float | None
    y_mean: float | None = None
    y_std: float | None = None
    correlation: float | None = None


def statistics(
    label: str,
    values: Array,
    variances: Array | None,
    edges: Array,
    *,
    flow: tuple[bool, bool],
    counts: bool,
    dense: bool,
) -> Statistics:
    """Statistics of `values` float64 [bins + flow] over the finite or infinite `edges` [bins + 1]."""
    start, stop = int(flow[0]), len(values) - int(flow[1])
    inside = values[start:stop]
    entries, effective = _entries(values, variances, counts=counts)
    mean = std = fwhm = None
    if dense:
        centres = (edges[:-1] + edges[1:]) / 2
        mean, std = _moments(inside, centres)
        fwhm = _fwhm(inside, edges, centres)
    return Statistics(
        label=label,
        entries=entries,
        effective=effective,
        integral=_known(float(inside.sum())),
        error=_error(variances, slice(start, stop)),
        under=_known(float(values[0])) if flow[0] else None,
        over=_known(float(values[-1])) if flow[1] else None,
        mean=mean,
        std=std,
        fwhm=fwhm,
    )


def statistics_2d(
    values: Array,
    variances: Array | None,
    x_edges: Array | None,
    y_edges: Array | None,
    inside: tuple[slice, slice],
    *,
    counts: bool,
) -> Statistics:
    """Statistics of `values` float64 [y + flow, x + flow]; edges are None for categories."""
    cells = values[inside]
    entries, effective = _entries(values, variances, counts=counts)
    x = None if x_edges is None else (x_edges[:-1] + x_edges[1:]) / 2
    y = None if y_edges is None else (y_edges[:-1] + y_edges[1:]) / 2
    mean, std = (None, None) if x is None else _moments(cells.sum(axis=0), x)
    y_mean, y_std = (None, None) if y is None else _moments(cells.sum(axis=1), y)
    correlation = None
    if (
        x is not None
        and y is not None
        and mean is not None
        and y_mean is not None
        and std
        and y_std
    ):
        used = cells[np.ix_(np.isfinite(y), np.isfinite(x))]
        total = float(used.sum())
        dx, dy = x[np.isfinite(x)] - mean, y[np.isfinite(y)] - y_mean
        if total > 0:
            correlation = _known(float(dy @ used @ dx) / total / (std * y_std))
    return Statistics(
        label="",
        entries=entries,
        effective=effective,
        integral=_known(float(cells.sum())),
        error=_error(variances, inside),
        under=None,
        over=None,
        mean=mean,
        std=std,
        fwhm=None,
        y_mean=y_mean,
        y_std=y_std,
        correlation=correlation,
    )


def in_words(of: Statistics) -> str:
    """One line: what is in view and outside, and the moments that there are.

    >>> box = statistics("", np.array([2.0, 2.0]), None, np.arange(3.0), flow=(False, False),
    ...                  counts=True, dense=True)
    >>> in_words(box)
    'in view 4, mean 1, std. dev. 0.5'
    """
    parts = []
    if of.integral is not None:
        error = "" if of.error is None else f" ± {number(float(f'{of.error:.3g}'))}"
        parts.append(f"in view {number(of.integral)}{error}")
    for name, value in (
        ("below", of.under),
        ("above", of.over),
        ("mean", of.mean),
        ("std. dev.", of.std),
        ("FWHM", of.fwhm),
        ("mean of y", of.y_mean),
        ("std. dev. of y", of.y_std),
        ("correlation", of.correlation),
    ):
        if value is not None:
            parts.append(f"{name} {number(value)}")
    return (f"{of.label}: " if of.label else "") + ", ".join(parts)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _error(variances: Array | None, inside: slice | tuple[slice, slice]) -> float | None:
    if variances is None:
        return None
    return _known(math.sqrt(max(0.0, float(variances[inside].sum()))))


def _entries(values: Array, variances: Array | None, *, counts: bool) -> tuple[float | None, bool]:
    total = float(values.sum())
    if counts:
        return _known(total), False
    spread = 0.0 if variances is None else float(variances.sum())
    return (_known(total * total / spread) if spread > 0 else None), True


def _moments(values: Array, centres: Array) -> tuple[float | None, float | None]:
    """Mean and standard deviation; None without a positive sum, or a negative variance."""
    used = np.isfinite(centres)
    values, centres = values[used], centres[used]
    total = float(values.sum())
    if not total > 0:
        return None, None
    mean = float(values @ centres) / total
    variance = float(values @ (centres - mean) ** 2) / total
    return _known(mean), math.sqrt(variance) if variance >= 0 else None


def _fwhm(values: Array, edges: Array, centres: Array) -> float | None:
    """Full width at half maximum of the density, from its first to its last crossing.

    Straight lines between the bins' centres; None where it is above half at an end of the view.
    """
    if len(values) < 3 or not np.isfinite(edges).all() or not np.isfinite(values).all():
        return None
    density = values / np.diff(edges)
    half = float(density.max()) / 2
    above = np.flatnonzero(density >= half)
    if not half > 0 or above[0] == 0 or above[-1] == len(density) - 1:
        return None
    ends = []
    for inner, outer in ((above[0], above[0] - 1), (above[-1], above[-1] + 1)):
        part = (half - density[outer]) / (density[inner] - density[outer])
        ends.append(float(centres[outer] + part * (centres[inner] - centres[outer])))
    return _known(ends[1] - ends[0])
