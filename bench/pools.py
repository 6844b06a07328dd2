"""The peers of `bench.engine`, each measured in a fresh process of its own: two worker processes.

`python -m bench.pools CASE [ARGUMENT]` prints one number. Workers that are spawned import this file
anew, so nothing heavy stands at its top.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["PEERS", "is_there", "measured"]

PEERS = {"concurrent.futures": "concurrent.futures", "loky": "loky", "dask": "distributed"}
WORKERS = 2
_THINKS = 1.5  # seconds from `%load_ext hepnb` to the first run


def is_there(peer: str) -> bool:
    """Whether the peer is installed."""
    from importlib.util import find_spec

    return find_spec(PEERS[peer]) is not None


def measured(case: str, *arguments: object) -> float:
    """Seconds, or bytes, of a case in a fresh process."""
    command = [sys.executable, "-m", "bench.pools", case, *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def nothing(n: int) -> int:
    """A task that does nothing."""
    return n


# -- tasks in a pool that is warm ------------------------------------------------------------------


@contextlib.contextmanager
def _futures(**how: Any) -> Iterator[Any]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(WORKERS, multiprocessing.get_context("spawn"), **how) as pool:
        yield pool


@contextlib.contextmanager
def _loky() -> Iterator[Any]:
    from loky import ProcessPoolExecutor

    pool = ProcessPoolExecutor(WORKERS)
    yield pool
    pool.shutdown()


@contextlib.contextmanager
def _dask() -> Iterator[Any]:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        client.wait_for_workers(WORKERS)
        yield client


def tasks(peer: str, count: str) -> float:
    """Seconds for so many tasks that do nothing."""
    number = int(count)
    if peer == "dask":
        with _dask() as client:
            client.gather(client.map(nothing, range(-100, 0), pure=False))
            began = time.perf_counter()
            found = client.gather(client.map(nothing, range(number), pure=False))
            seconds = time.perf_counter() - began
    else:
        with _futures() if peer == "concurrent.futures" else _loky() as pool:
            list(pool.map(nothing, range(100), chunksize=1))
            began = time.perf_counter()
            found = list(pool.map(nothing, range(number), chunksize=1))
            seconds = time.perf_counter() - began
    if sum(found) != number * (number - 1) // 2:
        raise SystemExit(f"{peer} lost a task")
    return seconds


# -- chunks of a run in a pool ---------------------------------------------------------------------

_work: list[Any] = []


def _take_up(directory: str) -> None:
    """What a worker of this run has loaded before its first chunk."""
    from hepnb.analysis.reading.events import decompress_fast
    from hepnb.runs.bundle import Bundle
    from hepnb.runs.engines.memory import keep_freed_memory
    from hepnb.runs.engines.tasks import Tasks
    from hepnb.runs.spec import RunSpec

    path = Path(directory)
    decompress_fast()
    keep_freed_memory()
    made = Tasks(Bundle.read(path / "bundle.pkl"), RunSpec.read(path / "spec.json"))
    opened, _ = made.answer({"k": "open", "file": 0})
    _work[:] = [made, {"file": 0, "uuid": opened["uuid"], "entries": opened["entries"]}]


def chunk(n: int) -> bytes:
    """One event of the run's first file, as its record."""
    made, file = _work
    task = {"k": "chunk", **file, "start": n, "stop": n + 1, "id": str(n), "order": n, "parts": 1}
    answer, record = made.answer(task)
    if answer["k"] != "done":
        raise RuntimeError(answer["title"])
    return bytes(record)


def chunks(directory: str, count: str) -> float:
    """Seconds for so many chunks of a run, of one event each; nothing is done with the records."""
    with _futures(initializer=_take_up, initargs=(directory,)) as pool:
        list(pool.map(chunk, range(20), chunksize=1))
        began = time.perf_counter()
        found = list(pool.map(chunk, range(20, int(count)), chunksize=1))
        seconds = time.perf_counter() - began
    return seconds * int(count) / len(found)


# -- from nothing to the first result --------------------------------------------------------------


def histogram(file: str) -> Any:
    """The histogram that the run makes of this file."""
    import hist
    import uproot

    made = hist.Hist.new.Int(0, 9, name="n").Double()
    with uproot.open(file) as root:
        made.fill(root["Events"]["nMuon"].array(library="np"))
    return made


def counting() -> Any:
    """The path that makes the same."""
    import hepnb as hn

    path = hn.Path("bench")
    path.hist("n", n="nMuon: 0, 9, int")
    return path


def first(engine: str, file: str) -> float:
    """Seconds to the first result, in a process that has imported what it needs.

    A notebook has a supervisor that waits beside it; a script has none.
    """
    if engine in ("hepnb", "hepnb in a notebook"):
        import uproot  # noqa: F401

        from hepnb.runs.starting.spare import RESERVE

        path = counting()
        path.freeze()
        if engine == "hepnb in a notebook":
            RESERVE.keep()
            time.sleep(_THINKS)
        began = time.perf_counter()
        run = path.start(file, workers=WORKERS, chunk=250)
        while not run.progress["chunks"]:
            time.sleep(0.001)
        seconds = time.perf_counter() - began
        RESERVE.close()
        run.wait()
        return seconds
    import distributed  # noqa: F401

    began = time.perf_counter()
    with _dask() as client:
        task = client.submit(nothing, 1) if engine == "dask" else client.submit(histogram, file)
        task.result()
        return time.perf_counter() - began


# -- memory ----------------------------------------------------------------------------------------


def _proportional(processes: list[Any]) -> int:
    """Bytes of memory of all these; what they share counts once."""
    return sum(process.memory_full_info().pss for process in processes)


def memory(engine: str, file: str) -> float:
    """Bytes of all processes of an engine that has done some chunks, while its workers are idle.

    In a LocalCluster scheduler and nannies live in the process that asked for it: it counts by
    what it has grown.
    """
    import psutil

    here = psutil.Process()
    if engine == "hepnb":
        run = counting().start(file, workers=WORKERS, chunk=1)
        while run.progress["chunks"] < 10:
            time.sleep(0.01)
        run.pause()
        while any(row["state"] != "idle" for row in run.workers):
            time.sleep(0.05)
        time.sleep(1)
        supervisor = psutil.Process(run.snapshot()["pid"])
        found = _proportional([supervisor, *supervisor.children(recursive=True)])
        run.cancel()
        return found
    before = _proportional([here])
    with _dask() as client:
        if engine == "dask, the same work":
            for worker in client.scheduler_info(n_workers=-1)["workers"]:
                for _ in range(5):
                    client.submit(histogram, file, workers=[worker], pure=False).result()
        time.sleep(1)
        return _proportional([here, *here.children(recursive=True)]) - before


CASES = {"tasks": tasks, "chunks": chunks, "first": first, "memory": memory}

if __name__ == "__main__":
    print(json.dumps(CASES[sys.argv[1]](*sys.argv[2:])))
