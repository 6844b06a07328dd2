"""What the site allows: how many runs a user may have at once, how long one may last, how much disk.

The administrator of a hub or a lab writes a small YAML file; hepnb obeys it when a run starts and
while it goes on. It guards against accidents: whoever may run processes can also leave hepnb out.
"""

from __future__ import annotations

import contextlib
import re
import sys
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import RunError, nearest

__all__ = ["Policy", "SiteWatch", "policy_files", "size_of"]

_MEASURE_EVERY = 10.0
_SECTOR = 512  # what st_blocks counts in, always
_SIZES = {"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
_TIMES = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_AMOUNT = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*$")


def policy_files() -> tuple[Path, ...]:
    """The files that are obeyed: this machine's, and that of the Python environment."""
    return Path("/etc/hepnb/policy.yaml"), Path(sys.prefix, "etc", "hepnb", "policy.yaml")


@dataclass(frozen=True)
class Policy:
    """The limits; None where there is none. Of several files each limit's tightest counts.

    `max_runs`: runs of one user at once on this machine; `lifetime` [s]: how long a run may last
    before it is interrupted (`hn.resume` goes on); `disk` [bytes]: what all runs of one user may
    take under their state directory; `cache` [bytes]: what their column cache may take, 0 for none;
    `spare` [s]: how long a supervisor may wait beside a notebook for its next run, 0 for none.
    """

    max_runs: float | None = None
    lifetime: float | None = None
    disk: float | None = None
    cache: float | None = None
    spare: float | None = None

    @classmethod
    def of_site(cls) -> Policy:
        """What this machine and this environment ask for. Raises RunError for a malformed file."""
        found = [cls.read(file) for file in policy_files() if file.is_file()]
        limits: dict[str, float | None] = {}
        for field in fields(cls):
            given = [v for p in found if (v := getattr(p, field.name)) is not None]
            limits[field.name] = min(given, default=None)
        return cls(**limits)

    @classmethod
    def read(cls, file: Path) -> Policy:
        """One file, such as `{max_runs: 4, lifetime: 2 d, disk: 20 GB}`. Raises RunError."""
        import yaml

        try:
            found = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise RunError(f"site policy {file}: {' '.join(str(error).split())}") from None
        known = {field.name for field in fields(cls)}
        if not isinstance(found, dict):
            raise RunError(f"site policy {file}: write lines like `max_runs: 4`")
        if unknown := [str(key) for key in found if key not in known]:
            raise RunError(
                f"site policy {file}: no limit {unknown[0]!r}{nearest(unknown[0], known)}; "
                f"there are {', '.join(sorted(known))}"
            )
        return cls(**{key: _limit(file, key, value) for key, value in found.items()})

    def admit(self, running: int, taken: int) -> None:
        """Raise RunError where a further run is one too many, or the disk is used up."""
        if self.max_runs is not None and running >= self.max_runs:
            raise RunError(
                f"{running} runs of yours go on and this site allows {self.max_runs:g} at once: "
                "wait for one, or cancel one (hn.runs() lists them)"
            )
        if problem := self.disk_problem(taken):
            raise RunError(problem)

    def disk_problem(self, taken: int) -> str:
        """One line where the runs take more disk than is allowed, else nothing."""
        if self.disk is None or taken <= self.disk:
            return ""
        return (
            f"your runs take {taken / 1e9:.2f} GB and this site allows {self.disk / 1e9:g} GB: "
            "`hepnb gc` removes old ones"
        )


class SiteWatch:
    """The policy while one supervisor lives: how long it may, and whether the disk share is used up."""

    def __init__(self, runs: Path) -> None:
        """Raises RunError for a malformed policy. `runs` is where all runs of the user lie."""
        self._policy, self._runs = Policy.of_site(), runs
        self._born = time.monotonic()
        self._measured = -_MEASURE_EVERY
        self.problem = ""

    @property
    def verdict(self) -> str:
        """Who interrupts the run, once its time is over; until then nothing."""
        lifetime = self._policy.lifetime
        if lifetime is None or time.monotonic() - self._born < lifetime:
            return ""
        return f"the policy of this site, where a run may last {_duration(lifetime)}"

    def look(self) -> None:
        """Measure the disk share from time to time; `problem` is the line that says it is used up."""
        now = time.monotonic()
        if self._policy.disk is not None and now - self._measured >= _MEASURE_EVERY:
            self._measured = now
            self.problem = self._policy.disk_problem(size_of(self._runs))


def _duration(seconds: float) -> str:
    unit = next((u for u in ("d", "h", "min") if seconds >= _TIMES[u]), "s")
    return f"{seconds / _TIMES[unit]:g} {unit}"


def _limit(file: Path, key: str, value: Any) -> float:
    units: dict[str, float] | None = {
        "lifetime": _TIMES,
        "disk": _SIZES,
        "cache": _SIZES,
        "spare": _TIMES,
    }.get(key)
    if units is None:
        if type(value) is int and value >= 0:
            return float(value)
        raise RunError(f"site policy {file}: {key}: {value!r}: write a whole number")
    match = _AMOUNT.match(str(value))
    if match is None or match[2] not in units:
        raise RunError(
            f"site policy {file}: {key}: {value!r}: write a number and one of {', '.join(units)}"
        )
    return float(match[1]) * units[match[2]]


def size_of(directory: Path) -> int:
    """The space that everything in a directory takes on disk [bytes]."""
    size = 0
    for file in directory.rglob("*"):
        with contextlib.suppress(OSError):  # a fold may just have replaced it
            size += file.lstat().st_blocks * _SECTOR
    return size
