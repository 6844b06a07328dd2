"""Random numbers that belong to the event: the argument `rng` of a definition.

The numbers depend on dataset, file, entry and the name of the definition that asks, and on nothing
else: not on chunks, workers, or what other definitions drew. They come from a counter-based generator,
the finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014) applied twice to key and counter.
"""

from __future__ import annotations

import hashlib
from typing import Any

import awkward as ak
import numpy as np

__all__ = ["EventRandom"]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)


def _mix(z: Any) -> Any:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


class EventRandom:
    """`rng.uniform()`, `rng.normal()`: one number per event, or one per object with `like=Jet.pt`.

    Each call draws new numbers; the n-th call in a definition gives the same numbers every time.
    """

    def __init__(self, key: str, entries: Any) -> None:
        digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
        with np.errstate(over="ignore"):
            self._state = _mix(
                _mix(entries.astype(np.uint64) * _GAMMA)
                ^ np.uint64(int.from_bytes(digest, "little"))
            )
        self._draws = 0

    def among(self, start: int, stop: int) -> EventRandom:
        """The numbers of the events [start, stop) alone."""
        some = object.__new__(EventRandom)
        some._state, some._draws = self._state[start:stop], self._draws
        return some

    def uniform(self, low: float = 0.0, high: float = 1.0, *, like: Any = None) -> Any:
        """Uniform in [low, high), float64: one per event, or shaped like the jagged array `like`."""
        return self._shaped(like, lambda unit, _: low + (high - low) * unit)

    def normal(self, loc: float = 0.0, scale: float = 1.0, *, like: Any = None) -> Any:
        """Gaussian with mean `loc` and width `scale` (Box and Muller 1958), float64."""

        def gauss(unit: Any, other: Any) -> Any:
            # 1 - u is never 0, so its logarithm is finite.
            return loc + scale * np.sqrt(-2.0 * np.log1p(-unit)) * np.cos(2.0 * np.pi * other)

        return self._shaped(like, gauss)

    def _shaped(self, like: Any, make: Any) -> Any:
        self._draws += 1
        if like is None:
            return make(self._unit(self._state, 0), self._unit(self._state, 1))
        counts = np.asarray(ak.num(like, axis=1))
        if len(counts) != len(self._state):
            raise ValueError(
                f"rng: like= has {len(counts)} rows, the definition {len(self._state)}"
            )
        with np.errstate(over="ignore"):
            place = np.asarray(ak.flatten(ak.local_index(like, axis=1))).astype(np.uint64)
            state = _mix(np.repeat(self._state, counts) + (place + np.uint64(1)) * _GAMMA)
        return ak.unflatten(make(self._unit(state, 0), self._unit(state, 1)), counts)

    def _unit(self, state: Any, half: int) -> Any:
        with np.errstate(over="ignore"):
            bits = _mix(state + np.uint64(2 * self._draws + half) * _GAMMA)
        return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
