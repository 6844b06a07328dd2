"""What the background costs: the same chunks in a plain foreground loop and in a run.

One worker does what the loop does; supervisor, journal, folding and messages come on top. The
input is the sample replicated to five million events.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from .dimuon import hepnb_path, input_file
from .table import interleaved, show

__all__ = ["main"]

_EVENTS = 5_000_000


def main(repeats: int = 3) -> None:
    """Print the overhead of a run over the loop, in wall time and in CPU time."""
    from hepnb.analysis import as_datasets, open_events
    from hepnb.histograms import Contribution, Signature
    from hepnb.runs.plan import events_per_chunk

    file = str(input_file())
    first = open_events(file, None)
    copies = max(1, round(_EVENTS / first.entries))
    step = events_per_chunk(first.entries)
    path = hepnb_path()
    program = path.freeze()
    signatures = {
        h.name: Signature.from_axes(h.name, h.axes, h.storage, h.label) for h in program.histograms
    }
    (dataset,) = as_datasets([file])
    homes: list[str] = []
    cpu: list[float] = []

    def foreground() -> float:
        began = time.perf_counter()
        for _ in range(copies):
            opened = open_events(file, None)
            columns = program.columns(opened.branches)
            for start in range(0, opened.entries, step):
                events = opened.read(columns, start, min(start + step, opened.entries))
                contribution = Contribution(signatures)
                for fill in program.process(events, dataset, first_entry=start).fills:
                    contribution.fill(
                        fill.hist, weight=fill.weight, **fill.categories, **fill.columns
                    )
            opened.close()
        return time.perf_counter() - began

    def background() -> float:
        home = tempfile.mkdtemp(prefix="hepnb-bench-")
        homes.append(home)
        began = time.perf_counter()
        before = os.times()
        run = path.start([file] * copies, workers=1, out=Path(home) / "run", allow_duplicates=True)
        run.wait()
        seconds = time.perf_counter() - began
        after = os.times()
        cpu.append(after.user + after.system - before.user - before.system)
        run_seconds = run.snapshot()["ended"] - run.snapshot()["started"]
        busy = sum(row["wall"] for row in run.statistics)
        print(
            f"    run {run_seconds:.2f} s, of which definitions {busy:.2f} s; kernel CPU {cpu[-1]:.2f} s"
        )
        return seconds

    os.environ.setdefault("HEPNB_STATE_DIR", tempfile.mkdtemp(prefix="hepnb-bench-"))
    foreground()
    found = interleaved(
        {"foreground loop": foreground, "background run, 1 worker": background}, repeats
    )
    show(f"{copies * first.entries:,} events, wall time", found, "foreground loop", "below 1.05")
    print(f"  CPU of the waiting process itself: {statistics.median(cpu):.2f} s")
    for home in homes:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
