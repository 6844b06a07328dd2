"""A few threads for what leaves the interpreter: decoding, NumPy's sums, encoding."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["THREADS", "in_order"]

J = TypeVar("J")
R = TypeVar("R")


def _cores() -> int:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return usable or 1


THREADS = min(4, _cores())
"""More would wait for memory, and each holds a slab of it."""


def in_order(
    work: Callable[[J], R], jobs: Iterable[J], threads: int | None = None
) -> Iterator[tuple[J, R]]:
    """Each job with what `work` makes of it, in the order of the jobs whoever is ready first.

    At most two jobs more than there are threads are begun and not yet taken. With one thread it is
    the caller's own.

    >>> [made for _, made in in_order(abs, [-3, 2, -1], threads=2)]
    [3, 2, 1]
    """
    threads = THREADS if threads is None else threads
    if threads <= 1:
        for job in jobs:
            yield job, work(job)
        return
    waiting: deque[tuple[J, Future[R]]] = deque()
    with ThreadPoolExecutor(threads, "hepnb-histograms") as pool:
        for job in jobs:
            waiting.append((job, pool.submit(work, job)))
            if len(waiting) > threads + 1:
                first, made = waiting.popleft()
                yield first, made.result()
        while waiting:
            first, made = waiting.popleft()
            yield first, made.result()
