"""Batches of the events that pass a path, for training: split and mixed by numbers that belong to the event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import PathError, nearest
from ..dataset import Dataset, as_datasets
from ..language.formula import make_formula
from ..loop.fills import fill_table
from ..loop.random import EventRandom
from ..loop.statistics import Statistics
from ..reading.events import open_events
from .checking import check_name
from .declared import texts
from .steps import Result, Table

if TYPE_CHECKING:
    from ..loop.program import Program

__all__ = ["batches"]

_PARTS = ("train", "valid", "all")
_FORMS = ("numpy", "matrix")
_CHUNK = 50_000
_NAME = "batches"

Columns = dict[str, np.ndarray]


def batches(
    path: Any,
    data: Any,
    columns: Sequence[str],
    size: int,
    shuffle: int,
    seed: int,
    part: str,
    valid: float,
    to: str,
) -> Iterator[Any]:
    """See `Path.batches`; mistakes are told before the first batch is asked for."""
    for word, value, known in (("part", part, _PARTS), ("to", to, _FORMS)):
        if value not in known:
            raise PathError(
                f"batches: {word} is one of {', '.join(known)}, not {value!r}"
                f"{nearest(str(value), known)}"
            )
    if size < 1 or shuffle < 0 or not 0 <= valid <= 1:
        raise PathError("batches: size is at least 1, shuffle at least 0, valid from 0 to 1")
    program = _program(path, texts(columns, "batches: columns"))
    datasets = as_datasets(data)
    made = _mixed(_pieces(program, datasets, seed, part, valid), size, shuffle, seed)
    return made if to == "numpy" else (_matrix(batch) for batch in made)


def _program(path: Any, columns: tuple[str, ...]) -> Program:
    """The path with a table of these columns at its end, and no other result."""
    from .path import Path

    if not columns:
        raise PathError("batches: no columns")
    pairs = []
    for column in columns:
        check_name(column, "a column of batches", column=True)
        pairs.append((column, make_formula(column, f"batches, column {column!r}")))
    made = Path(path.name)
    kept = [
        (step, place)
        for step, place in zip(path._steps, path._places, strict=True)
        if not isinstance(step, Result)
    ]
    made._steps, made._places = [step for step, _ in kept], [place for _, place in kept]
    made._add(Table(_NAME, tuple(pairs)))
    return made.freeze("nominal")


def _pieces(
    program: Program, datasets: Sequence[Dataset], seed: int, part: str, valid: float
) -> Iterator[Columns]:
    """The rows of all files, by one set of modules from the first to the last that is asked for."""
    try:
        for dataset in datasets:
            for file in dataset.files:
                yield from _of_file(program, dataset, file, seed, part, valid)
    finally:
        program.finish()


def _of_file(
    program: Program, dataset: Dataset, file: str, seed: int, part: str, valid: float
) -> Iterator[Columns]:
    """The rows of one file that belong to this part, chunk by chunk."""
    with open_events(file, dataset.tree, dataset) as opened:
        columns = program.columns(opened.branches, dataset)
        for start in range(0, opened.entries, _CHUNK):
            events = opened.read(columns, start, min(start + _CHUNK, opened.entries))
            stack = program.stack(
                events, dataset, first_entry=start, file=opened.uuid, statistics=Statistics()
            )
            layer = stack.layer()
            index, step = next((i, s) for i, s in enumerate(stack.steps) if isinstance(s, Table))
            found = fill_table(layer, index, step)
            rows = layer.rows(step.level)
            if any(len(values) != rows for values in found.values()):
                raise PathError(
                    "batches: a column has one value per object; one per event is needed"
                )
            number = EventRandom(
                f"{dataset.name}\n{opened.uuid}\nbatches {seed}", layer.entries(step.level)
            ).uniform()
            keep = np.full(rows, True) if part == "all" else (number < valid) == (part == "valid")
            yield {name: values[keep] for name, values in found.items()}


def _mixed(pieces: Iterator[Columns], size: int, shuffle: int, seed: int) -> Iterator[Columns]:
    """Batches of `size` rows, drawn from `shuffle` rows that are held."""
    chance = np.random.default_rng(seed)
    held: Columns = {}
    for piece in pieces:
        held = piece if not held else {n: np.concatenate([held[n], piece[n]]) for n in piece}
        while _rows(held) >= shuffle + size:
            batch, held = _drawn(held, size, shuffle, chance)
            yield batch
    if shuffle and held:
        order = chance.permutation(_rows(held))
        held = {name: values[order] for name, values in held.items()}
    for start in range(0, _rows(held), size):
        yield {name: values[start : start + size] for name, values in held.items()}


def _drawn(
    held: Columns, size: int, shuffle: int, chance: np.random.Generator
) -> tuple[Columns, Columns]:
    """A batch of the first `shuffle + size` rows, and what is left."""
    if not shuffle:
        return ({n: v[:size] for n, v in held.items()}, {n: v[size:] for n, v in held.items()})
    taken = chance.choice(shuffle + size, size, replace=False)
    left = np.delete(np.arange(_rows(held)), taken)
    return ({n: v[taken] for n, v in held.items()}, {n: v[left] for n, v in held.items()})


def _rows(columns: Columns) -> int:
    return len(next(iter(columns.values()))) if columns else 0


def _matrix(batch: Columns) -> np.ndarray:
    return np.column_stack([values.astype(np.float32) for values in batch.values()])
