"""Starting the conductor of a scan, unless there is one."""

from __future__ import annotations

import os
import sys

from ..processes import detached
from .directory import ScanDirectory

__all__ = ["conduct"]


def conduct(scan: ScanDirectory, *, take_over: bool = False) -> bool:
    """Start a conductor; False where there is one, which then sees every run that waits.

    It goes on with runs that are lost; with `take_over`, with those of another host, too. Raises
    RunError where the scan's directory has no locks, or is closed to us.
    """
    lock = scan.take_lock()
    if lock is None:
        return False
    try:
        command = [sys.executable, "-m", "hepnb.runs.scans.conductor", str(scan.path), str(lock)]
        detached(command + ["take-over"] * take_over, scan.conductor_log, keep=[lock])
    finally:
        os.close(lock)
    return True
