"""How a module is called on the rows of a layer, run by run where it asks for that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np

from ...errors import PathError
from ..module.module import Rows
from ..steering.steps import ModuleStep, named
from .random import EventRandom

if TYPE_CHECKING:
    from .layer import Layer

__all__ = ["call_module"]


def call_module(layer: Layer, owner: int, step: ModuleStep, level: int) -> dict[str, Any]:
    """What a module makes of the rows of a level, by the names that the path has for it."""
    own = {new: old for old, new in step.renames}
    columns = {own.get(n, n): layer.argument(n, level, owner) for n in step.uses.inputs}
    wanted = {own.get(name, name): name for name in step.produces}
    module, place, made = step.module, named(step), []
    timed = partial(layer.statistics.timed, step.name, 0)
    entries, uuid = layer.entries(level), layer.chunk.file.partition(" ")[0]  # without the seed
    for run, start, stop in _stretches(layer, owner, step, level):
        part = {name: _part(value, start, stop) for name, value in columns.items()}
        rows = Rows(part, entries[start:stop], layer.chunk.dataset, uuid)
        if run is not None:
            timed(partial(module.begin_run, run), "begin_run")
        found = layer.user(step.name, place, level, partial(module.process, rows))
        if run is not None:
            timed(partial(module.end_run, run), "end_run")
        made.append((stop - start, _named(found, wanted, place)))
    if len(made) == 1:
        return made[0][1]
    return {name: _joined([(n, one[name]) for n, one in made], place) for name in step.produces}


def _stretches(
    layer: Layer, owner: int, step: ModuleStep, level: int
) -> Iterator[tuple[int | None, int, int]]:
    """The rows in stretches of one run number, [start, stop); all at once without run numbers.

    No rows are one stretch, of the run of the chunk's first event.
    """
    rows = layer.rows(level)
    if not step.run_column or not layer.chunk.length:
        yield None, 0, rows
        return
    at = level if rows else 0
    numbers = np.asarray(layer.argument(step.run_column, at, owner))
    if not rows:
        yield int(numbers[0]), 0, 0
        return
    starts = [0, *(np.flatnonzero(numbers[1:] != numbers[:-1]) + 1).tolist()]
    for start, stop in zip(starts, [*starts[1:], rows], strict=True):
        yield int(numbers[start]), start, stop


def _part(value: Any, start: int, stop: int) -> Any:
    if isinstance(value, EventRandom):
        return value.among(start, stop)
    return value[start:stop] if isinstance(value, np.ndarray | ak.Array) else value


def _named(made: Any, wanted: Mapping[str, str], place: str) -> dict[str, Any]:
    """What `process` returned, under the names of the path."""
    if len(wanted) == 1 and not isinstance(made, Mapping):
        made = dict.fromkeys(wanted, made)
    if not isinstance(made, Mapping):
        made = {} if made is None else {"?": made}
    for name in wanted:
        if name not in made:
            raise PathError(f"{place}: process returned no {name!r}, which produces names")
    return {new: made[name] for name, new in wanted.items()}


def _joined(parts: Sequence[tuple[int, Any]], place: str) -> Any:
    """The values of all stretches, one after the other."""
    arrays = []
    for rows, value in parts:
        if isinstance(value, bool | int | float | np.number | np.bool_):
            value = np.full(rows, value)  # noqa: PLW2901
        if not hasattr(value, "__len__"):
            kind = type(value).__name__
            raise PathError(f"{place}: returned {kind}, not one value or list per row")
        if len(value) != rows:
            raise PathError(f"{place}: returned {len(value)} rows for {rows} of one run")
        arrays.append(value)
    if all(isinstance(array, np.ndarray) for array in arrays):
        return np.concatenate(arrays)
    return ak.concatenate(arrays)
