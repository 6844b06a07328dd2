"""Leasing: every chunk goes out once, files are opened where they are read, the window holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hepnb.frames import encode
from hepnb.runs.plan import Plan
from hepnb.runs.spec import FileSpec
from hepnb.runs.supervisor.leasing import Again, Leases, Seat


def planned(sizes, step=10):
    plan = Plan([FileSpec("d", f"{n}.root") for n in range(len(sizes))], run="r", chunk=step)
    return plan, Leases(plan)


def answer(plan, leases, seat, sizes):
    """What a supervisor does with a finished task; returns the chunk's order or None."""
    chunk, file = seat.release()
    if chunk is None:
        plan.opened(file, uuid=str(file), tree="t", entries=sizes[file], size=sizes[file])
        seat.remember(file)
        leases.add(plan.cut())
        return None
    plan.finished(chunk)
    return chunk.order


@given(st.lists(st.integers(0, 100), min_size=1, max_size=6), st.integers(1, 4), st.data())
def test_every_chunk_is_leased_once_even_if_workers_die(sizes, workers, data):
    plan, leases = planned(sizes)
    seats = [Seat(n) for n in range(workers)]
    done = []
    for _ in range(1000):
        for seat in seats:
            if not seat.is_working:
                leases.next_task(seat, frontier=0)
        busy = [seat for seat in seats if seat.is_working]
        if not busy:
            break
        seat = data.draw(st.sampled_from(busy))
        if data.draw(st.booleans()):
            seat.took(0.001)
            leases.more_tasks(seat, workers)
        if seat.chunk and len(done) % 3 == 0 and data.draw(st.booleans()):
            leases.give_back(seat)
            leases.repeat(Again(*seat.release()))
            seat.opened.clear()
        elif (order := answer(plan, leases, seat, sizes)) is not None:
            done.append(order)
    assert plan.all_cut
    assert sorted(done) == list(range(len(plan.chunks)))
    assert len(leases) == 0


def test_a_worker_stays_with_the_file_it_opened():
    sizes = [30, 30]
    plan, leases = planned(sizes)
    first, second = Seat(1), Seat(2)
    for seat in (first, second):
        leases.next_task(seat, 0)
        answer(plan, leases, seat, sizes)
    files = {1: set(), 2: set()}
    for _ in range(3):
        for seat in (first, second):
            leases.next_task(seat, 0)
            files[seat.number].add(seat.chunk.file)
            answer(plan, leases, seat, sizes)
    assert files == {1: {0}, 2: {1}}


def test_past_the_window_only_the_chunk_that_all_wait_for_is_leased():
    sizes = [100]
    plan, leases = planned(sizes)
    opener, other = Seat(1), Seat(2)
    leases.next_task(opener, 0)
    answer(plan, leases, opener, sizes)
    assert leases.next_task(opener, 0)["order"] == 0
    leases.committed(order=5, size=1 << 30, frontier=0)
    assert leases.next_task(other, frontier=0) is None
    leases.repeat(Again(*opener.release()))
    assert leases.next_task(other, frontier=0)["order"] == 0
    leases.committed(order=0, size=1, frontier=6)
    assert leases.next_task(opener, frontier=6)["order"] == 1


def reading(chunks, seconds):
    """A seat that has the first of so many chunks, each of which takes it so long."""
    plan, leases = planned([10 * chunks])
    seat = Seat(1)
    leases.next_task(seat, 0)
    answer(plan, leases, seat, [10 * chunks])
    leases.next_task(seat, 0)
    for _ in range(100):
        seat.took(seconds)
    return leases, seat


def test_short_chunks_are_leased_ahead_in_order():
    leases, seat = reading(1000, 0.001)
    tasks = leases.more_tasks(seat, workers=2)
    assert 10 < len(tasks) < 100
    assert [task["order"] for task in tasks] == list(range(1, len(tasks) + 1))
    assert len(leases) == 999 - len(tasks)
    assert leases.more_tasks(seat, workers=2) == [], "not before it has done half of them"
    for order in range(len(tasks)):
        assert seat.release()[0].order == order
    assert len(leases.more_tasks(seat, workers=2)) == len(tasks)


def test_what_was_leased_ahead_is_given_back_in_order():
    leases, seat = reading(100, 0.001)
    leases.more_tasks(seat, workers=1)
    leases.give_back(seat)
    assert len(leases) == 99
    assert seat.release()[0].order == 0
    assert not seat.is_working
    assert [leases.next_task(seat, 0)["order"] for _ in range(99)] == list(range(1, 100))


def test_nothing_is_leased_ahead_that_could_keep_others_waiting():
    slow, seat = reading(1000, 0.1)
    assert slow.more_tasks(seat, workers=2) == []
    few, seat = reading(4, 0.001)
    assert few.more_tasks(seat, workers=2) == [], "what is left is shared by all workers"
    watched, seat = reading(1000, 0.001)
    seat.be_watched()
    assert watched.more_tasks(seat, workers=1) == []
    again, seat = reading(1000, 0.001)
    again.repeat(Again(None, 0))
    assert again.more_tasks(seat, workers=1) == []
    many, seat = reading(5_000, 1e-9)
    tasks = many.more_tasks(seat, workers=1)
    assert sum(len(encode(task)) for task in tasks) < 200_000, "what a socket holds"
    strange, seat = reading(1000, float("nan"))
    assert strange.more_tasks(seat, workers=1) == []
