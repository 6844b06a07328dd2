"""`hn.attach` and `hn.resume`: whatever runs under an id, one run or a scan of many."""

from __future__ import annotations

import os

from ...errors import RunError
from ..directory import all_runs
from ..scans.directory import find_scan
from ..scans.run_set import RunSet
from . import run as single
from .run import Run

__all__ = ["attach", "resume"]


def attach(run: str | os.PathLike[str]) -> Run | RunSet:
    """The run, or the runs of the scan, with this id, part of an id, or directory.

    From any process of the same user. Raises RunError where there is none, or more than one, or where
    its directory is open to others.

    >>> import hepnb as hn
    >>> hn.attach("yesterday")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    hepnb.errors.RunError: no run 'yesterday' under ...; hn.runs() and `hepnb runs` list them
    """
    scan = find_scan(run)
    if scan is None:
        return single.attach(run)
    if os.fspath(run) not in (scan.id, str(scan.path)) and not os.path.isdir(run):  # noqa: PTH112
        inside = {point.path for point in scan.runs().values()}
        fits = [known for known in all_runs() if os.fspath(run) in known.id]
        if any(known.path not in inside for known in fits):
            raise RunError(
                f"{os.fspath(run)!r} fits the scan {scan.id} and {len(fits)} runs: say more of the id"
            )
    runs = RunSet(scan)
    scan.register()
    return runs


def resume(run: str | os.PathLike[str], *, take_over: bool = False) -> Run | RunSet:
    """Go on with a run, or a scan, whose processes are gone: killed, culled with a pod, or rebooted.

    It goes on from its journal: what is committed is not run again, and the result is the same, bit
    for bit, as if nothing had happened. `take_over=True` resumes what was on another host that is
    gone for good, or that sees the same directory by another name.

    Raises RunError where it has ended, or somebody supervises it, or it needs another Python.

    >>> import hepnb as hn
    >>> hn.resume("yesterday")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    hepnb.errors.RunError: no run 'yesterday' under ...; hn.runs() and `hepnb runs` list them
    """
    return attach(run).resume(take_over=take_over)
