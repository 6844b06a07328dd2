"""Writes keep their order: a full disk holds them back, a store that refuses is told apart."""

from __future__ import annotations

from hepnb.errors import DiskError, StoreError
from hepnb.runs.supervisor import writing
from hepnb.runs.supervisor.writing import Writing


def test_nothing_overtakes_what_the_disk_refuses(monkeypatch):
    monkeypatch.setattr(writing, "_RETRY", 0.0)
    queue, written, full = Writing(), [], [True]

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


def test_a_store_that_refuses_is_not_waited_for():
    queue, written = Writing(), []

    def broken():
        raise StoreError("the journal could not be rolled back; open the store again")

    queue.add(broken)
    queue.add(lambda: written.append("next"))
    assert (written, len(queue), queue.problem) == (["next"], 0, "")
    assert queue.refusal.startswith("the journal could not be rolled back")
