"""Units of energies and momenta: what a file has, and what a path sees."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ...errors import DataError

__all__ = ["ENERGIES", "UNITS", "Units", "read_units"]

_SIZES = {"eV": 1, "keV": 10**3, "MeV": 10**6, "GeV": 10**9, "TeV": 10**12}
UNITS = tuple(_SIZES)
ENERGIES = re.compile(
    r"^(pt|et|e|p|m|mass|energy|p[xyze]|mm|sumet|mp[xy]|mbc|[a-z]*(?:pt(?:var)?|et)cone\d+)(_syst|_nosys|err)?$",
    re.IGNORECASE,
)
"""The fields that are energies, momenta or masses, unless a dataset names its own."""


@dataclass(frozen=True)
class Units:
    """The unit of a file's energies, the one that is wanted, and which columns have it.

    `declared` is whether somebody said so, not only the kind of file.

    >>> units = Units("MeV", "GeV")
    >>> [name for name in ("lep_pt", "lep_eta", "met_et", "mLL") if units.holds(name)]
    ['lep_pt', 'met_et']
    """

    own: str | None
    wanted: str | None = None
    columns: tuple[str, ...] | None = None
    declared: bool = True

    @property
    def converts(self) -> bool:
        """Whether anything changes."""
        return self.wanted is not None and self.own is not None and self.own != self.wanted

    @property
    def shown(self) -> str:
        """The unit that a path sees, where the dataset says so, or the empty string."""
        return self.wanted or (self.own if self.declared else None) or ""

    def holds(self, column: str) -> bool:
        """Whether a column is an energy, a momentum or a mass."""
        if self.columns is not None:
            return any(fnmatchcase(column, pattern) for pattern in self.columns)
        field = column.partition("_")[2]
        return bool(ENERGIES.match(field or column))

    def apply(self, layout: Any) -> Any:
        """The numbers of a column in the unit that is wanted; whole numbers become float64."""
        import awkward as ak
        import numpy as np

        assert self.own is not None
        assert self.wanted is not None
        own, wanted = _SIZES[self.own], _SIZES[self.wanted]

        def convert(part: Any, **_: Any) -> Any:
            if not isinstance(part, ak.contents.NumpyArray):
                return None
            numbers = np.asarray(part.data)
            if numbers.dtype.kind in "iu":
                numbers = numbers.astype(np.float64)
            if numbers.dtype.kind != "f":
                return part
            made = numbers / (wanted // own) if wanted > own else numbers * (own // wanted)
            return ak.contents.NumpyArray(made.astype(numbers.dtype, copy=False))

        return ak.transform(convert, layout, highlevel=False)


def read_units(where: str, units: Any, convert: Any) -> tuple[str | None, tuple[str, ...] | None]:
    """What `convert` of a dataset asks for: a unit, and the columns if they are named. Raises `DataError`."""
    columns = None
    if isinstance(convert, Mapping):
        if len(convert) != 1:
            raise DataError(f"{where}: convert is a unit, or {{unit: columns}} with one unit")
        convert, named = next(iter(convert.items()))
        columns = (
            (named,) if isinstance(named, str) or not isinstance(named, Iterable) else tuple(named)
        )
        if not columns or not all(isinstance(column, str) for column in columns):
            raise DataError(f"{where}: convert: {named!r} are no names of columns")
    for key, unit in (("units", units), ("convert", convert)):
        if unit is not None and unit not in UNITS:
            raise DataError(f"{where}: {key} is one of {', '.join(UNITS)}, not {unit!r}")
    if columns is not None:  # as a path calls them, Jet.pt, or as branches are called, Jet_pt
        columns = tuple(column.replace(".", "_", 1) for column in columns)
    return convert, columns
