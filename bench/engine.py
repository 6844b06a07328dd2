"""The engine behind a run, against its peers: messages, tasks, start, memory and commits.

Two workers everywhere. loky and dask are left out, with a line that says so, where they are not
installed; every peer has a fresh process of its own (`bench.pools`).
"""

from __future__ import annotations

import logging
import os
import shutil
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Self

from .pools import PEERS, WORKERS, counting, is_there, measured
from .table import interleaved, show

__all__ = ["main"]

_TASKS = 20_000
_DASK_TASKS = 1_000
_CHUNKS = 2_000
_FLOOD = 20_000
_MESSAGES = (300, 0.02), (30, 0.25)
_SIZES = {"8 kB": 8_000, "160 kB": 160_000, "1.6 MB": 1_600_000, "16 MB": 16_000_000}
_COMMITTED = 64_000_000

FUTURES = "concurrent.futures"


def main(repeats: int = 5) -> None:
    """Print what the engine does in a second, how soon it begins, what it needs."""
    from hepnb.samples import toy_dimuon

    home = Path(tempfile.mkdtemp(prefix="hepnb-bench-"))
    os.environ.setdefault("HEPNB_STATE_DIR", str(home / "state"))
    for peer in PEERS:
        if not is_there(peer):
            print(f"{peer} is not installed: left out (pip install 'hepnb[bench]')")
    print(f"load: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    try:
        _messages(str(toy_dimuon(home / "one.root", events=WORKERS)), repeats)
        _tasks(str(toy_dimuon(home / "many.root", events=_TASKS)), repeats)
        _chunks(str(toy_dimuon(home / "some.root", events=_CHUNKS)), repeats)
        small = toy_dimuon(home / "small.root", events=1000)
        _start(str(small), repeats)
        _memory(str(toy_dimuon(home / "slow.root", events=20_000)), repeats)
        _commits(home, repeats)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(f"load: {os.getloadavg()[0]:.1f}")


# -- messages --------------------------------------------------------------------------------------


def _messages(file: str, repeats: int) -> None:
    """A worker logs; watchers on the run's socket see it."""
    late: dict[str, list[float]] = {}
    crowds = {"the notebook": (0, 0), "1 more": (1, 0), "4 more, 1 of them never reads": (3, 1)}

    def flood(crowd: str) -> float:
        run = _talking(_FLOOD, pause=0.0).start(file, workers=1, chunk=WORKERS, nice=0)
        seen: list[float] = []
        run.watch(partial(_note_all, seen))
        with _Crowd(run, *crowds[crowd]):
            run.wait()
        first = run.log_page(0, 1, search="message")["records"][0]["time"]
        return (seen[0] - first) * 1000 / _FLOOD

    def slowly(crowd: str, count: int, pause: float) -> float:
        run = _talking(count, pause).start(file, workers=1, chunk=WORKERS, nice=0)
        with _Crowd(run, *crowds[crowd]) as watching:
            run.wait()
        name = f"{crowd}: every {pause:g} s"
        late.setdefault(name, []).extend(watching.late)
        return statistics.median(watching.late)

    found = interleaved({crowd: partial(flood, crowd) for crowd in crowds}, repeats)
    rate = 1000 / statistics.median(found["the notebook"])
    title = f"1000 messages of a worker into the log and to the notebook: {rate:,.0f} a second"
    show(title, found, "the notebook", "1.05 at most")
    paces = [(crowd, *pace) for pace in _MESSAGES for crowd in list(crowds)[1:]]
    interleaved({str(pace): partial(slowly, *pace) for pace in paces}, repeats)
    print("\nfrom a worker's message to a watcher (snapshots come ten times a second at most)")
    print(f"  {'watchers beside the notebook':<46}{'p50 ms':>10}{'p99 ms':>10}{'messages':>10}")
    for crowd, values in late.items():
        cuts = statistics.quantiles(values, n=100)
        print(f"  {crowd:<46}{cuts[49] * 1e3:>10.1f}{cuts[98] * 1e3:>10.1f}{len(values):>10}")


def _talking(count: int, pause: float) -> Any:
    """A path that logs so many messages, each with the moment at which it is sent."""
    path = counting()

    @path.define
    def talk(nMuon: Any) -> Any:
        logger = logging.getLogger("bench")
        for n in range(count):
            time.sleep(pause) if pause else None
            text = f"message at {time.time():.6f}"
            # Each from a place of its own: one that logs a thousand a second is limited.
            logger.handle(logging.LogRecord("bench", logging.INFO, "bench", n, text, (), None))
        return nMuon

    path.hist("talk", talk="talk: 0, 9, int")
    return path


def _note_all(seen: list[float], snapshot: dict[str, Any]) -> None:
    if not seen and snapshot["log"]["counts"].get("INFO", 0) >= _FLOOD:
        seen.append(time.time())


class _Crowd:
    """Watchers beside the notebook: some that read, and some that only ask; `late` [s] of messages."""

    def __init__(self, run: Any, reading: int, deaf: int) -> None:
        self.late: list[float] = []
        self._deaf: list[socket.socket] = []
        where = _socket_of(run) if reading or deaf else ""
        for _ in range(deaf):
            self._deaf.append(_subscribed(where))
        self._threads = [
            threading.Thread(target=self._read, args=(_subscribed(where),)) for _ in range(reading)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.join()
        for connection in self._deaf:
            connection.close()

    def _read(self, connection: socket.socket) -> None:
        from hepnb.frames import FrameReader

        reader, seen = FrameReader(), -1
        while data := connection.recv(1 << 20):
            now = time.time()
            for message, _ in reader.feed(data):
                records = message["changed"].get("log", {}).get("tail", ())
                new = [record for record in records if record["n"] > seen]
                seen = max([seen, *(record["n"] for record in new)])
                stamps = (record["text"] for record in new if "message at" in record["text"])
                self.late += [now - float(stamp.rpartition(" ")[2]) for stamp in stamps]
        connection.close()


def _socket_of(run: Any) -> str:
    from hepnb.runs.directory import RunDirectory

    directory = RunDirectory(run.directory)
    while not Path(directory.socket_path()).exists():
        time.sleep(0.005)
    return str(directory.socket_path())


def _subscribed(where: str) -> socket.socket:
    from hepnb.frames import encode

    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(where)
    connection.sendall(encode({"k": "subscribe"}))
    return connection


# -- tasks -----------------------------------------------------------------------------------------


def _tasks(file: str, repeats: int) -> None:
    path = counting()
    path.define("idle", _idle)
    path.hist("idle", idle="idle: 0, 9, int")
    cases: dict[str, Callable[[], float]] = {
        FUTURES: lambda: measured("tasks", FUTURES, _TASKS) * 1000 / _TASKS,
        "hepnb, each committed": lambda: _per_thousand(path, file),
    }
    if is_there("loky"):
        cases["loky"] = lambda: measured("tasks", "loky", _TASKS) * 1000 / _TASKS
    if is_there("dask"):
        cases["dask"] = lambda: measured("tasks", "dask", _DASK_TASKS) * 1000 / _DASK_TASKS
    found = interleaved(cases, repeats)
    show("1000 tasks that do nothing, 2 workers", found, FUTURES, "1 at most")
    for name, values in found.items():
        print(f"  {name:<34}{1000 / statistics.median(values):>10,.0f} a second")


def _idle(nMuon: Any) -> Any:
    """From here on this worker answers every chunk with an empty record."""
    from hepnb.histograms import Contribution
    from hepnb.runs.engines.tasks import Tasks

    def process(self: Any, task: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        place = {name: task[name] for name in ("file", "start", "stop")}
        meta = {"k": "chunk", **place, "events": task["stop"] - task["start"]}
        record = Contribution(self._signatures).encode(task["id"], task["order"], meta)
        return {"k": "done", "raw": len(record)}, record

    Tasks._process = process  # type: ignore[method-assign]
    return nMuon


def _chunks(file: str, repeats: int) -> None:
    path = counting()
    home = Path(tempfile.mkdtemp(prefix="hepnb-bench-"))
    kept = path.start(file, workers=1, chunk=_CHUNKS, out=home / "kept")
    kept.wait()
    cases = {
        FUTURES: lambda: measured("chunks", kept.directory, _CHUNKS) * 1000 / _CHUNKS,
        "hepnb, each committed": lambda: _per_thousand(path, file),
    }
    found = interleaved(cases, repeats)
    show("1000 chunks of one event, 2 workers", found, FUTURES, "1 at most")
    shutil.rmtree(home)


def _per_thousand(path: Any, file: str) -> float:
    """Seconds per 1000 chunks, while the run is under way."""
    run = path.start(file, workers=WORKERS, chunk=1, nice=0)
    seen: list[tuple[int, float]] = []
    run.watch(lambda s: seen.append((s["progress"]["chunks"], s["now"])))
    run.wait()
    if run.progress["chunks"] != run.progress["chunks_total"]:
        raise SystemExit("hepnb lost a chunk")
    total = run.progress["chunks_total"]
    under_way = [(chunks, now) for chunks, now in seen if 0 < chunks < total]
    (first, began), (last, ended) = under_way[0], under_way[-1]
    return (ended - began) * 1000 / (last - first)


# -- start, memory ---------------------------------------------------------------------------------


def _start(file: str, repeats: int) -> None:
    peers = ["dask, the same work", "dask"] if is_there("dask") else []
    engines = ["hepnb in a notebook", "hepnb", *peers]
    names = {"hepnb": "hepnb in a script", "dask": "dask, a task that does nothing"}
    cases = {names.get(e, e): partial(measured, "first", e, file) for e in engines}
    peer = peers[0] if peers else "hepnb in a script"
    show("from nothing to the first result", interleaved(cases, repeats), peer, "0.5 at most")


def _memory(file: str, repeats: int) -> None:
    peers = ["dask, the same work", "dask"] if is_there("dask") else []
    names = {"hepnb": "hepnb, after some chunks", "dask": "dask, bare"}
    cases = {
        names.get(e, e): lambda e=e: measured("memory", e, file) / 1e6 for e in ["hepnb", *peers]
    }
    found = interleaved(cases, min(3, repeats))
    peer = peers[0] if peers else "hepnb, after some chunks"
    show("memory of all processes, 2 idle workers", found, peer, "0.5 at most", unit="MB")


# -- commits ---------------------------------------------------------------------------------------


def _commits(home: Path, repeats: int) -> None:
    """What the supervisor does with a contribution, against writing its bytes into a file."""
    import hist
    import numpy as np

    from hepnb.histograms import Contribution, Signature, StoreWriter
    from hepnb.histograms.record import check

    rng = np.random.default_rng(1)
    print("\ncost of a commit: checked, journaled and its sums read, against write() alone")
    print(f"  {'contribution':<34}{'commit ms':>10}{'write ms':>10}{'ratio':>9}{'MB/s':>9}")
    for name, size in _SIZES.items():
        axis = hist.axis.Regular(size // 8, 0, 1, name="x", flow=False)
        signatures = {"h": Signature.from_axes("h", [axis])}
        made = Contribution(signatures)
        made.fill("h", x=rng.random(size // 4))
        count = max(4, min(500, _COMMITTED // size))
        records = [made.encode(f"chunk-{n}", n, {"events": 1}) for n in range(count)]

        def commit(records: list[bytes] = records, signatures: Any = signatures) -> float:
            room = Path(tempfile.mkdtemp(dir=home))
            with StoreWriter.create(room / "store", signatures) as store:
                began = time.perf_counter()
                for record in records:
                    store.append(record, check(record, signatures))
                seconds = time.perf_counter() - began
            shutil.rmtree(room)
            return seconds / len(records)

        def write(records: list[bytes] = records) -> float:
            with tempfile.NamedTemporaryFile(dir=home, buffering=0) as file:
                began = time.perf_counter()
                for record in records:
                    file.write(record)
                return (time.perf_counter() - began) / len(records)

        found = interleaved({"commit": commit, "write": write}, repeats)
        ratio = statistics.median(
            a / b for a, b in zip(found["commit"], found["write"], strict=True)
        )
        times = {case: statistics.median(values) for case, values in found.items()}
        row = f"{times['commit'] * 1e3:>10.3f}{times['write'] * 1e3:>10.3f}{ratio:>9.2f}"
        print(f"  {name:<34}{row}{size / times['commit'] / 1e6:>9.0f}")


if __name__ == "__main__":
    main()
