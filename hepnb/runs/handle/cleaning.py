"""`hepnb gc`: what old runs leave behind, and the way to be rid of it.

Only what nobody needs goes: runs that ended long enough ago, entries of runs whose directory is
gone, sockets of dead supervisors. A run outside the registry (`out=`) is forgotten, never deleted.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import RunError
from ..directory import find_run, is_astray, runtime_directory, state_directory
from ..policy import size_of
from ..scans.directory import find_scan
from ..scans.scoreboard import Scoreboard
from .client import ENDED
from .listing import ALIVE, list_runs, row_of

__all__ = ["Litter", "chosen", "clean", "litter", "seconds_of"]

DAY = 86400.0
_HALF_MADE = 3600.0
_AGE = re.compile(r"^(\d+(?:\.\d+)?)\s*(d|h|min)$")
_UNITS = {"d": DAY, "h": 3600.0, "min": 60.0}


@dataclass(frozen=True)
class Litter:
    """One thing to remove: why, how large [bytes], and how."""

    path: Path
    why: str
    size: int
    remove: Callable[[], None]


def seconds_of(age: str) -> float:
    """An age such as "30d", "12 h" or "0d", in seconds. Raises RunError for anything else.

    >>> seconds_of("30d") / DAY
    30.0
    """
    match = _AGE.match(age.strip())
    if match is None:
        raise RunError(f"{age!r} is no age: write 30d, 12h or 5min")
    return float(match[1]) * _UNITS[match[2]]


def litter(older: float) -> list[Litter]:
    """What may go: runs that ended more than `older` seconds ago, and leftovers of any age."""
    registry = state_directory() / "runs"
    return [*_ended_runs(registry, older), *_leftovers(registry), *_dead_sockets()]


def chosen(run: str) -> Litter:
    """This run, whatever its age. Raises RunError for one that goes on, or is not known."""
    if scan := find_scan(run):
        if Scoreboard(scan).status == "running":
            raise RunError(f"scan {scan.id} goes on: cancel it first")
        return Litter(scan.path, "as you said", size_of(scan.path), _remover(scan.path))
    directory = find_run(run)
    if row_of(directory)["state"] in ALIVE:
        raise RunError(f"run {directory.id} goes on: cancel it first")
    return Litter(directory.path, "as you said", size_of(directory.path), _remover(directory.path))


def clean(items: Iterable[Litter]) -> list[Litter]:
    """Remove it. Raises RunError where something cannot be removed; the rest is gone then."""
    gone, refused = [], []
    for item in items:
        try:
            item.remove()
        except OSError as error:
            refused.append(f"{item.path}: {error.strerror}")
        else:
            gone.append(item)
    if refused:
        raise RunError(f"{len(gone)} removed, {len(refused)} not: {refused[0]}")
    return gone


def _ended_runs(registry: Path, older: float) -> Iterator[Litter]:
    for row in list_runs():
        path, ended = Path(row["directory"]), row["ended"]
        if row["state"] not in ENDED or row["state"] == "lost" or path.parent != registry:
            continue
        if ended is not None and time.time() - ended >= older:
            days = (time.time() - ended) / DAY
            why = f"{row['state']} {days:.0f} days ago"
            yield Litter(path, why, row["size"], _remover(path))


def _leftovers(registry: Path) -> Iterator[Litter]:
    """Links to runs that are gone, and directories of runs that never came to be."""
    try:
        entries = sorted(registry.iterdir())
    except OSError:
        return
    for entry in entries:
        if is_astray(entry):
            yield Litter(entry, "its run directory is gone", 0, entry.unlink)
        elif not entry.is_symlink() and _never_started(entry):
            yield Litter(entry, "a run that never started", size_of(entry), _remover(entry))


def _never_started(entry: Path) -> bool:
    young = time.time() - entry.stat().st_mtime < _HALF_MADE
    known = any((entry / name).exists() for name in ("spec.json", "scan.json"))
    return entry.is_dir() and not young and not known


def _remover(directory: Path) -> Callable[[], None]:
    return lambda: shutil.rmtree(directory)


def _dead_sockets() -> Iterator[Litter]:
    """Socket directories of ours that nobody listens in."""
    places = {runtime_directory(), Path(tempfile.gettempdir())}
    for folder in sorted(found for place in places for found in place.glob("hepnb-*")):
        try:
            info = folder.lstat()
            if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.getuid():
                continue
            if [entry.name for entry in folder.iterdir()] != ["sock"]:
                continue
        except OSError:
            continue
        if not _listens(folder / "sock"):
            yield Litter(folder, "the socket of a dead run", 0, _remover(folder))


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        try:
            caller.connect(str(path))
        except ConnectionRefusedError:
            return False
        except OSError:
            return True
    return True
