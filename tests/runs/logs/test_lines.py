"""Printed text as records: nothing is lost, repeats are counted, tracebacks stay whole."""

from __future__ import annotations

import traceback
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepnb.runs.logs.lines import open_traceback, records_of

words = st.sampled_from(["a", "b", "b b", "[ERROR] c", "  d", "Traceback", "\x1b[31mred\x1b[0m"])


@given(st.lists(words, min_size=1, max_size=30))
def test_every_line_is_counted_once(lines):
    found = records_of("".join(f"{line}\n" for line in lines), 1)
    assert found.texts == [line for line, _ in groupby(lines)]
    times = [found.repeats.get(n, 1) for n in range(len(found.texts))]
    assert times == [len(list(same)) for _, same in groupby(lines)]
    assert len(found.levels) == len(found.texts)


def test_empty_lines_are_no_records():
    assert records_of("\n \na\n\t\n\n", 1).texts == ["a"]
    assert records_of("\n", 1).texts == []


def test_a_carriage_return_overwrites():
    assert records_of("10 %\r50 %\r100 %\nnext\r\n", 1).texts == ["100 %", "next"]


def raised(chained: str) -> str:
    try:
        try:
            raise ValueError("first")
        except ValueError as error:
            if chained == "from":
                raise KeyError("second") from error
            if chained:
                raise KeyError("second")  # noqa: B904
            raise
    except (ValueError, KeyError):
        return traceback.format_exc()


def test_a_traceback_is_one_record_of_level_error():
    for chained in ("", "during", "from"):
        text = f"before\n{raised(chained)}after\n"
        found = records_of(text, 2)
        assert found.texts == ["before", raised(chained).rstrip("\n"), "after"]
        assert list(found.levels) == [2, 3, 2]


def test_a_group_of_exceptions_is_one_record():
    try:
        raise ExceptionGroup("both", [ValueError("one"), KeyError("two")])
    except ExceptionGroup:
        text = traceback.format_exc()
    assert records_of(f"{text}after\n", 2).texts == [text.rstrip("\n"), "after"]


def test_the_stacks_of_a_crash_are_one_record():
    text = (
        "Fatal Python error: Segmentation fault\n\n"
        'Thread 0x00007f (most recent call first):\n  File "a.py", line 1 in f\n\n'
        'Current thread 0x00007e (most recent call first):\n  File "b.py", line 2 in g\n'
    )
    found = records_of(text, 2)
    assert (found.texts, list(found.levels)) == ([text.rstrip("\n")], [4])


def test_a_traceback_that_has_not_ended_is_told():
    text = "before\n" + raised("")
    lines = text.splitlines(keepends=True)
    for end in range(2, len(lines)):
        assert open_traceback("".join(lines[:end])) == len("before\n")
    assert open_traceback(text) == -1
    assert open_traceback("before\n") == -1


@pytest.mark.parametrize("length", [15_000, 40_000])
def test_what_nobody_would_read_to_its_end_is_cut(length):
    """A line, or a traceback of many short lines."""
    line = "x" * length
    stack = "".join(f"  File {n}\n" for n in range(length // 8))
    whole = f"Traceback (most recent call last):\n{stack}KeyError: 1"
    texts = records_of(f"before\n{line}\n{whole}\nafter\n", 1).texts
    assert [texts[0], texts[3]] == ["before", "after"]
    for text, was in zip(texts[1:3], (line, whole), strict=True):
        cut = was if len(was) <= 20_000 else f" ... ({len(was)} characters)"
        assert text.endswith(cut)
        assert len(text) == min(len(was), 20_000)
