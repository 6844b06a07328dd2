"""Writes keep their order: a full disk holds them back, a store that refuses is told apart."""

from __future__ import annotations

import pytest

from hepnb.errors import DiskError, StoreError
from hepnb.runs import writing
from hepnb.runs.logs import LogWriter
from hepnb.runs.writing import Writing


@pytest.fixture
def log(tmp_path):
    log = LogWriter(tmp_path / "log")
    yield log
    log.close()


def test_nothing_overtakes_what_the_disk_refuses(log, monkeypatch):
    monkeypatch.setattr(writing, "_RETRY", 0.0)
    queue, written, full = Writing(log), [], [True]

    def first():
        if full:
            raise DiskError("cannot write here: the disk is full")
        written.append("first")

    queue.add(first)
    queue.add(lambda: written.append("second"))
    assert (written, len(queue)) == ([], 2)
    assert "the disk is full" in queue.problem
    full.clear()
    queue.go_on()
    assert (written, len(queue), queue.problem) == (["first", "second"], 0, "")
    assert [r["text"] for r in log.tail] == [
        "waiting: cannot write here: the disk is full",
        "the disk has space again: going on",
    ]


def test_a_store_that_refuses_is_not_waited_for(log):
    queue, written = Writing(log), []

    def broken():
        raise StoreError("the journal could not be rolled back; open the store again")

    queue.add(broken)
    queue.add(lambda: written.append("next"))
    assert (written, len(queue), queue.problem) == (["next"], 0, "")
    assert queue.refusal.startswith("the journal could not be rolled back")
