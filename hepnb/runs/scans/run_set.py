"""`RunSet`: the handle on the runs of a scan. It can be lost, and made again with `hn.attach`."""

from __future__ import annotations

import contextlib
import operator
import time
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, overload

from ...errors import RunError
from ..handle.client import ENDED, Snapshot
from ..handle.glance import FOR_GOOD
from ..handle.run import Run
from ..handle.views import Record, Table
from ..settings import within
from .conducting import conduct
from .directory import ScanDirectory, ScanSpec
from .grid import Grid, Value, said
from .scoreboard import Scoreboard

if TYPE_CHECKING:
    import pandas as pd

    from ...histograms import H5Hist

__all__ = ["RunSet"]

_KNOWS_WITHIN = 5.0
_LOOK_EVERY = 0.2
_SHOWN = 40
_LONGEST = 80


class RunSet:
    """The runs of a scan, in the order of its parameters: a sequence of `hn.Run`s.

    Made by `hn.scan(...)` and `hn.attach(id)`. Printed, it is a table of all runs.

    >>> import tempfile, hepnb as hn
    >>> from hepnb.samples import toy_dimuon
    >>> def counts(least):
    ...     path = hn.Path(f"counts")
    ...     path.select("enough", f"count(Muon) >= {least}")
    ...     path.hist("n", n="count(Muon): 0, 5, int")
    ...     return path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     runs = hn.scan(counts, toy_dimuon(f"{folder}/toy.root", events=1000), least=[0, 9])
    ...     _ = runs.wait()
    >>> len(runs), runs[0].hist("n").sum(), runs.hist("n")[{"least": 9j}].sum()
    (2, 1000.0, 0.0)
    """

    viewer: ClassVar[Callable[[RunSet], Any] | None] = None

    def __init__(self, directory: ScanDirectory) -> None:
        if not isinstance(directory, ScanDirectory):
            raise RunError("a scan is made by hn.scan(...), or found by hn.attach(id)")
        directory.check_private()
        self._directory = directory
        self._id = directory.id  # known wherever the directory goes
        self._spec = ScanSpec.read(directory.spec)
        self._grid = Grid(self._spec.lists)
        self._handles: dict[Path, Run] = {}
        self._board = Scoreboard(directory, self._spec)

    # -- what it is ---------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The id by which `hn.attach` finds it from any process."""
        return self._id

    @property
    def name(self) -> str:
        """The name of its first path."""
        return self._spec.name

    @property
    def directory(self) -> Path:
        """Its directory, with a run directory for each run under `runs`."""
        return self._directory.path

    @property
    def parameters(self) -> dict[str, tuple[Value, ...]]:
        """The values of each parameter, as they were given."""
        return dict(self._spec.lists)

    @property
    def points(self) -> tuple[dict[str, Value], ...]:
        """The parameters of each run, in the order of the runs."""
        return tuple(dict(point) for point in self._spec.points)

    @property
    def skipped(self) -> tuple[dict[str, Value], ...]:
        """The combinations for which the function gave None."""
        left = set(self._spec.skipped)
        return tuple(point for n, point in enumerate(self._grid) if n in left)

    # -- its runs -----------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._spec.points)

    def __iter__(self) -> Iterator[Run]:
        return (self._run(number) for number in range(len(self)))

    @overload
    def __getitem__(self, which: int | Mapping[str, Any]) -> Run: ...
    @overload
    def __getitem__(self, which: slice) -> list[Run]: ...
    def __getitem__(self, which: int | slice | Mapping[str, Any]) -> Run | list[Run]:
        """A run by its place, or by all its parameters: `runs[{"pt": 20, "iso": 0.1}]`.

        Raises RunError where there is none, and IndexError past the last place.
        """
        if isinstance(which, slice):
            return [self._run(number) for number in range(len(self))[which]]
        if not isinstance(which, Mapping):
            return self._run(range(len(self))[operator.index(which)])
        found = self._numbers(which)
        if len(found) > 1:
            missing = [name for name in self._spec.lists if name not in which]
            raise RunError(
                f"{len(found)} runs have {said(which) or 'these parameters'}: say "
                f"{' and '.join(missing)} too, or take runs.at(...) for all of them"
            )
        if not found:
            raise RunError(f"no run has {said(which)}: this combination was skipped")
        return self._run(found[0])

    def at(self, **parameters: Any) -> list[Run]:
        """All runs with these values, in order. Raises RunError for a value that was not scanned."""
        return [self._run(number) for number in self._numbers(parameters)]

    def _numbers(self, asked: Mapping[str, Any]) -> list[int]:
        self._grid.check(asked)
        points = enumerate(self._spec.points)
        return [number for number, point in points if self._grid.fits(point, asked)]

    def _run(self, number: int) -> Run:
        """The handle on the newest run of a point; one handle each."""
        directory = self._board.runs()[number]
        if directory.path not in self._handles:
            self._handles[directory.path] = Run(directory)
        return self._handles[directory.path]

    # -- how it goes --------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Its `state`, ended only when no run may come back, `problem` and `progress`, as plain data."""
        return self._board.snapshot()

    @property
    def status(self) -> str:
        """`running` while any run goes on, or waits and is going to start; then how it ended.

        `lost` when runs were left behind (`resume` goes on), else `failed` or `cancelled` when any
        run was, else `done`.
        """
        return self._board.status

    @property
    def progress(self) -> Record:
        """How many runs there are in each state; events of all; seconds since the start and left."""
        return Record(self.snapshot()["progress"])

    def table(self) -> Table:
        """A row per run: its place, parameters, state, progress, and why it failed."""
        return self._board.table()

    def rows(self) -> list[dict[str, Any]]:
        """The rows of its runs in `hn.runs()`, in their order."""
        return self._board.rows()

    def to_frame(self) -> pd.DataFrame:
        """A pandas DataFrame with a row per run: parameters, state, progress and where it is.

        The parameters' columns bear their names; where one is called like a column of ours it is
        `parameter_...`. Raises RunError where pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise RunError("runs.to_frame needs pandas: pip install pandas") from None
        return pd.DataFrame(self._board.records())

    # -- what one does with it ----------------------------------------------------------------

    def wait(self, timeout: float | None = None) -> RunSet:
        """Block until all runs have ended; an interrupt ends the waiting, not the runs.

        In a terminal, of a script or of IPython, a bar on the standard error shows how far they are.
        Raises RunError which names the runs that failed or were lost, or if `timeout` seconds pass
        first.
        """
        from ..handle.text import bar_in_terminal

        timeout = within(timeout)
        deadline = None if timeout is None else time.monotonic() + timeout
        with bar_in_terminal(self) as show:
            while show() not in ENDED:
                if deadline is not None and time.monotonic() > deadline:
                    raise RunError(f"scan {self.id} is still {self.status} after {timeout:g} s")
                time.sleep(_LOOK_EVERY)
        return self._checked()

    def __await__(self) -> Generator[Any, None, RunSet]:
        """`await runs` waits without blocking the kernel's other messages. Raises as `wait` does."""
        import asyncio

        while self.snapshot()["state"] not in ENDED:
            yield from asyncio.sleep(_LOOK_EVERY).__await__()
        return self._checked()

    def _checked(self) -> RunSet:
        # The files say that they have ended; handles look from time to time.
        for run in list(self._handles.values()):
            run._client.wait(_KNOWS_WITHIN)
        bad = [
            (number, seen)
            for number, (_, seen) in enumerate(self._board.look())
            if seen.state in ("failed", "lost")
        ]
        if bad:
            first, seen = bad[0]
            mend = "resume" if all(s.state == "lost" for _, s in bad) else "rerun_failed"
            raise RunError(
                f"{len(bad)} of {len(self)} runs failed or were lost; the first, "
                f"{said(self._spec.points[first])}: {seen.error or seen.state} "
                f"(runs[{first}].error has more; runs.{mend}() runs them again)"
            )
        return self

    def cancel(self) -> None:
        """End all runs soon, those that wait at once; what is committed stays."""
        left = [(run, seen) for run, seen in self._board.look() if seen.state not in FOR_GOOD]
        for run, _ in left:
            # All are asked before any ends, so that none begins in its place.
            try:
                run.cancel_request.touch(mode=0o600)
            except OSError as error:
                raise RunError(f"run directory {run.path}: {error.strerror}") from None
        for number, (_, seen) in enumerate(self._board.look()):
            if seen.state in ("starting", "running", "paused"):
                with contextlib.suppress(RunError):  # it finds the request in its directory
                    self._run(number).cancel()
                self._handles.setdefault(run.path, self._run(number))
        if left:
            conduct(self._directory)

    def resume(self, *, take_over: bool = False) -> RunSet:
        """Go on where the process that starts the runs is gone: with the lost and the waiting ones.

        Runs that have ended stay as they are. `take_over=True` where the scan was on another host
        that is gone for good. Raises RunError where nothing is left to be done.
        """
        from ..starting.resuming import check_resumable

        lost = [run for run, seen in self._board.look() if seen.state not in FOR_GOOD]
        if not lost:
            raise RunError(f"scan {self.id} is {self.status}: there is nothing to resume")
        if self._directory.is_conducted():
            raise RunError(f"scan {self.id} goes on: hn.attach({self.id!r}) shows it")
        for run in lost:
            if not run.is_supervised():
                check_resumable(run, take_over=take_over)
                run.cancel_request.unlink(missing_ok=True)
        conduct(self._directory, take_over=take_over)
        self._board.forget_lost()
        return self

    def rerun_failed(self, *states: str) -> RunSet:
        """Run anew those that failed, were cancelled or lost, and only those; returns at once.

        `states` choose among "failed", "cancelled" and "lost". Each gets a fresh run directory
        beside the old one, which stays. The path is the one of the scan: for changed code, scan
        again. Raises RunError where there is none.
        """
        wanted = states or ("failed", "cancelled", "lost")
        for state in wanted:
            if state not in ("failed", "cancelled", "lost"):
                raise RunError(f"rerun_failed({state!r}): choose of 'failed', 'cancelled', 'lost'")
        again = [n for n, (_, seen) in enumerate(self._board.look()) if seen.state in wanted]
        if not again:
            raise RunError(f"scan {self.id}: no run is {' or '.join(wanted)}")
        for number in again:
            self._again(number)
        self._board.forget_lost()
        conduct(self._directory)
        return self

    def _again(self, number: int) -> None:
        """A fresh run of a point: the same bundle and record, in a directory of its own."""
        import shutil
        from dataclasses import replace

        from ..spec import RunSpec

        old = self._board.runs()[number]
        old.check_private()
        spec = RunSpec.read(old.spec)
        fresh = self._directory.new_run(number, spec.name)
        shutil.copytree(old.source, fresh.source)
        shutil.copyfile(old.bundle, fresh.bundle)
        fresh.bundle.chmod(0o600)
        replace(spec, created=time.time()).write(fresh.spec)

    # -- what it made -------------------------------------------------------------------------

    def hist(self, name: str | None = None) -> H5Hist:
        """A histogram of all runs as one, with an axis per parameter in front, live.

        Whole numbers make an `IntCategory` axis, anything else a `StrCategory` one. A parameter
        that is called like an axis of the histogram makes the axis `scan_...`. Nothing is copied:
        `refresh()` shows what the runs have committed since, a run that has not begun is empty.

        Raises RunError for an unknown name, and where the histogram differs between runs.
        """
        from .results import scan_hist

        return scan_hist(self._directory, self._spec, self._board.runs(), name)

    # -- how it looks -------------------------------------------------------------------------

    def show(self) -> Any:
        """The live table of the runs, or the set itself where there is none."""
        viewer = type(self).viewer
        return self if viewer is None else viewer(self)

    def _repr_mimebundle_(self, include: Collection[str] = (), exclude: Any = None) -> Any:
        from ..handle.views import in_terminal

        viewer = type(self).viewer
        if viewer is None or in_terminal():
            return {"text/plain": repr(self)}
        return viewer(self)._repr_mimebundle_(include=include, exclude=exclude)

    def __repr__(self) -> str:
        try:
            rows = self.table()
        except RunError as error:
            return f"<RunSet {self.id}: {error}>"
        states = Counter(str(row["state"]) for row in rows)
        counts = ", ".join(f"{n} {state}" for state, n in states.items())
        more = f"\n... and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
        left = [{k: _cell(v) for k, v in row.items() if k != "started"} for row in rows[:_SHOWN]]
        return f"<RunSet {self.id}: {len(rows)} runs, {counts}>\n{Table(left)!r}{more}"


def _cell(value: Any) -> Any:
    """A value in the text: numbers that read well, and one line of characters that print."""
    if not isinstance(value, str):
        return value
    text = value if value.isprintable() else repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
