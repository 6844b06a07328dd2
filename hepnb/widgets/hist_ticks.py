"""Scales and ticks of a static picture: round values, powers of ten, and how they are written."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .labels import short

__all__ = ["Scale", "Ticks", "log_ticks", "numbered", "power_of_ten", "ticks"]

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Scale:
    """Values to pixels, linear or logarithmic; what is too low for a logarithm is at the start, and
    all of an axis without bins."""

    low: float
    high: float
    start: float
    stop: float
    log: bool

    def __call__(self, value: float) -> float:
        if (self.log and value <= self.low) or self.high == self.low:
            return self.start
        if self.log:
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return round(self.start + part * (self.stop - self.start), 2)

    def invert(self, pixel: float) -> float:
        part = (pixel - self.start) / (self.stop - self.start)
        if self.log:
            return float(self.low * (self.high / self.low) ** part)
        return self.low + part * (self.high - self.low)


@dataclass(frozen=True)
class Ticks:
    """Labelled ticks with their words, those without, and a power of ten taken out of all words."""

    major: tuple[tuple[float, str], ...]
    minor: tuple[float, ...]
    factor: str


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round values at steps of 1, 2 or 5; none where there is no room.

    >>> ticks(0, 10, 5)
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    """
    if not high > low:
        return []
    raw = (high - low) / max(1, about)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * f for f in (1, 2, 5, 10) if power * f >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)]


def log_ticks(low: float, high: float) -> tuple[list[float], list[float]]:
    """Labelled and unlabelled ticks of a logarithmic axis.

    >>> log_ticks(1, 1000)[0]
    [1.0, 10.0, 100.0, 1000.0]
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = [m * 10.0**p for p in powers for m in range(1, 10)]
    inside = [v for v in every if low * 0.9999 <= v <= high * 1.0001]
    decades = math.log10(high / low)
    keep = {1} if decades > 2.5 else {1, 2, 5}
    skip = max(1, math.ceil(len(powers) / 9))

    def labelled(value: float) -> bool:
        power = math.floor(math.log10(value) + 1e-9)
        return round(value / 10.0**power) in keep and power % skip == 0

    return [v for v in inside if labelled(v)], [v for v in inside if not labelled(v)]


def numbered(low: float, high: float, about: int, *, log: bool, factored: bool = False) -> Ticks:
    """The ticks of an axis; `factored` takes a large or small power of ten out of the words."""
    if log:
        major, minor = log_ticks(low, high)
        show = _log_text(major)
        return Ticks(tuple((v, show(v)) for v in major), tuple(minor), "")
    major = ticks(low, high, about)
    minor = [v for v in ticks(low, high, 5 * about) if v not in major]
    size = max(abs(high), abs(low))
    power = math.floor(math.log10(size)) if size > 0 else 0
    factor = power if factored and (power >= 5 or power <= -4) else 0
    written = tuple((v, short(v / 10.0**factor)) for v in major)
    return Ticks(written, tuple(minor), f"×{power_of_ten(factor)}" if factor else "")


def power_of_ten(power: int) -> str:
    return f"10{str(power).translate(_SUPERSCRIPTS)}"


def _log_text(major: Sequence[float]) -> Callable[[float], str]:
    """Numbers for few decades, else `1`, `10`, then powers: 10²."""
    if all(0.009 < value < 11_000 for value in major):
        return short

    def text(value: float) -> str:
        power = math.floor(math.log10(value) + 1e-9)
        if 0 <= power <= 1:
            return short(value)
        digit = round(value / 10.0**power)
        return f"{'' if digit == 1 else f'{digit}×'}{power_of_ten(power)}"

    return text
