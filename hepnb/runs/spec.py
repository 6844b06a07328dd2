"""What was asked of a run: written once by the one who starts it, read by its supervisor.

It holds no code. The code is the bundle beside it, and only workers load that.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..analysis.reading.rootfiles import REMOTE
from ..errors import RunError
from .record import read_record, write_record
from .settings import Settings

__all__ = [
    "LONGEST_HOLD",
    "OPEN_FILES",
    "PYTHON",
    "SAID",
    "SPARE",
    "SUPERVISING",
    "TAKEN",
    "FileSpec",
    "RunSpec",
    "search_path",
    "supervisor_command",
]

VERSION = 1
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The Python of this process: a bundle is loaded by the one that made it."""
TAKEN = 11
"""The exit status of a supervisor that found another one at work."""
SAID = "hepnb: "
"""How a supervisor's last line begins where it says why it cannot work."""
SUPERVISING = (sys.executable, "-m", "hepnb.runs.supervisor.process")
"""How the command of every supervisor begins."""
SPARE = "spare"
"""Its first argument where it waits for a run, whose directory it is otherwise; a name follows."""
LONGEST_HOLD = 20.0
"""How long the start of a run may be held [s]: others would think then that it is lost."""
OPEN_FILES = 16
"""How many files a worker keeps open; the supervisor leases chunks accordingly."""


def supervisor_command(directory: Path) -> list[str]:
    """The command of a process that supervises the run in this directory from the start.

    It is the same by whichever way, symbolic links included, one has come to the directory.
    """
    return [*SUPERVISING, str(directory.resolve())]


def search_path() -> list[str]:
    """Where this process finds modules: what else is in `sys.path`, such as a `Path`, counts not."""
    places: list[Any] = [*sys.path]
    return [place for place in places if isinstance(place, str)]


@dataclass(frozen=True)
class FileSpec:
    """One file of one dataset, in the order in which the files count."""

    dataset: str
    path: str
    tree: str | None = None

    @property
    def is_remote(self) -> bool:
        """Whether another machine has to answer for it."""
        return REMOTE.match(self.path) is not None


@dataclass(frozen=True)
class RunSpec:
    """One run: its name, input, engine and policy.

    `chunk` is the number of events per chunk (None: chosen from each file's size alone, so that
    the plan never depends on the number of workers); `on_error` is what a failing chunk does to
    the run; `datasets` has of each `kind`, `xsec` [pb] and `sumw`; `engine` is who works,
    `settings` are about its workers; `signatures` are the histograms in UHI form, by name, of which
    `own_sums` are filled with normalised weights. `key` is the same for runs that give the same
    chunks (empty: not known), `origin` the run by whose id the chunks are called, where it is not
    this one.
    """

    name: str
    files: tuple[FileSpec, ...]
    workers: int
    signatures: Mapping[str, Mapping[str, Any]]
    datasets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    chunk: int | None = None
    on_error: str = "fail"
    allow_duplicates: bool = False
    engine: str = "local"
    settings: Settings = field(default_factory=Settings)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    python_path: tuple[str, ...] = ()
    working_directory: str = "/"
    created: float = 0.0
    key: str = ""
    origin: str = ""
    own_sums: tuple[str, ...] = ()
    python: str = PYTHON
    version: int = VERSION

    def write(self, file: Path) -> None:
        """Write to a file that only the owner can read."""
        write_record(file, asdict(self))

    @classmethod
    def read(cls, file: Path) -> RunSpec:
        """Read what `write` wrote. Raises RunError where it is not that."""
        try:
            fields = read_record(file, VERSION)
            fields["files"] = tuple(FileSpec(**entry) for entry in fields["files"])
            fields["settings"] = Settings(**fields["settings"])
            fields["python_path"] = tuple(fields["python_path"])
            fields["own_sums"] = tuple(fields.get("own_sums", ()))
            return cls(**fields)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunError(f"{file} is not the record of a run: {error}") from None
