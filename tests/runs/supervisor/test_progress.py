"""Rates and remaining times: right for a steady run, honest for an unsteady one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepnb.runs.supervisor.progress import Pace


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


def test_a_few_chunks_that_hung_do_not_move_the_estimate():
    pace = steady(0.5, chunks=40)
    for n in range(4):
        pace.add(now=20.0 + n, events=1000, seconds=300.0)
    eta, error = pace.remaining(events_left=10_000, workers=2)
    assert eta == pytest.approx(2.5, rel=0.05)
    assert 0.0 < error < 1.0


def test_what_is_under_way_need_not_be_done_again():
    pace = steady(10.0)
    (whole, _), (rest, _) = (
        pace.remaining(events_left=4000, workers=2, begun=begun)
        for begun in ([], [(1000, 4.0), (1000, 600.0)])
    )
    assert whole == pytest.approx(20.0)
    assert rest == pytest.approx(13.0)  # the one that hangs counts as one that is about to end


@given(
    st.lists(st.tuples(st.integers(1, 10_000), st.floats(0.001, 100.0)), min_size=2, max_size=30),
    st.floats(1e-3, 1e3),
)
def test_the_estimate_goes_with_the_unit_of_time(chunks, factor):
    def eta(scale):
        pace = Pace(started=0.0)
        for events, seconds in chunks:
            pace.add(now=1.0, events=events, seconds=seconds * scale)
        return pace.remaining(events_left=1e6, workers=3)

    plain, scaled = eta(1.0), eta(factor)
    assert scaled[0] == pytest.approx(plain[0] * factor)
    assert scaled[1] == pytest.approx(plain[1] * factor, abs=1e-6 * plain[0] * factor)
    costs = [seconds / events for events, seconds in chunks]
    assert min(costs) * 1e6 / 3 <= plain[0] * (1 + 1e-9)
    assert plain[0] <= max(costs) * 1e6 / 3 * (1 + 1e-9)


def test_a_first_chunk_may_take_longer_before_it_is_called_stalled():
    pace = steady(1.0)
    assert pace.is_stalled(1000, 20.0)
    assert not pace.is_stalled(1000, 20.0, first=True)
    assert pace.is_stalled(1000, 61.0, first=True)
    assert not pace.is_stalled(1, 4.9)
