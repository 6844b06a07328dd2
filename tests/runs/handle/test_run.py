"""Whole runs on real ROOT files: results are exact whoever computes them, and whatever dies."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import runpy
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import awkward as ak
import numpy as np
import psutil
import pytest

import hepnb as hn
from hepnb.errors import DataError, PathError, RunError


def counted(pt: ak.Array) -> np.ndarray:
    return np.histogram(ak.to_numpy(ak.flatten(pt)), bins=20, range=(0, 100))[0]


@pytest.fixture
def count_path():
    path = hn.Path("counts")
    path.hist("pt", pt="Muon.pt: 20, 0, 100")
    return path


@pytest.mark.parametrize(("workers", "chunk"), [(1, None), (2, 64), (3, 7)])
def test_counts_are_exact(numbered, count_path, workers, chunk):
    files, pt = numbered
    run = count_path.start(files, workers=workers, chunk=chunk).wait(60)
    assert run.status == "done"
    np.testing.assert_array_equal(run.hist("pt").to_hist().values(), counted(pt))
    progress = run.progress
    assert (progress["events"], progress["events_total"]) == (700, 700)
    assert [f["status"] for f in run.files] == ["ok", "ok", "skipped"]
    assert run.files[2]["reason"] == "tree 'Events' has no entries"
    assert run.collections[0]["name"] == "Muon"
    assert run.collections[0]["total"] == ak.count(pt)


def test_weighted_results_are_bit_identical_for_any_number_of_workers(numbered, pt_path, tmp_path):
    files, _ = numbered
    exports = []
    for workers in (1, 2, 3):
        run = pt_path.start(files, workers=workers, chunk=23).wait(60)
        hn.H5Hist.open(run.directory, "pt").export(tmp_path / f"{workers}.h5")
        exports.append((tmp_path / f"{workers}.h5").read_bytes())
    assert exports[0] == exports[1] == exports[2]


def test_starting_returns_at_once_and_the_directory_is_private(numbered, count_path, tmp_path):
    files, _ = numbered
    began = time.monotonic()
    run = count_path.start(files, out=tmp_path / "out")
    assert time.monotonic() - began < 2.0
    assert stat.S_IMODE(run.directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((run.directory / "bundle.pkl").stat().st_mode) == 0o600
    run.wait(60)
    assert hn.attach(run.id).status == "done"
    assert hn.runs()[0]["id"] == run.id
    assert hn.runs()[0]["state"] == "done"
    assert not (run.directory / "sock").exists()


def test_await_and_watch(numbered, count_path):
    files, _ = numbered
    seen = []

    async def main():
        run = count_path.start(files, chunk=50)
        stop = run.watch(seen.append)
        awaited = await run
        stop()
        return run, awaited

    # In a thread of its own: where browser tests came first, this one has an event loop already.
    with ThreadPoolExecutor(1) as elsewhere:
        run, awaited = elsewhere.submit(lambda: asyncio.run(main())).result()
    assert awaited is run
    assert seen[-1]["state"] == "done"
    events = [s["progress"]["events"] for s in seen]
    assert events == sorted(events)
    numbers = [s["seq"] for s in seen]
    assert numbers == sorted(set(numbers))


def killing_path(tmp_path, events_to_die_at):
    """A path whose worker kills itself once at each of these events."""
    path = hn.Path("killed")
    markers = tmp_path

    @path.define
    def number(event):
        for n in np.asarray(event):
            marker = markers / f"died-{n}"
            if n in events_to_die_at and not marker.exists():
                marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return event

    path.select("known", "number >= 0")
    path.hist("pt", pt="Muon.pt: 20, 0, 100")
    return path


def test_killed_workers_lose_nothing_and_count_nothing_twice(numbered, tmp_path):
    files, pt = numbered
    run = killing_path(tmp_path, {5, 210, 1299}).start(files, workers=2, chunk=50).wait(60)
    assert len(list(tmp_path.glob("died-*"))) == 3
    assert sum(w["deaths"] for w in run.workers) == 3
    np.testing.assert_array_equal(run.hist("pt").to_hist().values(), counted(pt))
    assert sum("SIGKILL" in r["text"] for r in run.log) == 3


def test_a_chunk_that_always_kills_is_set_aside(numbered, tmp_path):
    files, _ = numbered
    path = hn.Path("poison")

    @path.define
    def number(event):
        if np.any(np.asarray(event) == 55):
            os._exit(3)
        return event

    path.select("known", "number >= 0")
    path.hist("n", n="number: 10, 0, 2000")
    run = path.start(files, workers=2, chunk=50, on_error="skip").wait(60)
    assert run.status == "done"
    assert run.progress["events_lost"] == 50
    assert run.progress["events"] == 650
    assert "died 3 times" in run.files[0]["reason"]
    assert "status 3" in run.files[0]["reason"]


def test_a_users_exception_arrives_with_its_traceback_and_chunk(numbered):
    files, _ = numbered
    path = hn.Path("broken")

    @path.define
    def ratio(event):
        return [1 // (int(n) - int(n)) for n in event]

    path.hist("r", r="ratio: 10, 0, 1")
    run = path.start(files, workers=1, chunk=100)
    with pytest.raises(RunError, match="ZeroDivisionError"):
        run.wait(60)
    assert run.status == "failed"
    assert run.error.chunk.endswith(":0-100")
    assert "return [1 // (int(n) - int(n)) for n in event]" in run.error.traceback
    assert "engines/worker.py" not in run.error.traceback
    assert [f["status"] for f in run.files] == ["failed", "skipped", "skipped"]
    assert "ZeroDivisionError" in run.files[0]["reason"]
    assert run.files[1]["reason"] == "not processed: the run failed"


def test_one_bad_chunk_can_be_skipped(numbered):
    files, pt = numbered
    path = hn.Path("skipping")

    @path.define
    def number(event):
        if np.any(np.asarray(event) == 55):
            raise ValueError("event 55 again")
        return event

    path.select("known", "number >= 0")
    path.hist("pt", pt="Muon.pt: 20, 0, 100")
    run = path.start(files, chunk=50, on_error="skip").wait(60)
    good = ak.concatenate([pt[:50], pt[100:]])
    np.testing.assert_array_equal(run.hist("pt").to_hist().values(), counted(good))
    assert run.progress["events_lost"] == 50
    assert "event 55 again" in run.files[0]["reason"]


def test_prints_logging_and_warnings_become_records(numbered):
    files, _ = numbered
    path = hn.Path("chatty")

    @path.define
    def number(event):
        import warnings

        print("printed here")
        os.write(2, b"from a C library\n")
        logging.getLogger("mine").error("logged <script>")
        warnings.warn("warned", stacklevel=1)
        return event

    path.select("known", "number >= 0")
    path.hist("n", n="number: 10, 0, 2000")
    run = path.start(files[:1], workers=1, chunk=100).wait(60)
    records = {r["text"].splitlines()[0]: r for r in run.log_page(0, 1000)["records"]}
    assert records["printed here"]["logger"] == "stdout"
    assert records["from a C library"]["level"] == "WARNING"
    assert records["logged <script>"]["level"] == "ERROR"
    assert records["logged <script>"]["worker"] == 1
    assert records["logged <script>"]["chunk"].startswith("0.root:")
    assert any("UserWarning: warned" in text for text in records)
    page = run.log_page(-5, 1, levels="error", search="LOGGED")
    assert [record["text"] for record in page["records"]] == ["logged <script>"]
    for asked, said in (
        ({"levels": ["ERORR"]}, r"no log level 'ERORR'; did you mean 'ERROR'\?"),
        ({"levels": 40}, "levels: expected names, not the int 40"),
        ({"start": "first"}, "start='first': give a whole number"),
        ({"count": -1}, "count=-1: give a whole number, at least 0"),
        ({"search": 5}, "search is a text or a regular expression, not the int 5"),
    ):
        with pytest.raises(RunError, match=said):
            run.log_page(**asked)


def slow_path(seconds: float = 0.05):
    path = hn.Path("slow")

    @path.define
    def number(event):
        time.sleep(seconds)
        return event

    path.select("known", "number >= 0")
    path.hist("pt", pt="Muon.pt: 20, 0, 100")
    return path


def reach(run, events: int) -> None:
    """Wait until so many events are committed, while the run goes on."""
    deadline = time.monotonic() + 30
    while run.progress["events"] < events:
        assert run.status in ("starting", "running")
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_cancel_keeps_what_is_committed(numbered):
    files, _ = numbered
    run = slow_path().start(files, workers=1, chunk=10)
    reach(run, 50)
    run.cancel()
    run.wait(20)
    assert run.status == "cancelled"
    progress = run.progress
    assert 50 <= progress["events"] < 700
    assert run.hist("pt").committed == progress["chunks"]
    assert progress["events"] + progress["events_lost"] <= 700
    run.cancel()


def test_nothing_of_a_run_is_left_when_it_has_ended(numbered):
    files, _ = numbered
    run = slow_path().start(files, workers=2, chunk=10)
    reach(run, 20)
    supervisor = psutil.Process(run.snapshot()["pid"])
    family = [supervisor, *supervisor.children(recursive=True)]
    assert len(family) == 4
    run.cancel()
    run.wait(20)
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []


def test_a_killed_supervisor_is_noticed_and_takes_its_workers_with_it(numbered):
    files, _ = numbered
    run = slow_path().start(files, workers=2, chunk=10)
    reach(run, 50)
    supervisor = psutil.Process(run.snapshot()["pid"])
    family = supervisor.children(recursive=True)
    run.kill()
    # Whoever comes is told at once, whatever the last snapshot on disk says.
    assert {hn.attach(run.id).status for _ in range(10)} == {"lost"}
    with pytest.raises(RunError, match="its supervisor is gone"):
        run.wait(20)
    assert run.status == "lost"
    assert run.hist("pt").committed >= 5
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []
    assert hn.runs()[0]["state"] == "lost"


STARTER = """
import sys, time
import hepnb as hn
path = hn.Path("orphan")
@path.define
def number(event):
    import time
    time.sleep(0.05)
    return event
path.select("known", "number >= 0")
path.hist("pt", pt="Muon.pt: 20, 0, 100")
run = path.start(sys.argv[1:], workers=2, chunk=20)
print(run.id, flush=True)
time.sleep(60)
"""


def test_a_run_outlives_the_process_that_started_it(numbered):
    files, pt = numbered
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, *files], stdout=subprocess.PIPE, text=True
    )
    run_id = starter.stdout.readline().strip()
    starter.kill()
    starter.communicate()
    run = hn.attach(run_id).wait(60)
    assert run.status == "done"
    np.testing.assert_array_equal(run.hist("pt").to_hist().values(), counted(pt))


def test_a_histogram_is_read_while_it_fills(numbered):
    files, pt = numbered
    run = slow_path(0.02).start(files, workers=2, chunk=10)
    live = run.hist("pt")
    sums = []
    while not live.sealed:
        live.refresh()
        sums.append(float(live.to_hist().values().sum()))
        time.sleep(0.02)
    run.wait(20)
    assert sums == sorted(sums)
    assert len(set(sums)) > 3
    assert sums[-1] == counted(pt).sum()


def test_bad_files_are_named_and_the_good_ones_count(numbered, count_path, make_file, tmp_path):
    files, pt = numbered
    (tmp_path / "text.root").write_text("no root file at all")
    whole = tmp_path / "whole.root"
    make_file(whole, 500, 5000)
    (tmp_path / "cut.root").write_bytes(whole.read_bytes()[:-300])
    bad = [str(tmp_path / "missing.root"), str(tmp_path / "text.root"), str(tmp_path / "cut.root")]
    run = count_path.start([*bad, *files], on_error="skip").wait(60)
    assert run.status == "done"
    ledger = {f["file"]: f for f in run.files}
    for file in bad:
        assert ledger[file]["status"] == "failed"
        assert "\n" not in ledger[file]["reason"]
        assert file in ledger[file]["reason"]
    np.testing.assert_array_equal(run.hist("pt").to_hist().values(), counted(pt))
    assert run.progress["files_failed"] == 3

    strict = count_path.start([bad[1], *files])
    with pytest.raises(RunError, match="1 of 4 files"):
        strict.wait(60)
    np.testing.assert_array_equal(strict.hist("pt").to_hist().values(), counted(pt))


def test_mistakes_are_said_in_the_cell_before_anything_starts(numbered, count_path, tmp_path):
    files, _ = numbered
    with pytest.raises(DataError):
        count_path.start(str(tmp_path / "*.root"))
    with pytest.raises(DataError, match="allow_duplicates"):
        count_path.start([files[0], files[0]])
    with pytest.raises(RunError, match="at least 1"):
        count_path.start(files, workers=0)
    with pytest.raises(RunError, match="'fail' or 'skip'"):
        count_path.start(files, on_error="ignore")
    misspelt = hn.Path("misspelt")
    misspelt.hist("pt", pt="Muon.pT: 20, 0, 100")
    with pytest.raises(PathError, match="pt"):
        misspelt.start(files)
    assert hn.runs() == []


def test_a_captured_lock_is_refused_in_a_line(numbered):
    import threading

    files, _ = numbered
    path = hn.Path("locked")
    lock = threading.Lock()

    @path.define
    def number(event):
        with lock:
            return event

    path.hist("n", n="number: 10, 0, 2000")
    with pytest.raises(RunError, match="cannot be sent to workers"):
        path.start(files)
    assert hn.runs() == []


def test_duplicates_count_twice_when_allowed(numbered, count_path):
    files, pt = numbered
    run = count_path.start([files[0]] * 3, allow_duplicates=True).wait(60)
    np.testing.assert_array_equal(run.hist("pt").to_hist().values(), 3 * counted(pt[:400]))


def test_a_table_comes_back_in_the_order_of_the_files(numbered):
    pytest.importorskip("pandas")
    files, _ = numbered
    path = hn.Path("table")
    path.select("many", "count(Muon) >= 2")
    path.table("events", ["event", "w"])
    run = path.start(files, workers=3, chunk=9).wait(60)
    table = run.table("events")
    assert list(table.columns) == ["event", "w"]
    assert table.event.is_monotonic_increasing
    assert len(table) == run.cutflow[-1]["raw"]


CELL = """
import logging
import hepnb as hn

class Scale(hn.Module):
    uses = ("Muon.pt",)
    produces = ("mev",)

    def setup(self):
        self.factor = 1000.0
        self.chunks = 0

    def process(self, events):
        self.chunks += 1
        return events.Muon.pt * self.factor

    def finish(self):
        logging.getLogger("scale").info("finished after %d chunks", self.chunks)
"""


def test_a_module_of_a_cell_runs_whole_in_every_worker(numbered, tmp_path):
    files, pt = numbered
    path_to_cell = tmp_path / "cell.py"
    path_to_cell.write_text(CELL)
    cell = runpy.run_path(str(path_to_cell), run_name="__main__")
    path = hn.Path("module")
    path.add_module(cell["Scale"]())
    path.hist("mev", mev="mev: 20, 0, 100000")
    run = path.start(files, workers=2, chunk=100).wait(60)
    np.testing.assert_array_equal(run.hist("mev").to_hist().values(), counted(pt))
    said = [r["text"] for r in run.log_page(search="finished after")["records"]]
    assert len(said) == 2
    assert sum(int(text.split()[2]) for text in said) == 7


def test_a_run_on_another_host_is_read_from_its_files(numbered, count_path):
    files, _ = numbered
    run = count_path.start(files).wait(60)
    status = run.directory / "status.json"
    kept = json.loads(status.read_text())
    status.write_text(
        json.dumps(kept | {"state": "running", "host": "far.example.org", "ended": None})
    )
    assert hn.runs()[0]["state"] == "running"
    there = hn.attach(run.id)
    assert there.progress["events"] == 700
    time.sleep(0.5)
    assert there.status == "running"
    with pytest.raises(RunError, match="another host"):
        there._client.request("cancel")
    status.write_text(json.dumps(kept))
    assert there.wait(20).status == "done"
