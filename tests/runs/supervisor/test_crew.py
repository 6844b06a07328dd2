"""Workers that hang, grow too large, die, come and go: whatever they do, every event counts once."""

from __future__ import annotations

import ctypes
import os
import random
import re
import signal
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

import hepnb as hn
from hepnb.errors import RunError

SOAK = bool(os.environ.get("HEPNB_SOAK"))
ALL = [*range(400), *range(1000, 1300)]


def made_of(function) -> hn.Path:
    """A path that fills the events' numbers as `function` passes them on."""
    path = hn.Path("crew")
    path.define("x", function)
    path.hist("x", x="x: 0, 2000, int")
    return path


def numbers(run) -> list[int]:
    """The events that were counted, each as often as it was."""
    return np.repeat(np.arange(2000), run.hist("x").values().astype(int)).tolist()


def until(condition, seconds: float = 30.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def texts(run) -> str:
    return "\n".join(record["text"] for record in run.log_page(0, 5000)["records"])


def endless(marker: Path) -> None:
    while marker:
        pass


def in_c(marker: Path) -> None:
    # It keeps the interpreter's lock: not even a thread of this process could tell.
    re.match(r"(a+)+$", "a" * 60 + str(marker))


def stopped(marker: Path) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


@pytest.mark.parametrize("hang", [endless, in_c, stopped])
def test_a_worker_that_hangs_is_replaced_and_its_chunk_done_again(numbered, tmp_path, hang):
    marker = tmp_path / "hung"

    def x(event):
        if event[0] == 1000 and not marker.exists():
            marker.touch()
            hang(marker)
        return event

    run = made_of(x).start(numbered[0], workers=2, chunk=100, timeout=1.0).wait(60)
    assert numbers(run) == ALL
    said = texts(run)
    assert "is gone (stuck for" in said
    assert "1.root:0-100" in next(r["chunk"] for r in run.log if "stuck for" in r["text"])
    assert sum(row["deaths"] for row in run.workers) == 1
    if hang is not stopped:
        assert f"in {hang.__name__}" in said, "its stack is in the log"


def test_a_chunk_that_always_hangs_is_set_aside(numbered):
    def x(event):
        while event[0] == 100:
            pass
        return event

    run = made_of(x).start(numbered[0][0], chunk=100, timeout=0.5, on_error="skip").wait(60)
    assert numbers(run) == [*range(100), *range(200, 400)]
    assert "died 3 times (stuck for" in run.files[0]["reason"]
    assert run.progress["events_lost"] == 100


def hungry(bytes_per_event: int, kind: str = "filled") -> hn.Path:
    """A path that takes so much memory for each event of a chunk, and keeps that of a whole one."""
    path = hn.Path("hungry")
    path.weight("w", "w")

    @path.define
    def x(event):
        hog = (np.ones if kind == "filled" else np.empty)(len(event) * bytes_per_event // 8)
        if bytes_per_event and kind == "filled" and len(event) > 50:
            time.sleep(60)  # until it is seen
        return event + 0 * hog[:1].sum()

    path.hist("x", x="x: 40, 0, 2000", storage="Weight")
    path.hist("w", w="w: 20, 0, 2", storage="Weight")
    path.table("t", {"event": "event", "w": "w"})
    return path


@pytest.mark.parametrize(
    ("kind", "said"), [("filled", "MB are more than"), ("empty", "MemoryError")]
)
def test_over_its_memory_limit_a_chunk_is_read_in_smaller_parts(numbered, tmp_path, kind, said):
    """What takes memory for each event takes a tenth of it for a tenth of the events."""
    each = 10_000_000 if kind == "filled" else 100_000_000
    large = hungry(each, kind).start(numbered[0], chunk=100, memory="700 MB").wait(90)
    small = hungry(0).start(numbered[0], chunk=100).wait(90)
    assert said in texts(large)
    records = large.log_page(0, 5000)["records"]
    again = [r["repeat"] for r in records if "once more in 10 smaller reads" in r["text"]]
    assert sum(again) == 7
    for name in ("x", "w"):
        large.hist(name).export(tmp_path / f"{name}-large.h5")
        small.hist(name).export(tmp_path / f"{name}-small.h5")
        exports = [(tmp_path / f"{name}-{size}.h5").read_bytes() for size in ("large", "small")]
        assert exports[0] == exports[1]
    assert large.table("t").equals(small.table("t"))
    assert [row["raw"] for row in large.cutflow] == [row["raw"] for row in small.cutflow]
    assert large.collections == small.collections


def test_over_its_limit_in_small_reads_too_a_chunk_is_set_aside(numbered):
    def x(event):
        if event[0] == 100:
            hog = np.ones(1_000_000_000 // 8)
            time.sleep(0.5)
            return event + int(0 * hog[0])
        return event

    run = made_of(x).start(numbered[0], chunk=100, memory="700 MB", on_error="skip").wait(60)
    assert numbers(run) == [n for n in ALL if not 100 <= n < 200]
    reason = run.files[0]["reason"]
    assert "MB are more than its memory limit of 700 MB, even in 10 smaller reads" in reason
    assert run.progress["events_lost"] == 100


def test_workers_come_and_go_while_it_runs(numbered, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"

    def x(event):
        while not (second if event[0] == 1280 else first).exists():
            time.sleep(0.01)
        return event

    run = made_of(x).start(numbered[0], workers=1, chunk=20)
    run.scale(4)
    until(lambda: sum(row["state"] == "busy" for row in run.workers) == 4)
    run.scale(1)
    first.touch()
    until(lambda: [row["state"] for row in run.workers][1:] == ["ended"] * 3)
    run.scale(2)
    # Either of them has the last chunk by then.
    until(lambda: {row["state"] for row in run.workers[:2]} == {"busy", "idle"})
    second.touch()
    run.wait(60)
    assert numbers(run) == ALL
    assert sum(row["deaths"] for row in run.workers) == 0
    assert sum(row["events"] for row in run.workers) == 700
    run.scale(3)
    assert run.status == "done"


@pytest.mark.parametrize("workers", [0, 257, 2.5, "4"])
def test_a_number_of_workers_that_makes_no_sense_is_refused(numbered, workers):
    run = made_of(lambda event: event).start(numbered[0], workers=1)
    with pytest.raises(RunError, match=r"workers=.*: give a whole number, at least 1 and at most"):
        run.scale(workers)
    run.wait(60)


def test_a_paused_run_begins_nothing_and_goes_on_when_it_is_told(numbered):
    def x(event):
        time.sleep(0.02)
        return event

    run = made_of(x).start(numbered[0], workers=2, chunk=10)
    until(lambda: run.progress["chunks"] >= 2)
    run.pause()
    until(lambda: run.status == "paused" and {row["state"] for row in run.workers} == {"idle"})
    assert "by request" in run.snapshot()["problem"]
    chunks = run.progress["chunks"]
    other = hn.attach(run.id)
    until(lambda: other.status == "paused")
    time.sleep(0.3)
    assert run.progress["chunks"] == chunks
    other.resume()
    run.wait(60)
    assert numbers(run) == ALL


def test_a_paused_run_can_be_cancelled(numbered):
    run = made_of(lambda event: event).start(numbered[0], workers=1, chunk=1)
    until(lambda: run.progress["chunks"] >= 2)
    run.pause()
    run.cancel()
    assert run.wait(20).status == "cancelled"


def processes(run) -> tuple[psutil.Process | None, list[psutil.Process]]:
    """The zygote of a run and its workers, as far as they are there."""
    try:
        for child in psutil.Process(run.snapshot()["pid"]).children():
            return child, child.children()
    except (psutil.Error, TypeError):
        pass
    return None, []


def test_no_chunk_is_blamed_for_a_zygote_that_is_killed(numbered):
    """Four times the same chunks are swept away with it; a death of their own would be the third."""

    def x(event):
        time.sleep(0.5)
        return event

    run = made_of(x).start(numbered[0], workers=2, chunk=350)
    for _ in range(3):
        until(lambda: any(row["state"] == "busy" for row in run.workers))
        zygote, _ = processes(run)
        zygote.kill()
        until(lambda: not any(row["state"] == "busy" for row in run.workers))
    run.wait(60)
    assert numbers(run) == ALL
    assert "its parent process died" in texts(run)


def test_those_that_die_with_a_killer_are_not_blamed(numbered):
    """A chunk that kills all workers is found out, since each suspect is run again alone."""

    def x(event):
        if event[0] == 100:
            time.sleep(0.2)
            for process in psutil.Process(os.getppid()).children():
                process.kill()
            time.sleep(10)
        time.sleep(0.1)
        return event

    run = made_of(x).start(numbered[0], workers=3, chunk=50, on_error="skip").wait(60)
    assert numbers(run) == [n for n in ALL if not 100 <= n < 150]
    assert "died 3 times" in run.files[0]["reason"]
    assert run.files[1]["status"] == "ok"


class Deadly:
    """Once it is loaded, every fork of the process ends at once."""

    def __reduce__(self):
        return forbid_forks, ()


def forbid_forks():
    os.register_at_fork(after_in_child=lambda: os._exit(5))


def test_workers_that_never_come_to_work_end_the_run(numbered):
    deadly = Deadly()

    def x(event):
        return event if len(event) else deadly

    with pytest.raises(RunError, match="workers die before they are ready"):
        made_of(x).start(numbered[0]).wait(60)


@pytest.mark.parametrize("on_error", ["fail", "skip"])
def test_a_crash_in_c_is_set_aside_with_its_stack_in_the_log(numbered, on_error):
    def x(event):
        if event[0] == 300:
            ctypes.string_at(0)
        return event

    run = made_of(x).start(numbered[0][0], chunk=100, on_error=on_error)
    if on_error == "fail":
        with pytest.raises(RunError, match=r"in chunk 0.root:300-400: .*SIGSEGV"):
            run.wait(60)
    else:
        assert numbers(run.wait(60)) == [*range(300)]
        assert "chunk 0.root:300-400: its worker died 3 times" in run.files[0]["reason"]
    assert "string_at" in texts(run)
    assert "Segmentation fault" in texts(run)


def test_a_chunk_that_raised_is_tried_again_as_often_as_asked(numbered, tmp_path):
    marker = tmp_path / "tries"
    marker.mkdir()

    def x(event):
        if event[0] == 100:
            tries = len(list(marker.iterdir()))
            (marker / str(tries)).touch()
            if tries < 2:
                raise OSError("a service is away")
        return event

    run = made_of(x).start(numbered[0], chunk=100, retries=2).wait(60)
    assert numbers(run) == ALL
    assert len(list(marker.iterdir())) == 3
    counts = run.snapshot()["log"]["counts"]
    assert counts.get("ERROR", 0) == 0
    assert counts["WARNING"] == 2


class Closing(hn.Module):
    """Its end is written down, or fails."""

    uses = ("event",)
    produces = ("x",)

    def __init__(self, folder: str, how: str = "well") -> None:
        self.folder, self.how = folder, how

    def process(self, events):
        return events.event

    def finish(self):
        time.sleep(2 if self.how == "slowly" else 0)
        if self.how == "raises":
            raise OSError("the summary cannot be written")
        if self.how == "dies":
            os._exit(4)
        (Path(self.folder) / str(os.getpid())).touch()


def closing(folder, how) -> hn.Path:
    folder.mkdir(exist_ok=True)
    path = hn.Path("closing")
    path.add_module(Closing(str(folder), how))
    path.hist("x", x="x: 0, 2000, int")
    return path


@pytest.mark.parametrize("how", ["well", "slowly"])
def test_a_run_waits_for_the_last_hooks_of_its_modules(numbered, tmp_path, how):
    run = closing(tmp_path / "closed", how).start(numbered[0], workers=2, chunk=50).wait(60)
    worked = sum(row["chunks"] > 0 for row in run.workers)
    assert len(list((tmp_path / "closed").iterdir())) == worked
    assert numbers(run) == ALL
    assert sum(row["deaths"] for row in run.workers) == 0


@pytest.mark.parametrize(
    ("how", "said"), [("raises", "the summary cannot be written"), ("dies", "status 4")]
)
def test_last_hooks_that_fail_are_the_runs_failure(numbered, tmp_path, how, said):
    run = closing(tmp_path / "closed", how).start(numbered[0], workers=1, chunk=100)
    with pytest.raises(RunError, match=said):
        run.wait(60)
    assert numbers(run) == ALL
    skipping = (
        closing(tmp_path / "closed", how).start(numbered[0], chunk=100, on_error="skip").wait(60)
    )
    assert skipping.status == "done"
    assert said in texts(skipping)


def stopped_at(run, process: psutil.Process, chunk: tuple[str, int]) -> bool:
    """Stop a worker, and say whether it still has this chunk, as the supervisor knows it now."""
    process.suspend()
    then = time.time()
    # Where nothing else moves there is no newer snapshot: then the last one still holds.
    while run.snapshot()["now"] < then + 0.2 and time.time() < then + 3:
        time.sleep(0.02)
    rows = [row for row in run.workers if row["pid"] == process.pid]
    return any((row["file"], row["start"]) == chunk and row["state"] == "busy" for row in rows)


def test_random_kills_change_no_bit(numbered, tmp_path):
    """SIGKILL of workers and zygotes at random; the soak has 700 chunks and a kill every 2 s."""
    size, every = (1, 2.0) if SOAK else (14, 0.2)

    def path(seconds):
        made = hn.Path("soak")
        made.weight("w", "w")

        @made.define
        def x(Muon):
            time.sleep(seconds)
            return Muon.pt * np.random.normal(1.0, 0.1)  # noqa: NPY002

        made.hist("pt", pt="x: 50, 0, 100", storage="Weight")
        return made

    chance = random.Random(5)
    run = path(0.25).start(numbered[0], workers=2, chunk=size)
    kills, hit = 0, set()
    while run.status in ("starting", "running"):
        time.sleep(every)
        busy = [row for row in run.workers if row["state"] == "busy"]
        victims = {(row["file"], row["start"]): row["pid"] for row in busy}
        # Three deaths of one chunk would be its own fault; the zygote's are nobody's.
        if fresh := sorted(victims.keys() - hit, key=str):
            hit.add(chosen := chance.choice(fresh))
            zygote, workers = processes(run)
            mine = [process for process in workers if process.pid == victims[chosen]]
            for process in [zygote] if zygote and chance.random() < 0.2 else mine:
                if process == zygote or stopped_at(run, process, chosen):
                    process.kill()
                    kills += 1
                else:
                    process.resume()
    run.wait(10)
    assert kills > 4
    calm = path(0.0).start(numbered[0], workers=1, chunk=size).wait(120)
    run.hist("pt").export(tmp_path / "a.h5")
    calm.hist("pt").export(tmp_path / "b.h5")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    print(f"{kills} kills in {calm.progress['chunks']} chunks")
