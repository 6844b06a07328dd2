"""All looks in their order: versions, the place, and a run from end to end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..errors import HepnbError
from ..given import shown
from . import place, trial, versions
from .finding import Finding, Look, Report, looked

__all__ = ["doctor"]

LOOKS: dict[str, Look] = {
    "python": versions.python,
    "ipykernel": versions.ipykernel,
    "anywidget": versions.anywidget,
    "run directories": place.run_directories,
    "disk space": place.disk_space,
    "file locks": place.file_locks,
    "sockets": place.sockets,
    "/dev/shm": place.shared_memory,
    "memory": place.memory,
    "processors": place.processors,
    "locale": place.text_encoding,
    "samples": place.data_directory,
    "a run": trial.run_of_toys,
}


def doctor(tell: Callable[[Finding], None] | None = None) -> Report:
    """Look at everything that runs and widgets need, in a few seconds; nothing is left behind.

    `tell` is called with each finding as soon as there is one.

    >>> import hepnb as hn
    >>> report = hn.doctor()
    >>> [finding.what for finding in report][-1]
    'a run'
    """
    if tell is not None and not callable(tell):
        raise HepnbError(f"doctor: tell is a function of a finding, not {shown(tell)}")
    report = Report()
    for finding in _findings():
        report.append(finding)
        if tell is not None:
            tell(finding)
    return report


def _findings() -> Iterator[Finding]:
    for what, look in LOOKS.items():
        yield looked(what, look)
