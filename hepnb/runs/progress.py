"""How fast a run goes and how long it will still take, honestly.

The estimate is made of finished chunks only: seconds of worker time per event. While files are
still unopened the total is an expectation, and its uncertainty is part of the answer; with nothing
to go by the answer is None, not a guess.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

__all__ = ["Pace"]

_WINDOW = 10.0
_REMEMBERED = 200


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

    def add(self, now: float, events: int, seconds: float) -> None:
        """A chunk of `events` took a worker `seconds` and was committed at `now`."""
        self._recent.append((now, events))
        if events > 0:
            self._costs.append((events, seconds))

    def rate(self, now: float) -> float | None:
        """Events per second committed in the last ten seconds, or since the start if that is less."""
        while self._recent and self._recent[0][0] < now - _WINDOW:
            self._recent.popleft()
        span = min(_WINDOW, now - self.started)
        if not self._recent or span <= 0:
            return None
        return sum(events for _, events in self._recent) / span

    def remaining(
        self, events_left: float, workers: int, events_error: float = 0.0
    ) -> tuple[float, float] | tuple[None, None]:
        """Seconds until the end and their uncertainty (one standard deviation).

        The spread is that of the cost per event from chunk to chunk: of the mean cost, plus that
        of the chunks still to come, which average out; `events_error` is the uncertainty of
        `events_left` itself, while files are still unopened.
        """
        if len(self._costs) < 2 or workers < 1:
            return None, None
        events = sum(n for n, _ in self._costs)
        cost = sum(seconds for _, seconds in self._costs) / events
        estimate = cost * events_left / workers
        count = len(self._costs)
        variance = sum((n / events) * (seconds / n - cost) ** 2 for n, seconds in self._costs)
        chunks_left = max(1.0, events_left * count / events)
        relative = math.sqrt(variance * (1 / count + 1 / chunks_left)) / cost if cost else 0.0
        return estimate, math.hypot(estimate * relative, cost * events_error / workers)
