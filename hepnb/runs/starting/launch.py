"""Starting a run: freeze the path, write the run directory, launch its supervisor, return.

The supervisor is a fresh process in a session of its own, never a fork of the kernel: interrupting,
restarting or killing the kernel does not reach it.
"""

from __future__ import annotations

import inspect
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ...errors import RunError, nearest
from ..bundle import Bundle
from ..directory import RunDirectory
from ..handle.run import Run
from ..processes import detached, is_awake, release, withdraw
from ..settings import Settings
from ..spec import supervisor_command
from .admission import admitted
from .preparing import Inputs, Prepared, prepare
from .reusing import find_earlier
from .spare import RESERVE

if TYPE_CHECKING:
    from ..job import Freezes

__all__ = ["in_parts", "launch", "start"]


def start(
    path: Freezes,
    data: Any,
    workers: int = 2,
    *,
    chunk: int | None = None,
    out: str | os.PathLike[str] | None = None,
    on_error: str = "fail",
    allow_duplicates: bool = False,
    engine: str = "local",
    retries: int = 0,
    timeout: float | None = None,
    memory: str | int | None = None,
    seed: int = 0,
    threads: int = 1,
    nice: int = 10,
    environment: Mapping[str, str] | None = None,
    cache: bool | None = None,
    parameters: Mapping[str, Any] | None = None,
    variations: str | Sequence[str] = "all",
    reuse: bool | str | os.PathLike[str] = False,
) -> Run:
    """Run the path on data in background processes and return at once.

    Parameters
    ----------
    data : str, path, list, dict or Dataset
        Files, globs, directories, `{"name": files}` or `hn.Dataset` objects.
    workers : int
        Worker processes on this machine.
    chunk : int, optional
        Events per chunk; chosen from each file's size if not given.
    out : path, optional
        The run directory, which must not exist yet; by default one under the user's state
        directory.
    on_error : {"fail", "skip"}
        What an exception in the path's code does: end the run, or lose that chunk and go on.
        A file that cannot be read never stops the others; with "fail" the run ends as failed.
    allow_duplicates : bool
        Whether the same file may count twice in one dataset.
    engine : {"local", "inline"}
        Who computes: worker processes on this machine, or, to debug, this very process. With
        "inline" the call returns when the run has ended, a debugger stops in the path's code, and
        what that raises is raised here; `timeout`, `memory`, `threads`, `nice` and `environment`
        do not hold.
    retries : int
        How often a chunk whose code raised is tried again. Remote files that fail are tried
        again twice at least.
    timeout : float, optional
        How long one chunk may take [s] before its worker is taken to hang and is replaced; by
        default 20 times the longest chunk so far, at least 2 minutes (10 in a worker's first).
    memory : str or int, optional
        The most resident memory a worker may have: `"2 GB"`, or bytes. A chunk that needs more is
        read once more in small parts, then set aside.
    seed : int
        Where random numbers start: of `rng`, and of the global generators of NumPy and Python.
    threads : int
        Threads that libraries such as BLAS and OpenMP may use in each worker.
    nice : int
        How far workers step back for other processes, 0 to 19.
    environment : dict, optional
        Environment variables of the workers.
    cache : bool, optional
        Whether the columns that are read are kept decompressed on the local disk, for later runs on
        the same files; by default those of files that are slow to read (LZMA, remote). Results are
        the same with it and without.
    parameters : dict, optional
        The values that the path was made with, numbers or texts: kept as `run.parameters`.
    variations : str or list
        The systematic variations to make beside the nominal: "all", "nominal", a pattern such as
        "jes*", or a list of names of variations, nuisances and sets. See `Path.vary`.
    reuse : bool or run, optional
        Take over the chunks that an earlier run of the same path on the same data has committed, and
        run only the others: of the newest such run with True, or of the one with this id. A path
        whose code, captured values, files, or data are others shares nothing with it; see `Path.hash`.

    Raises
    ------
    PathError
        If the path has an error, or asks for columns that the first readable file does not have.
    DataError
        If no file is there at all, or one is given twice.
    RunError
        If a setting makes no sense or the run directory cannot be made.
    """
    settings = Settings.of(
        retries=retries,
        timeout=timeout,
        memory=memory,
        seed=seed,
        threads=threads,
        nice=nice,
        environment=environment,
        cache=cache,
    )
    inputs = Inputs.of(data, allow_duplicates=allow_duplicates)
    prepared = prepare(
        path,
        inputs,
        workers,
        chunk=chunk,
        on_error=on_error,
        allow_duplicates=allow_duplicates,
        engine=engine,
        settings=settings,
        parameters=parameters,
        variations=variations,
    )
    earlier = find_earlier(prepared, reuse)
    if earlier is not None:
        prepared = replace(prepared, spec=replace(prepared.spec, origin=earlier.origin))
    with admitted():
        directory = RunDirectory.create(prepared.spec.name, out)
        try:
            prepared.write(directory)
            if earlier is not None:
                earlier.copy_into(directory)
            supervisor = launch(directory, is_held=True) if engine == "local" else None
        except BaseException:
            directory.discard()
            raise
    try:
        # To open a file takes as long as importing the libraries of a run: both at once.
        inputs.check(prepared.job)
        if supervisor is not None:
            supervisor = _begin(supervisor, directory)
    except BaseException:
        if supervisor is not None:
            withdraw(supervisor)
        directory.discard()
        raise
    if supervisor is None:
        return run_inline(prepared, directory)
    return Run(directory, supervisor=supervisor)


def in_parts(given: Mapping[str, Any]) -> dict[str, Any]:
    """Keywords of `start` as `prepare` takes them. Raises RunError for one that is not known."""
    known = {*inspect.signature(start).parameters} - {"path", "data", "out", "reuse"}
    for name in given:
        if name not in known:
            raise RunError(f"no setting {name!r}{nearest(name, known)}; see path.start")
    direct = {*inspect.signature(prepare).parameters} & known
    of_workers = {name: value for name, value in given.items() if name not in direct}
    chosen = {name: value for name, value in given.items() if name in direct}
    return {**chosen, "settings": Settings.of(**of_workers)}


def launch(directory: RunDirectory, *, is_held: bool = False) -> subprocess.Popen[bytes]:
    """Start the supervisor of a run that has been written; one that is held waits to begin, but not for long."""
    supervisor = RESERVE.hand_over(directory) or _fresh(directory)
    return supervisor if is_held else _begin(supervisor, directory)


def _fresh(directory: RunDirectory) -> subprocess.Popen[bytes]:
    return detached(
        supervisor_command(directory.path),
        directory.supervisor_log,
        is_held=True,
        at_end=RESERVE.replace,
    )


def _begin(supervisor: subprocess.Popen[bytes], directory: RunDirectory) -> subprocess.Popen[bytes]:
    """Let one that is held begin; a fresh one in place of one that a signal has stopped.

    That one is dead by then: whoever wakes it later wakes nobody.
    """
    try:
        if not is_awake(supervisor):
            withdraw(supervisor)
            supervisor = _fresh(directory)
        release(supervisor)
    except BaseException:  # interrupted: nobody would hear of it
        withdraw(supervisor)
        raise
    return supervisor


def run_inline(prepared: Prepared, directory: RunDirectory) -> Run:
    """Supervise a run that has been written, and do its work, in this process.

    Raises what the user's code raised, as it was raised, where that ended the run.
    """
    from ..engines.inline import InlineEngine
    from ..engines.seeding import generators_put_back
    from ..supervisor.supervisor import Supervisor

    bundle = Bundle(prepared.job, prepared.datasets)
    with generators_put_back():
        supervisor = Supervisor(directory, partial(InlineEngine, bundle))
        try:
            supervisor.main()
        except KeyboardInterrupt:
            supervisor.cancel("from the keyboard")
            supervisor.main()
    failure = getattr(supervisor.engine, "failure", None)
    if supervisor.state == "failed" and failure is not None:
        raise failure
    return Run(directory)
