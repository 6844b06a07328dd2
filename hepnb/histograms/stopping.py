"""Stopping a reduction that nobody waits for any more, between two of its slabs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ..errors import HepnbError

__all__ = ["Stopped", "check_stop", "stoppable"]

_stop: ContextVar[Callable[[], bool] | None] = ContextVar("hepnb_stop", default=None)


class Stopped(HepnbError):
    """What was read is no longer wanted; nothing was changed."""


@contextmanager
def stoppable(stop: Callable[[], bool]) -> Iterator[None]:
    """Inside, an index of an H5Hist raises `Stopped` soon after `stop()` is true.

    >>> from hepnb.histograms import H5Hist
    >>> h = H5Hist.new.Reg(4, 0, 4).StrCat(["a"]).Double().fill([1], "a")
    >>> with stoppable(lambda: True):
    ...     h.project(0)
    Traceback (most recent call last):
    hepnb.histograms.stopping.Stopped: stopped: another slice is wanted
    """
    token = _stop.set(stop)
    try:
        yield
    finally:
        _stop.reset(token)


def check_stop() -> None:
    """Raise `Stopped` if whoever asked for this work no longer wants it."""
    stop = _stop.get()
    if stop is not None and stop():
        raise Stopped("stopped: another slice is wanted")
