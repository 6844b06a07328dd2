"""A slice: the numbers of what a view shows, before any choice of how to draw them.

Made here from the selected histogram, or in the browser (widgets_js/src/slicing.ts) from a
histogram that was sent whole; whatever draws it cannot tell which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .labels import Runs

__all__ = ["Slice", "SliceAxis"]

Array = NDArray[np.float64]


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


def _bytes(values: Array) -> bytes:
    return np.ascontiguousarray(values, dtype="<f8").tobytes()
