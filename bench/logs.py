"""What the log and the statistics cost: lines written, pages read, a worker that floods, timers.

A flood is compared with the same work whose lines go to /dev/null instead of the log; the timers
of a chunk with the same chunk without them. The log of a million lines is made directly.
"""

from __future__ import annotations

import os
import random
import re
import shutil
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


def main(repeats: int = 3) -> None:
    """Print what is written, read, flooded and timed."""
    home = Path(tempfile.mkdtemp(prefix="hepnb-bench-"))
    os.environ.setdefault("HEPNB_STATE_DIR", str(home))
    try:
        _pages(home)
        _flood(repeats)
        _timers(repeats)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _pages(home: Path) -> None:
    from hepnb.runs.logs import LogFile, LogWriter

    writer = LogWriter(home / "log")
    pieces = [
        "".join(
            f"{'[ERROR] ' if n % 5000 == 0 else ''}line {n} of a worker, with x = {n / 7:.6f}\n"
            for n in range(first, first + 1000)
        )
        for first in range(0, _LINES, 1000)
    ]
    began = time.process_time()
    for n, piece in enumerate(pieces):
        writer.printed(piece, worker=1 + n % 3, chunk=f"f.root:{n // 100}", logger="stdout")
        writer.flush()
    seconds = time.process_time() - began
    writer.close()
    size = sum(file.stat().st_size for file in (home / "log").iterdir())
    print(f"\na log of {_LINES:,} printed lines, {size / 1e6:.0f} MB")
    print(f"  written in {seconds / _LINES * 1e6:.2f} us of CPU per line")
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


def _flood(repeats: int) -> None:
    import hepnb as hn
    from hepnb.samples import toy_dimuon

    home = Path(tempfile.mkdtemp(prefix="hepnb-bench-"))
    file = toy_dimuon(home / "toy.root", events=4000)
    supervisor: dict[str, list[float]] = {"/dev/null": [], "the log": []}

    def run(where: str) -> float:
        import psutil

        path = hn.Path("flood")

        @path.define
        def n(Muon: Any) -> Any:
            import awkward

            target = os.open(os.devnull, os.O_WRONLY) if where == "/dev/null" else os.dup(1)
            with os.fdopen(target, "w") as out:
                for line in range(_PER_CHUNK):
                    print(f"line {line} of a worker, with x = {line / 7:.6f}", file=out)
            return awkward.num(Muon.pt)

        path.hist("n", n="n: 0, 9, int")
        made = path.start(str(file), workers=1, chunk=200)
        cpu = 0.0
        while made.status not in ("done", "failed"):
            try:
                used = psutil.Process(made.snapshot()["pid"] or os.getpid()).cpu_times()
                cpu = used.user + used.system if made.snapshot()["pid"] else 0.0
            except psutil.Error:
                pass
            time.sleep(0.02)
        made.wait()
        while any(thread.name == "hepnb-client" for thread in threading.enumerate()):
            time.sleep(0.01)
        snapshot = made.snapshot()
        supervisor[where].append(cpu)
        return float(snapshot["ended"] - snapshot["started"])

    wall = interleaved({where: lambda where=where: run(where) for where in supervisor}, repeats)
    lines = 20 * _PER_CHUNK
    rate = lines / min(wall["the log"])
    show(
        f"{lines:,} lines printed in 20 chunks by one worker, {rate:,.0f} a second, wall time",
        wall,
        "/dev/null",
        "below 1.05",
    )
    show("CPU time of the supervisor", supervisor, "/dev/null")
    shutil.rmtree(home, ignore_errors=True)


def _timers(repeats: int) -> None:
    from hepnb.analysis import as_datasets, open_events, program
    from hepnb.analysis.statistics import Statistics

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
