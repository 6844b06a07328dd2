"""How a worker's process deals with the memory that its chunks free."""

from __future__ import annotations

import ctypes

__all__ = ["give_back_memory", "keep_freed_memory"]

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGEST_FROM_HEAP = 32 << 20  # bytes; glibc takes no more
_KEPT = 1 << 30  # bytes


def keep_freed_memory() -> None:
    """Let this process keep what it frees, up to 1 GB, for the next chunk.

    Every chunk takes and frees arrays of the same sizes. glibc would give their memory back each
    time, and each time fault it in again, page by page and zeroed: an eighth to a third of a chunk's
    CPU time. A chunk needs at its height no more than before; a worker without one gives it all back
    (`give_back_memory`). Where there is no glibc nothing changes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_FROM_HEAP)
        mallopt(_M_TRIM_THRESHOLD, _KEPT)


def give_back_memory() -> None:
    """Give back to the system what this process has kept."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
