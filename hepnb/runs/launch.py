"""Starting a run: freeze the path, write the run directory, launch its supervisor, return.

The supervisor is a fresh process in a session of its own, never a fork of the kernel: interrupting,
restarting or killing the kernel does not reach it.
"""

from __future__ import annotations

import operator
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from ..errors import DataError, HepnbError, PathError, RunError
from .bundle import Bundle
from .directory import RunDirectory
from .run import Run
from .spec import FileSpec, RunSpec, supervisor_command

if TYPE_CHECKING:
    from ..analysis import Dataset, Path, Program

__all__ = ["start"]

_POLICIES = ("fail", "skip")
_LOOKED_AT = 3


def start(
    path: Path,
    data: Any,
    workers: int = 2,
    *,
    chunk: int | None = None,
    out: str | os.PathLike[str] | None = None,
    on_error: str = "fail",
    allow_duplicates: bool = False,
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

    Raises
    ------
    PathError
        If the path has an error, or asks for columns that the first readable file does not have.
    DataError
        If no file is there at all, or one is given twice.
    RunError
        If a setting makes no sense or the run directory cannot be made.
    """
    from ..analysis import as_datasets
    from ..histograms import Signature

    workers = _whole("workers", workers)
    chunk = None if chunk is None else _whole("chunk", chunk)
    if on_error not in _POLICIES:
        raise RunError(f"on_error={on_error!r}: choose 'fail' or 'skip'")
    try:
        here = str(FilePath.cwd())
    except FileNotFoundError:
        raise RunError("the working directory is gone: change to another one") from None
    datasets = as_datasets(data)
    files = tuple(
        FileSpec(dataset.name, str(file), dataset.tree)
        for dataset in datasets
        for file in dataset.files
    )
    if not allow_duplicates:
        _refuse_duplicates(files)
    program = path.freeze()
    _check_against_first_files(program, files)
    signatures = {
        h.name: Signature.from_axes(h.name, h.axes, h.storage, h.label).to_dict()
        for h in program.histograms
    }
    spec = RunSpec(
        name=program.name,
        files=files,
        workers=workers,
        signatures=signatures,
        chunk=chunk,
        on_error=on_error,
        allow_duplicates=allow_duplicates,
        python_path=tuple(entry or here for entry in sys.path),
        working_directory=here,
        created=time.time(),
    )
    directory = RunDirectory.create(program.name, out)
    _write(directory, spec, program, datasets)
    return Run(directory, supervisor=_launch(directory))


def _whole(name: str, value: Any) -> int:
    """A setting that counts something. Raises RunError for anything else."""
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1:
        raise RunError(f"{name}={value!r}: give a whole number, at least 1")
    return number


def _refuse_duplicates(files: tuple[FileSpec, ...]) -> None:
    counts = Counter((f.dataset, os.path.realpath(f.path), f.tree) for f in files)
    (dataset, file, _), most = counts.most_common(1)[0]
    if most > 1:
        raise DataError(
            f"{file} is given {most} times in dataset {dataset!r}: "
            "remove the repetition, or pass allow_duplicates=True"
        )


def _check_against_first_files(program: Program, files: tuple[FileSpec, ...]) -> None:
    """Tell a misspelt column now, in the cell: when none of the first files that open has it."""
    from ..analysis import open_events

    unreadable: list[HepnbError] = []
    unfit: list[HepnbError] = []
    for file in files[:_LOOKED_AT]:
        try:
            events = open_events(file.path, file.tree)
        except DataError as error:
            unreadable.append(error)
            continue
        try:
            program.columns(events.branches)
            return
        except PathError as error:
            unfit.append(PathError(f"{error} (in {file.path})"))
        finally:
            events.close()
    if unfit:
        raise unfit[0]
    if len(files) <= _LOOKED_AT:
        raise unreadable[0]


def _write(
    directory: RunDirectory, spec: RunSpec, program: Program, datasets: tuple[Dataset, ...]
) -> None:
    try:
        Bundle(program, datasets, Bundle.cell_sources()).write(directory.bundle)
        spec.write(directory.spec)
    except (HepnbError, OSError) as error:
        for file in directory.path.iterdir():
            file.unlink()
        directory.path.rmdir()
        if isinstance(error, HepnbError):
            raise
        raise RunError(
            f"run directory {directory.path}: {error.strerror}: give another out="
        ) from None


def _launch(directory: RunDirectory) -> subprocess.Popen[bytes]:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    package_home = str(FilePath(__file__).parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, (package_home, environment.get("PYTHONPATH", "")))
    )
    with directory.supervisor_log.open("ab") as log:
        directory.supervisor_log.chmod(0o600)
        return subprocess.Popen(
            supervisor_command(directory.path),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
            env=environment,
        )
