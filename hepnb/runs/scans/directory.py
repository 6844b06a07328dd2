"""The directory of a scan: what was asked, its conductor's lock, and a run directory per point.

    scan.json          the parameters and how many runs at once
    conductor.lock     held by the conductor as long as it lives
    held               why the runs that wait cannot begin, while they cannot (one line)
    runs/0000          the run of the first point; runs/0000.1 its first repetition, and so on

It is private like that of a run. The state of a scan is nothing but the states of its runs.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ...errors import RunError
from ..directory import RunDirectory, is_astray, is_held, registered, state_directory, the_one
from ..record import read_record, write_record
from .grid import Grid, Value

__all__ = ["ScanDirectory", "ScanSpec", "all_scans", "find_scan", "lock_now", "scan_of"]

VERSION = 1
_GLANCES = 0.2


@dataclass(frozen=True)
class ScanSpec:
    """What was asked: `skipped` are the numbers of the combinations that give no run."""

    name: str
    lists: Mapping[str, tuple[Value, ...]]
    skipped: tuple[int, ...]
    max_parallel: int
    created: float
    version: int = VERSION

    @cached_property
    def points(self) -> tuple[dict[str, Value], ...]:
        """The parameters of each run."""
        left = set(self.skipped)
        return tuple(point for n, point in enumerate(Grid(self.lists)) if n not in left)

    def write(self, file: Path) -> None:
        """Write to a file that only the owner can read."""
        write_record(file, asdict(self))

    @classmethod
    def read(cls, file: Path) -> ScanSpec:
        """Read what `write` wrote. Raises RunError where it is not that."""
        try:
            fields = read_record(file, VERSION)
            fields["lists"] = {str(name): tuple(v) for name, v in fields["lists"].items()}
            fields["skipped"] = tuple(int(n) for n in fields["skipped"])
            return cls(**fields)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise RunError(f"{file} is not the record of a scan: {error}") from None


@dataclass(frozen=True)
class ScanDirectory:
    """The files of one scan by name."""

    path: Path

    @classmethod
    def create(cls, name: str, out: str | os.PathLike[str] | None = None) -> ScanDirectory:
        """A new, private, empty scan directory, registered so that it can be found by its id."""
        made = RunDirectory.create(f"scan {name}", out).path
        (made / "runs").mkdir(mode=0o700)
        return cls(made)

    @cached_property
    def id(self) -> str:
        """The scan's id, which stays the same when the directory is moved."""
        return RunDirectory(self.path).id

    @property
    def spec(self) -> Path:
        """What was asked (JSON)."""
        return self.path / "scan.json"

    @property
    def conductor_log(self) -> Path:
        """What the conductor itself printed."""
        return self.path / "conductor.log"

    @property
    def lock(self) -> Path:
        """Held by the conductor; its process id is in it."""
        return self.path / "conductor.lock"

    @property
    def held(self) -> Path:
        """Why the conductor cannot start the runs that wait; not there while it can."""
        return self.path / "held"

    def why_held(self) -> str:
        """One line, or nothing where the runs that wait only wait for their turn."""
        try:
            return self.held.read_text(encoding="utf-8")
        except (OSError, ValueError):
            return ""

    def check_private(self) -> None:
        """Raise RunError unless the directory is ours and closed to everybody else."""
        RunDirectory(self.path).check_private()

    def register(self) -> None:
        """Let the scan and its runs be found by their ids: if it was moved they are known again."""
        entry = state_directory() / "runs" / self.id
        if entry.exists() and not is_astray(entry):
            return
        RunDirectory(self.path).register()
        for _, _, path in self._entries():
            if (path / "spec.json").is_file():
                RunDirectory(path).register()

    def new_run(self, number: int, name: str) -> RunDirectory:
        """An empty run directory for a point: the next one, if it has some already."""
        attempts = self._attempts().get(number, 0)
        ending = f".{attempts}" if attempts else ""
        return RunDirectory.create(name, self.path / "runs" / f"{number:04}{ending}")

    def runs(self) -> dict[int, RunDirectory]:
        """The newest run of each point, by the point's number; only those written whole."""
        found: dict[int, tuple[int, Path]] = {}
        for number, attempt, path in self._entries():
            if (path / "spec.json").is_file() and attempt >= found.get(number, (0, path))[0]:
                found[number] = attempt, path
        return {number: RunDirectory(path) for number, (_, path) in sorted(found.items())}

    def _attempts(self) -> dict[int, int]:
        counts: dict[int, int] = {}
        for number, attempt, _ in self._entries():
            counts[number] = max(counts.get(number, 0), attempt + 1)
        return counts

    def _entries(self) -> Iterator[tuple[int, int, Path]]:
        try:
            entries = list(os.scandir(self.path / "runs"))
        except OSError:
            return
        for entry in entries:
            number, _, attempt = entry.name.partition(".")
            if number.isdecimal() and (not attempt or attempt.isdecimal()):
                yield int(number), int(attempt or 0), Path(entry.path)

    # -- the conductor's lock -----------------------------------------------------------------

    def take_lock(self) -> int | None:
        """The descriptor of the lock, held; None where another process holds it.

        Whoever inherits the descriptor holds the lock. Raises RunError where it cannot be locked.
        """
        try:
            descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise RunError(f"scan directory {self.path}: {error.strerror}") from None
        try:
            if not lock_now(descriptor):
                os.close(descriptor)
                return None
        except OSError as error:
            os.close(descriptor)
            raise RunError(
                f"scan directory {self.path} is on a file system without locks "
                f"({error.strerror}): give another out="
            ) from None
        return descriptor

    def is_conducted(self) -> bool:
        """Whether a living process starts the runs that wait."""
        return is_held(self.lock)


def lock_now(descriptor: int) -> bool:
    """Lock it, or say that another process holds it. One that only looks does so for an instant."""
    deadline = time.monotonic() + _GLANCES
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)


def scan_of(run: RunDirectory) -> ScanDirectory | None:
    """The scan that a run is a point of, if any."""
    home = run.path.resolve().parent
    return ScanDirectory(home.parent) if (home.parent / "scan.json").is_file() else None


def all_scans() -> Iterator[ScanDirectory]:
    """Every scan that is registered for this user, newest first."""
    return map(ScanDirectory, registered("scan.json"))


def find_scan(scan: Any) -> ScanDirectory | None:
    """The scan of this id, of an id that it is a part of, or in this directory; None if none is.

    Raises RunError where it fits several.
    """
    text = os.fspath(scan) if isinstance(scan, str | os.PathLike) else ""
    if not text or "\0" in text:
        return None
    try:
        if (Path(text) / "scan.json").is_file():
            return ScanDirectory(Path(text).absolute())
    except OSError:
        return None
    return the_one(text, {entry.id: entry for entry in all_scans()}, "scans")
