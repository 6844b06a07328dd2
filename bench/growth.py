"""How the CPU time of one loop grows with the number of variations, of weights and of columns.

An added variation of a column should cost what its touched part costs: the steps from what it varies
down to the fill. That part is measured apart, without any variation: as what the nominal loop takes with
these steps beyond what it takes without them.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hepnb as hn

from .nano_loops import path_of
from .signatures import fill_all, signatures_of
from .table import cpu, interleaved, show

__all__ = ["growth"]

_EVENTS = 100_000
_CHUNK = 50_000
_WEIGHTS = (1, 10, 50, 200)
_SHAPES = (1, 4, 16, 64, 200)
_PAIRS = 9  # of short loops, whose difference is small
_WIDTH = 40


def growth(file: Path, repeats: int) -> None:
    """Print CPU time with more and more variations of one kind."""
    _weights(file, repeats)
    _shapes(file, repeats)


def _weights(file: Path, repeats: int) -> None:
    def weighted(count: int) -> Callable[[], float]:
        path = path_of(())
        path.weight(
            "more", 1.0, variations={str(n): f"puWeight * {1 + n / 100}" for n in range(count)}
        )
        return _loop(path, file, read=True)

    cases = {f"{n} variations of a weight": weighted(n) for n in _WEIGHTS}
    found = interleaved(cases, repeats)
    first, *_, last = cases
    show("CPU time by number of variations: weights", found, first)
    low, high = (statistics.median(found[name]) for name in (first, last))
    each = (high / low - 1) / (_WEIGHTS[-1] - _WEIGHTS[0])
    print(f"  each added weight costs {each:.1%} of the loop with one   (goal: 3 %)")


def _shapes(file: Path, repeats: int) -> None:
    def varied(count: int) -> hn.Path:
        path = path_of(())
        for n in range(count):
            path.vary("Jet.pt", **{f"shape{n}": f"Jet.pt * {1 + n / 100}"})
        return path

    touched = path_of(())
    touched.replace("Jet.pt", "Jet.pt * 1.01")
    rest = path_of((), jets=False)
    rest.table("rows", {"mll": "mll"})
    rest.table("objects", {"central": "abs(Jet.eta) < 2.4"})
    whole, less = _loop(touched, file), _loop(rest, file)
    cases: dict[str, Callable[[], float]] = {
        "touched": lambda: statistics.median(whole() - less() for _ in range(_PAIRS)),
        **{str(n): _loop(varied(n), file) for n in _SHAPES},
    }
    found = interleaved(cases, repeats)
    part = statistics.median(found.pop("touched"))
    print("\nCPU time by number of variations: shapes, without reading")
    print(f"  {'shapes':>6}{'median s':>10}{'each added':>12}{'of the touched part':>21}")
    medians = {int(n): statistics.median(values) for n, values in found.items()}
    one, most = medians[_SHAPES[0]], max(medians.values())
    for count, seconds in medians.items():
        told = " " * 33
        if count > 1:
            each = (seconds - one) / (count - 1)
            told = f"{each * 1000:>9.2f} ms{each / part:>21.2f}"
        bar = "#" * round(_WIDTH * seconds / most)
        print(f"  {count:>6}{seconds:>10.3f}{told}  {bar}")
    print(f"  the touched part of a shape takes {part * 1000:.2f} ms   (goal: no more than 1)")


def _loop(path: hn.Path, file: Path, *, read: bool = False) -> Callable[[], float]:
    """The CPU seconds of computing, filling and encoding, and of reading if that is asked for."""
    from hepnb.analysis import open_events
    from hepnb.histograms import Contribution

    program = path.freeze()
    dataset = hn.Dataset("mc", file, kind="mc")
    signatures = signatures_of(program)

    def work(events: Any, start: int) -> None:
        contribution = Contribution(signatures)
        fill_all(contribution, program.process(events, dataset, first_entry=start))
        contribution.encode("bench", start, {})

    def loop() -> float:
        began, reading = cpu(), 0.0
        with open_events(file) as opened:
            columns = program.columns(opened.branches)
            reading += cpu() - began
            for start in range(0, _EVENTS, _CHUNK):
                before = cpu()
                events = opened.read(columns, start, start + _CHUNK)
                reading += cpu() - before
                work(events, start)
        return cpu() - began - (0.0 if read else reading)

    return loop
