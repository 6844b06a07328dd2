"""Ten runs on the cores there are: all at once, as many as fit, and one after another."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
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

    def scan(at_once: int) -> float:
        began = time.perf_counter()
        runs = hn.scan(_path, file, least=range(_RUNS), workers=1, max_parallel=at_once)
        lock = runs.directory / "conductor.lock"
        while not (text := lock.read_text()):
            time.sleep(0.01)
        memory.append(psutil.Process(json.loads(text)["pid"]).memory_info().rss)
        runs.wait()
        return time.perf_counter() - began

    def one_by_one() -> float:
        began = time.perf_counter()
        for least in range(_RUNS):
            _path(least).start(file, workers=1).wait()
        return time.perf_counter() - began

    cores = len(os.sched_getaffinity(0))
    peer = f"{_RUNS} x path.start(...).wait()"
    found = interleaved(
        {
            peer: one_by_one,
            "scan, one at a time": lambda: scan(1),
            f"scan, {cores} at once (default)": lambda: scan(cores),
            f"scan, {_RUNS} at once": lambda: scan(_RUNS),
        },
        repeats,
    )
    show(f"{_RUNS} runs of {Path(file).stat().st_size / 1e6:.1f} MB on {cores} cores", found, peer)
    print(f"  the conductor's resident memory: {max(memory) / 1e6:.0f} MB")
    shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
