"""`hn.scan`: one run per combination of parameters, all prepared now, started in turn behind us."""

from __future__ import annotations

import inspect
import os
import shutil
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...errors import HepnbError, RunError
from ...given import shown
from ..directory import state_directory
from ..policy import Policy
from ..settings import whole
from ..starting.admission import obey_the_site
from ..starting.launch import in_parts, start
from ..starting.preparing import Inputs, Prepared, prepare
from .conducting import conduct
from .directory import ScanDirectory, ScanSpec
from .grid import Grid, Value, said
from .run_set import RunSet

if TYPE_CHECKING:
    from ...analysis import Path

__all__ = ["scan", "settings_of_scans"]

_MOST_RUNS = 10_000
_OF_ONE_RUN = {"engine", "parameters", "reuse"}


def scan(
    make_path: Callable[..., Path | None],
    data: Any,
    *,
    max_parallel: int | None = None,
    out: str | os.PathLike[str] | None = None,
    **lists: Any,
) -> RunSet:
    """Run `make_path(pt=20, iso=0.1)` and all other combinations on data; return at once.

    Parameters
    ----------
    make_path : function
        Makes the path of one combination, which it gets as keywords; None skips it. It is called
        here, for all combinations, before anything runs.
    data : str, path, list, dict or Dataset
        As for `path.start`.
    max_parallel : int, optional
        How many runs go on at once; by default as many as the cores have workers for.
    out : path, optional
        The directory of the scan, which must not exist yet.
    **lists
        The values of each parameter: `pt=[20, 25, 30], iso=["loose", "tight"]`, numbers or texts.
        The last one changes fastest. Keywords of `path.start` (`workers=2`, `on_error="skip"`, ...)
        are settings of every run.

    Raises
    ------
    RunError
        If a list or a setting makes no sense, or the directory cannot be made.
    PathError
        If the path of a combination is wrong; the combination is named. Nothing has started then.
    """
    settings, inputs, grid = _asked(data, lists)
    _check_function(make_path, grid)
    prepared: list[Prepared] = []
    skipped: list[int] = []
    for number, point in enumerate(grid):
        path = _path(make_path, point)
        if path is None:
            skipped.append(number)
        else:
            prepared.append(_prepared(path, inputs, point, settings))
    if not prepared:
        raise RunError(f"{_called(make_path)} gave None for all {len(grid)} combinations")
    asked = ScanSpec(
        name=prepared[0].spec.name,
        lists=grid.lists,
        skipped=tuple(skipped),
        max_parallel=_at_once(max_parallel, prepared[0].spec.workers),
        created=time.time(),
    )
    obey_the_site()
    directory = ScanDirectory.create(asked.name, out)
    try:
        _write(directory, asked, prepared)
        conduct(directory)
    except OSError as error:
        _remove(directory)
        raise RunError(
            f"scan directory {directory.path}: {error.strerror}: give another out="
        ) from None
    except BaseException:  # an interrupt in the middle, too, leaves nothing behind
        _remove(directory)
        raise
    return RunSet(directory)


def _settings_of_runs() -> set[str]:
    return {*inspect.signature(start).parameters} - {"path", "data", "out"}


def settings_of_scans() -> set[str]:
    """The keywords of `scan` that are no parameter of the function."""
    return _settings_of_runs() | {*inspect.signature(scan).parameters} - {"lists"}


def _asked(data: Any, given: Mapping[str, Any]) -> tuple[dict[str, Any], Inputs, Grid]:
    """The settings of all runs, their input, and the grid."""
    of_start = _settings_of_runs()
    for name in _OF_ONE_RUN & given.keys():
        raise RunError(f"{name} is for path.start: the runs of a scan cannot have it")
    grid = Grid.of({name: values for name, values in given.items() if name not in of_start})
    if len(grid) > _MOST_RUNS:
        raise RunError(
            f"these lists have {len(grid):,} combinations, and a scan at most {_MOST_RUNS:,} runs: "
            "make the lists shorter, or scan in several steps"
        )
    settings = in_parts({name: value for name, value in given.items() if name in of_start})
    inputs = Inputs.of(data, allow_duplicates=bool(settings.get("allow_duplicates")))
    return settings, inputs, grid


def _check_function(make_path: Any, grid: Grid) -> None:
    """Raise RunError unless it can be called with these parameters."""
    if not callable(make_path):
        raise RunError(
            "a scan needs a function of the parameters that makes a path, not "
            f"{shown(make_path)}: hn.scan(make_path, data, pt=[20, 25])"
        )
    try:
        signature = inspect.signature(make_path)
    except (TypeError, ValueError):
        return  # one in C does not tell
    try:
        signature.bind(**grid.lists)
    except TypeError as error:
        raise RunError(
            f"{_called(make_path)}{signature} does not fit the parameters "
            f"{', '.join(grid.lists)}: {error}"
        ) from None


def _path(make_path: Callable[..., Path | None], point: Mapping[str, Value]) -> Path | None:
    """What the function makes of one point. Its exceptions pass, with the parameters added."""
    from ...analysis import Path

    try:
        path = make_path(**point)
    except HepnbError as error:
        raise type(error)(f"{said(point)}: {error}") from None
    except Exception as error:
        error.add_note(f"in {_called(make_path)}({said(point)}): nothing was started")
        raise
    if path is not None and not isinstance(path, Path):
        raise RunError(
            f"{said(point)}: {_called(make_path)} gave a {type(path).__name__}: "
            "return a hn.Path, or None to skip"
        )
    return path


def _called(function: Any) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def _prepared(
    path: Path, inputs: Inputs, point: Mapping[str, Value], settings: Mapping[str, Any]
) -> Prepared:
    try:
        made = prepare(path, inputs, **settings, parameters=point)
        inputs.check(made.job)
    except HepnbError as error:
        raise type(error)(f"{said(point)}: {error}") from None
    return made


def _write(directory: ScanDirectory, asked: ScanSpec, prepared: list[Prepared]) -> None:
    for number, one in enumerate(prepared):
        run = directory.new_run(number, one.spec.name)
        try:
            one.write(run)
        except HepnbError as error:
            raise type(error)(f"{said(asked.points[number])}: {error}") from None
    asked.write(directory.spec)


def _remove(directory: ScanDirectory) -> None:
    """Take back what was written of a scan that cannot start."""
    registry = state_directory() / "runs"
    for entry in registry.iterdir():
        if entry.is_symlink() and entry.readlink().is_relative_to(directory.path):
            entry.unlink()
    shutil.rmtree(directory.path, ignore_errors=True)


def _at_once(asked: int | None, workers: int) -> int:
    """How many runs go on together: as asked, or as the cores have workers for; as the site allows."""
    fit = max(1, len(os.sched_getaffinity(0)) // workers)
    wanted = fit if asked is None else whole("max_parallel", asked)
    allowed = Policy.of_site().max_runs
    return wanted if allowed is None else max(1, min(wanted, int(allowed)))
