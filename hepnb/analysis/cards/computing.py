"""What a card says is computed from its files: how many events, and their sums of weights.

    events, positive, negative     numbers of events, and of those with such a weight
    sumw, sumw2                    sums of weights and of their squares, exact to the last bit
    effective_xsec                 xsec / sumw [pb]: what an event of weight 1 stands for
    equivalent_lumi                sumw^2 / sumw2 / xsec [pb^-1]: data with the same statistical power
    from                           a hash of what they come from: files, tree, weights, cross section

Weights are those that `sumw:` names (see `Dataset`). From a branch of another tree come sums alone: of
squares, where there is a branch of the name with a 2 behind.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator

import numpy as np

from ...errors import DataError
from ..dataset import Dataset
from ..loop.program import Program
from ..loop.sums import branch_of_other_tree
from ..reading.events import EventFile, open_events
from ..steering.path import Path

__all__ = ["compute"]

_CHUNK = 500_000

Values = dict[str, int | float | str]


def compute(dataset: Dataset, moved: Callable[[str, int], None] | None = None) -> Values:
    """The computed values of one dataset; `moved` is told of each file that is done, and its events.

    Raises `DataError` for a file that cannot be read, or weights that are none.
    """
    sums = _Sums(dataset)
    for file in dataset.files:
        with open_events(file, dataset.tree, dataset) as opened:
            sums.add(opened)
            if moved is not None:
                moved(file, opened.entries)
    return sums.values()


class _Sums:
    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._events = self._positive = self._negative = 0
        self._sumw: list[float] = []
        self._sumw2: list[float] = []
        self._files: list[tuple[str, int]] = []
        self._known: set[str] = set()
        if dataset.kind == "mc" and isinstance(dataset.sumw, int | float):
            self._sumw.append(float(dataset.sumw))
            self._known.add("sumw")

    def add(self, file: EventFile) -> None:
        """Count the events of a file and sum its weights."""
        self._events += file.entries
        self._files.append((file.uuid, file.entries))
        other = branch_of_other_tree(self._dataset, file.branches)
        if other is not None:
            self._add_branch(file, *other)
        elif isinstance(self._dataset.sumw, str) and self._dataset.kind == "mc":
            for weights in self._weights(file, self._dataset.sumw):
                self._positive += int((weights > 0).sum())
                self._negative += int((weights < 0).sum())
                self._sumw.append(math.fsum(weights))
                self._sumw2.append(math.fsum(weights * weights))
            self._known |= {"positive", "negative", "sumw", "sumw2"}

    def _add_branch(self, file: EventFile, tree: str, branch: str) -> None:
        with open_events(file.path, tree) as runs:
            squares = f"{branch}2"
            names = [branch, *([squares] if squares in runs.branches else [])]
            rows = runs.read(names, 0, runs.entries)
            for name, total in zip(names, (self._sumw, self._sumw2), strict=False):
                values = np.asarray(rows[name], dtype=np.float64)
                if not np.isfinite(values).all():
                    raise DataError(f"{file.path}: {tree}.{name} is not finite")
                total.append(math.fsum(values))
                self._known.add("sumw" if name == branch else "sumw2")

    def _weights(self, file: EventFile, expression: str) -> Iterator[np.ndarray]:
        """One float64 per event, chunk by chunk, as the expression language computes it."""
        path = Path("weights")
        path.weight("sumw", expression)
        path.table("weights", {"w": expression})
        program: Program = path.freeze()
        columns = program.columns(file.branches, self._dataset)
        for start in range(0, file.entries, _CHUNK):
            stop = min(start + _CHUNK, file.entries)
            events = file.read(columns, start, stop)
            result = program.process(events, self._dataset, first_entry=start, file=file.path)
            yield np.asarray(result.tables["weights"]["w"], dtype=np.float64)

    def values(self) -> Values:
        """The values by name."""
        made: Values = {"events": self._events}
        if "positive" in self._known:
            made |= {"positive": self._positive, "negative": self._negative}
        sumw, sumw2, xsec = math.fsum(self._sumw), math.fsum(self._sumw2), self._dataset.xsec
        made |= {"sumw": sumw} if "sumw" in self._known else {}
        made |= {"sumw2": sumw2} if "sumw2" in self._known else {}
        if xsec and "sumw" in made and sumw:
            made["effective_xsec"] = xsec / sumw
        if xsec and sumw2 > 0:
            made["equivalent_lumi"] = sumw**2 / sumw2 / xsec
        return made | {"from": self._provenance()}

    def _provenance(self) -> str:
        """A hash of everything that the values come from; where files lie is not of it."""
        dataset = self._dataset
        facts: list[object] = [sorted(self._files), dataset.tree, dataset.kind]
        facts += [dataset.sumw, dataset.xsec]
        if dataset.conversion[0] or dataset.missing != "error":  # which weights may depend on
            facts.append([dataset.schema, dataset.units, dataset.conversion, dataset.missing])
        digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
        return f"sha256:{digest}"
