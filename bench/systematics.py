"""One analysis with 14 variations: hepnb's single loop against loops over the variations.

Nominal, 10 variations of weights and 4 of jet energies; jets, their sum of pt and the mass of two
muons, in 6 x 50 x 60 bins.
"""

from __future__ import annotations

import resource
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np

import hepnb as hn

from .nano import WEIGHTS, nano_file
from .nano_loops import CHUNK, JETS, LABELS, NJET_HT_MLL, coffea, mass, plain
from .signatures import signatures_of
from .table import interleaved, show

__all__ = ["main"]

_EVENTS = 1_000_000
_FEWER = 200_000  # for the growth


def main(repeats: int = 3, events: int = _EVENTS) -> None:
    """Print the CPU time of all, and how hepnb's grows with the number of weights and shapes."""
    home = Path(tempfile.mkdtemp(prefix="hepnb-bench-"))
    try:
        file = nano_file(home / "nano.root", events)
        theirs, by_hand, ours = coffea(file), plain(file), _loop(_path(), file)
        result = _result(_path(), file)
        _compare(theirs(), result)
        _compare(by_hand(), result)
        iterative = "coffea, iterative executor"
        cases = {
            iterative: partial(_timed, theirs),
            "coffea, futures, 2 processes": partial(_timed, coffea(file, 2)),
            "uproot, awkward and hist": partial(_timed, by_hand),
            "hepnb, nominal alone": partial(_timed, _loop(_path(), file, "nominal")),
            "hepnb, all in one loop": partial(_timed, ours),
        }
        found = interleaved(cases, repeats)
        show(f"{events:,} events, nominal and 14 variations, CPU time", found, iterative, "1/3")
        _growth(file, repeats)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _growth(file: Path, repeats: int) -> None:
    """CPU time with more and more variations of one kind."""

    def weights(count: int) -> Callable[[], Any]:
        path = _path(())
        path.weight(
            "more", 1.0, variations={str(n): f"puWeight * {1 + n / 100}" for n in range(count)}
        )
        return _loop(path, file, most=_FEWER)

    def shapes(count: int) -> Callable[[], Any]:
        path = _path(())
        for n in range(count):
            path.vary("Jet.pt", **{f"shape{n}": f"Jet.pt * {1 + n / 100}"})
        return _loop(path, file, most=_FEWER)

    for kind, make, counts in (
        ("weight", weights, (1, 10, 50, 200)),
        ("shape", shapes, (1, 4, 16, 64)),
    ):
        cases = {f"{n} variations of a {kind}": partial(_timed, make(n)) for n in counts}
        first = next(iter(cases))
        found = interleaved(cases, repeats)
        show(f"CPU time by number of variations: {kind}s", found, first)
        low, high = min(found[first]), min(found[[*cases][-1]])
        growth = (high / low - 1) / (counts[-1] - counts[0])
        goal = "   (goal: 3 %)" if kind == "weight" else ""
        print(f"  each added {kind} costs {growth:.1%} of the loop with one{goal}")


def _timed(work: Callable[[], Any]) -> float:
    """CPU seconds of this process and of those that it started and saw end."""
    began = _cpu()
    work()
    return _cpu() - began


def _cpu() -> float:
    spent = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


# -- hepnb -----------------------------------------------------------------------------------------


def _path(varied: tuple[str, ...] = ("weights", "jets")) -> hn.Path:
    path = hn.Path("benchmark")
    if "jets" in varied:
        for name, unc in JETS.items():
            sides = (f"Jet.pt * (1 + Jet.{unc})", f"Jet.pt * (1 - Jet.{unc})")
            path.vary("Jet.pt", **{name: sides})
    path.weight("genWeight")
    for name in WEIGHTS:
        both = {"up": f"{name}Up", "down": f"{name}Down"} if "weights" in varied else {}
        path.weight(name, **both)
    path.define("jets", "Jet[Jet.pt > 30 and abs(Jet.eta) < 2.4]")
    path.define("ht", "sum(jets.pt)")
    path.define("muons", "Muon[Muon.pt > 10 and abs(Muon.eta) < 2.4]")

    @path.define
    def mll(muons: Any) -> Any:
        two = ak.to_numpy(ak.num(muons)) >= 2
        found = np.full(len(muons), -1.0)
        found[two] = mass(muons[two][:, 0], muons[two][:, 1])
        return found

    path.select("two jets", "count(jets) >= 2 and ht > 100")
    njet, ht, dimuon = NJET_HT_MLL
    axes: dict[str, Any] = {"njet": ("count(jets)", njet), "ht": ("ht", ht), "mll": ("mll", dimuon)}
    path.hist("h", storage="Weight", **axes)
    return path


def _loop(
    path: hn.Path, file: Path, variations: str = "all", most: int = _EVENTS
) -> Callable[[], None]:
    """What a worker does with one file."""
    from hepnb.analysis import open_events
    from hepnb.histograms import Contribution

    program = path.freeze(variations)
    dataset = hn.Dataset("mc", file, kind="mc")
    signatures = signatures_of(program)

    def loop() -> None:
        with open_events(file, None) as opened:
            columns = program.columns(opened.branches)
            entries = min(opened.entries, most)
            for start in range(0, entries, CHUNK):
                stop = min(start + CHUNK, entries)
                events = opened.read(columns, start, stop)
                contribution = Contribution(signatures)
                for fill in program.process(events, dataset, first_entry=start).fills:
                    contribution.fill_each(fill.hist, "variation", fill.weights, **fill.columns)
                contribution.encode("bench", start, {})

    return loop


def _result(path: hn.Path, file: Path) -> dict[str, Any]:
    """The bins of each variation, from a run."""
    data = hn.Dataset("mc", file, kind="mc")
    h = path.start(data, chunk=CHUNK, out=file.parent / "run").wait().hist("h")
    return {v: h[{"variation": v}].values(flow=True) for v in h.axes["variation"]}


def _compare(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    """Equal bins: up to the order of sums, and for weights up to coffea's ratios in float32."""
    if set(theirs) != set(LABELS) or set(ours) != set(LABELS):
        raise SystemExit(f"variations differ: {sorted(theirs)} and {sorted(ours)}")
    for label in LABELS:
        weighted = any(label.startswith(name) for name in WEIGHTS)
        some = {"rtol": 1e-5, "atol": 1e-3} if weighted else {"rtol": 1e-12, "atol": 1e-9}
        if not np.allclose(theirs[label], ours[label], **some):
            worst = float(np.abs(theirs[label] - ours[label]).max())
            raise SystemExit(f"the two analyses differ in {label} by {worst:g}")
