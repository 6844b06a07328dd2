"""The place where runs live: file system, sockets, memory, processors, text."""

from __future__ import annotations

import codecs
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from ..runs.directory import runtime_directory, state_directory
from .cgroups import cpu_limit, memory_limit
from .finding import Finding

__all__ = [
    "data_directory",
    "disk_space",
    "file_locks",
    "memory",
    "processors",
    "run_directories",
    "shared_memory",
    "sockets",
    "text_encoding",
]

_ELSEWHERE = "set HEPNB_STATE_DIR to a directory of yours on a local disk"
_LITTLE_DISK = 1 << 30
_LITTLE_SHM = 64 << 20
_LITTLE_MEMORY = 1 << 30
_TAKE = (
    "import fcntl, sys\n"
    "with open(sys.argv[1]) as f:\n"
    "    try: fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
    "    except BlockingIOError: sys.exit(3)\n"
)


def run_directories() -> Finding:
    """Runs lie where only their owner may look."""
    place = state_directory()
    try:
        with tempfile.TemporaryDirectory(dir=_made(place)) as made:
            Path(made).chmod(0o700)
            mode = Path(made).stat().st_mode & 0o777
    except OSError as error:
        return Finding("run directories", f"{place}: {error.strerror}", _ELSEWHERE)
    if mode != 0o700:
        return Finding(
            "run directories", f"{place}: others could look in (mode {mode:o})", _ELSEWHERE
        )
    return Finding("run directories", f"{place}, for your eyes only")


def disk_space() -> Finding:
    """Histograms are written beside the run."""
    place = _made(state_directory())
    free = shutil.disk_usage(place).free
    said = f"{free / 1e9:.1f} GB free at {place}"
    if free < _LITTLE_DISK:
        return Finding(
            "disk space",
            said,
            f"hepnb gc removes old runs; or {_ELSEWHERE.replace('local', 'larger')}",
        )
    return Finding("disk space", said)


def file_locks() -> Finding:
    """One writer per run is what the promise 'nothing twice' stands on."""
    with tempfile.NamedTemporaryFile(dir=_made(state_directory())) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return Finding("file locks", f"refused: {error.strerror}", _ELSEWHERE)
        other = subprocess.run(
            [sys.executable, "-I", "-c", _TAKE, file.name], check=False, timeout=30
        )
    if other.returncode == 0:
        return Finding("file locks", "a second process got the same lock", _ELSEWHERE)
    return Finding("file locks", "hold between processes")


def sockets() -> Finding:
    """A run listens on a Unix socket in its directory, or in one of its own."""
    for folder in (state_directory(), runtime_directory()):
        try:
            with (
                tempfile.TemporaryDirectory(prefix="hepnb-", dir=_made(folder)) as room,
                socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener,
            ):
                listener.bind(str(Path(room, "sock")))
                listener.listen()
        except OSError as error:
            refused = f"{folder}: {error.strerror or error}"
            continue
        return Finding("sockets", f"runs can listen in {folder}")
    return Finding(
        "sockets",
        f"runs cannot listen ({refused})",
        "set XDG_RUNTIME_DIR or TMPDIR to a local directory",
    )


def shared_memory() -> Finding:
    """hepnb itself needs none; dask, ROOT and numba do, and containers give 64 MB or nothing."""
    place = Path("/dev/shm")
    if not place.is_dir():
        return Finding("/dev/shm", "not there; hepnb needs none")
    free = shutil.disk_usage(place).free
    little = " (little: dask and numba may want more)" if free < _LITTLE_SHM else ""
    return Finding("/dev/shm", f"{free / 1e6:.0f} MB free; hepnb needs none{little}")


def memory() -> Finding:
    """What this session may take, which on a hub is less than the machine has."""
    import psutil

    free = psutil.virtual_memory().available
    limit, used = memory_limit()
    left = free if limit is None else min(free, limit - used)
    said = f"{left / 1e9:.1f} GB free"
    if limit is not None:
        said += f" of the {limit / 1e9:.1f} GB that this session may take"
    if left < _LITTLE_MEMORY:
        return Finding("memory", said, "fewer workers, a smaller chunk=, or a larger session")
    return Finding("memory", said)


def processors() -> Finding:
    """How many workers make sense here."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cores = float(usable or 1)
    quota = cpu_limit()
    said = f"{cores:g}"
    if quota is not None and quota < cores:
        said, cores = f"{quota:g} of {cores:g}, by the limit of this session", quota
    return Finding("processors", f"{said}; workers={max(1, round(cores))} makes use of all")


def text_encoding() -> Finding:
    """Labels and logs are UTF-8."""
    found = codecs.lookup(sys.getfilesystemencoding()).name
    shown = codecs.lookup(getattr(sys.stdout, "encoding", None) or "utf-8").name
    if found != "utf-8" or shown != "utf-8":
        return Finding("locale", f"file names {found}, output {shown}", "export LANG=C.UTF-8")
    return Finding("locale", "UTF-8")


def data_directory() -> Finding:
    """Where samples are looked for first."""
    chosen = os.environ.get("HEPNB_DATA_DIR")
    if not chosen:
        return Finding("samples", "HEPNB_DATA_DIR is not set: downloaded, or toys where offline")
    if not Path(chosen).is_dir() or not os.access(chosen, os.R_OK | os.X_OK):
        return Finding(
            "samples",
            f"HEPNB_DATA_DIR={chosen} cannot be read",
            "correct HEPNB_DATA_DIR, or unset it",
        )
    return Finding("samples", chosen)


def _made(folder: Path) -> Path:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True)
    return folder
