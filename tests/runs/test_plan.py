"""The plan: the same files give the same chunks in the same order, whatever opens first."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepnb.runs.plan import Plan, entry_ranges, events_per_chunk
from hepnb.runs.spec import FileSpec


def opened(plan: Plan, index: int, entries: int, uuid: str = "") -> None:
    plan.opened(index, uuid=uuid or f"u{index}", tree="Events", entries=entries, size=entries)


@given(st.lists(st.integers(0, 500), min_size=1, max_size=8), st.integers(1, 200), st.randoms())
def test_order_does_not_depend_on_which_file_opens_first(sizes, step, random):
    def chunks(order):
        plan = Plan([FileSpec("d", f"{i}.root") for i in range(len(sizes))], run="r", chunk=step)
        cut = []
        for index in order:
            opened(plan, index, sizes[index])
            cut += plan.cut()
        assert plan.all_cut
        assert plan.events_total == sum(sizes)
        return cut

    order = list(range(len(sizes)))
    straight = chunks(order)
    random.shuffle(order)
    assert chunks(order) == straight
    assert [c.order for c in straight] == list(range(len(straight)))
    assert sum(c.events for c in straight) == sum(sizes)
    assert len({c.id for c in straight}) == len(straight)


@given(st.integers(0, 10**9))
def test_chunk_size_is_bounded(entries):
    assert 50_000 <= events_per_chunk(entries) <= 200_000


def test_a_file_waits_for_those_before_it():
    plan = Plan([FileSpec("d", "a"), FileSpec("d", "b")], run="r", chunk=10)
    opened(plan, 1, 10)
    assert list(plan.cut()) == []
    assert plan.events_total is None
    plan.not_opened(0, "a: no such file")
    assert [c.file for c in plan.cut()] == [1]
    assert [f.status for f in plan.files] == ["failed", "waiting"]


def test_a_file_that_is_known_is_not_opened_again():
    plan = Plan([FileSpec("d", f"{i}.root") for i in range(4)], run="r", chunk=10)
    opened(plan, 0, 10)
    plan.not_opened(2, "is gone")
    assert [plan.next_file() for _ in range(3)] == [1, 3, None]


def test_an_empty_tree_is_skipped_with_its_reason():
    plan = Plan([FileSpec("d", "a")], run="r")
    opened(plan, 0, 0)
    assert list(plan.cut()) == []
    assert (plan.files[0].status, plan.files[0].reason) == (
        "skipped",
        "tree 'Events' has no entries",
    )


@pytest.mark.parametrize(("allowed", "files"), [(False, [0]), (True, [0, 1])])
def test_the_same_content_counts_once_unless_allowed(allowed, files):
    plan = Plan([FileSpec("d", "a"), FileSpec("d", "b")], run="r", allow_duplicates=allowed)
    for index in (0, 1):
        opened(plan, index, 5, uuid="same")
    assert [c.file for c in plan.cut()] == files
    if not allowed:
        assert "allow_duplicates=True" in plan.files[1].reason
        assert plan.events_lost == 5


def test_a_lost_chunk_marks_its_file_and_keeps_the_first_reason():
    plan = Plan([FileSpec("d", "a")], run="r", chunk=2)
    opened(plan, 0, 6)
    first, second, third = plan.cut()
    plan.started(first)
    plan.finished(first)
    plan.lost(second, "broken basket")
    plan.lost(third, "later reason")
    file = plan.files[0]
    assert (file.status, file.reason) == ("failed", "broken basket")
    assert (file.events_done, file.events_lost) == (2, 4)


def test_what_to_expect_of_unopened_files():
    plan = Plan([FileSpec("d", str(n)) for n in range(4)], run="r", chunk=1000)
    assert plan.events_expected == (None, None)
    opened(plan, 0, 100)
    assert plan.events_expected == (400.0, pytest.approx(100 * 12**0.5))
    opened(plan, 1, 100)
    assert plan.events_expected == (400.0, 0.0)
    opened(plan, 2, 400)
    expected, error = plan.events_expected
    assert expected == 800.0
    assert error == pytest.approx(200.0)
    opened(plan, 3, 100)
    assert plan.events_expected == (700.0, 0.0)


@given(
    st.integers(1, 10**6),
    st.none() | st.integers(1, 10**6).map(lambda n: n + 1000),
    st.lists(st.integers(0, 10**6), max_size=30),
)
def test_entry_ranges_cover_every_entry_once(entries, chunk, clusters):
    ends = sorted(c for c in clusters if c <= entries)
    ranges = list(entry_ranges(entries, chunk, ends))
    assert ranges[0][0] == 0
    assert ranges[-1][1] == entries
    assert all(a[1] == b[0] for a, b in itertools.pairwise(ranges))
    largest = chunk or 2 * events_per_chunk(entries)
    assert all(0 < stop - start <= largest for start, stop in ranges)
