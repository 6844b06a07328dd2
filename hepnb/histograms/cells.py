"""What one bin of each storage holds, and how two of them are merged into one.

A block keeps one flat array per *field*. Counting storages have one or two fields that add up
(MultiCell: one per variation); a mean is merged by the pairwise formula of Chan, Golub and LeVeque
(https://doi.org/10.1080/00031305.1983.10483115), in the order that is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import boost_histogram as bh
import numpy as np

from .refusal import HistTypeError

__all__ = ["Cell", "cell_of", "storage_name"]

Array = np.ndarray[Any, Any]
Fields = Mapping[str, Array]


@dataclass(frozen=True)
class Cell:
    """The bin of a storage whose numbers add up.

    `fields` name the arrays on disk, `parts` those of boost-histogram's structured view (none
    for a plain array), `uhi` the storage's type in the UHI standard.
    """

    storage: str
    uhi: str
    fields: tuple[str, ...]
    parts: tuple[str, ...] = ()
    whole: bool = False

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of each number: int64 or float64, little endian."""
        return np.dtype("<i8" if self.whole else "<f8")

    @property
    def takes_sample(self) -> bool:
        """Whether a fill has a `sample`."""
        return False

    @property
    def variations(self) -> int:
        """The number of weights of each entry, for MultiCell; 0 otherwise."""
        return 0

    @property
    def in_uhi(self) -> bool:
        """Whether the UHI standard has a storage of this kind."""
        return True

    @property
    def value_dims(self) -> int:
        """Dimensions that a view has before those of the axes."""
        return 0

    def new(self) -> Any:
        """A fresh boost-histogram storage of this kind."""
        return getattr(bh.storage, self.storage)()

    def zeros(self, shape: int | Sequence[int]) -> dict[str, Array]:
        """Empty bins."""
        return {f: np.zeros(shape, self.dtype) for f in self.fields}

    def split(self, view: Any) -> dict[str, Array]:
        """The fields of a boost-histogram view."""
        if not self.parts:
            return {self.fields[0]: np.asarray(view)}
        return {f: np.asarray(view[p]) for f, p in zip(self.fields, self.parts, strict=True)}

    def write(self, view: Any, fields: Fields) -> None:
        """Put the fields into a boost-histogram view."""
        for field, into in self.split(view).items():
            into[...] = fields[field]

    def blank(self, shape: Sequence[int]) -> Any:
        """Empty bins as boost-histogram's view has them, of any shape."""
        if not self.parts:
            return np.zeros(shape, self.dtype)
        kind = type(bh.Histogram(bh.axis.Boolean(), storage=self.new()).view())
        return np.zeros(shape, [(p, "<f8") for p in self.parts]).view(kind)

    def like_view(self, fields: Fields) -> Any:
        """The fields as `hist.Hist.view` gives them, of any shape."""
        view = self.blank(fields[self.fields[0]].shape)
        self.write(view, fields)
        return view

    def used(self, fields: Fields) -> Array:
        """Which bins hold anything at all."""
        used = np.asarray(fields[self.fields[-1]] != 0)
        for field in self.fields[:-1]:
            used |= fields[field] != 0  # a tiny weight's square may underflow
        return used

    def merge(self, into: Fields, at: Any, part: Fields) -> None:
        """Merge `part` into the bins `at` of `into`, each at most once."""
        for field in self.fields:
            into[field][at] += part[field]

    def pool(self, fields: Fields, axis: int | tuple[int, ...]) -> dict[str, Array]:
        """Merge all bins along axes, which stay with one bin."""
        return {f: fields[f].sum(axis=axis, keepdims=True) for f in self.fields}

    @property
    def uhi_fields(self) -> tuple[str, ...]:
        """The names of the numbers that the UHI standard writes."""
        return self.fields

    def mended(self, fields: Fields) -> Fields:
        """The fields without the NaN that a foreign view may have where there is nothing."""
        return fields

    def for_uhi(self, fields: Fields) -> dict[str, Array]:
        """The numbers that the UHI standard writes, by their names there."""
        return dict(fields)


@dataclass(frozen=True)
class Variations(Cell):
    """MultiCell: one sum of weights per variation, each a block of its own on disk."""

    @property
    def variations(self) -> int:
        return len(self.fields)

    @property
    def in_uhi(self) -> bool:
        return False

    @property
    def value_dims(self) -> int:
        return 1

    def new(self) -> Any:
        return bh.storage.MultiCell(self.variations)

    def split(self, view: Any) -> dict[str, Array]:
        return {f: np.asarray(view[i]) for i, f in enumerate(self.fields)}

    def blank(self, shape: Sequence[int]) -> Any:
        return np.zeros((self.variations, *shape))


@dataclass(frozen=True)
class MeanCell(Cell):
    """A mean of samples: weights first, then the mean, then the sum of squared deviations."""

    @property
    def takes_sample(self) -> bool:
        return True

    @property
    def uhi_fields(self) -> tuple[str, ...]:
        return (*self.fields[:-1], "variances")

    def split(self, view: Any) -> dict[str, Array]:
        return super().split(np.asarray(view))

    def merge(self, into: Fields, at: Any, part: Fields) -> None:
        *weights, mean, spread = self.fields
        n1, n2 = into[weights[0]][at], part[weights[0]]
        total = n1 + n2
        share = np.divide(n2, total, out=np.zeros_like(total), where=total != 0)
        step = part[mean] - into[mean][at]
        into[spread][at] += part[spread] + step**2 * n1 * share
        into[mean][at] += step * share
        for weight in weights:
            into[weight][at] += part[weight]

    def pool(self, fields: Fields, axis: int | tuple[int, ...]) -> dict[str, Array]:
        *weights, mean, spread = self.fields
        out = {w: fields[w].sum(axis=axis, keepdims=True) for w in weights}
        n, total = fields[weights[0]], out[weights[0]]
        sums = (n * fields[mean]).sum(axis=axis, keepdims=True)
        out[mean] = np.divide(sums, total, out=np.zeros_like(total), where=total != 0)
        around = fields[spread] + n * (fields[mean] - out[mean]) ** 2
        out[spread] = around.sum(axis=axis, keepdims=True)
        return out

    def mended(self, fields: Fields) -> Fields:
        spread = self.fields[-1]
        return {**fields, spread: np.nan_to_num(fields[spread], nan=0.0)}

    def for_uhi(self, fields: Fields) -> dict[str, Array]:
        out = {f: fields[f] for f in self.fields[:-1]}
        with np.errstate(all="ignore"):
            spread = np.asarray(self.like_view(fields).variance)
        out["variances"] = np.nan_to_num(spread, nan=0.0) + 0.0  # of too few entries: none
        return out


_COUNTING = (
    Cell("Double", "double", ("values",)),
    Cell("Int64", "int", ("values",), whole=True),
    Cell("AtomicInt64", "int", ("values",), whole=True),
    Cell("Unlimited", "double", ("values",)),
    Cell("Weight", "weighted", ("values", "variances"), ("value", "variance")),
    MeanCell(
        "Mean",
        "mean",
        ("counts", "values", "deviations"),
        ("count", "value", "_sum_of_deltas_squared"),
    ),
    MeanCell(
        "WeightedMean",
        "weighted_mean",
        ("sum_of_weights", "sum_of_weights_squared", "values", "deviations"),
        (
            "sum_of_weights",
            "sum_of_weights_squared",
            "value",
            "_sum_of_weighted_deltas_squared",
        ),
    ),
)
_CELLS = {c.storage.lower(): c for c in _COUNTING}
_MULTI = re.compile(r"multicell\((\d{1,5})\)")


def storage_name(storage: Any) -> str:
    """`Weight`, `MultiCell(3)`, ... of a storage's name, instance or type; refused otherwise.

    >>> storage_name(bh.storage.MultiCell(3)), storage_name("weight"), storage_name(bh.storage.Mean)
    ('MultiCell(3)', 'Weight', 'Mean')
    """
    if isinstance(storage, bh.storage.MultiCell):
        return f"MultiCell({storage.nelem})"
    kind = storage if isinstance(storage, type) else type(storage)
    name = storage if isinstance(storage, str) else kind.__name__
    return cell_of(name).storage


def cell_of(name: str) -> Cell:
    """The cell of a storage by its name; HistTypeError when there is none."""
    found = _CELLS.get(name.lower())
    if found is not None:
        return found
    multi = _MULTI.fullmatch(name.lower())
    if multi is None or int(multi[1]) == 0:
        known = ", ".join(c.storage for c in _COUNTING)
        raise HistTypeError(f"storage {name!r} is not one of {known}, MultiCell(n)")
    n = int(multi[1])
    return Variations(f"MultiCell({n})", "multi_cell", tuple(f"variation_{i}" for i in range(n)))
