"""What is added is numbered, folded and counted; no disk stops it, and what it loses is said."""

from __future__ import annotations

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepnb.runs.logs import LEVELS, LogFile, LogWriter
from hepnb.runs.logs import writer as writing


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


def records(log, **asked):
    return LogFile(log).page(0, 1000, **asked)["records"]


def test_repeated_messages_are_stored_once_and_counted(log):
    writer = LogWriter(log)
    for _ in range(5):
        writer.add("again", level="WARNING", worker=1)
    writer.add("other", worker=1)
    writer.close()
    assert [(r["text"], r["repeat"]) for r in records(log)] == [("again", 5), ("other", 1)]
    assert writer.counts == {"WARNING": 5, "INFO": 1}


def test_repeats_are_counted_per_worker(log):
    writer = LogWriter(log)
    for _ in range(3):
        for worker in (1, 2):
            writer.add("same", worker=worker)
    writer.close()
    assert [(r["worker"], r["repeat"]) for r in records(log)] == [(1, 3), (2, 3)]


def test_what_is_printed_again_and_again_is_one_record_whenever_it_is_written(log):
    writer = LogWriter(log)
    for _ in range(4):
        writer.printed(b"same\n" * 250, worker=1, chunk="c", logger="stdout")
        writer.flush()
    writer.printed(b"same\nother\n", worker=1, chunk="c", logger="stdout")
    assert [(r["text"], r["repeat"]) for r in writer.tail] == [("same", 1001), ("other", 1)]
    writer.close()
    assert [(r["text"], r["repeat"]) for r in records(log)] == [("same", 1001), ("other", 1)]
    assert writer.counts == {"INFO": 1002}


def test_a_printed_line_and_a_logged_one_are_not_the_same(log):
    writer = LogWriter(log)
    writer.add("x", worker=1, logger="mine")
    writer.printed(b"x\n", worker=1, chunk="", logger="stdout")
    writer.close()
    assert [r["logger"] for r in records(log)] == ["mine", "stdout"]


@given(st.lists(st.text(), max_size=20))
def test_any_text_comes_back(tmp_path_factory, texts):
    log = tmp_path_factory.mktemp("log") / "log"
    writer = LogWriter(log)
    for number, text in enumerate(texts):
        writer.add(f"{number}{text}")
    writer.close()
    expected = [f"{n}{t}".encode("utf-8", "replace").decode() for n, t in enumerate(texts)]
    assert [r["text"] for r in records(log)] == expected


@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.sampled_from([1, 2]),
            st.sampled_from(["a:0-1", "b:0-1"]),
            st.lists(st.sampled_from(["x", "y", "[ERROR] z"]), min_size=1, max_size=5),
        ),
        max_size=20,
    )
)
def test_log_tail_and_counts_agree_with_what_came_in(tmp_path_factory, said):
    log = tmp_path_factory.mktemp("log") / "log"
    writer = LogWriter(log)
    expected: list[list[object]] = []
    last = {}
    for is_printed, worker, chunk, lines in said:
        logger = "stdout" if is_printed else "mine"
        if is_printed:
            text = "".join(f"{line}\n" for line in lines)
            writer.printed(text.encode(), worker=worker, chunk=chunk, logger=logger)
        for line in lines:
            level = "ERROR" if is_printed and "ERROR" in line else "INFO"
            if not is_printed:
                writer.add(line, worker=worker, chunk=chunk, logger=logger)
            old = last.get(worker)
            if old and old[:3] == [line, level, logger]:
                old[5] += 1
            else:
                last[worker] = [line, level, logger, worker, chunk, 1]
                expected.append(last[worker])
        writer.flush()
        assert writer.total == len(expected)
    writer.close()
    columns = ("text", "level", "logger", "worker", "chunk", "repeat")
    assert [[r[c] for c in columns] for r in writer.tail] == expected
    assert [[r[c] for c in columns] for r in records(log)] == expected
    assert [r["n"] for r in records(log)] == list(range(len(expected)))
    for level in LEVELS:
        assert writer.counts[level] == sum(int(e[5]) for e in expected if e[1] == level)


def test_a_log_goes_on_where_it_ended(log):
    for text in ("one", "two"):
        writer = LogWriter(log)
        writer.add(text, level="ERROR")
        writer.add(text, level="ERROR")
        writer.close()
    found = records(log)
    assert [(r["n"], r["text"], r["repeat"]) for r in found] == [(0, "one", 2), (1, "two", 2)]
    assert writer.counts == {"ERROR": 4}


def test_a_log_whose_writer_was_killed_goes_on(log):
    writer = LogWriter(log)
    writer.add("whole")
    writer.flush()
    # A writer that is killed leaves text without an entry, or half an entry.
    for file in log.iterdir():
        with file.open("ab") as stream:
            stream.write(b"half of something" * 4)
    assert [r["text"] for r in records(log)] == ["whole"]
    writer = LogWriter(log)
    writer.add("next")
    writer.close()
    assert [(r["n"], r["text"]) for r in records(log)] == [(0, "whole"), (1, "next")]
    assert writer.counts == {"INFO": 2}


def test_messages_that_were_left_out_are_said_and_counted(log):
    writer = LogWriter(log)
    writer.add("first", level="INFO", worker=1)
    writer.add("last", level="INFO", worker=1, left_out=998)
    writer.close()
    texts = [r["text"] for r in records(log)]
    assert texts == [
        "first",
        "998 messages like the next one left out: too many per second",
        "last",
    ]
    assert writer.counts == {"INFO": 1000, "WARNING": 1}


def test_the_tail_is_bounded_in_records_and_in_text(log):
    writer = LogWriter(log)
    writer.printed(b"".join(b"%d\n" % n for n in range(1000)), worker=1, chunk="", logger="stdout")
    assert [r["text"] for r in writer.tail] == [str(n) for n in range(800, 1000)]
    for n in range(100):
        writer.add(f"{n}" + "y" * 100_000)
    assert [r["n"] for r in writer.tail] == list(range(1090, 1100))
    assert all(r["text"].endswith("characters)") for r in writer.tail)
    writer.close()


def test_a_line_printed_without_end_is_cut_and_says_so(log):
    writer = LogWriter(log)
    writer.printed(b"y" * 100_000 + b"\nshort\n", worker=1, chunk="", logger="stdout")
    writer.close()
    long, short = records(log)
    assert len(long["text"]) == 20_000
    assert long["text"].endswith("... (100000 characters)")
    assert short["text"] == "short"


def test_a_full_disk_loses_only_what_does_not_fit_into_memory_and_says_so(log, monkeypatch):
    is_full = False
    write = os.pwrite

    def pwrite(descriptor, data, at):
        if is_full:
            # A disk takes a part before it refuses.
            write(descriptor, bytes(data[: len(data) // 2]), at)
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data, at)

    monkeypatch.setattr("hepnb.runs.logs.segments.os.pwrite", pwrite)
    monkeypatch.setattr(writing, "_MOST_WAITING", 1000)
    writer = LogWriter(log)
    writer.add("before")
    writer.flush()
    is_full = True
    for n in range(300):
        writer.add(f"line {n:04d}", worker=n)
        writer.flush()
    assert [r["text"] for r in records(log)] == ["before"]
    is_full = False
    writer.add("after")
    writer.close()
    texts = [r["text"] for r in records(log)]
    kept = [t for t in texts if t.startswith("line")]
    assert kept == [f"line {n:04d}" for n in range(len(kept))]
    assert 50 < len(kept) < 300
    assert f"{300 - len(kept)} records are not in the file: there was no space for them" in texts
    assert "after" in texts
    assert writer.counts == {"INFO": 302, "WARNING": 1}


def test_a_directory_that_cannot_be_made_stops_nothing(tmp_path):
    (tmp_path / "log").write_text("a file")
    writer = LogWriter(tmp_path / "log")
    writer.add("x")
    writer.flush()
    assert writer.total == 1
    writer.close()


def test_files_are_private(log):
    writer = LogWriter(log)
    writer.add("x")
    writer.close()
    assert log.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in log.iterdir()} == {0o600}
