"""What is drawn of a histogram, as numbers: curves with their errors, a heat map, a lower panel.

Made by `hist_display` from a slice and a look; drawn by `hist_svg` and `hist_figure`. The browser has
the same in widgets_js/src/drawing.ts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .hist_look import Kind
from .hist_statistics import Statistics
from .labels import Runs

__all__ = ["Curve", "Drawing", "DrawnAxis", "Heat", "Panel"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DrawnAxis:
    """An axis as drawn: finite `edges` float64 [bins + 1], those of flow bins included.

    `items` names the bins of a category axis (edges 0, 1, 2, …), and is empty otherwise. `under`
    and `over` say that the first and the last bin hold what lies outside.
    """

    label: Runs
    unit: str
    edges: Array
    items: tuple[str, ...]
    under: bool
    over: bool
    log: bool
    discrete: bool


@dataclass(frozen=True, eq=False)
class Curve:
    """One series. `values` float64 [bins]; `low` and `high` the ends of the errors or None.

    `base` is where a stacked series begins, None for zero. `floor` is the lowest bin of each group
    of a thinned histogram, whose highest is in `values`.
    """

    label: str
    kind: Kind
    values: Array
    low: Array | None
    high: Array | None
    base: Array | None = None
    floor: Array | None = None


@dataclass(frozen=True, eq=False)
class Panel:
    """The lower panel: each series against the reference; NaN where there is nothing to compare.

    `range` is what the panel shows; `band` the reference's own error, lower and upper end, around
    1 for a ratio. `at` the number in the legend's order of each curve.
    """

    kind: Literal["ratio", "pull"]
    label: str
    curves: tuple[Curve, ...]
    at: tuple[int, ...]
    band: tuple[Array, Array] | None
    range: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Heat:
    """Two dimensions: `values` and `errors` float64 [y bins, x bins], and their sums at the sides."""

    y: DrawnAxis
    label: Runs
    log: bool
    values: Array
    errors: Array | None
    top: Curve
    side: Curve


@dataclass(frozen=True, eq=False)
class Drawing:
    """Everything that is drawn.

    `zero`: the contents count from zero, as means do not. `band` is the error of a stack's sum;
    `bars` asks for error bars.
    """

    x: DrawnAxis
    ylabel: Runs
    log: bool
    zero: bool
    curves: tuple[Curve, ...]
    stacked: bool
    bars: bool
    band: tuple[Array, Array] | None
    below: Panel | None
    heat: Heat | None
    statistics: tuple[Statistics, ...]
    note: str
