"""Printed text as records: nothing is lost, repeats are counted, tracebacks stay whole."""

from __future__ import annotations

import traceback
from itertools import groupby

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hepnb.runs.logs.lines import open_traceback, records_of

WORDS = ["a", "b", "b b", "[ERROR] c", "  d", "Traceback", "\x1b[31mred\x1b[0m", "", " ", "\u2003 "]
WORDS += ["event 1234 of five", "event 1234 of fivE", "Event 1234 of five", "ev", "Ev", " µ", "µ "]
WORDS += [
    "x" * 200 + "a" + "x" * 200,
    "x" * 200 + "b" + "x" * 200,
    "12345678",
    "1234567",
    "z1234567",
]


@pytest.fixture(params=[0, 1 << 30], ids=["all at once", "one by one"])
def way(request, monkeypatch):
    """Both ways in which records are made, of large pieces and of small ones."""
    monkeypatch.setattr("hepnb.runs.logs.lines.BULK", request.param)


def texts(printed: str) -> list[str]:
    return list(records_of(printed.encode(), 1).texts)


@pytest.mark.usefixtures("way")
@given(st.lists(st.sampled_from(WORDS), max_size=30), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_line_is_counted_once(lines, is_raised):
    """As by a walk through the lines, also where one of them is that of a traceback."""
    lines += ["Traceback (most recent call last):"] * is_raised
    found = records_of("".join(f"{line}\n" for line in lines).encode(), 1)
    expected = [(line, len(list(same))) for line, same in groupby(filter(str.strip, lines))]
    counted = [(text, found.repeats.get(n, 1)) for n, text in enumerate(found.texts)]
    assert counted == expected
    assert [found.texts[n] for n in range(len(expected))] == [line for line, _ in expected]
    assert list(found.levels) == [levels(line) for line, _ in expected]


def levels(line: str) -> int:
    return 3 if line.startswith(("[ERROR]", "Traceback (")) else 1


@pytest.mark.usefixtures("way")
@given(st.lists(st.text(max_size=12), max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_told_whole(pieces):
    lines = "\n".join(pieces).encode("utf-8", "replace").decode().split("\n")
    seen = [line.rstrip("\r").rpartition("\r")[2] for line in lines]
    assert texts("".join(f"{line}\n" for line in lines)) == [
        line for line, _ in groupby(filter(str.strip, seen))
    ]


@pytest.mark.usefixtures("way")
def test_empty_lines_are_no_records():
    assert texts("\n \na\n\t\n\n") == ["a"]
    assert texts("\n") == []


@pytest.mark.usefixtures("way")
def test_a_carriage_return_overwrites():
    assert texts("10 %\r50 %\r100 %\nnext\r\n") == ["100 %", "next"]


@pytest.mark.usefixtures("way")
def test_garbage_is_shown_as_such():
    found = records_of(b"\xff\xfe\x00 \xe2\x82\nfine\n", 1)
    assert list(found.texts) == ["\ufffd\ufffd\x00 \ufffd", "fine"]


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
        found = records_of(text.encode(), 2)
        assert found.texts == ["before", raised(chained).rstrip("\n"), "after"]
        assert list(found.levels) == [2, 3, 2]


def test_a_group_of_exceptions_is_one_record():
    try:
        raise ExceptionGroup("both", [ValueError("one"), KeyError("two")])
    except ExceptionGroup:
        text = traceback.format_exc()
    found = records_of(f"{text}after\n".encode(), 2)
    assert found.texts == [text.rstrip("\n"), "after"]
    assert list(found.levels) == [3, 2]
    lines = text.encode().splitlines(keepends=True)
    assert len(lines) > 5
    for end in range(1, len(lines)):
        assert open_traceback(b"before\n" + b"".join(lines[:end])) == len("before\n")


def test_the_stacks_of_a_crash_are_one_record():
    text = (
        "Fatal Python error: Segmentation fault\n\n"
        'Thread 0x00007f (most recent call first):\n  File "a.py", line 1 in f\n\n'
        'Current thread 0x00007e (most recent call first):\n  File "b.py", line 2 in g\n'
    )
    found = records_of(text.encode(), 2)
    assert (found.texts, list(found.levels)) == ([text.rstrip("\n")], [4])


def test_a_traceback_that_has_not_ended_is_told():
    text = b"before\n" + raised("").encode()
    lines = text.splitlines(keepends=True)
    for end in range(2, len(lines)):
        assert open_traceback(b"".join(lines[:end])) == len("before\n")
    assert open_traceback(text) == -1
    assert open_traceback(b"before\n") == -1
    assert open_traceback(text + b"it said Traceback (most recent call last): and no more\n") == -1


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("length", [15_000, 40_000])
def test_what_nobody_would_read_to_its_end_is_cut(length):
    """A line, or a traceback of many short lines."""
    line = "x" * length
    stack = "".join(f"  File {n}\n" for n in range(length // 8))
    whole = f"Traceback (most recent call last):\n{stack}KeyError: 1"
    plain = texts(f"before\n{line}\nafter\n")
    found = texts(f"before\n{line}\n{whole}\nafter\n")
    assert [*found[:2], found[3]] == plain
    assert [plain[0], plain[2]] == ["before", "after"]
    for text, was in zip(found[1:3], (line, whole), strict=True):
        cut = was if len(was) <= 20_000 else f" ... ({len(was)} characters)"
        assert text.endswith(cut)
        assert len(text) == min(len(was), 20_000)
