"""A slice of a histogram that is not made: `h.lazy[...]` reads what is asked of it, when it is asked.

The slice has blocks like any other histogram; reading a range of one reduces just the bins of the
source that go into that range.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from .blocks import Blocks
from .contribution import Contribution
from .homes import Home
from .indexing import AxisPlan
from .manifest import Labels
from .record import Key
from .reduction import reduce_cells
from .refusal import HistTypeError
from .signature import Signature

__all__ = ["LazyBlocks", "LazyHome"]

T = TypeVar("T")
Array = np.ndarray[Any, Any]
Plan = Callable[[Blocks], Sequence[AxisPlan]]


class LazyBlocks:
    """The blocks that `plans` would make of the blocks of `source`."""

    def __init__(
        self, blocks: Blocks, source: Signature, result: Signature, plans: Sequence[AxisPlan]
    ) -> None:
        self._blocks, self._source, self._result = blocks, source, result
        self._plans = list(plans)
        kept = [i for i, p in enumerate(plans) if p.axis is not None]
        self._categories = [kept[i] for i in result.category_axes]
        self._dense = [kept[i] for i in result.dense_axes]

    def labels(self) -> Labels:
        """The labels of each category axis that is left."""
        return tuple(tuple(self._plans[i].axis) for i in self._categories)

    def keys(self) -> Iterable[Key]:
        """The tuples of labels whose block may hold something."""
        rows: list[dict[Any, list[int]]] = []
        for i, labels in zip(self._source.category_axes, self._blocks.labels(), strict=True):
            goes = self._plans[i].targets()
            places: dict[Any, int] = {None: len(labels)}
            places |= {label: n for n, label in enumerate(labels)}
            rows.append({label: goes.get(n, []) for label, n in places.items()})
        left = [j for j, i in enumerate(self._source.category_axes) if i in self._categories]
        found: dict[Key, None] = {}
        for key in self._blocks.keys():  # noqa: SIM118 (a method of Blocks, not of a dict)
            goes_to = [row[label] for row, label in zip(rows, key, strict=True)]
            if all(goes_to):
                for at in itertools.product(*(goes_to[j] for j in left)):
                    found[self._key(at)] = None
        return list(found)

    def read(self, key: Key, lo: int, hi: int) -> Mapping[str, Array]:
        """Bins [lo, hi) of one block of the slice."""
        plans = list(self._plans)
        for i, label, names in zip(self._categories, key, self.labels(), strict=True):
            n = len(names) if label is None else names.index(label)
            plans[i] = plans[i].only(n, n + 1)
        row = 1
        first = 0
        if self._dense:
            i = self._dense[0]
            row = self._result.bins // plans[i].size
            first, last = lo // row, -(-hi // row)
            plans[i] = plans[i].only(first, last)
        found = reduce_cells(self._blocks, self._source, plans, threads=1)
        cut = slice(lo - first * row, hi - first * row)
        return {f: a.reshape(-1)[cut] for f, a in found.items()}

    def weighted(self) -> bool:
        """Whether any fill had weights."""
        return self._blocks.weighted()

    def _key(self, at: Sequence[int]) -> Key:
        return tuple(
            names[n] if n < len(names) else None for n, names in zip(at, self.labels(), strict=True)
        )


class LazyHome:
    """Where a lazy slice lives: in the histogram that it was cut from, which it follows."""

    def __init__(self, home: Home, plan: Plan, signature: Signature) -> None:
        self._home, self._plan = home, plan
        self._source = home.signature
        self.signature = signature

    @property
    def version(self) -> int:
        """The version of what it was cut from."""
        return self._home.version

    @property
    def directory(self) -> Path | None:
        """The directory of what it was cut from."""
        return self._home.directory

    @property
    def sealed(self) -> bool:
        """Whether nothing more will come."""
        return self._home.sealed

    @property
    def committed(self) -> int:
        """Contributions to what it was cut from."""
        return self._home.committed

    @property
    def folded(self) -> int:
        """Contributions folded."""
        return self._home.folded

    def read(self, what: Callable[[Blocks], T]) -> T:
        """Read the slice as it is now."""
        return self._home.read(
            lambda blocks: what(
                LazyBlocks(blocks, self._source, self.signature, self._plan(blocks))
            )
        )

    def new_contribution(self) -> Contribution:
        """A slice is for reading."""
        raise HistTypeError(f"a slice of {self._source.name!r} cannot be filled; fill it itself")

    def contribute(self, _contents: Any, _unique_id: str) -> bool:
        """A slice is for reading."""
        raise HistTypeError(f"a slice of {self._source.name!r} cannot be filled; fill it itself")

    def contributed(self, unique_id: str) -> bool:
        """Whether the source knows this id."""
        return self._home.contributed(unique_id)

    def refresh(self) -> bool:
        """Follow the source."""
        return self._home.refresh()

    def close(self) -> None:
        """Nothing to close: the source stays open."""
