"""What many variations amount to: an envelope of scales, the spread of replicas, eigenvectors of a PDF.

Variations are made in the event loop and reduced after it, bin by bin: of each histogram, never of
its events. Every reducer takes a histogram with an axis `variation` and gives one in which the
variations it reduced are replaced by `NAME_up` and `NAME_down`. Their contents are those of the
nominal plus or minus the uncertainty, their variances those of the nominal.

A dataset (or process) in which none of these variations has anything was not varied, such as data, or
simulation without these weights: its `NAME_up` and `NAME_down` are the nominal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import hist
import numpy as np

from ..errors import StatsError
from .axes import NOMINAL, along, chosen, in_memory, values_of, with_labels

__all__ = ["envelope", "hessian", "mirror", "rms"]


def envelope(h: Any, variations: str | Sequence[str], name: str) -> hist.Hist[Any]:
    """The highest and the lowest of these variations and the nominal, as for muR and muF.

    `variations` are names or patterns such as `"scale_*"`; `h` has an axis `variation`. Raises
    `StatsError` for a pattern that fits no variation.

    >>> import hist
    >>> h = hist.Hist.new.StrCat(["nominal", "muR_up", "muR_down"], name="variation").Reg(1, 0, 1).Double()
    >>> h.view()[...] = [[10.0], [12.0], [11.0]]
    >>> envelope(h, "muR_*", "scale")[:, 0].values()
    array([10., 12., 10.])
    """
    return _reduced(h, variations, name, _extremes)


def _extremes(nominal: np.ndarray, others: np.ndarray) -> tuple[Any, Any]:
    return np.maximum(nominal, others.max(axis=0)), np.minimum(nominal, others.min(axis=0))


def rms(h: Any, variations: str | Sequence[str], name: str) -> hist.Hist[Any]:
    """The standard deviation of replicas about their mean, to both sides of the nominal.

    Formula: sqrt(sum (x_k - mean)^2 / (N - 1)), PDF4LHC15, arXiv:1510.03865, equation 21. Raises
    `StatsError` for less than two variations.

    >>> import hist
    >>> h = hist.Hist.new.StrCat(["nominal", "pdf_0", "pdf_1"], name="variation").Reg(1, 0, 1).Double()
    >>> h.view()[...] = [[10.0], [9.0], [11.0]]
    >>> rms(h, "pdf_*", "pdf")[:, 0].values().round(3)
    array([10.   , 11.414,  8.586])
    """
    return _reduced(h, variations, name, _deviation)


def _deviation(nominal: np.ndarray, others: np.ndarray) -> tuple[Any, Any]:
    if len(others) < 2:
        raise StatsError("a standard deviation needs two replicas or more")
    width = others.std(axis=0, ddof=1)
    return nominal + width, nominal - width


def hessian(
    h: Any, variations: str | Sequence[str], name: str, *, pairs: bool = False
) -> hist.Hist[Any]:
    """The sum in quadrature over the eigenvectors of a PDF.

    Symmetric members: sqrt(sum (x_k - x_0)^2), PDF4LHC15, arXiv:1510.03865, equation 20. With
    `pairs` they come as (+, -) of each eigenvector, in the order of the axis: up is
    sqrt(sum max(x_+ - x_0, x_- - x_0, 0)^2), down likewise with x_0 - x, as in hep-ph/0110378.
    Raises `StatsError` for pairs of an odd number.

    >>> import hist
    >>> h = hist.Hist.new.StrCat(["nominal", "pdf_0", "pdf_1"], name="variation").Reg(1, 0, 1).Double()
    >>> h.view()[...] = [[10.0], [13.0], [6.0]]
    >>> hessian(h, "pdf_*", "pdf")[:, 0].values()
    array([10., 15.,  5.])
    >>> hessian(h, "pdf_*", "pdf", pairs=True)[:, 0].values()
    array([10., 13.,  6.])
    """
    return _reduced(h, variations, name, _paired if pairs else _in_quadrature)


def _in_quadrature(nominal: np.ndarray, others: np.ndarray) -> tuple[Any, Any]:
    width = np.sqrt(((others - nominal) ** 2).sum(axis=0))
    return nominal + width, nominal - width


def _paired(nominal: np.ndarray, others: np.ndarray) -> tuple[Any, Any]:
    if len(others) % 2:
        raise StatsError(f"{len(others)} variations are no pairs of (+, -)")
    shifts = (others - nominal).reshape(-1, 2, *nominal.shape)
    rise = np.maximum(shifts.max(axis=1), 0)
    fall = np.maximum(-shifts.min(axis=1), 0)
    up, down = (np.sqrt((side**2).sum(axis=0)) for side in (rise, fall))
    return nominal + up, nominal - down


def mirror(h: Any, variation: str, name: str = "") -> hist.Hist[Any]:
    """A variation of one side (another generator, say) and its mirror image about the nominal.

    The nuisance is called as the variation, or `name`.

    >>> import hist
    >>> h = hist.Hist.new.StrCat(["nominal", "herwig"], name="variation").Reg(1, 0, 1).Double()
    >>> h.view()[...] = [[10.0], [13.0]]
    >>> mirrored = mirror(h, "herwig", "shower")
    >>> list(mirrored.axes["variation"]), mirrored[:, 0].values()
    (['nominal', 'shower_up', 'shower_down'], array([10., 13.,  7.]))
    """
    return _reduced(h, variation, name or variation, _mirrored)


def _mirrored(nominal: np.ndarray, others: np.ndarray) -> tuple[Any, Any]:
    if len(others) != 1:
        raise StatsError(f"{len(others)} variations have no mirror image: name one")
    return others[0], 2 * nominal - others[0]


_Reduce = Callable[[np.ndarray, np.ndarray], tuple[Any, Any]]


def _reduced(h: Any, variations: str | Sequence[str], name: str, reduce: _Reduce) -> hist.Hist[Any]:
    made = in_memory(h)
    views = along(made, "variation")
    if NOMINAL not in views:
        raise StatsError("the histogram has no variation 'nominal', about which others vary")
    nominal = views[NOMINAL]
    picked = chosen([label for label in views if label != NOMINAL], variations)
    if not picked:
        raise StatsError("no variation is named: give names, or a pattern such as 'scale_*'")
    kept = {label: view for label, view in views.items() if label not in picked}
    for side in ("up", "down"):
        if f"{name}_{side}" in kept:
            raise StatsError(f"there is a variation '{name}_{side}' already: choose another name")
    others = np.stack([values_of(views[label]) for label in picked]).astype(float)
    center = values_of(nominal).astype(float)
    sides = reduce(center, _or_nominal(made, center, others))
    for side, values in zip(("up", "down"), sides, strict=True):
        kept[f"{name}_{side}"] = _like(nominal, values)
    return with_labels(made, "variation", kept)


def _or_nominal(h: hist.Hist[Any], nominal: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The variations; the nominal of datasets and processes in which none of them has anything."""
    rest = [axis.name for axis in h.axes if axis.name != "variation"]
    within = (i + 1 for i, name in enumerate(rest) if name not in ("dataset", "process"))
    return np.where(others.any(axis=(0, *within), keepdims=True), others, nominal)


def _like(nominal: Any, values: np.ndarray) -> Any:
    """The values with the variances of the nominal."""
    if not nominal.dtype.names:
        return values
    made = nominal.copy()
    made["value"] = values
    return made
