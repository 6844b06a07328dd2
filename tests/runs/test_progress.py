"""Rates and remaining times: right for a steady run, honest for an unsteady one."""

from __future__ import annotations

import pytest

from hepnb.runs.progress import Pace


def steady(seconds_per_chunk: float, chunks: int = 20) -> Pace:
    pace = Pace(started=0.0)
    for n in range(chunks):
        pace.add(now=(n + 1) * seconds_per_chunk, events=1000, seconds=seconds_per_chunk)
    return pace


def test_a_steady_run_is_predicted_exactly():
    eta, error = steady(0.5).remaining(events_left=10_000, workers=2)
    assert (eta, error) == (pytest.approx(2.5), pytest.approx(0.0))


def test_an_unsteady_run_says_so():
    pace = Pace(started=0.0)
    for n in range(50):
        pace.add(now=float(n), events=1000, seconds=0.1 if n % 2 else 1.9)
    eta, error = pace.remaining(events_left=10_000, workers=1)
    assert eta == pytest.approx(10.0)
    assert 1.0 < error < 5.0


def test_nothing_is_promised_before_two_chunks():
    pace = Pace(started=0.0)
    pace.add(now=1.0, events=10, seconds=1.0)
    assert pace.remaining(events_left=10, workers=1) == (None, None)


def test_the_rate_is_that_of_the_last_ten_seconds():
    pace = steady(1.0, chunks=30)
    assert pace.rate(30.0) == pytest.approx(1100.0)
    assert Pace(started=0.0).rate(1.0) is None
    assert pace.rate(1000.0) is None
