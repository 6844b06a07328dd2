"""One analysis with 14 variations: hepnb's single loop against loops over the variations.

Nominal, 10 variations of weights and 4 of jet energies; jets, their sum of pt and the mass of two
muons, in 6 x 50 x 60 bins. Reading is a floor that all pay; where the rest of hepnb's time goes is
printed beside it.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import hepnb as hn
from hepnb.runs.engines.memory import keep_freed_memory

from .growth import growth
from .nano import WEIGHTS, nano_file
from .nano_loops import CHUNK, LABELS, coffea, path_of, plain
from .root_frame import root_frame, root_missing
from .signatures import fill_all, signatures_of
from .table import cpu, interleaved, show

__all__ = ["main"]

_EVENTS = 1_000_000


def main(repeats: int = 5, events: int = _EVENTS) -> None:
    """Print the CPU time of all and of its parts, and how hepnb's grows with the number of variations."""
    keep_freed_memory()
    home = Path(tempfile.mkdtemp(prefix="hepnb-bench-"))
    try:
        file = nano_file(home / "nano.root", events)
        theirs, by_hand = coffea(file), plain(file)
        parts: dict[str, list[float]] = defaultdict(list)
        ours = _loop(path_of(), file, parts=parts)
        result = _result(path_of(), file)
        _compare(theirs(), result)
        _compare(by_hand(), result)
        iterative, read = "coffea, iterative executor", "the same columns read by uproot"
        cases = {
            read: partial(_timed, _reading(file)),
            iterative: partial(_timed, theirs),
            "coffea, futures, 2 processes": partial(_timed, coffea(file, 2)),
            "uproot, awkward and hist": partial(_timed, by_hand),
            "hepnb, nominal alone": partial(_timed, _loop(path_of(), file, "nominal")),
            "hepnb, all in one loop": partial(_timed, ours),
        }
        if reason := root_missing():
            print(f"RDataFrame takes no part: {reason}")
        else:
            frame = root_frame(file, events)
            _compare(frame(), result, edges=4)
            cases["ROOT, RDataFrame"] = partial(_timed, frame)
            cases["  of it, start and compiling"] = partial(_timed, root_frame(file, 1))
        found = interleaved(cases, repeats)
        show(f"{events:,} events, nominal and 14 variations, CPU time", found, iterative, "1/3")
        _show_parts(parts)
        beyond = {
            name: [value - floor for value, floor in zip(found[name], found[read], strict=True)]
            for name in (iterative, "uproot, awkward and hist", "hepnb, all in one loop")
        }
        show("The same without the reading", beyond, iterative)
        growth(file, repeats)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _show_parts(parts: dict[str, list[float]]) -> None:
    medians = {name: statistics.median(values) for name, values in parts.items()}
    total = sum(medians.values())
    print("\nWhere the time of hepnb, all in one loop, goes")
    for name, seconds in medians.items():
        print(f"  {name:<34}{seconds:>10.3f} s{seconds / total:>8.0%}")


def _timed(work: Callable[[], Any]) -> float:
    """CPU seconds of this process and of those that it started and saw end."""
    began = cpu()
    work()
    return cpu() - began


def _reading(file: Path) -> Callable[[], None]:
    import uproot

    from hepnb.analysis import open_events

    with open_events(file) as opened:
        columns = list(path_of().freeze().columns(opened.branches))

    def loop() -> None:
        for _ in uproot.iterate(f"{file}:Events", columns, step_size=CHUNK, library="ak"):
            pass

    return loop


def _loop(
    path: hn.Path,
    file: Path,
    variations: str = "all",
    parts: dict[str, list[float]] | None = None,
) -> Callable[[], None]:
    """What a worker does with one file; the CPU seconds of its parts go to `parts`."""
    from hepnb.analysis import open_events
    from hepnb.histograms import Contribution

    program = path.freeze(variations)
    dataset = hn.Dataset("mc", file, kind="mc")
    signatures = signatures_of(program)

    def loop() -> None:
        spent: dict[str, float] = defaultdict(float)

        def timed(part: str, work: Callable[[], Any]) -> Any:
            began = cpu()
            result = work()
            spent[part] += cpu() - began
            return result

        opened = timed("opening the file", lambda: open_events(file))
        with opened:
            columns = program.columns(opened.branches)
            for start in range(0, opened.entries, CHUNK):
                stop = min(start + CHUNK, opened.entries)
                events = timed("reading", partial(opened.read, columns, start, stop))
                compute = partial(program.process, events, dataset, first_entry=start)
                result = timed("columns, selects, weights", compute)
                contribution = Contribution(signatures)
                timed("products of weights, fills", partial(fill_all, contribution, result))
                timed("encoding", partial(contribution.encode, "bench", start, {}))
                del result, compute
        for part, seconds in spent.items():
            if parts is not None:
                parts.setdefault(part, []).append(seconds)

    return loop


def _result(path: hn.Path, file: Path) -> dict[str, Any]:
    """The bins of each variation, from a run."""
    data = hn.Dataset("mc", file, kind="mc")
    h = path.start(data, chunk=CHUNK, out=file.parent / "run").wait().hist("h")
    return {v: h[{"variation": v}].values(flow=True) for v in h.axes["variation"]}


def _compare(theirs: dict[str, Any], ours: dict[str, Any], edges: int = 0) -> None:
    """Equal bins: up to the order of sums, and for weights up to coffea's ratios in float32.

    In so many bins of a variation an entry on their edge may be found next door, as by ROOT's axes.
    """
    if set(theirs) != set(LABELS) or set(ours) != set(LABELS):
        raise SystemExit(f"variations differ: {sorted(theirs)} and {sorted(ours)}")
    for label in LABELS:
        weighted = any(label.startswith(name) for name in WEIGHTS)
        some = (1e-5, 1e-3) if weighted else (1e-12, 1e-9)
        same = np.isclose(theirs[label], ours[label], *some)
        total = np.isclose(theirs[label].sum(), ours[label].sum(), *some)
        if not total or (~same).sum() > edges:
            worst = float(np.abs(theirs[label] - ours[label]).max())
            raise SystemExit(f"the two analyses differ in {label} by {worst:g}")
