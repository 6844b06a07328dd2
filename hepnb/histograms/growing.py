"""A histogram with growing Regular, Variable or Integer axes: in memory only.

Its blocks change their shape with every entry beyond the range, so it is kept as one `hist.Hist`,
which knows how to grow; on disk a block's bins are fixed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import hist
import numpy as np

from ..errors import StoreError
from .adding import FullBlocks, place_of
from .blocks import Blocks
from .entries import sample_of, values_of, weight_of
from .record import Key
from .refusal import HistValueError, refusal_like
from .signature import Signature

__all__ = ["GrowingContribution", "GrowingHome"]

T = TypeVar("T")
Array = np.ndarray[Any, Any]
_REFUSED = (IndexError, KeyError, TypeError, ValueError, RuntimeError)


class GrowingContribution:
    """Fills that are tried on an empty histogram first and carried out when they are committed."""

    def __init__(self, signature: Signature) -> None:
        self._signature = signature
        self._trial = _empty(signature)
        self._steps: list[Callable[[Any], Any]] = []
        self.may_fail = False  # once the axes have grown otherwise, before it is committed

    def fill(
        self, _name: str, /, *, weight: Any = None, sample: Any = None, **columns: Any
    ) -> None:
        """Fill by the names of the axes."""
        if "sample" in [ax.name for ax in self._signature.axes] and sample is not None:
            columns, sample = {**columns, "sample": sample}, None  # an axis may have this name
        values = values_of(self._signature, columns)
        self.fill_in_order(self._signature, values, weight, sample)

    def fill_in_order(
        self, signature: Signature, values: Sequence[Any], weight: Any, sample: Any
    ) -> None:
        """Fill by the order of the axes."""
        said = f"histogram {signature.name!r}"
        weight, sample = weight_of(weight, signature, said), sample_of(sample, signature, said)
        n = max((len(v) for v in (*values, weight, sample) if np.ndim(v)), default=None)
        whole = [np.full(n, v) if n is not None and np.ndim(v) == 0 else v for v in values]

        def step(full: Any) -> None:
            full.fill(*whole, weight=weight, sample=sample)

        try:
            step(self._trial)
        except _REFUSED as error:
            raise refusal_like(error, f"{said}: {error}") from None
        self._steps.append(step)

    def add_hist(self, signature: Signature, full: Any) -> None:
        """Add a `hist.Hist`; the axes grow as they do where boost-histogram adds two histograms."""

        def step(into: Any) -> None:
            known = into._variance_known and full._variance_known
            try:
                into += full
            except _REFUSED:
                raise HistValueError(
                    f"histogram {signature.name!r}: boost-histogram adds growing Regular and "
                    "Variable axes only where their ranges are the same; fill the entries instead"
                ) from None
            into._variance_known = known

        step(self._trial)
        self._steps.append(step)
        self.may_fail = True

    def assign(
        self, _name: str, key: Key, where: Array | None, numbers: Mapping[str, Array]
    ) -> None:
        """Set bins of one block."""
        signature = self._signature

        def step(into: Any) -> None:
            for field, array in signature.cell.split(into.view(flow=True)).items():
                part = array[place_of(into, signature, key)]
                at = slice(None) if where is None else where
                flat = part.reshape(-1)
                flat[at] = numbers[field]
                array[place_of(into, signature, key)] = flat.reshape(part.shape)

        self._steps.append(step)

    def apply(self, full: Any) -> None:
        """Carry it out."""
        for step in self._steps:
            step(full)


class GrowingHome:
    """One histogram in memory, all of whose axes may grow."""

    directory: Path | None = None
    folded = 0

    def __init__(self, signature: Signature) -> None:
        self.signature = signature
        self._full = _empty(signature)
        self._ids: set[str] = set()
        self.version = 0
        self.sealed = False

    @property
    def committed(self) -> int:
        """Contributions made."""
        return len(self._ids)

    def read(self, what: Callable[[Blocks], T]) -> T:
        """Read the blocks."""
        return what(FullBlocks(self._full, self.signature))

    def new_contribution(self) -> GrowingContribution:
        """An empty contribution to this histogram."""
        return GrowingContribution(self.signature)

    def contribute(self, contents: GrowingContribution, unique_id: str) -> bool:
        """Add once."""
        if unique_id in self._ids:
            return False
        if self.sealed:
            raise StoreError("this histogram is closed; make a new one to fill")
        full = copy.deepcopy(self._full) if contents.may_fail else self._full
        contents.apply(full)
        self._full = full
        grown = Signature.from_axes(
            self.signature.name,
            self._full.axes,
            self.signature.storage,
            metadata=self.signature.metadata,
            in_memory=True,
        )
        # Its own axes: made of its ends again, the edges of a grown one may differ by a rounding.
        self.signature = replace(grown, axes=tuple(copy.deepcopy(list(self._full.axes))))
        self._ids.add(unique_id)
        self.version += 1
        return True

    def contributed(self, unique_id: str) -> bool:
        """Whether this id was contributed."""
        return unique_id in self._ids

    def refresh(self) -> bool:
        """Nothing comes from elsewhere."""
        return False

    def close(self) -> None:
        """Fill no more."""
        self.sealed = True


def _empty(signature: Signature) -> Any:
    made: Any = hist.Hist(*copy.deepcopy(signature.axes), storage=signature.new_storage())
    return made
