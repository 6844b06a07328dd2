"""What the log and the statistics cost: lines written, pages read, a worker that floods, timers.

A flood is compared with the same work whose lines go to /dev/null instead of the log; the timers
of a chunk with the same chunk without them. The log of a million lines is made directly.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import selectors
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from .dimuon import hepnb_path, input_file
from .table import interleaved, show

__all__ = ["main"]

_LINES = 1_000_000
_PER_CHUNK = 50_000
_CHUNKS = 20
_RATE = 100_000
_STEP = 500
_TIMES = 3


def main(repeats: int = 3) -> None:
    """Print what is written, read, flooded and timed."""
    home = Path(tempfile.mkdtemp(prefix="hepnb-bench-"))
    os.environ.setdefault("HEPNB_STATE_DIR", str(home))
    try:
        _pages(home)
        _pipe(home)
        _flood(repeats)
        _timers(repeats)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _pages(home: Path) -> None:
    import numpy as np  # noqa: F401  as a supervisor has it by then

    from hepnb.runs.logs import LogFile, LogWriter

    pieces = [
        "".join(
            f"{'[ERROR] ' if n % 5000 == 0 else ''}line {n} of a worker, with x = {n / 7:.6f}\n"
            for n in range(first, first + 1000)
        ).encode()
        for first in range(0, _LINES, 1000)
    ]

    def write(n: int) -> float:
        writer = _Flushing(LogWriter(home / f"log-{n}"))
        began = time.process_time()
        for number, piece in enumerate(pieces):
            writer.printed(piece, worker=1 + number % 3, chunk=f"f.root:{number // 100}")
        writer.close()
        return time.process_time() - began

    seconds = statistics.median(write(n) for n in range(_TIMES))
    (home / "log-0").rename(home / "log")
    size = sum(file.stat().st_size for file in (home / "log").iterdir())
    print(f"\na log of {_LINES:,} printed lines, {size / 1e6:.0f} MB")
    print(f"  written in {seconds / _LINES * 1e6:.2f} us of CPU per line   (goal: 0.2)")
    asked: dict[str, dict[str, Any]] = {
        "a page of 100 lines": {},
        "a page of one level": {"levels": ["ERROR"]},
        "a page of one worker": {"worker": 2},
        "a search, 1 hit": {"search": "line 777777 "},
        "a search, 11,111 hits": {"search": "LINE 77"},
        "a regular expression": {"search": re.compile(r"line \d*99 ")},
    }
    print(f"  {'':<28}{'first ms':>10}{'then ms':>10}   (goal: a page below 5)")
    for name, question in asked.items():
        log = LogFile(home / "log")
        times = []
        for _ in range(9):
            start = random.randrange(100 if "level" in name else _LINES // 4)
            began = time.perf_counter()
            log.page(start if "search" not in question else 0, 100, **question)
            times.append((time.perf_counter() - began) * 1e3)
        print(f"  {name:<28}{times[0]:>10.2f}{sorted(times[1:])[4]:>10.2f}")


def _pipe(home: Path) -> None:
    """The same as in a supervisor: read from a worker's pipe."""
    from hepnb.runs.engines.output import Outputs
    from hepnb.runs.logs import LogWriter

    printing = f"for n in range({_LINES}): print(f'line {{n}} of a worker, with x = {{n / 7:.6f}}')"

    def read(n: int) -> float:
        log = LogWriter(home / f"piped-{n}")
        writer = _Flushing(log)
        selector = selectors.DefaultSelector()
        outputs = Outputs(
            selector,
            lambda worker, _, data: writer.printed(data, worker=worker, chunk="f.root:0"),
        )
        out, err = outputs.open(1)
        child = subprocess.Popen([sys.executable, "-c", printing], stdout=out, stderr=err)
        os.close(out)
        os.close(err)
        began = time.process_time()
        while child.poll() is None:
            for key, _ in selector.select(min(0.1, max(0.0, outputs.turn()))):
                key.data()
        outputs.close(1)
        writer.close()
        if log.total != _LINES:
            raise SystemExit(f"the log has {log.total:,} of {_LINES:,} lines")
        return time.process_time() - began

    seconds = statistics.median(read(n) for n in range(_TIMES))
    each = seconds / _LINES * 1e6
    print(f"  read from a worker's pipe and written in {each:.2f} us of CPU per line   (goal: 0.2)")


class _Flushing:
    """A log that is flushed ten times a second, as a supervisor does."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self._flushed = time.monotonic()

    def printed(self, data: bytes, *, worker: int, chunk: str) -> None:
        self._log.printed(data, worker=worker, chunk=chunk, logger="stdout")
        if time.monotonic() - self._flushed > 0.1:
            self._log.flush()
            self._flushed = time.monotonic()

    def close(self) -> None:
        self._log.close()


def _flood(repeats: int) -> None:
    """A worker that prints without end, and one that does so beside its work."""
    from hepnb.samples import toy_dimuon

    home = Path(tempfile.mkdtemp(prefix="hepnb-bench-"))
    file = str(toy_dimuon(home / "toy.root", events=4000))
    for said, turns in (("and nothing else", 0), (f"of {_RATE:,} a second", _turns_of_work())):
        supervisor: dict[str, list[float]] = {"/dev/null": [], "the log": []}

        def printing(where: str, turns: int = turns, cpu: Any = supervisor) -> float:
            seconds, used = _print_all(file, home / "seconds", where, turns)
            cpu[where].append(used)
            return seconds

        found = interleaved({w: lambda w=w: printing(w) for w in supervisor}, repeats)
        lines = _CHUNKS * _PER_CHUNK
        rate = lines / min(found["the log"])
        title = f"{lines:,} lines {said} printed by one worker: {rate:,.0f} a second, wall time"
        show(title, found, "/dev/null", "at most 1.05")
        show("CPU time of the supervisor", supervisor, "/dev/null")
    shutil.rmtree(home, ignore_errors=True)


def _turns_of_work() -> int:
    """How often a loop turns beside `_STEP` lines, so that `_RATE` lines are printed in a second."""
    turns = 1_000_000
    began = time.perf_counter()
    for _ in range(turns):
        pass
    each = (time.perf_counter() - began) / turns
    with Path(os.devnull).open("w") as out:
        began = time.perf_counter()
        for line in range(100 * _STEP):
            print(f"line {line} of a worker, with x = {line / 7:.6f}", file=out)
        printing = (time.perf_counter() - began) / 100
    return max(0, int((_STEP / _RATE - printing) / each))


def _print_all(file: str, times: Path, where: str, turns: int) -> tuple[float, float]:
    """Seconds in which a worker printed its lines, and CPU seconds of the supervisor meanwhile."""
    import psutil

    import hepnb as hn

    path = hn.Path("flood")

    @path.define
    def n(Muon: Any) -> Any:
        import awkward

        began = time.perf_counter()
        target = os.open(os.devnull, os.O_WRONLY) if where == "/dev/null" else os.dup(1)
        with os.fdopen(target, "w") as out:
            for first in range(0, _PER_CHUNK, _STEP):
                for line in range(first, first + _STEP):
                    print(f"line {line} of a worker, with x = {line / 7:.6f}", file=out)
                for _ in range(turns):
                    pass
        with times.open("a") as took:
            took.write(f"{time.perf_counter() - began}\n")
        return awkward.num(Muon.pt)

    path.hist("n", n="n: 0, 9, int")
    times.unlink(missing_ok=True)
    run = path.start(file, workers=1, chunk=4000 // _CHUNKS)
    used = 0.0
    while run.status not in ("done", "failed"):
        with contextlib.suppress(psutil.Error, TypeError):
            cpu = psutil.Process(run.snapshot()["pid"]).cpu_times()
            used = cpu.user + cpu.system
        time.sleep(0.02)
    run.wait()
    while any(thread.name == "hepnb-client" for thread in threading.enumerate()):
        time.sleep(0.01)
    return sum(map(float, times.read_text().split())), used


def _timers(repeats: int) -> None:
    from hepnb.analysis import as_datasets, open_events
    from hepnb.analysis.loop import program
    from hepnb.analysis.loop.statistics import Statistics

    class Nothing(Statistics):
        """No timers at all."""

        def timed(self, *asked: Any) -> Any:
            return asked[2]()

    path = hepnb_path().freeze()
    file = str(input_file())
    (dataset,) = as_datasets([file])
    with open_events(file, None) as opened:
        columns = path.columns(opened.branches)
        for size in (1000, 10_000, 100_000):
            events = opened.read(columns, 0, min(size, opened.entries))
            turns = max(1, 200_000 // size)

            def chunks(kind: type[Statistics], events: Any = events, turns: int = turns) -> float:
                program.Statistics = kind  # type: ignore[attr-defined]
                began = time.perf_counter()
                for _ in range(turns):
                    path.process(events, dataset)
                return time.perf_counter() - began

            kinds = {"no timers": Nothing, "timers": Statistics}
            found = interleaved(
                {name: lambda kind=kind: chunks(kind) for name, kind in kinds.items()},
                5 * repeats,
            )
            each = min(found["no timers"]) / turns * 1e3
            show(
                f"chunks of {len(events):,} events, {each:.1f} ms each", found, "no timers", "1.01"
            )
    program.Statistics = Statistics  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
