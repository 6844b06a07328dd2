"""The certified luminosity sections of data: the JSON file of an experiment as a condition."""

from __future__ import annotations

import json
import os
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from ...errors import DataError, one_line
from ...given import given_path
from .shapes import elementwise

__all__ = ["LumiMask"]

_BITS = 32
_SECTIONS = (1 << _BITS) - 1


class LumiMask:
    """Which events are certified: `good = hn.LumiMask("Cert.json")`, then `good(run, luminosityBlock)`.

    The file has for each run the first and last section of its certified ranges, both included:
    `{"190645": [[10, 110]]}`. The result is boolean, in the common shape of what is given; missing values
    stay missing. The content travels with the run. Raises `DataError` in one line for a file that is none.

    >>> good = LumiMask({"190645": [[10, 110], [112, 112]], "190704": [[1, 3]]})
    >>> good([190645, 190645, 190704, 5], [110, 111, 1, 1]).tolist()
    [True, False, True, False]
    >>> good.sections
    105
    """

    arguments = ("run", "section")
    """What it is called with."""

    def __init__(self, source: str | os.PathLike[str] | dict[str, Any]) -> None:
        where = "LumiMask"
        if not isinstance(source, dict):
            file = given_path(source, "LumiMask: the list of certified sections", DataError)
            where = f"LumiMask({str(file)!r})"
            source = _read(file, where)
        bounds: list[tuple[int, int]] = []
        for run, ranges in source.items():
            bounds += [_range(run, both, where) for both in _list(ranges, run, where)]
        first, last = np.array(sorted(bounds), dtype=np.int64).reshape(-1, 2).T
        # Of ranges that overlap the last end seen so far counts.
        self._first, self._last = first, np.maximum.accumulate(last)

    def __repr__(self) -> str:
        return f"<LumiMask: {self.sections} sections>"

    @property
    def sections(self) -> int:
        """How many luminosity sections are certified."""
        seen = np.concatenate([[-1], self._last[:-1]])
        starts = np.maximum(self._first, seen + 1)
        return int(np.maximum(self._last - starts + 1, 0).sum())

    @property
    def ranges(self) -> dict[str, list[list[int]]]:
        """What makes an equal mask: first and last sections by run."""
        found: dict[str, list[list[int]]] = {}
        for first, last in zip(self._first.tolist(), self._last.tolist(), strict=True):
            both = [first & _SECTIONS, last & _SECTIONS]
            found.setdefault(str(first >> _BITS), []).append(both)
        return found

    def __call__(self, run: Any, section: Any) -> Any:
        """Whether run and luminosity section of each event are certified."""
        if isinstance(run, str) or isinstance(section, str):
            raise DataError("LumiMask: run and section are numbers, not a text")
        return elementwise(self._found, (run, section), "LumiMask")

    def _found(self, run: np.ndarray, section: np.ndarray) -> np.ndarray:
        if not len(self._first):
            return np.zeros(len(run), dtype=bool)
        for name, numbers in (("run", run), ("section", section)):
            with np.errstate(invalid="ignore"):
                odd = numbers[np.mod(numbers, 1) != 0]
            if len(odd):
                raise DataError(f"LumiMask: {name} {odd[0]:g} is no whole number")
        sections = section.astype(np.int64)
        keys = (run.astype(np.int64) << _BITS) + sections
        place = np.searchsorted(self._first, keys, side="right") - 1
        found: np.ndarray = (place >= 0) & (keys <= self._last[np.maximum(place, 0)])
        return found & (sections >= 0) & (sections <= _SECTIONS)


def _read(source: Any, where: str) -> dict[str, Any]:
    try:
        if FilePath(source).exists() and not FilePath(source).is_file():
            raise DataError(f"{where}: is not a file")
        found = json.loads(FilePath(source).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{where}: cannot be read ({one_line(error)})") from None
    if not isinstance(found, dict):
        raise DataError(f"{where}: is no list of runs: expected {{'run': [[first, last], ...]}}")
    return found


def _list(ranges: Any, run: Any, where: str) -> list[Any]:
    if not isinstance(ranges, list):
        raise DataError(f"{where}: run {run!r}: expected [[first, last], ...], not {ranges!r}")
    return ranges


def _range(run: Any, both: Any, where: str) -> tuple[int, int]:
    """The first and last key of a range of one run."""
    is_pair = isinstance(both, list) and len(both) == 2 and all(type(n) is int for n in both)
    is_run = str(run).isdecimal() and len(str(run)) < 10  # so that keys fit into 63 bits
    if not is_pair or not 0 <= both[0] <= both[1] < 1 << _BITS or not is_run:
        raise DataError(f"{where}: run {run!r}: {both!r} is no range [first, last] of sections")
    number = int(run) << _BITS
    return number + both[0], number + both[1]
