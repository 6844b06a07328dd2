"""Ten runs on the cores there are: all at once, as many as fit, and one after another."""

from __future__ import annotations

import json
import os
import resource
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil

import hepnb as hn

from .dimuon import input_file
from .table import interleaved, show

__all__ = ["main"]

_RUNS = 10


def _path(least: int) -> hn.Path:
    path = hn.Path("ten")
    path.select("two muons", "count(Muon) == 2")
    path.define("pair_mass", "mass(Muon[:, 0], Muon[:, 1])")
    path.hist("mass", mass=f"pair_mass: 300, {least}, 300")
    path.hist("pt", pt="Muon.pt: 100, 0, 100")
    return path


def main(repeats: int = 3) -> None:
    """Print the wall time of ten runs in each order, and the memory of the conductor."""
    file = str(input_file())
    home = Path(tempfile.mkdtemp(prefix="hepnb-bench-"))
    os.environ["HEPNB_STATE_DIR"] = str(home)
    memory: list[float] = []

    cpu: dict[str, list[float]] = {}

    def measured(name: str, work: Callable[[], None]) -> float:
        """Wall time of the work; its CPU time, of all processes that it had, is kept."""
        before, began = _cpu_of_children(), time.perf_counter()
        work()
        wall = time.perf_counter() - began
        for thread in threading.enumerate():  # they reap what they have started
            if thread.name in ("hepnb-client", "hepnb-reaper"):
                thread.join(10)
        cpu.setdefault(name, []).append(_cpu_of_children() - before)
        return wall

    def scan(at_once: int) -> None:
        runs = hn.scan(_path, file, least=range(_RUNS), workers=1, max_parallel=at_once)
        lock = runs.directory / "conductor.lock"
        while not (text := lock.read_text()):
            time.sleep(0.01)
        memory.append(psutil.Process(json.loads(text)["pid"]).memory_info().rss)
        runs.wait()

    def one_by_one() -> None:
        for least in range(_RUNS):
            _path(least).start(file, workers=1).wait()

    cores = len(os.sched_getaffinity(0))
    peer = f"{_RUNS} x path.start(...).wait()"
    cases: dict[str, Callable[[], None]] = {
        peer: one_by_one,
        "scan, one at a time": lambda: scan(1),
        f"scan, {cores} at once (default)": lambda: scan(cores),
        f"scan, {_RUNS} at once": lambda: scan(_RUNS),
    }
    found = interleaved(
        {name: partial(measured, name, work) for name, work in cases.items()}, repeats
    )
    size = Path(file).stat().st_size / 1e6
    show(f"{_RUNS} runs of {size:.1f} MB on {cores} cores, wall time", found, peer)
    show("CPU time of all processes", cpu, peer)
    print(f"  the conductor's resident memory: {max(memory) / 1e6:.0f} MB")
    shutil.rmtree(home, ignore_errors=True)


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
