"""What the session (a container, a hub's pod, a Slurm job) may take: Linux control groups."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

__all__ = ["cpu_limit", "memory_limit"]

_ROOT = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")
_NO_LIMIT = 1 << 60


def memory_limit(root: Path = _ROOT, own: Path = _OWN) -> tuple[int | None, int]:
    """The tightest limit above this process and what counts against it now, both in bytes."""
    found: list[tuple[int, int]] = []
    for folder in _above(root, own, ""):
        if limit := _number(folder / "memory.max"):
            found.append((limit, _number(folder / "memory.current") or 0))
    for folder in _above(root / "memory", own, "memory"):
        limit = _number(folder / "memory.limit_in_bytes")
        if limit and limit < _NO_LIMIT:
            found.append((limit, _number(folder / "memory.usage_in_bytes") or 0))
    return min(found, key=lambda pair: pair[0] - pair[1], default=(None, 0))


def cpu_limit(root: Path = _ROOT, own: Path = _OWN) -> float | None:
    """How many processors this process may use at a time; None for all."""
    found: list[float] = []
    for folder in _above(root, own, ""):
        quota, _, period = _text(folder / "cpu.max").partition(" ")
        if quota.isdigit() and period.isdigit():
            found.append(int(quota) / int(period))
    for folder in _above(root / "cpu", own, "cpu"):
        quota_us, period_us = (
            _number(folder / f"cpu.cfs_{name}_us") or 0 for name in ("quota", "period")
        )
        if quota_us > 0 and period_us > 0:
            found.append(quota_us / period_us)
    return min(found, default=None)


def _above(root: Path, own: Path, controller: str) -> Iterator[Path]:
    """The groups of this process for a controller ("" is version 2), from its own one up."""
    for line in _text(own).splitlines():
        _, names, path = line.split(":", 2)
        if controller not in names.split(","):
            continue
        group = root / path.lstrip("/")
        while group != root and root in group.parents:
            yield group
            group = group.parent
        yield root
        return


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""


def _number(file: Path) -> int | None:
    text = _text(file)
    return int(text) if text.lstrip("-").isdigit() else None
