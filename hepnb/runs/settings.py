"""What a user sets about the workers of a run: limits, second chances, seeds, their environment.

Everything is checked here once, and told in one line where it makes no sense; the run's record
holds the result.
"""

from __future__ import annotations

import math
import operator
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import RunError

__all__ = ["MOST_WORKERS", "Settings", "memory_in_bytes", "whole", "within"]

MOST_WORKERS = 256
"""How many workers a run may have on one machine."""

LEAST_MEMORY = 300_000_000
_UNITS = {
    "b": 1,
    **{f"{prefix}b": 1000**n for n, prefix in enumerate("kmgt", 1)},
    **{f"{prefix}ib": 1024**n for n, prefix in enumerate("kmgt", 1)},
}
_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?)\s*([kmgt]?i?b)\s*", re.IGNORECASE)
_MOST_THREADS = 1024
_LARGEST_SEED = 2**63
_MOST_RETRIES = 100


@dataclass(frozen=True)
class Settings:
    """How workers are treated, beside how many there are.

    `memory` [bytes] is the resident memory that a worker may have (None: no limit); `timeout` [s]
    is how long one task may take (None: by what tasks took so far); `retries` is how often a chunk
    whose code raised is tried again; `seed` starts the random numbers; `threads` is for libraries
    that compute in threads; `nice` how far workers step back for other processes; `cache` whether
    columns are kept decompressed (None: those of files that are slow to read).
    """

    memory: int | None = None
    timeout: float | None = None
    retries: int = 0
    seed: int = 0
    threads: int = 1
    nice: int = 10
    environment: Mapping[str, str] = field(default_factory=dict)
    cache: bool | None = None

    @classmethod
    def of(
        cls,
        *,
        memory: str | int | None = None,
        timeout: float | None = None,
        retries: int = 0,
        seed: int = 0,
        threads: int = 1,
        nice: int = 10,
        environment: Mapping[str, str] | None = None,
        cache: bool | None = None,
    ) -> Settings:
        """Settings as they are given. Raises RunError for one that makes no sense."""
        return cls(
            memory=None if memory is None else memory_in_bytes(memory),
            timeout=None if timeout is None else _seconds("timeout", timeout),
            retries=whole("retries", retries, 0, _MOST_RETRIES),
            seed=whole("seed", seed, 0, _LARGEST_SEED),
            threads=whole("threads", threads, 1, _MOST_THREADS),
            nice=whole("nice", nice, 0, 19),
            environment={} if environment is None else _variables(environment),
            cache=_switch("cache", cache),
        )


def whole(name: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """A setting that counts something. Raises RunError for anything else.

    >>> whole("workers", 4)
    4
    >>> whole("nice", 25, 0, 19)
    Traceback (most recent call last):
    ...
    hepnb.errors.RunError: nice=25: give a whole number, at least 0 and at most 19
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if isinstance(value, bool) or number < least or (most is not None and number > most):
        wanted = f"at least {least}" if most is None else f"at least {least} and at most {most}"
        raise RunError(f"{name}={value!r}: give a whole number, {wanted}")
    return number


def memory_in_bytes(given: Any) -> int:
    """An amount of memory. Raises RunError for what is none, or too little for any worker.

    >>> memory_in_bytes("2 GB"), memory_in_bytes("1.5GiB"), memory_in_bytes(500_000_000)
    (2000000000, 1610612736, 500000000)
    """
    size: float = 0
    if isinstance(given, str) and (found := _SIZE.fullmatch(given)):
        size = float(found[1]) * _UNITS.get(found[2].lower(), 0)
    elif isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given):
        size = given
    else:
        raise RunError(f"memory={given!r}: give a size such as '2 GB', or a number of bytes")
    if size < LEAST_MEMORY:
        raise RunError(
            f"memory={given!r}: a worker needs {LEAST_MEMORY / 1e6:.0f} MB at least, "
            "of which its libraries are the most"
        )
    return int(size)


def _switch(name: str, value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise RunError(f"{name}={value!r}: give True, False, or None to let hepnb choose")


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RunError(f"{name}={value!r}: give a number of seconds")
    if not (math.isfinite(value) and value > 0):
        raise RunError(f"{name}={value!r}: give a number of seconds above 0")
    return float(value)


def within(timeout: Any) -> float | None:
    """How long somebody waits [s]; None is for ever. Raises RunError for what is no time."""
    if timeout is None:
        return None
    is_number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    if not is_number or not 0 <= timeout <= threading.TIMEOUT_MAX:
        raise RunError(f"timeout={timeout!r}: give a number of seconds, or None to wait for ever")
    return float(timeout)


def _variables(given: Any) -> dict[str, str]:
    """Environment variables: texts by name."""
    if not isinstance(given, Mapping):
        raise RunError(f"environment={given!r}: give a mapping, such as {{'NAME': 'value'}}")
    for name, value in given.items():
        if not isinstance(name, str) or not name or "=" in name or "\0" in name:
            raise RunError(f"environment: {name!r} is no name of a variable")
        if not isinstance(value, str) or "\0" in value:
            raise RunError(f"environment: {name}={value!r}: give a text")
    return dict(given)
