"""Whether the site's policy admits one more run, asked by whoever launches one: a cell, a conductor.

Runs are counted by their files. So whoever launches one holds a lock from the count on until the run
counts itself: of many that start at once no more are admitted than the site allows.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator

from ...errors import RunError
from ..directory import RunDirectory, all_runs, state_directory
from ..handle.glance import glance
from ..handle.listing import ALIVE
from ..policy import Policy, size_of

__all__ = ["admitted", "obey_the_site"]


def obey_the_site() -> None:
    """Raise RunError where the site's policy admits no further run of this user."""
    policy = Policy.of_site()
    if policy.max_runs is None and policy.disk is None:
        return
    running = sum(map(_goes_on, all_runs()))
    policy.admit(running, 0 if policy.disk is None else size_of(state_directory()))


@contextlib.contextmanager
def admitted() -> Iterator[None]:
    """While a run is launched, which counts when this is over. Raises RunError as `obey_the_site`."""
    with contextlib.ExitStack() as stack:
        if Policy.of_site().max_runs is not None:
            # Where there are no locks, or no place for one, no run starts: its directory says why.
            with contextlib.suppress(OSError):
                home = state_directory()
                home.mkdir(mode=0o700, parents=True, exist_ok=True)
                turn = os.open(home / "admission.lock", os.O_RDWR | os.O_CREAT, 0o600)
                stack.callback(os.close, turn)
                fcntl.flock(turn, fcntl.LOCK_EX)
        obey_the_site()
        yield


def _goes_on(run: RunDirectory) -> bool:
    """One that cannot be read keeps nobody from starting another."""
    try:
        return glance(run).state in ALIVE
    except (RunError, LookupError, TypeError):
        return False
