"""Pages of long logs, by level, worker, chunk, logger and search, while they grow and rotate."""

from __future__ import annotations

import re

import pytest

from hepnb.runs.logs import LogFile, LogWriter, reader
from hepnb.runs.logs import segments as files


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


def test_pages_levels_and_search(log):
    writer = LogWriter(log)
    reader = LogFile(log)
    assert reader.page(0, 10)["total"] == 0
    for n in range(100):
        writer.add(f"line {n}", level="ERROR" if n % 10 == 0 else "INFO")
    writer.flush()
    assert [r["n"] for r in reader.page(40, 3)["records"]] == [40, 41, 42]
    assert [r["n"] for r in reader.page(-2, 10)["records"]] == [98, 99]
    assert reader.page(100, 10)["records"] == []
    errors = reader.page(1, 2, levels=["ERROR"])
    assert (errors["total"], [r["n"] for r in errors["records"]]) == (10, [10, 20])
    assert errors["counts"] == {"INFO": 90, "ERROR": 10}
    assert reader.page(0, 10, search="LINE 7")["total"] == 11
    assert reader.page(0, 10, levels=["ERROR"], search="line 7")["total"] == 1
    assert reader.page(0, 10, levels=["NONE"])["total"] == 0
    writer.add("late line 7")
    writer.flush()
    assert reader.page(-1, 1)["records"][0]["text"] == "late line 7"
    assert reader.page(11, 1, search="LINE 7")["records"][0]["text"] == "late line 7"
    writer.close()


def test_a_compiled_pattern_is_searched_as_a_regular_expression(log):
    writer = LogWriter(log)
    for n in range(100):
        writer.add(f"line {n}\nof two")
    writer.close()
    reader = LogFile(log)
    found = reader.page(0, 10, search=re.compile(r"line \d$", re.MULTILINE))
    assert [r["n"] for r in found["records"]] == list(range(10))
    assert reader.page(0, 10, search=r"line \d")["total"] == 0


def test_a_search_ignores_case_in_any_alphabet(log):
    writer = LogWriter(log)
    for text in ("STRASSE", "Straße", "ΜΑΖΑ mass", "street"):
        writer.add(text)
    writer.close()
    reader = LogFile(log)
    assert reader.page(0, 9, search="strasse")["total"] == 2
    assert reader.page(0, 9, search="μαζα")["total"] == 1
    assert reader.page(0, 9, search="levels")["total"] == 0


def test_a_million_lines(log):
    """Pages, filters and searches agree with the lines, wherever one looks."""
    size = 1_000_000
    writer = LogWriter(log)
    lines = [f"[ERROR] line {n}" if n % 5000 == 0 else f"line {n}" for n in range(size)]
    for first in range(0, size, 2000):
        piece = "\n".join(lines[first : first + 2000]) + "\n"
        worker = 1 + first // 2000 % 3
        writer.printed(
            piece.encode(), worker=worker, chunk=f"f:{first // 100_000}", logger="stdout"
        )
        writer.flush()
    writer.close()
    assert writer.total == size
    assert writer.counts == {"INFO": size - 200, "ERROR": 200}
    reader = LogFile(log)
    for start in (0, 1, 1999, 2000, 345_678, size - 100):
        assert [r["text"] for r in reader.page(start, 100)["records"]] == lines[start : start + 100]
    second = [n for n in range(size) if 1 + n // 2000 % 3 == 2]
    page = reader.page(200_000, 50, worker=2)
    assert page["total"] == len(second)
    assert [r["n"] for r in page["records"]] == second[200_000:200_050]
    page = reader.page(100, 50, levels=["ERROR"])
    assert [r["n"] for r in page["records"]] == list(range(500_000, 750_000, 5000))
    page = reader.page(0, 100, levels=["ERROR"], worker=2, chunk="f:3", logger="stdout")
    expected = [n for n in second if n // 100_000 == 3 and n % 5000 == 0]
    assert [r["n"] for r in page["records"]] == expected
    assert reader.page(0, 1, logger="stderr")["total"] == 0
    found = reader.page(5, 3, search="LINE 77777")
    assert found["total"] == sum("line 77777" in line for line in lines)
    assert [r["n"] for r in found["records"]] == [777_774, 777_775, 777_776]


def test_a_search_goes_on_where_patience_ended(log):
    writer = LogWriter(log)
    for first in range(0, 20_000, 1000):
        lines = "".join(f"line {n}\n" for n in range(first, first + 1000))
        writer.printed(lines.encode(), worker=1, chunk="", logger="stdout")
    writer.close()
    reader = LogFile(log)
    page = reader.page(0, 1, search="line 1", patience=0)
    totals, shares = [page["total"]], [page["searched"]]
    while page["searched"] < 1:
        page = reader.page(0, 1, search="line 1", patience=0)
        totals.append(page["total"])
        shares.append(page["searched"])
    assert len(shares) > 2
    assert shares == sorted(shares)
    assert totals[0] < totals[-1] == sum(str(n).startswith("1") for n in range(20_000))


@pytest.fixture
def small_segments(monkeypatch):
    monkeypatch.setattr(files, "SEGMENT_BYTES", 2000)
    monkeypatch.setattr(files, "MOST_SEGMENTS", 6)
    monkeypatch.setattr(files, "HEAD_SEGMENTS", 2)


def test_a_log_that_grows_too_large_keeps_its_head_and_tail_and_says_what_it_left_out(
    log, small_segments
):
    writer = LogWriter(log)
    reader = LogFile(log)
    for n in range(2000):
        writer.add(f"line {n}", worker=n % 3)
        writer.flush()
        if n % 100 == 99:
            page = reader.page(0, 10_000)
            numbers = [r["n"] for r in page["records"]]
            assert numbers == sorted(set(numbers))
            assert page["total"] == len(numbers) == writer.total
    assert len(list(log.iterdir())) == 12
    records = page["records"]
    at = next(i for i, r in enumerate(records) if "left out" in r["text"])
    left_out = int(records[at]["text"].split()[0])
    assert (records[at]["level"], records[at]["logger"]) == ("WARNING", "hepnb")
    assert [r["text"] for r in records[:at]] == [f"line {n}" for n in range(at)]
    assert records[at + 1]["text"] == f"line {at + left_out}"
    assert records[-1]["text"] == "line 1999"
    assert at + left_out + len(records) - at - 1 == 2000
    assert writer.counts == {"INFO": 2000}
    writer.close()
    fresh = LogFile(log)
    assert fresh.page(0, 10_000) == page
    assert fresh.page(0, 9, levels=["WARNING"])["total"] == 1
    assert fresh.page(0, 9, search="left out")["total"] == 1
    assert fresh.page(0, 9, worker=1)["records"][0]["text"] == "line 1"
    again = LogWriter(log)
    assert (again.total, again.counts) == (page["total"], {"INFO": 2000})
    again.add("one more")
    again.close()
    (last,) = fresh.page(-1, 1)["records"]
    assert (last["n"], last["text"]) == (2000, "one more")


def test_repeats_of_the_head_are_known_when_the_middle_is_gone(log, small_segments, monkeypatch):
    monkeypatch.setattr("hepnb.runs.logs.writer._SETTLE_EVERY", -1.0)
    writer = LogWriter(log)
    for n in range(2000):
        writer.add("still here", worker=1)
        writer.add(f"line {n}", worker=2)
        writer.flush()
    writer.close()
    first = LogFile(log).page(0, 1)["records"][0]
    assert (first["text"], first["repeat"]) == ("still here", 2000)


def test_a_reader_that_is_overtaken_by_the_rotation_looks_again(log, small_segments, monkeypatch):
    writer = LogWriter(log)
    for n in range(1000):
        writer.add(f"line {n}")
        writer.flush()
    reader = LogFile(log)
    reader.page(0, 10_000)
    for n in range(1000, 2000):
        writer.add(f"line {n}")
        writer.flush()
    looks = []
    look = reader._catch_up

    def late() -> None:
        if looks:
            look()
        looks.append(len(looks))

    monkeypatch.setattr(reader, "_catch_up", late)
    assert reader.page(-1, 1, search="line")["records"][0]["text"] == "line 1999"
    assert looks == [0, 1]
    writer.close()


def test_a_page_of_one_level_has_the_lines_of_that_level_whatever_their_letters(tmp_path):
    lines = [f"{'[ERROR] ' if n % 7 == 0 else ''}Zeile {n}: {'µ' * (n % 5)} Ü" for n in range(500)]
    writer = LogWriter(tmp_path / "log")
    writer.printed(("\n".join(lines) + "\n").encode(), worker=1, chunk="", logger="stdout")
    writer.close()
    page = LogFile(tmp_path / "log").page(0, 500, levels=["ERROR"])
    assert [record["text"] for record in page["records"]] == lines[::7]
    assert [record["n"] for record in page["records"]] == list(range(0, 500, 7))


def test_a_page_of_a_rare_level_reads_no_other_lines(tmp_path, monkeypatch):
    lines = [f"{'[ERROR] ' if n % 1000 == 500 else ''}line {n}" for n in range(10_000)]
    writer = LogWriter(tmp_path / "log")
    writer.printed(("\n".join(lines) + "\n").encode(), worker=1, chunk="", logger="stdout")
    writer.close()
    read = []
    parse = reader.parse_block
    monkeypatch.setattr(reader, "parse_block", lambda *at: read.append(parse(*at)) or read[-1])
    page = LogFile(tmp_path / "log").page(0, 100, levels=["ERROR"])
    assert [record["text"] for record in page["records"]] == lines[500::1000]
    assert [len(block) for block in read] == [1] * 10
