"""What the background costs: the same chunks in a bare foreground loop and in a run of one worker.

The worker does what the loop does; supervisor, journal, folding, messages and statistics come on
top, and first of all the start of three fresh processes, which the loop does not have. Each figure
is given with the start, and without it: less what the same takes for the input once.

The loop stands in a process of its own. A second loop keeps the memory it frees, as workers do: the
difference of the two is what a run gains there, and what its apparatus costs beside that. What the
statistics cost is measured apart, in the loop, with and without them.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from .dimuon import hepnb_path, input_file
from .signatures import signatures_of
from .table import interleaved, show

__all__ = ["main"]

_EVENTS = 5_000_000
_CHUNKS = {"10 ms": 100, "100 ms": 10, "1 s": 1}
_PASSES = 5

LOOP, KEEPING, RUN = "loop", "loop, keeping freed memory", "run"
BARE = "loop, without statistics"


class Work(NamedTuple):
    """A file, how many times it is read, and the events per chunk (None: as runs choose)."""

    file: str
    times: int
    chunk: int | None = None


class Cost(NamedTuple):
    """Seconds, on the clock and of all processors."""

    wall: float
    cpu: float


def main(repeats: int = 3) -> None:
    """Print the overhead of a run over the loop: of many files, and by the length of a chunk."""
    file = str(input_file())
    os.environ.setdefault("HEPNB_STATE_DIR", tempfile.mkdtemp(prefix="hepnb-bench-"))
    with (
        tempfile.TemporaryDirectory(prefix="hepnb-bench-") as home,
        _one_process(keeps=False) as plain,
        _one_process(keeps=True) as keeping,
    ):
        measures: dict[str, Callable[[Work], Cost]] = {
            LOOP: lambda work: plain.submit(_loop, work).result(),
            KEEPING: lambda work: keeping.submit(_loop, work).result(),
            RUN: _run,
        }
        for measure in (measures[LOOP], measures[KEEPING]):
            measure(Work(file, 20))
        entries, seconds = plain.submit(_one_chunk, file).result()
        once, many = Work(file, 1), Work(file, max(2, round(_EVENTS / entries)))
        found = _measured(measures, once, many, repeats)
        title = f"{many.times * entries:,} events in {many.times} files"
        _show(title, found, "below 1.05")
        _show(f"{title}, without the start", _less_start(found), "below 1.05")

        copies = max(1, round(1 / seconds))
        large = Path(home) / "large.root"
        plain.submit(_write_copies, file, copies, large).result()
        for length, parts in _CHUNKS.items():
            chunk = -(-copies * entries // parts)
            many = Work(str(large), _PASSES, chunk)
            found = _less_start(_measured(measures, Work(file, 1, chunk), many, repeats))
            title = (
                f"{_PASSES * parts} chunks of {chunk:,} events (about {length}), without the start"
            )
            _show(title, found, "below 1.03" if length == "100 ms" else "")
            counted = {
                BARE: lambda work=many: plain.submit(_without_statistics, work).result().cpu,
                LOOP: lambda work=many: plain.submit(_loop, work).result().cpu,
            }
            title = f"statistics, chunks of about {length}: CPU time of the loop"
            show(title, interleaved(counted, 5 * repeats), BARE, "below 1.01")


def _measured(
    measures: dict[str, Callable[[Work], Cost]], once: Work, many: Work, repeats: int
) -> dict[str, list[tuple[Cost, Cost]]]:
    """For each way the costs of the input once and of all of it, pair by pair."""
    found: dict[str, list[tuple[Cost, Cost]]] = defaultdict(list)

    def pair(name: str) -> float:
        found[name].append((measures[name](once), measures[name](many)))
        return found[name][-1][1].wall

    interleaved({name: lambda name=name: pair(name) for name in measures}, repeats)
    return found


def _less_start(found: dict[str, list[tuple[Cost, Cost]]]) -> dict[str, list[tuple[Cost, Cost]]]:
    return {
        name: [(s, Cost(m.wall - s.wall, m.cpu - s.cpu)) for s, m in pairs]
        for name, pairs in found.items()
    }


def _show(title: str, found: dict[str, list[tuple[Cost, Cost]]], goal: str) -> None:
    wall = {name: [many.wall for _, many in pairs] for name, pairs in found.items()}
    cpu = {name: [many.cpu for _, many in pairs] for name, pairs in found.items()}
    show(f"{title}: wall time", wall, LOOP, goal)
    show(f"{title}: CPU time of all processes", cpu, LOOP, goal)


# -- a run --------------------------------------------------------------------------------------


def _run(work: Work) -> Cost:
    with tempfile.TemporaryDirectory(prefix="hepnb-bench-") as home:
        began, before = time.perf_counter(), _cpu(resource.RUSAGE_CHILDREN)
        run = hepnb_path().start(
            [work.file] * work.times,
            workers=1,
            chunk=work.chunk,
            out=Path(home) / "run",
            allow_duplicates=True,
            nice=0,
        )
        run.wait()
        wall = time.perf_counter() - began
        while any(thread.name == "hepnb-client" for thread in threading.enumerate()):
            time.sleep(0.01)  # until the supervisor, and with it all its children, is reaped
        return Cost(wall, _cpu(resource.RUSAGE_CHILDREN) - before)


def _cpu(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


# -- the loop, in a process of its own ----------------------------------------------------------


def _one_process(*, keeps: bool) -> ProcessPoolExecutor:
    fresh = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, fresh, initializer=_prepare, initargs=(keeps,))


def _prepare(keeps: bool) -> None:
    from hepnb.analysis.reading.events import decompress_fast
    from hepnb.runs.engines.memory import keep_freed_memory

    decompress_fast()  # as workers do
    if keeps:
        keep_freed_memory()


def _loop(work: Work) -> Cost:
    from hepnb.analysis import as_datasets, open_events
    from hepnb.histograms import Contribution
    from hepnb.runs.plan import entry_ranges

    program = hepnb_path().freeze()
    signatures = signatures_of(program)
    (dataset,) = as_datasets([work.file])
    began, before = time.perf_counter(), _cpu(resource.RUSAGE_SELF)
    for _ in range(work.times):
        opened = open_events(work.file, None)
        columns = program.columns(opened.branches)
        for start, stop in entry_ranges(opened.entries, work.chunk, opened.clusters):
            events = opened.read(columns, start, stop)
            contribution = Contribution(signatures)
            for fill in program.process(events, dataset, first_entry=start).fills:
                contribution.fill(fill.hist, weight=fill.weight, **fill.categories, **fill.columns)
        opened.close()
    return Cost(time.perf_counter() - began, _cpu(resource.RUSAGE_SELF) - before)


def _without_statistics(work: Work) -> Cost:
    """The loop, with no step timed and no collection counted."""
    from unittest.mock import patch

    from hepnb.analysis.loop import processing
    from hepnb.analysis.loop.statistics import Statistics

    def untimed(_: Any, name: str, rows: int, compute: Any, phase: str = "") -> Any:  # noqa: ARG001
        return compute()

    with (
        patch.object(Statistics, "timed", untimed),
        patch.object(processing, "_range", lambda _: (0, 0, 0, 0)),
        patch.object(processing, "_distribution", lambda _: ()),
    ):
        return _loop(work)


def _one_chunk(file: str) -> tuple[int, float]:
    """The events of a file, and the seconds that they take as one chunk."""
    from hepnb.analysis import as_datasets, open_events

    program = hepnb_path().freeze()
    (dataset,) = as_datasets([file])
    with open_events(file, None) as opened:
        columns = program.columns(opened.branches)
        began = time.process_time()
        for _ in range(10):
            program.process(opened.read(columns, 0, opened.entries), dataset)
        return opened.entries, (time.process_time() - began) / 10


def _write_copies(file: str, copies: int, large: Path) -> None:
    """The columns of the analysis, so many times, uncompressed."""
    import awkward as ak
    import uproot

    from hepnb.analysis import open_events

    with open_events(file, None) as opened:
        columns = hepnb_path().freeze().columns(opened.branches)
        events = opened.read(columns, 0, opened.entries)
    names = [name for name in columns if name.startswith("Muon_")]
    muons = ak.zip({name.removeprefix("Muon_"): events[name] for name in names})
    with uproot.recreate(large, compression=None) as root:
        tree = root.mktree("Events", {"Muon": muons.type.content})
        for _ in range(copies):
            tree.extend({"Muon": muons})


if __name__ == "__main__":
    main()
