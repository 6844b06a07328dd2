"""What a worker keeps from task to task: files with something left to read, and memory."""

from __future__ import annotations

import platform
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest

import hepnb as hn
from hepnb.histograms import Signature
from hepnb.runs.bundle import Bundle
from hepnb.runs.engines.tasks import Tasks
from hepnb.runs.spec import FileSpec, RunSpec


def test_a_file_stays_open_until_it_was_read_whole(numbered):
    file = numbered[0][0]
    path = hn.Path("n")
    path.hist("n", n="count(Muon): 5, -0.5, 4.5")
    program = path.freeze()
    signatures = {h.name: Signature.from_axes(h.name, h.axes) for h in program.histograms}
    spec = RunSpec(
        "n", (FileSpec("d", file),), 1, {name: s.to_dict() for name, s in signatures.items()}
    )
    tasks = Tasks(Bundle(program, (hn.Dataset("d", file),)), spec)

    def is_open() -> bool:
        return any(open_file.path == file for open_file in psutil.Process().open_files())

    opened, _ = tasks.answer({"k": "open", "file": 0})

    def read(start: int, stop: int) -> None:
        where = {"uuid": opened["uuid"], "entries": 400, "start": start, "stop": stop, "parts": 1}
        answer, _ = tasks.answer(
            {"k": "chunk", "file": 0, "id": f"{start}", "order": start, **where}
        )
        assert answer["k"] == "done"

    assert opened["entries"] == 400
    assert is_open()
    read(300, 400)
    assert is_open()
    read(0, 300)
    assert not is_open()
    read(0, 300)  # a chunk that comes again finds its file again
    assert not is_open()


CHUNKS = """
import resource, sys
import numpy as np
from hepnb.runs.engines.memory import give_back_memory, keep_freed_memory
if sys.argv[1] != "return":
    keep_freed_memory()
for _ in range(5):
    if sys.argv[1] == "give back":
        give_back_memory()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    arrays = [np.ones(1 << 19) for _ in range(50)]
    del arrays
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(faults * resource.getpagesize())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_memory_that_a_chunk_freed_is_there_for_the_next_until_it_is_given_back():
    fresh = {
        how: int(subprocess.check_output([sys.executable, "-c", CHUNKS, how], text=True))
        for how in ("keep", "return", "give back")
    }
    assert fresh["return"] > 50 << 20  # else glibc has learnt, and this is no longer needed
    assert fresh["keep"] < 1 << 20
    assert fresh["give back"] > 50 << 20


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_a_worker_that_waits_for_a_chunk_gives_its_memory_back(numbered):
    def hungry(nMuon):
        arrays = [np.ones(1 << 17) for _ in range(300)]
        return nMuon + 0 * len(arrays)

    path = hn.Path("hungry")
    path.define("n", hungry)
    path.hist("n", n="n: 0, 9, int")
    run = path.start(numbered[0], workers=1, chunk=1)
    while not run.progress["chunks"]:
        time.sleep(0.01)
    run.pause()
    worker = psutil.Process(run.workers[0]["pid"])
    zygote = worker.parent().memory_info().rss
    until = time.monotonic() + 30
    while (grown := worker.memory_info().rss - zygote) > 200 << 20 and time.monotonic() < until:
        time.sleep(0.05)
    run.cancel()
    assert grown < 200 << 20
