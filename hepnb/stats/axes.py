"""Histograms as these tools take them: in memory, with named axes, cut along a category."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import hist
import numpy as np

from ..errors import StatsError, nearest

__all__ = [
    "NOMINAL",
    "along",
    "category",
    "chosen",
    "in_memory",
    "labels_of",
    "place_of",
    "values_of",
    "with_labels",
]

NOMINAL = "nominal"
"""The label of the axis `variation` about which others vary."""


def in_memory(h: Any) -> hist.Hist[Any]:
    """A `hist.Hist` of any UHI histogram, or of one on disk. Raises `StatsError` for anything else."""
    if hasattr(h, "to_hist"):
        h = h.to_hist()
    if not hasattr(h, "axes"):
        raise StatsError(f"expected a histogram, not {type(h).__name__}")
    made = h if isinstance(h, hist.Hist) else hist.Hist(h)
    if made.kind != "COUNT":
        raise StatsError("expected a histogram of counts or sums of weights, not of means")
    for values in (made.values(flow=True), made.variances(flow=True)):
        if values is not None and not np.isfinite(values).all():
            raise StatsError(
                "the histogram has bins that are not finite: look for NaN or infinite weights"
            )
    return made


def place_of(h: hist.Hist[Any], name: str) -> int:
    """The place of an axis. Raises `StatsError` where there is none of that name."""
    names = [axis.name for axis in h.axes]
    if name not in names:
        known = ", ".join(map(str, names))
        raise StatsError(
            f"the histogram has no axis {name!r} (axes: {known}){nearest(name, names)}"
        )
    return names.index(name)


def category(h: hist.Hist[Any], name: str) -> int:
    """The place of a category axis. Raises `StatsError` where there is none of that name."""
    place = place_of(h, name)
    if not isinstance(h.axes[place], hist.axis.StrCategory):
        raise StatsError(f"axis {name!r} is no category of names")
    return place


def labels_of(h: hist.Hist[Any], name: str) -> tuple[str, ...]:
    """The labels of a category axis, in its order."""
    return tuple(h.axes[category(h, name)])


def along(h: hist.Hist[Any], name: str) -> dict[str, Any]:
    """The view (with flow bins) of each label of a category axis."""
    place = category(h, name)
    view = np.moveaxis(h.view(flow=True), place, 0)
    return {label: view[i] for i, label in enumerate(labels_of(h, name))}


def with_labels(h: hist.Hist[Any], name: str, views: dict[str, Any]) -> hist.Hist[Any]:
    """The histogram with other labels on a category axis, and these views; whole counts as floats."""
    place = category(h, name)
    old = h.axes[place]
    axis = hist.axis.StrCategory(list(views), name=name, label=old.label, growth=True)
    axes = [axis if i == place else other for i, other in enumerate(h.axes)]
    is_whole = h.view().dtype.kind in "iu"
    storage = hist.storage.Double() if is_whole else h.storage_type()
    made = hist.Hist(*axes, storage=storage, name=h.name, label=h.label)
    made.view(flow=True)[...] = np.stack(list(views.values()), axis=place)
    return made


def values_of(view: Any) -> np.ndarray:
    """The contents of a view, as a plain array that may be changed."""
    return np.asarray(view["value"] if view.dtype.names else view)


def chosen(
    labels: Sequence[str], patterns: str | Sequence[str], what: str = "variation"
) -> list[str]:
    """The labels that fit. Raises `StatsError` for a pattern that fits none."""
    from fnmatch import fnmatchcase

    found: list[str] = []
    for pattern in (patterns,) if isinstance(patterns, str) else patterns:
        fits = [label for label in labels if fnmatchcase(label, pattern)]
        if not fits:
            raise StatsError(f"no {what} is called {pattern!r}{nearest(pattern, labels)}")
        found += [label for label in fits if label not in found]
    return found
