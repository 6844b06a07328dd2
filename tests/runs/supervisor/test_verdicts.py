"""What a failure means for a task, and how long one may take: rules without processes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepnb.runs.plan import Chunk
from hepnb.runs.supervisor import patience, verdicts
from hepnb.runs.supervisor.leasing import Again, Seat
from hepnb.runs.supervisor.patience import Patience
from hepnb.runs.supervisor.verdicts import Death, Verdicts


def chunk(order: int) -> Chunk:
    return Chunk(order, 0, 10 * order, 10 * order + 10, "r", "f")


def death(order: int, cause: str = "died", *, alone: bool = False, parts: int = 1) -> Death:
    return Death(1, chunk(order), 0, "why", cause, alone, parts)


def judged(known: Verdicts, *deaths: Death) -> list[tuple[Again | str, bool]]:
    for one in deaths:
        known.died(one)
    assert known
    assert list(known.decide()) == []
    decided = [(verdict, counts) for _, verdict, counts in known.decide(now=True)]
    assert not known
    return decided


def test_a_chunk_is_given_up_at_its_third_death_which_it_dies_alone():
    known = Verdicts(retries=0)
    assert judged(known, death(1)) == [(Again(chunk(1), 0), True)]
    assert judged(known, death(1)) == [(Again(chunk(1), 0, alone=True), True)]
    ((verdict, counts),) = judged(known, death(1, alone=True))
    assert counts
    assert verdict == "its worker died 3 times (why)"


def test_deaths_of_an_earlier_life_count():
    known = Verdicts(retries=0)
    for _ in range(2):
        known.remember({"order": 1})
    assert judged(known, death(1)) == [(Again(chunk(1), 0, alone=True), True)]
    assert isinstance(judged(known, death(1, alone=True))[0][0], str)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["died", "swept away"])), max_size=60))
def test_nothing_is_given_up_that_has_not_failed_alone(events):
    """And nothing that has not died three times by itself, or taken the engine along ten times."""
    known = Verdicts(retries=0)
    alone, own, lost = dict.fromkeys(range(4), False), dict.fromkeys(range(4), 0), set()
    for order, cause in events:
        if order in lost:
            continue
        ((verdict, counts),) = judged(known, death(order, cause, alone=alone[order]))
        own[order] += cause == "died"
        assert counts == (cause == "died")
        if isinstance(verdict, str):
            assert alone[order]
            assert own[order] >= 3 or "engine's own process" in verdict
            lost.add(order)
        else:
            alone[order] = verdict.alone


def test_those_that_die_together_are_suspects_and_no_more():
    known = Verdicts(retries=0)
    for _ in range(5):
        decided = judged(known, death(1), death(2))
        assert decided == [(Again(chunk(n), 0, alone=True), False) for n in (1, 2)]


def test_a_chunk_that_is_too_large_gets_smaller_reads_once_and_keeps_them():
    known = Verdicts(retries=0)
    assert judged(known, death(1, "too large")) == [(Again(chunk(1), 0, parts=10), False)]
    assert judged(known, death(1, parts=10)) == [(Again(chunk(1), 0, parts=10), True)]
    ((verdict, _),) = judged(known, death(1, "too large", parts=10))
    assert verdict == "why, even in 10 smaller reads"
    ((verdict, _),) = judged(known, Death(1, None, 3, "why", "too large", False, 1))
    assert verdict == "why"


def test_remote_files_are_tried_three_times_with_pauses(monkeypatch):
    monkeypatch.setattr(verdicts.time, "monotonic", lambda: 100.0)
    known = Verdicts(retries=0)
    assert known.failed(chunk(1), 0, remote=False, parts=1) is None
    tries = [known.failed(chunk(2), 0, remote=True, parts=1) for _ in range(3)]
    assert [again and again.after for again in tries] == [102.0, 104.0, None]
    assert known.failed(None, 7, remote=True, parts=1) == Again(None, 7, after=102.0)


@pytest.mark.parametrize(
    ("timeout", "done", "longest", "limit"),
    [(5.0, 0, 0.0, 5.0), (None, 0, 0.0, 600.0), (None, 3, 1.0, 120.0), (None, 3, 60.0, 1200.0)],
)
def test_how_long_a_task_may_take(monkeypatch, timeout, done, longest, limit):
    now = [0.0]
    monkeypatch.setattr(patience.time, "monotonic", lambda: now[0])
    clock, seat = Patience(timeout), Seat(1, done=done)
    clock.learn(longest)
    said = []
    while len(said) < 2:
        now[0] += 0.25
        clock.tick()
        if (word := clock.with_task_of(seat)) != "wait":
            said.append((word, seat.spent))
    assert said[0] == ("ask", limit + 0.25)
    assert said[1][0] == "end"
    assert said[1][1] > limit + 0.5


def test_time_in_which_the_supervisor_stood_still_counts_little(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(patience.time, "monotonic", lambda: now[0])
    clock, seat = Patience(10.0), Seat(1)
    now[0] = 3600.0
    clock.tick()
    assert clock.with_task_of(seat) == "wait"
    assert seat.spent == 1.0


@pytest.mark.parametrize(("timeout", "said"), [(None, "wait"), (1000.0, "end")])
def test_who_tells_of_progress_does_not_hang(monkeypatch, timeout, said):
    """Unless the user's own limit is over."""
    now = [0.0]
    monkeypatch.setattr(patience.time, "monotonic", lambda: now[0])
    clock, seat = Patience(timeout), Seat(1, chunk=chunk(5))
    seat.tells(4, 1.0)
    assert seat.at == 0.0
    for second in range(1, 2000):
        now[0] += 1.0
        clock.tick()
        word = clock.with_task_of(seat)
        if word == "end":
            break
        seat.tells(5, second / 1000)
    assert word == said
    assert seat.at == pytest.approx(min(seat.chunk.events, (second - (said == "end")) / 1000))
    seat.release()
    assert (seat.at, seat.heard) == (0.0, 0.0)
