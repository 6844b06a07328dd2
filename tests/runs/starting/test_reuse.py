"""The chunks of an earlier run are taken over where nothing changed, and never where something did."""

from __future__ import annotations

import threading
import time
from collections import Counter
from pathlib import Path

import pytest

import hepnb as hn
from hepnb.errors import RunError
from hepnb.histograms import Store

from ..lives import CHUNK, CHUNKS, counted, exported, is_lost, reach, slow_path

SECONDS = 0.03


def entries(run):
    return list(Store.open(run.directory).ledger())


def committed(run) -> set[int]:
    """The chunks that the journal holds."""
    return {e.order for e in entries(run) if e.order is not None and e.meta["k"] == "chunk"}


def tried(run) -> Counter[int]:
    """The chunks that workers were given since the last chunks were taken over."""
    notes = [e.meta for e in entries(run) if e.order is None]
    began = max((n for n, note in enumerate(notes) if note["k"] == "reused"), default=0)
    return Counter(o for note in notes[began:] if note["k"] == "attempt" for o in note["orders"])


def killed(numbered, chunks: int, seconds: float = SECONDS):
    run = slow_path(seconds).start(numbered[0], workers=2, chunk=CHUNK)
    reach(run, chunks)
    run.kill()
    is_lost(run)
    return run


def test_a_killed_run_gives_its_chunks_to_the_next_of_the_same_path(
    numbered, tmp_path, undisturbed
):
    first = killed(numbered, 6)
    done = committed(first)
    second = slow_path(SECONDS).start(numbered[0], workers=2, chunk=CHUNK, reuse=True)
    reach(second, len(done) + 4)
    second.kill()
    is_lost(second)
    assert not set(tried(second)) & done
    more = committed(second)
    assert done < more
    third = slow_path(SECONDS).start(numbered[0], workers=1, chunk=CHUNK, reuse=second.id)
    third.wait(60)
    assert set(tried(third)) == set(range(CHUNKS)) - more
    assert committed(first) == done  # which has a store of its own, and can still be resumed
    assert exported(third, tmp_path) == undisturbed[0]
    assert counted(third)["cutflow"] == undisturbed[1]["cutflow"]
    assert counted(third)["files"] == undisturbed[1]["files"]
    assert third.progress["chunks"] == CHUNKS
    assert any(f"chunks are those of run {second.id}" in line["text"] for line in third.log)
    assert exported(first.resume().wait(60), tmp_path) == undisturbed[0]


def test_an_edited_path_shares_nothing(numbered):
    first = killed(numbered, 4)
    edited = slow_path(SECONDS)
    edited.select("more", "count(Muon) >= 2")
    run = edited.start(numbered[0], workers=2, chunk=CHUNK, reuse=True).wait(60)
    assert set(tried(run)) == set(range(CHUNKS))
    for path, options, why in (
        (slow_path(SECONDS / 2), {"chunk": CHUNK}, "its path, data or settings are others"),
        (slow_path(SECONDS), {"chunk": CHUNK + 1}, "its path, data or settings are others"),
        (slow_path(SECONDS), {"chunk": CHUNK, "seed": 3}, "its path, data or settings are others"),
    ):
        with pytest.raises(RunError, match=f"run {first.id} cannot be reused: {why}"):
            path.start(numbered[0], reuse=first.id, **options)


@pytest.mark.parametrize("how", ["failed", "cancelled"])
def test_a_run_that_ended_before_its_time_is_gone_on_with(numbered, tmp_path, undisturbed, how):
    trouble = tmp_path / "trouble"
    marker = str(trouble)

    def path():
        made = slow_path(0.02)

        @made.define
        def checked(event):
            if event[0] >= 200 and Path(marker).exists():
                raise OSError("the database does not answer")
            return event

        made.hist("checked", e="checked: 0, 2000, int", weights=[])
        return made

    if how == "failed":
        trouble.touch()
    run = path().start(numbered[0], workers=1, chunk=CHUNK)
    if how == "cancelled":
        reach(run, 5)
        run.cancel()
    assert run._client.wait(60)
    assert run.status == how
    done = committed(run)
    assert 0 < len(done) < CHUNKS
    assert run.hist("checked").values().sum() == run.cutflow[-1]["raw"]
    trouble.unlink(missing_ok=True)
    again = path().start(numbered[0], workers=2, chunk=CHUNK, reuse=True).wait(60)
    assert again.status == "done"
    assert set(tried(again)) == set(range(CHUNKS)) - done
    assert again.error is None
    bits = exported(again, tmp_path)
    assert {name: bits[name] for name in undisturbed[0]} == undisturbed[0]
    assert again.hist("checked").values().sum() == again.cutflow[-1]["raw"]


def test_a_file_that_changed_is_not_reused(make_file, tmp_path):
    file = tmp_path / "data.root"
    make_file(file, 400)
    run = slow_path(SECONDS).start(str(file), workers=1, chunk=CHUNK)
    reach(run, 2)
    run.kill()
    is_lost(run)
    file.unlink()
    make_file(file, 400, 5)
    with pytest.raises(RunError, match=r"data.root is another file now"):
        slow_path(SECONDS).start(str(file), chunk=CHUNK, reuse=run.id)
    fresh = slow_path(0.0).start(str(file), chunk=CHUNK, reuse=True).wait(60)
    assert fresh.progress["events"] == 400


def test_what_cannot_be_known_again_is_refused_in_a_line(numbered, gated_path):
    lock = threading.Lock()
    path = hn.Path("locked")
    path.define("x", lambda event: event * bool(lock))
    path.table("t", ["x"])
    with pytest.raises(RunError, match="does not see everything: definition 'x': a lock"):
        path.start(numbered[0], reuse=True)
    path, gate = gated_path
    run = path.start(numbered[0], chunk=CHUNK)
    while run.status == "starting":
        time.sleep(0.01)
    with pytest.raises(RunError, match="cannot be reused: it is still going on"):
        path.start(numbered[0], chunk=CHUNK, reuse=run.id)
    gate.touch()
    run.wait(60)
    again = path.start(numbered[0], chunk=CHUNK, reuse=True).wait(60)
    assert not tried(again)  # all of it was done
    assert again.progress["events"] == run.progress["events"]
