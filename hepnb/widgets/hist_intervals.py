"""Garwood's interval of a Poisson count, at a coverage of 68.27 % (one sigma of a Gaussian).

F. Garwood, Biometrika 28 (1936) 437: the ends are half the quantiles of chi-squared at 15.87 % with
2n degrees of freedom and at 84.13 % with 2n + 2. Up to `EXACT` counts the Poisson sums are solved
by Newton's method, above the Cornish-Fisher expansion of the quantile serves (NIST Handbook of
Mathematical Functions 26.4), right to 2e-7 counts. The same as widgets_js/src/intervals.ts.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["garwood"]

Array = NDArray[np.float64]
EXACT = 100
_TAIL = 0.15865525393145707  # of a Gaussian beyond one sigma


def garwood(counts: Array) -> tuple[Array, Array]:
    """Lower and upper end for each count, float64 of the same shape; NaN for what is no count.

    >>> [round(float(end), 4) for end in (*garwood(np.array([0.0]))[1], *garwood(np.array([4.0]))[0])]
    [1.841, 2.0857]
    """
    low = np.full(counts.shape, np.nan)
    high = np.full(counts.shape, np.nan)
    few = (counts >= 0) & (counts <= EXACT) & (counts == np.floor(counts))
    lows, highs = _table()
    index = counts[few].astype(np.intp)
    low[few], high[few] = lows[index], highs[index]
    many = counts > EXACT
    low[many] = _quantile(counts[many], -1.0)
    high[many] = _quantile(counts[many] + 1.0, 1.0)
    return low, high


def _quantile(a: Array, z: float) -> Array:
    """The quantile of a gamma distribution of shape `a` at `z` sigmas, -1 or +1."""
    root = np.sqrt(a)
    odd = root - 1 / (6 * root) - 7 / (1620 * root**3)
    return np.asarray(a + z * odd + 1 / (135 * a) + 53 / (34020 * a**2), dtype=np.float64)


@lru_cache(maxsize=1)
def _table() -> tuple[Array, Array]:
    lows = [0.0] + [_solve(n - 1, 1 - _TAIL) for n in range(1, EXACT + 1)]
    return np.array(lows), np.array([_solve(n, _TAIL) for n in range(EXACT + 1)])


def _solve(n: int, probability: float) -> float:
    """The mean with which a Poisson count is at most `n` with this probability."""
    mean = n + 1 - math.copysign(math.sqrt(n + 1), probability - 0.5) * 0.9
    for _ in range(60):
        term = total = math.exp(-mean)
        for k in range(1, n + 1):
            term *= mean / k
            total += term
        step = (total - probability) / term  # the sum falls by its last term
        mean = max(mean + step, mean / 2)
        if abs(step) < 1e-13 * mean:
            break
    return mean
