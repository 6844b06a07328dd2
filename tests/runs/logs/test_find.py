"""The next hit of a search, and its place among the lines shown; the names there are."""

from __future__ import annotations

import random
import re

import pytest

from hepnb.runs.logs import LogFile, LogWriter
from hepnb.runs.logs import segments as files


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


def write(log, size=3000):
    """Lines of three workers, five chunks, two loggers and three levels, by chance."""
    chance = random.Random(5)
    writer = LogWriter(log)
    for n in range(size):
        writer.add(
            f"{chance.choice(('muon', 'electron', 'jet'))} {n}",
            level=chance.choice(("INFO", "INFO", "INFO", "WARNING", "ERROR")),
            worker=chance.choice((1, 2, 3)),
            chunk=f"f.root:{n // 600}",
            logger=chance.choice(("stdout", "toy")),
        )
        if n % 500 == 0:
            writer.flush()
    writer.close()


@pytest.mark.parametrize(
    "asked",
    [{}, {"levels": ["ERROR", "INFO"]}, {"worker": 2}, {"chunk": "f.root:3", "logger": "toy"}],
)
@pytest.mark.parametrize("search", ["MUON", re.compile(r"(jet|electron) \d*7$")])
def test_the_next_hit_is_the_one_that_a_walk_through_the_lines_finds(log, asked, search):
    write(log)
    reader = LogFile(log)
    rows = reader.page(0, 10_000, **asked)["records"]
    pattern = search if isinstance(search, re.Pattern) else re.compile(search, re.IGNORECASE)
    hits = [(r["n"], row) for row, r in enumerate(rows) if pattern.search(r["text"])]
    assert len(hits) > 10
    for near in [-1, 0, 1700, 2999, 5000, *random.Random(1).sample(range(3000), 40)]:
        after = [k for k, (n, _) in enumerate(hits) if n > near]
        before = [k for k, (n, _) in enumerate(hits) if n < near]
        for back, ways in ((False, after[:1]), (True, before[-1:])):
            found = reader.find(search, near, back=back, **asked)
            assert (found["total"], found["searched"]) == (len(hits), 1.0)
            expected = (ways[0], *hits[ways[0]]) if ways else (None, None, None)
            assert (found["hit"], found["n"], found["row"]) == expected


def test_nothing_that_fits_is_no_hit(log):
    assert LogFile(log).find("x", -1)["hit"] is None
    write(log, 10)
    assert LogFile(log).find("tau", -1) == {
        "total": 0,
        "searched": 1.0,
        "hit": None,
        "n": None,
        "row": None,
    }


def test_two_searches_that_take_turns_both_come_to_their_end(log):
    write(log)
    reader = LogFile(log)
    shares = {"muon": [0.0], "jet": [0.0]}
    while min(share[-1] for share in shares.values()) < 1:
        for search, share in shares.items():
            share.append(reader.find(search, 10_000, back=True, patience=0.0)["searched"])
            assert share[-1] >= share[-2]
    assert reader.find("muon", 10_000, back=True)["n"] > 2900


def test_what_is_searched_is_what_is_seen_and_not_its_colours(log):
    writer = LogWriter(log)
    writer.add("\x1b[31mERROR\x1b[0m: bad \x1b[38;5;208mbasket\x1b[0m")
    writer.close()
    reader = LogFile(log)
    assert reader.page(0, 9, search="error: BAD basket")["total"] == 1
    assert reader.page(0, 9, search="[31m")["total"] == 0
    assert reader.page(0, 9, search=re.compile("^ERROR: bad"))["total"] == 1


def test_the_names_there_are(log):
    reader = LogFile(log)
    assert reader.names() == {"workers": [], "chunks": [], "loggers": []}
    write(log)
    chunks = [f"f.root:{n}" for n in range(5)]
    assert reader.names() == {"workers": [1, 2, 3], "chunks": chunks, "loggers": ["stdout", "toy"]}
    writer = LogWriter(log)
    writer.add("the run itself has no worker", chunk="later.root:0")
    writer.close()
    assert reader.names()["chunks"] == [*chunks, "later.root:0"]


def test_rows_are_right_behind_a_gap(log, monkeypatch):
    monkeypatch.setattr(files, "SEGMENT_BYTES", 2000)
    monkeypatch.setattr(files, "MOST_SEGMENTS", 6)
    writer = LogWriter(log)
    for n in range(600):
        writer.add(f"line {n} {'even' if n % 2 == 0 else 'odd'}")
        writer.flush()
    writer.close()
    reader = LogFile(log)
    for _ in range(2):  # the second time with what the first one remembered
        found = reader.find("line 599 odd", -1)
        assert found["hit"] == 0
        (record,) = reader.page(found["row"], 1)["records"]
        assert record["text"] == "line 599 odd"
        assert reader.page(0, 1)["total"] == found["row"] + 1 < 500
