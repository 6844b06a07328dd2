"""What the background costs: the same chunks in a plain foreground loop and in a run.

One worker does what the loop does; supervisor, journal, folding and messages come on top, and
first of all the start of three fresh processes, which the loop does not have. The input is the
sample replicated to five and to ten million events: their difference is the overhead without start.
"""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

from .dimuon import hepnb_path, input_file
from .table import interleaved, show

__all__ = ["main"]

_EVENTS = 5_000_000


def main(repeats: int = 3) -> None:
    """Print the overhead of a run over the loop, in wall time and in CPU time."""
    from hepnb.analysis import as_datasets, open_events
    from hepnb.analysis.events import decompress_fast
    from hepnb.histograms import Contribution, Signature
    from hepnb.runs.plan import entry_ranges

    file = str(input_file())
    first = open_events(file, None)
    copies = max(1, round(_EVENTS / first.entries))
    path = hepnb_path()
    program = path.freeze()
    signatures = {
        h.name: Signature.from_axes(h.name, h.axes, h.storage, h.label) for h in program.histograms
    }
    (dataset,) = as_datasets([file])
    homes: list[str] = []
    cpu: dict[str, list[float]] = defaultdict(list)

    def foreground(copies: int) -> float:
        began, before = time.perf_counter(), time.process_time()
        for _ in range(copies):
            opened = open_events(file, None)
            columns = program.columns(opened.branches)
            for start, stop in entry_ranges(opened.entries, None, opened.clusters):
                events = opened.read(columns, start, stop)
                contribution = Contribution(signatures)
                for fill in program.process(events, dataset, first_entry=start).fills:
                    contribution.fill(
                        fill.hist, weight=fill.weight, **fill.categories, **fill.columns
                    )
            opened.close()
        cpu[f"loop, {copies} files"].append(time.process_time() - before)
        return time.perf_counter() - began

    def background(copies: int) -> float:
        home = tempfile.mkdtemp(prefix="hepnb-bench-")
        homes.append(home)
        began, before = time.perf_counter(), _cpu_of_children()
        run = path.start([file] * copies, workers=1, out=Path(home) / "run", allow_duplicates=True)
        run.wait()
        seconds = time.perf_counter() - began
        while any(t.name == "hepnb-client" for t in threading.enumerate()):
            time.sleep(0.01)  # until the supervisor, and with it all its children, is reaped
        cpu[f"run, {copies} files"].append(_cpu_of_children() - before)
        return seconds

    os.environ.setdefault("HEPNB_STATE_DIR", tempfile.mkdtemp(prefix="hepnb-bench-"))
    decompress_fast()  # as workers do
    foreground(copies)
    cpu.clear()
    wall = interleaved(
        {
            f"loop, {copies} files": lambda: foreground(copies),
            f"run, {copies} files": lambda: background(copies),
            f"loop, {2 * copies} files": lambda: foreground(2 * copies),
            f"run, {2 * copies} files": lambda: background(2 * copies),
        },
        repeats,
    )
    for what, found in (("wall time", wall), ("CPU time of all processes", cpu)):
        for number in (copies, 2 * copies):
            loop, run = f"loop, {number} files", f"run, {number} files"
            events = f"{number * first.entries:,} events"
            pair = {loop: found[loop], run: found[run]}
            show(f"{events}, {what}, start included", pair, loop, "below 1.05")
        difference = {
            kind: [
                b - a
                for a, b in zip(
                    found[f"{kind}, {copies} files"],
                    found[f"{kind}, {2 * copies} files"],
                    strict=True,
                )
            ]
            for kind in ("loop", "run")
        }
        show(
            f"the second {copies * first.entries:,} events, {what}",
            difference,
            "loop",
            "below 1.05",
        )
    for home in homes:
        shutil.rmtree(home, ignore_errors=True)


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
