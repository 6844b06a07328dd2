"""The log: every record readable, repeats counted, floods thinned and said so."""

from __future__ import annotations

import json
import time

from hypothesis import given
from hypothesis import strategies as st

from hepnb.runs.logs import Flood, LogFile, LogWriter


def test_repeated_messages_are_stored_once_and_counted(tmp_path):
    writer = LogWriter(tmp_path / "log")
    for _ in range(5):
        writer.add("again", level="WARNING", worker=1)
    writer.add("other", worker=1)
    writer.close()
    page = LogFile(tmp_path / "log").page(0, 10)
    assert [(r["text"], r["repeat"]) for r in page["records"]] == [("again", 5), ("other", 1)]
    assert writer.counts == {"WARNING": 5, "INFO": 1}


def test_repeats_are_counted_per_worker(tmp_path):
    writer = LogWriter(tmp_path / "log")
    for _ in range(3):
        for worker in (1, 2):
            writer.add("same", worker=worker)
    writer.close()
    page = LogFile(tmp_path / "log").page(0, 10)
    assert [(r["worker"], r["repeat"]) for r in page["records"]] == [(1, 3), (2, 3)]


@given(st.lists(st.text(), max_size=20))
def test_any_text_comes_back(tmp_path_factory, texts):
    file = tmp_path_factory.mktemp("log") / "log"
    writer = LogWriter(file)
    for number, text in enumerate(texts):
        writer.add(f"{number}{text}")
    writer.close()
    expected = [f"{n}{t}".encode("utf-8", "replace").decode() for n, t in enumerate(texts)]
    assert [r["text"] for r in LogFile(file).page(0, 100)["records"]] == expected


def test_pages_levels_and_search(tmp_path):
    writer = LogWriter(tmp_path / "log")
    reader = LogFile(tmp_path / "log")
    for n in range(100):
        writer.add(f"line {n}", level="ERROR" if n % 10 == 0 else "INFO")
    writer.flush()
    assert [r["n"] for r in reader.page(40, 3)["records"]] == [40, 41, 42]
    assert [r["n"] for r in reader.page(-2, 10)["records"]] == [98, 99]
    errors = reader.page(1, 2, levels=["ERROR"])
    assert (errors["total"], [r["n"] for r in errors["records"]]) == (10, [10, 20])
    assert reader.page(0, 10, search="LINE 7")["total"] == 11
    writer.add("late")
    writer.flush()
    assert reader.page(-1, 1)["records"][0]["text"] == "late"
    writer.close()


def test_a_log_goes_on_where_it_ended(tmp_path):
    for text in ("one", "two"):
        writer = LogWriter(tmp_path / "log")
        writer.add(text)
        writer.add(text)
        writer.close()
    records = LogFile(tmp_path / "log").page(0, 10)["records"]
    assert [(r["n"], r["text"], r["repeat"]) for r in records] == [(0, "one", 2), (1, "two", 2)]


def test_a_flood_is_thinned_and_said_so(tmp_path):
    writer = LogWriter(tmp_path / "log")
    for n in range(40_000):
        writer.add(f"line {n}", worker=1)
    writer.add("the error", level="ERROR", worker=1)
    writer.close()
    file = tmp_path / "log"
    texts = [json.loads(line).get("text", "") for line in file.read_text().splitlines()]
    left_out = sum(int(t.split()[0]) for t in texts if "records left out" in t)
    kept = sum(t.startswith("line ") for t in texts)
    assert kept < 30_000
    assert kept + left_out == 40_000
    assert "the error" in texts
    assert writer.counts == {"INFO": 40_000, "ERROR": 1}


def test_a_quiet_worker_is_never_thinned():
    flood = Flood(rate=100, burst=5, tokens=0, last=time.monotonic() - 1)
    assert [flood.admits() for _ in range(5)] == [True] * 5
    assert not flood.admits()


def test_a_half_written_line_is_not_read_yet(tmp_path):
    file = tmp_path / "log"
    writer = LogWriter(file)
    writer.add("whole")
    writer.close()
    with file.open("ab") as stream:
        stream.write(b'{"n": 1, "lev')
    reader = LogFile(file)
    assert reader.page(0, 10)["total"] == 1
