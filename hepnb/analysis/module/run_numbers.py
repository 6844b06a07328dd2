"""Which column holds the number of the data-taking run, and values that hold from run to run."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...errors import DataError, PathError, nearest
from ...given import shown
from ..steering.steps import ModuleStep, Step, named

if TYPE_CHECKING:
    from ..dataset import Dataset

__all__ = ["Conditions", "with_run_numbers"]

_COLUMNS = ("run", "runNumber", "RunNumber", "EventInfo_runNumber")


def with_run_numbers(
    steps: Iterable[Step], branches: Collection[str], dataset: Dataset | None
) -> Iterator[Step]:
    """The steps, with the column of run numbers for modules that have hooks for runs.

    It is the one that `run_column` of the dataset names, or else `run` (NanoAOD) or `runNumber`
    (ATLAS, LHCb). Raises `PathError` where there is none.
    """
    for step in steps:
        if isinstance(step, ModuleStep) and step.module._has_run_hooks:
            yield replace(step, run_column=_column(step, branches, dataset))
        else:
            yield step


def _column(step: ModuleStep, branches: Collection[str], dataset: Dataset | None) -> str:
    told = None if dataset is None else dataset.meta.get("run_column")
    if told is not None:
        if told not in branches:
            raise PathError(
                f"{named(step)}: no column {told!r}, which run_column names{nearest(str(told), branches)}"
            )
        return str(told)
    for name in _COLUMNS:
        if name in branches:
            return name
    raise PathError(
        f"{named(step)} has begin_run or end_run, but the file has no column 'run' or 'runNumber': "
        "name it with hn.Dataset(..., run_column='...')"
    )


class Conditions:
    """Values by run number: each holds from its run on, until the next one.

    >>> scale = Conditions({1: 1.00, 191000: 1.02, 195000: 1.01})
    >>> scale.at(190999), scale.at(191000)
    (1.0, 1.02)
    """

    def __init__(self, values: Mapping[int, Any]) -> None:
        given: Any = values
        whole = isinstance(given, Mapping) and all(isinstance(run, int) for run in given)
        if not given or not whole:
            what = "no values" if not given else f"expected runs with values, not {shown(given)}"
            raise DataError(f"conditions: {what}; write {{first_run: value, ...}}")
        self._runs = sorted(values)
        self._values = [values[run] for run in self._runs]

    def at(self, run: int) -> Any:
        """The value of a run. Raises `DataError` for one before the first."""
        place = bisect_right(self._runs, run)
        if not place:
            raise DataError(f"conditions: none for run {run}; the first are of run {self._runs[0]}")
        return self._values[place - 1]
