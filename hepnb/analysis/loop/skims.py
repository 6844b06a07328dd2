"""Skims: columns of the rows that pass, written to files which read back as the original does.

What is in the file is kept as it was read (in the names, units and dtypes that a path sees), before
corrections and variations: the analysis makes these again of the skim. Each file carries the sum of the
weights and the number of all events that it stands for, whether or not they passed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np

from ...errors import MissingColumn, PathError, nearest
from ..reading.conventions import counter_of, fields_of
from ..steering.steps import Skim, named
from ..steering.variations import NOMINAL

if TYPE_CHECKING:
    from ..reading.conventions import Reading
    from .stack import Stack
    from .sums import OwnSums

__all__ = ["FACTS", "FORMATS", "Skimmed", "branches_of_skim", "skim_rows"]

FORMATS = {"ttree": ".root", "rntuple": ".root", "parquet": ".parquet"}
"""The formats, and how their files' names end."""
FACTS = b"hepnb"
"""Where a Parquet file says what other files have in a tree of their own."""


@dataclass(frozen=True)
class Skimmed:
    """The rows of a chunk (or of a part of it) that a snapshot keeps.

    `columns` have one value or list of numbers per row; `collections` are those of them that lie under
    one counter, by its name. `events`, `sumw` and `own_sums` are of all events of the chunk; `key` says
    which.
    """

    format: str
    columns: Mapping[str, ak.Array]
    collections: Mapping[str, tuple[str, ...]]
    events: int
    sumw: float | None
    key: str
    own_sums: OwnSums | None = None


def branches_of_skim(
    step: Skim, branches: Sequence[str], readings: Mapping[str, Reading]
) -> tuple[str, ...]:
    """The branches that are kept of a file with these, with the counters of their collections.

    Raises `MissingColumn` for a name or pattern that means none.
    """
    if step.columns is None:
        found = {b for reading in readings.values() for b in reading.branches}
    else:
        found = {b for column in step.columns for b in _meant(step, column, branches)}
    known = set(branches)
    found |= {counter for b in found for counter in _counters(b, known)}
    if not found and not step.own:
        raise PathError(f"{named(step)}: the path reads no column; name some with columns=[...]")
    return tuple(branch for branch in branches if branch in found)


def _meant(step: Skim, column: str, branches: Sequence[str]) -> Collection[str]:
    """`run`, `Jet` (all its fields), `Jet.pt`, `Jet_pt` or a pattern such as `HLT_*`."""
    spelt = column.replace(".", "_")
    if spelt in branches:
        return (spelt,)
    if "*" in spelt:
        found = [branch for branch in branches if fnmatchcase(branch, spelt)]
    else:
        found = [f"{spelt}_{field}" for field in fields_of(spelt, branches)]
    if not found:
        raise MissingColumn(f"{named(step)}: no column {column!r}{nearest(spelt, branches)}")
    return found


def _counters(branch: str, branches: Collection[str]) -> Iterator[str]:
    """The counters of what a branch may be a field of, that with the longest name first."""
    name = branch
    while name:
        counter = counter_of(name, branches)
        if counter is not None and counter != branch:
            yield counter
        name = name.rpartition("_")[0]


def skim_rows(
    stack: Stack, step: Skim, readings: Mapping[str, Reading], sumw: float | None
) -> Skimmed:
    """The rows of one chunk that pass the selects above in the nominal, or in any variation."""
    group = frozenset(stack.members if step.any_variation else (NOMINAL,))
    chunk = stack.chunk
    # Of no events no select has anything to say.
    level = step.level if chunk.length else 0
    places = stack.rows(group, level).places
    columns: dict[str, ak.Array] = {}
    for branch in branches_of_skim(step, chunk.events.fields, readings):
        columns[branch] = _numbers(chunk.events[branch][places], f"{named(step)}, {branch!r}")
    collections: dict[str, tuple[str, ...]] = {}
    for name in list(columns):
        counts = _counts(columns[name])
        for counter in _counters(name, columns) if counts is not None else ():
            if np.array_equal(counts, ak.to_numpy(columns[counter])):
                collections[counter] = (*collections.get(counter, ()), name)
                break
    layer = stack.at(NOMINAL, group)
    for name, column in step.own:
        value = layer.whole(column, level)
        array = value if isinstance(value, ak.Array) else ak.Array(value)
        where = f"{named(step)}, {name!r}"
        parts = {f"{name}_{f}": _numbers(array[f], where) for f in ak.fields(array)}
        if parts and array.ndim > 1:
            counter = f"n{name}"
            columns[counter] = ak.Array(_counts(next(iter(parts.values()))))
            collections[counter] = tuple(parts)
        columns |= parts or {name: _numbers(array, where)}
    key = f"{chunk.dataset.name} {chunk.file} {chunk.first} {chunk.length} {step.name}"
    return Skimmed(step.format, columns, collections, chunk.length, sumw, key)


def _counts(array: ak.Array) -> Any:
    """Objects per row, int32, where there are lists of them."""
    if array.ndim < 2 or not array.layout.is_list or array.layout.is_regular:
        return None
    return np.asarray(ak.num(array, axis=1), dtype=np.int32)


def _numbers(array: ak.Array, where: str) -> ak.Array:
    """The column in a form that files hold: missing numbers are NaN.

    Raises `PathError` for text, records, and missing whole numbers.
    """
    array = ak.to_packed(array)
    inner, option, text = array.layout, False, False
    while inner.is_list or inner.is_option or inner.is_indexed:
        text = text or inner.parameter("__array__") in ("string", "bytestring")
        option = option or inner.is_option
        inner = inner.content
    if text or not inner.is_numpy or inner.dtype.kind not in "biuf":
        raise PathError(f"{where}: is no column of numbers; leave it out of columns=")
    if option:
        if inner.dtype.kind != "f":
            raise PathError(f"{where}: has missing whole numbers; define it with a value for these")
        array = ak.to_packed(ak.fill_none(array, inner.dtype.type(np.nan), axis=-1))
    return array
