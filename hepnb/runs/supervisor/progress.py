"""How fast a run goes and how long it will still take, honestly.

The estimate is made of finished chunks only: seconds of worker time per event. A chunk that took
much longer than most (its worker was swapped out, a server answered late) moves it little. While files
are still unopened the total is an expectation, and its uncertainty is part of the answer; with
nothing to go by the answer is None, not a guess.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

__all__ = ["Pace"]

_WINDOW = 10.0
_REMEMBERED = 200
_LOOKED_AGAIN = 20  # times, while as many chunks come as are remembered
_MAD_TO_SIGMA = 1.4826
_FAR = 3.0
_LEAST_SPREAD = 0.05
_TIMES_USUAL = 5.0
_LEAST = 10.0
_LEAST_AT_FIRST = 60.0


@dataclass
class Pace:
    """Rate [events/s] and remaining time [s] from the chunks that have finished.

    >>> pace = Pace(started=0.0)
    >>> pace.add(now=1.0, events=1000, seconds=1.0)
    >>> pace.add(now=2.0, events=1000, seconds=1.0)
    >>> round(pace.rate(2.0))
    1000
    >>> pace.remaining(events_left=3000, workers=1)
    (3.0, 0.0)
    """

    started: float
    _recent: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=10_000))
    _costs: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _known: _Usual | None = None
    _new: int = 0

    def add(self, now: float, events: int, seconds: float) -> None:
        """A chunk of `events` took a worker `seconds` and was committed at `now`."""
        self._recent.append((now, events))
        if events > 0:
            self._costs.append((events, seconds))
            self._new += 1
            if self._new * _LOOKED_AGAIN > len(self._costs):
                self._known, self._new = None, 0

    def rate(self, now: float) -> float | None:
        """Events per second committed in the last ten seconds, or since the start if that is less."""
        while self._recent and self._recent[0][0] < now - _WINDOW:
            self._recent.popleft()
        span = min(_WINDOW, now - self.started)
        if not self._recent or span <= 0:
            return None
        return sum(events for _, events in self._recent) / span

    def remaining(
        self,
        events_left: float,
        workers: int,
        events_error: float = 0.0,
        begun: Iterable[tuple[int, float]] = (),
    ) -> tuple[float, float] | tuple[None, None]:
        """Seconds until the end and their uncertainty (one standard deviation).

        The cost per event is a winsorised mean: chunks more than three scaled median absolute
        deviations from the median count as if they lay there
        (https://en.wikipedia.org/wiki/Winsorized_mean). The spread is that of the cost from chunk to
        chunk: of the mean, plus that of the chunks still to come, which average out; `events_error` is
        the uncertainty of `events_left` itself, while files are still unopened. `begun` has the events
        of each chunk under way and the seconds that it has taken: these need not be spent again.
        """
        if len(self._costs) < 2 or workers < 1:
            return None, None
        cost, spread = self._usual.cost, self._usual.spread
        count = len(self._costs)
        mean = sum(n for n, _ in self._costs) / count
        # A chunk that takes longer than expected is taken to be about to end.
        spent = sum(min(seconds, cost * n) for n, seconds in begun)
        estimate = max(0.0, cost * events_left - spent) / workers
        chunks_left = max(1.0, events_left / mean)
        error = spread * events_left * math.sqrt(1 / count + 1 / chunks_left) / workers
        return estimate, math.hypot(error, cost * events_error / workers)

    def is_stalled(self, events: int, spent: float, *, first: bool = False) -> bool:
        """Whether a chunk that has taken `spent` seconds takes much longer than others did.

        Never before ten seconds (a minute for a worker's first one, which may load models), nor before
        there is anything to compare with.

        >>> pace = Pace(started=0.0)
        >>> pace.is_stalled(1000, 3600.0)
        False
        >>> for n in range(3):
        ...     pace.add(now=n, events=1000, seconds=4.0)
        >>> pace.is_stalled(1000, 19.0), pace.is_stalled(1000, 21.0), pace.is_stalled(5000, 21.0)
        (False, True, False)
        """
        least = _LEAST_AT_FIRST if first else _LEAST
        if len(self._costs) < 2 or spent <= least:
            return False
        usual = self._usual
        # A small chunk may take what opening its file takes, whatever its events.
        return spent > _TIMES_USUAL * max(usual.middle * events, usual.chunk)

    @property
    def _usual(self) -> _Usual:
        if self._known is None:
            self._known = _usual_of(self._costs)
        return self._known


@dataclass(frozen=True)
class _Usual:
    """What chunks take: seconds per event (robust mean, spread from chunk to chunk, median), and
    the median of a chunk's seconds."""

    cost: float
    spread: float
    middle: float
    chunk: float


def _usual_of(costs: Iterable[tuple[int, float]]) -> _Usual:
    rates = [(seconds / n, n) for n, seconds in costs]
    events = sum(n for _, n in rates)
    middle = _median(rates)
    deviation = _median([(abs(rate - middle), n) for rate, n in rates])
    reach = _FAR * max(_MAD_TO_SIGMA * deviation, _LEAST_SPREAD * middle)
    kept = [(min(max(rate, middle - reach), middle + reach), n) for rate, n in rates]
    mean = sum(rate * n for rate, n in kept) / events
    variance = sum(n * (rate - mean) ** 2 for rate, n in kept) / events
    return _Usual(mean, math.sqrt(variance), middle, _median([(rate * n, 1) for rate, n in rates]))


def _median(values: Sequence[tuple[float, int]]) -> float:
    """The weighted median: half of the weight lies below, half above.

    >>> _median([(1.0, 1), (2.0, 1), (9.0, 1)]), _median([(1.0, 1), (3.0, 1)])
    (2.0, 2.0)
    """
    ordered = sorted(values)
    half, below = sum(weight for _, weight in ordered) / 2, 0
    for place, (value, weight) in enumerate(ordered):
        below += weight
        if below == half:
            return (value + ordered[place + 1][0]) / 2
        if below > half:
            return value
    return ordered[-1][0]
