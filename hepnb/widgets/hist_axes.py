"""What the explorer knows of one axis of a histogram, whatever library made the axis.

Dense axes have edges; category axes (strings, integers, booleans) have items. Nothing here looks
at contents.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import boost_histogram as bh
import numpy as np
from numpy.typing import NDArray

from .labels import plain, runs, unit

__all__ = ["AxisInfo", "Item", "describe"]

Item = str | int | bool

_PLAIN = re.compile(r"[ !#-&(-\[\]-~]*")  # printable ASCII without quotes and backslash
_MOST_TEXTS = 2048

COUNTABLE = 64
"""An axis of whole numbers can be overlaid with at most so many bins."""


@dataclass(frozen=True, eq=False)
class AxisInfo:
    """One axis.

    `edges` are the float64 bin edges [n + 1] of a dense axis, None for categories; `items` the
    categories in storage order, empty for a dense axis. `key` names the axis in a view.
    """

    position: int
    key: str
    name: str
    label: str
    edges: NDArray[np.float64] | None
    items: tuple[Item, ...]
    underflow: bool
    overflow: bool
    circular: bool
    discrete: bool
    axis: Any

    @property
    def size(self) -> int:
        """Number of bins without flow."""
        return len(self.items) if self.edges is None else len(self.edges) - 1

    @property
    def dense(self) -> bool:
        return self.edges is not None

    @property
    def choices(self) -> tuple[Item, ...]:
        """What an overlay can choose from: the categories, or the numbers of a short integer axis."""
        if self.edges is None:
            return self.items
        few = self.discrete and not self.circular and self.size <= COUNTABLE
        return tuple(int(edge) for edge in self.edges[:-1]) if few else ()

    @property
    def boolean(self) -> bool:
        return isinstance(self.axis, bh.axis.Boolean)

    @property
    def index_key(self) -> str | int:
        """How an index names this axis: by name, or by position where it has none."""
        return self.name or self.position

    @property
    def logarithmic(self) -> bool:
        """True where the bins grow by a constant factor over at least a decade."""
        if self.edges is None or self.size < 3 or not self.edges[0] > 0:
            return False
        if not np.isfinite(self.edges[-1]) or self.edges[-1] < 10 * self.edges[0]:
            return False
        steps = np.diff(np.log(self.edges))
        return bool(np.allclose(steps, steps[0], rtol=1e-6))

    def location(self, edge: int) -> tuple[complex | int, str]:
        """An edge in an index, and its source text: a location with as few digits as find it.

        Where rounding could move it to the neighbouring bin, it is the bin's number.
        """
        assert self.edges is not None
        value = float(self.edges[edge])
        if math.isfinite(value) and not self.circular:
            for digits in (6, 9, 12, 15, 17):
                rounded = float(f"{value:.{digits}g}")
                up = float(f"{rounded + abs(rounded) * 10.0 ** (1 - digits):.{digits}g}")
                for near in (rounded, up):  # just above an edge is still its bin
                    if int(self.axis.index(near)) == edge:
                        text = f"{int(near)}j" if near == int(near) else f"{near!r}j"
                        return complex(0, near), text
        return edge, str(edge)

    def to_wire(self) -> dict[str, object]:
        """For the browser: JSON, with the edges as little-endian float64, or [first, last] of
        evenly spaced ones.

        `texts` and `quoted` are what it needs to write expressions: the source text of each edge,
        unless there are very many, and the `repr` of names that a plain rule would get wrong.
        """
        few = self.edges is not None and self.size <= _MOST_TEXTS
        names = [self.name, *(item for item in self.items if isinstance(item, str))]
        return {
            "index": self.index_key,
            "texts": [self.location(i)[1] for i in range(self.size + 1)] if few else None,
            "quoted": {name: repr(name) for name in names if not _PLAIN.fullmatch(name)},
            "key": self.key,
            "name": plain(self.label) or self.key,
            "label": runs(self.label),
            "unit": unit(self.label),
            "dense": self.dense,
            "size": self.size,
            "edges": None if self.edges is None else _packed(self.edges),
            "items": list(self.items),
            "circular": self.circular,
            "discrete": self.discrete,
            "flow": [self.underflow, self.overflow],
            "log": self.logarithmic,
        }


def _packed(edges: NDArray[np.float64]) -> bytes | list[float]:
    first, last = float(edges[0]), float(edges[-1])
    part = np.arange(len(edges)) / (len(edges) - 1)
    if np.isfinite([first, last]).all() and np.array_equal((1 - part) * first + part * last, edges):
        return [first, last]
    return edges.astype("<f8").tobytes()


def describe(axes: Iterable[Any]) -> tuple[AxisInfo, ...]:
    """The axes of a histogram, in order.

    >>> import hist
    >>> [a.key for a in describe(hist.Hist.new.Reg(4, 0, 1, name="x").Bool().Double().axes)]
    ['x', '#1']
    """
    return tuple(_describe(position, axis) for position, axis in enumerate(axes))


def _describe(position: int, axis: Any) -> AxisInfo:
    name = getattr(axis, "name", "") or ""
    label = getattr(axis, "label", "") or ""
    if label == f"Axis {position}" or not label:  # what hist calls an axis without a label
        label = name or f"axis {position}"
    traits = axis.traits
    items: tuple[Item, ...] = ()
    edges = None
    if isinstance(axis, bh.axis.Boolean):
        items = (False, True)
    elif isinstance(axis, bh.axis.StrCategory | bh.axis.IntCategory):
        items = tuple(cast("Item", axis.value(i)) for i in range(len(axis)))
    else:
        edges = np.asarray(axis.edges, dtype=np.float64)
    return AxisInfo(
        position=position,
        key=name or f"#{position}",
        name=name,
        label=label,
        edges=edges,
        items=items,
        underflow=bool(traits.underflow),
        overflow=bool(traits.overflow),
        circular=bool(traits.circular),
        discrete=bool(traits.discrete),
        axis=axis,
    )
