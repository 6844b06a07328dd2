"""The ABCD method: a background from three regions that are regions of the histogram itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import hist
import numpy as np

from ..errors import StatsError
from .axes import in_memory, place_of

__all__ = ["abcd"]


def abcd(
    h: Any, x: str, y: str, *, inside: Sequence[Any] = (True, True), ratio: str = "bin"
) -> Any:
    """The background expected in a region A from B, C and D: A = B x C / D.

    `x` and `y` are axes of two bins each (a condition such as `isolated="iso < 0.1: bool"`, or two
    labels), which must be independent of each other for the background. A is the corner `inside`,
    as (bin of x, bin of y): `True`, `False` or a label; B shares its y, C its x, D neither.
    `ratio="bin"` takes C / D in each bin of the other axes, `"total"` once, from their sums: then the
    shape is that of B. Subtract other backgrounds from `h` before.

    The result has the other axes and storage Weight (without others it is one `WeightedSum`); flow
    bins of x and y are in no region. Its variance is propagated to first order with
    the four regions independent: (C/D)^2 var B + (B/D)^2 var C + (B C/D^2)^2 var D; with `"total"`
    bins share the error of C / D. Raises `StatsError` for axes that do not have two bins, weights
    without variances, and an empty D.

    >>> import hist
    >>> h = hist.Hist.new.Bool(name="isolated").Bool(name="opposite").Weight()
    >>> _ = h.fill([True] * 20 + [False] * 40, [False] * 60).fill([False] * 30, [True] * 30)
    >>> found = abcd(h, "isolated", "opposite")
    >>> float(found.value), round(float(found.variance), 3)
    (15.0, 24.375)
    """
    made = in_memory(h)
    if ratio not in ("bin", "total"):
        raise StatsError(f"ratio is 'bin' or 'total', not {ratio!r}")
    if not isinstance(inside, tuple | list) or len(inside) != 2:
        raise StatsError(f"inside is (bin of x, bin of y), such as (True, False), not {inside!r}")
    if x == y:
        raise StatsError(f"x and y are both {x!r}")
    places = [_place(made, name, corner) for name, corner in zip((x, y), inside, strict=True)]
    values, variances = made.values(flow=True), made.variances(flow=True)
    if variances is None:
        raise StatsError("weighted histograms need variances here: fill with storage='Weight'")
    both = np.stack([values, variances])
    axes = [1 + place for place, _, _ in places]
    both = np.moveaxis(both, axes, (1, 2))
    (_, x_in, x_out), (_, y_in, y_out) = places
    b, c, d = both[:, x_out, y_in], both[:, x_in, y_out], both[:, x_out, y_out]
    others = [axis for axis in made.axes if axis.name not in (x, y)]
    if ratio == "total":
        inner = tuple(range(1, b.ndim))
        c, d = (np.broadcast_to(r.sum(axis=inner, keepdims=True), b.shape) for r in (c, d))
    empty = (d[0] == 0) & ((b[0] != 0) | (c[0] != 0))
    if empty.any():
        raise StatsError(
            f"region D is empty in {int(empty.sum())} bins where B or C are not: "
            "use wider bins, or ratio='total'"
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        found = b[0] * c[0] / d[0]
        spread = (
            (c[0] / d[0]) ** 2 * b[1]
            + (b[0] / d[0]) ** 2 * c[1]
            + (b[0] * c[0] / d[0] ** 2) ** 2 * d[1]
        )
    nothing = d[0] == 0
    result = np.where(nothing, 0, found), np.where(nothing, 0, spread)
    if not others:
        return hist.accumulators.WeightedSum(*(float(r) for r in result))
    predicted = hist.Hist(*others, storage=hist.storage.Weight(), name=made.name, label=made.label)
    view = predicted.view(flow=True)
    view["value"], view["variance"] = result
    return predicted


def _place(h: hist.Hist[Any], name: str, corner: Any) -> tuple[int, int, int]:
    """The place of an axis of two bins, and of its bins inside and outside, as its flow view has them."""
    place = place_of(h, name)
    axis = h.axes[place]
    if len(axis) != 2:
        raise StatsError(f"axis {name!r} has {len(axis)} bins: regions are two")
    first = int(axis.traits.underflow)
    is_category = isinstance(axis, hist.axis.StrCategory | hist.axis.IntCategory)
    labels = list(axis) if is_category else [False, True]
    if corner not in labels:
        raise StatsError(
            f"axis {name!r} has no bin {corner!r}: it has {labels[0]!r}, {labels[1]!r}"
        )
    at = labels.index(corner)
    return place, first + at, first + 1 - at
