"""`Run`: the handle on a background run that lives in the kernel, or in any other process.

The run itself lives in its own processes and its directory; a handle can be lost and made again
with `attach`. Nothing here blocks except `wait`.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import time
from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, overload

from ...errors import RunError, nearest
from ..directory import RunDirectory, find_run
from ..normalising import scaled
from ..processes import kill
from ..settings import MOST_WORKERS, whole, within
from ..spec import RunSpec
from ..starting.spare import commands_of
from .client import ENDED, Client, Snapshot
from .unheard import unheard
from .views import Collections, Costs, Datasets, Files, Log, Record, Table, Workers, in_terminal

if TYPE_CHECKING:
    import pandas as pd
    from hist import Hist

    from ...histograms import H5Hist

__all__ = ["Run", "RunFailure", "attach"]

_STORE_APPEARS = 30.0
_DIES_WITHIN = 10.0


@dataclass(frozen=True)
class RunFailure:
    """Why a run failed: one line, the user's traceback if there is one, the chunk it happened in."""

    title: str
    traceback: str
    chunk: str

    def __str__(self) -> str:
        where = f"in chunk {self.chunk}: " if self.chunk else ""
        return f"{where}{self.title}"


class Run:
    """A background run: watch it, wait for it, cancel it, read its histograms while they fill.

    Made by `path.start(...)` and `hn.attach(id)`. `viewer` makes the dashboard that a notebook
    shows for a run; without one a run is its line of text.

    >>> import tempfile, hepnb as hn
    >>> from hepnb.samples import toy_dimuon
    >>> path = hn.Path("counts")
    >>> path.hist("n", n="count(Muon): 0, 5, int")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = path.start(toy_dimuon(f"{folder}/toy.root", events=1000), workers=1)
    ...     run.wait()  # doctest: +ELLIPSIS
    <Run ...-counts-...: done, 1,000 of 1,000 events>
    >>> run.hist("n").sum()
    1000.0
    """

    viewer: ClassVar[Callable[[Run], Any] | None] = None

    def __init__(
        self, directory: RunDirectory, supervisor: subprocess.Popen[bytes] | None = None
    ) -> None:
        if not isinstance(directory, RunDirectory):
            raise RunError("a run is made by path.start(data), or found by hn.attach(id)")
        self._directory = directory
        self._spec = RunSpec.read(directory.spec)
        self._client = Client(directory, unheard(directory, self._spec), supervisor)

    # -- what it is -------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The id by which `hn.attach` finds it from any process."""
        return self._directory.id

    @property
    def name(self) -> str:
        """The name of its path."""
        return self._spec.name

    @property
    def directory(self) -> Path:
        """Its directory: a histogram store with the run's own files beside it."""
        return self._directory.path

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters it was made with."""
        return dict(self._spec.parameters)

    @property
    def histograms(self) -> tuple[str, ...]:
        """The names of its histograms; those that its chunks bring are known once one has come."""
        return tuple(self.snapshot()["histograms"])

    # -- how it goes ------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Everything known, as plain data; the form is in docs/protocol.md. Never blocks."""
        return self._client.snapshot

    @property
    def status(self) -> str:
        """`starting`, `running`, `paused`, `done`, `failed`, `cancelled` or `lost`."""
        return str(self.snapshot()["state"])

    @property
    def error(self) -> RunFailure | None:
        """Why it failed, or None."""
        error = self.snapshot()["error"]
        return RunFailure(**error) if error else None

    @property
    def progress(self) -> Record:
        """Events, chunks, bytes, files; rate [events/s] and remaining time [s]."""
        return Record(self.snapshot()["progress"])

    @property
    def workers(self) -> Table:
        """What each worker does, its CPU share and memory [bytes]."""
        return Workers(self.snapshot()["workers"])

    @property
    def collections(self) -> Table:
        """The collections read: objects in all, least and most per event, events by their number."""
        return Collections(self.snapshot()["collections"])

    @property
    def statistics(self) -> Table:
        """Calls, events, CPU and wall time, and memory, per step and phase."""
        return Costs(self.snapshot()["statistics"])

    @property
    def cutflow(self) -> Table:
        """Events after each cut, raw and weighted."""
        return Table(self.snapshot()["cutflow"])

    @property
    def datasets(self) -> Table:
        """Of each dataset the events processed and lost, its cross section [pb] and sum of weights."""
        return Datasets(self.snapshot()["datasets"])

    @property
    def files(self) -> Table:
        """The ledger of files: ok, skipped or failed, and why; what each cost."""
        return Files(self.snapshot()["files"])

    @property
    def log(self) -> Table:
        """The last records of the log; `log_page` reads any."""
        return Log(self.snapshot()["log"]["tail"])

    def log_page(
        self,
        start: int = 0,
        count: int = 100,
        levels: Collection[str] | None = None,
        search: str | re.Pattern[str] | None = None,
        *,
        worker: int | None = None,
        chunk: str | None = None,
        logger: str | None = None,
        patience: float | None = None,
    ) -> dict[str, Any]:
        """`count` log records from the `start`-th of those that match.

        `start` < 0 counts from the end; `search` is plain text, case ignored, or a compiled regular
        expression. Returns `{"total": ..., "start": ..., "records": [...], "counts": by level,
        "searched": share}`. The share is below 1 only where a search has taken `patience` seconds:
        the next call goes on with it.
        """
        return self._client.log_page(
            start,
            count,
            levels,
            search,
            worker=worker,
            chunk=chunk,
            logger=logger,
            patience=patience,
        )

    def watch(self, callback: Callable[[Snapshot], object]) -> Callable[[], None]:
        """Call `callback(snapshot)` now and at each change, ten times a second at most.

        It is called from a thread of its own, the last snapshot included. Returns the function
        that stops it.
        """
        return self._client.watch(callback)

    # -- what it made -----------------------------------------------------------------------

    @overload
    def hist(self, name: str | None = None) -> H5Hist: ...
    @overload
    def hist(self, name: str | None = None, *, lumi: float) -> Hist[Any]: ...
    def hist(self, name: str | None = None, *, lumi: float | None = None) -> Any:
        """A histogram of the run, live: `refresh()` shows what has been committed since.

        With an integrated luminosity `lumi` [fb^-1] it is a `hist.Hist` in memory, in events:
        simulated datasets are scaled by lumi x xsec / sumw (see `datasets`), variations of normalised
        weights by sums of their own; data are not. While the run goes on that is an estimate. Raises
        RunError for an unknown name, and where a cross section or sum is missing, or datasets are mixed.
        """
        from ...histograms import Store

        name = name if name is not None or len(self.histograms) != 1 else self.histograms[0]
        if name is None or name not in self.histograms:
            raise RunError(
                f"run {self.name!r} has no histogram {name!r} "
                f"(it has {', '.join(self.histograms) or 'none'}){nearest(str(name), self.histograms)}"
            )
        self._wait_for_store()
        found = Store.open(self.directory).hist(name)
        own = name in self._spec.own_sums
        return found if lumi is None else scaled(found, self.datasets, lumi, own_sums=own)

    def result(self) -> Any:
        """What its chunks gave so far beside histograms: a coffea processor's accumulator, say.

        Raises RunError where what was run gives nothing else, as a path.
        """
        from ..bundle import Bundle

        self._wait_for_store()
        # The user's own code, from a directory that was found to be the user's, and closed to others.
        self._directory.check_private()
        return Bundle.read(self._directory.bundle).job.result(self.directory)

    def table(self, name: str) -> pd.DataFrame:
        """A flat table of the run as a pandas DataFrame, rows in the order of the files.

        Raises RunError where pandas is not installed, StoreError for an unknown table.
        """
        try:
            import pandas as pd
        except ImportError:
            raise RunError("run.table needs pandas: pip install pandas") from None
        from ...histograms import Store

        self._wait_for_store()
        return pd.DataFrame(Store.open(self.directory).table(name))

    def skim(self, name: str) -> dict[str, list[str]]:
        """The files of `path.snapshot(name)` by dataset, in the order of the events.

        Of each chunk that is counted there is one, complete; while the run goes on there will be more.
        Raises RunError for an unknown name, and where a file was taken away.
        """
        from ..snapshots import files_of

        self._wait_for_store()
        return files_of(self._directory, self._spec, name)

    def _wait_for_store(self) -> None:
        deadline = time.monotonic() + _STORE_APPEARS
        while not (self.directory / "manifest").exists():
            if self._client.has_ended or time.monotonic() > deadline:
                raise RunError(
                    f"run {self.id} is {self.status} and has no results: {self.error or ''}"
                )
            time.sleep(0.01)

    # -- what one does with it --------------------------------------------------------------

    def wait(self, timeout: float | None = None) -> Run:
        """Block until it has ended; an interrupt ends the waiting, not the run.

        In a terminal, of a script or of IPython, a bar on the standard error shows how far it is.
        Raises RunError if it failed or was lost (see `run.error`), or once `timeout` seconds are over.
        """
        from .text import bar_in_terminal

        with bar_in_terminal(self) as show, contextlib.ExitStack() as stack:
            stack.callback(self.watch(lambda _: show()))
            over = self._client.wait(within(timeout))
        if not over:
            raise RunError(f"run {self.id} is still {self.status} after {timeout:g} s")
        return self._checked()

    def __await__(self) -> Generator[Any, None, Run]:
        """`await run` waits without blocking the kernel's other messages. Raises as `wait` does."""
        import asyncio

        loop = asyncio.get_running_loop()
        ended = loop.create_future()

        def settle() -> None:
            if not ended.done():
                ended.set_result(None)

        def look(snapshot: Snapshot) -> None:
            if snapshot["state"] in ENDED:
                loop.call_soon_threadsafe(settle)

        stop = self.watch(look)
        try:
            yield from ended.__await__()
        finally:
            stop()
        return self._checked()

    def _checked(self) -> Run:
        if self.status in ("failed", "lost"):
            raise RunError(f"run {self.name!r} ({self.id}) {self.status}: {self.error}")
        return self

    def cancel(self) -> None:
        """End it soon; what is committed stays and is marked as partial. No error if it has ended.

        One that does not answer, as it is only just starting or on another host, finds the request
        in its directory. Raises RunError where that cannot be written.
        """
        if self._client.has_ended:
            return
        try:
            self._client.request("cancel")
        except RunError as error:
            try:
                self._directory.cancel_request.touch(mode=0o600)
            except OSError as refused:
                raise RunError(f"{error}; nor can it be asked by a file: {refused}") from None

    def pause(self) -> None:
        """Begin no more chunks until `resume`; those under way are finished and counted."""
        self._client.tell("pause")

    def scale(self, workers: int) -> None:
        """Go on with so many workers; those too many leave after the chunk they are at."""
        self._client.tell("scale", workers=whole("workers", workers, 1, MOST_WORKERS))

    def resume(self, *, take_over: bool = False) -> Run:
        """Go on, whatever stopped it: `pause`, or that it was lost (see `hn.resume`)."""
        from ..starting.resuming import take_up

        if self._directory.is_supervised():
            with contextlib.suppress(RunError):
                if self._client.ask("resume"):
                    return self
        self._client.resumed(take_up(self._directory, take_over=take_over))
        return self

    def kill(self) -> None:
        """End it at once, by force. Everything committed is kept; it is `lost`, and can be resumed."""
        holder = self._directory.supervisor() if self._directory.is_supervised() else None
        kill(commands_of(self._directory), holder and holder[0])
        deadline = time.monotonic() + _DIES_WITHIN
        while self._directory.is_supervised() and time.monotonic() < deadline:
            time.sleep(0.01)

    def show(self) -> Any:
        """The live dashboard, a `hn.RunView`, or the run itself where there is none."""
        viewer = type(self).viewer
        return self if viewer is None else viewer(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        viewer = type(self).viewer
        if viewer is None or in_terminal():
            return {"text/plain": repr(self)}
        return viewer(self)._repr_mimebundle_(include=include, exclude=exclude)

    def __repr__(self) -> str:
        progress = self.progress
        total = progress["events_total"]
        of = f" of {total:,}" if total is not None else ""
        failed = progress["files_failed"]
        lost = f", {failed} file{'s' if failed > 1 else ''} lost" if failed else ""
        return f"<Run {self.id}: {self.status}, {progress['events']:,}{of} events{lost}>"


def attach(run: str | os.PathLike[str]) -> Run:
    """The run with this id, part of an id, or directory; from any process of the same user.

    Raises RunError where there is none, or more than one, or where its directory is open to others.

    >>> import hepnb as hn
    >>> hn.attach("yesterday")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    hepnb.errors.RunError: no run 'yesterday' under ...; hn.runs() and `hepnb runs` list them
    """
    directory = find_run(run)
    directory.check_private()
    directory.register()
    return Run(directory)
