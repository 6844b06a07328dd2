"""How long a scan will still take, by how its runs stand: an estimate, or None, never a guess."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..handle.glance import Glance

__all__ = ["expected_of_all", "time_left"]


def expected_of_all(seen: Sequence[Glance]) -> float | None:
    """The events of all runs: those that have not opened their files yet have as many as the others.

    >>> opened = Glance("running", progress={"events_total": None, "events_expected": 990.0})
    >>> expected_of_all([opened, Glance("waiting"), Glance("waiting")])
    2970.0
    """
    known = [total for one in seen if (total := _total(one)) is not None]
    return sum(known) * len(seen) / len(known) if known else None


def time_left(seen: Sequence[Glance], at_once: int) -> float | None:
    """Seconds until the last run has ended, of which so many go on `at_once`.

    A run that goes on knows its own; all that it takes others is what an event took those that are
    done, from their start to their end, or else those that go on. None with nothing to go by, and
    while a run pauses or is held back.

    >>> progress = {"events": 1000, "events_total": 1000, "events_lost": 0, "events_under_way": 0}
    >>> progress |= {"events_expected": 1000}
    >>> done = Glance("done", progress=progress | {"rate": 100.0, "eta": None})
    >>> time_left([done, Glance("waiting"), Glance("waiting"), Glance("waiting")], at_once=2)
    15.0
    """
    cost = _seconds_per_event(seen, "done") or _seconds_per_event(seen, "running")
    expected = expected_of_all(seen)
    lengths = []
    for one in seen:
        if one.has_ended:
            continue
        own = one.progress["eta"]
        if own is None:
            if cost is None or expected is None or one.state == "paused" or one.problem:
                return None
            own = cost * _events_left(one, expected / len(seen))
        lengths.append(own)
    return max(*lengths, sum(lengths) / at_once) if lengths else None


def _total(one: Glance) -> float | None:
    total: float | None = one.progress["events_total"]
    expected: float | None = one.progress["events_expected"]
    return expected if total is None else total


def _events_left(one: Glance, usual: float) -> float:
    total = _total(one)
    seen: float = sum(one.progress[key] for key in ("events", "events_lost", "events_under_way"))
    return max(0.0, (usual if total is None else total) - seen)


def _seconds_per_event(seen: Iterable[Glance], state: str) -> float | None:
    """What an event took the runs in this state, all together."""
    known = [p for p in (one.progress for one in seen if one.state == state) if p["rate"]]
    events = sum(p["events"] for p in known)
    return sum(p["events"] / p["rate"] for p in known) / events if events else None
