"""Limits of a worker's memory: what the supervisor measures, and a back stop in the process itself.

Measured is the resident memory, as tools show it, the libraries that all workers share included.
The address space is bounded, too, so that one huge allocation fails at once, as a MemoryError,
before the machine is full; but loosely: memory that is reserved and not used is nobody's harm.
"""

from __future__ import annotations

import os
import sys

__all__ = ["MEASURE_EVERY", "limit_address_space", "resident"]

MEASURE_EVERY = 0.2
_TIMES_MEMORY = 2


def resident(pid: int) -> int:
    """The resident memory of a process [bytes]; 0 where it is gone."""
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def limit_address_space(memory: int | None) -> None:
    """Let this process map twice `memory` [bytes] beside what it has mapped already."""
    if memory is None or not sys.platform.startswith("linux"):
        return
    import resource

    import psutil

    mapped = psutil.Process(os.getpid()).memory_info().vms
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = mapped + _TIMES_MEMORY * memory
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
