"""`hepnb demo`: the dimuon spectrum from a real file, filled in the background, in one command.

The analysis is in `dimuon_path`; the rest starts it, watches it, and says and writes what came out.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import numpy as np

from ._bind import Path, Run
from .analysis.kinematics import mass
from .errors import HepnbError, RunError
from .runs.handle.text import follow
from .samples import MARKS, RESONANCES, get
from .strict import strict_json

if TYPE_CHECKING:
    from .histograms import H5Hist

__all__ = ["CHUNK", "Results", "demo", "dimuon_path", "results_of"]

CHUNK = 5_000
"""Events per chunk: small, so that the 100 000 events of the sample arrive in twenty steps."""

FOLDER = "hepnb-demo"
_PRODUCTS = ("mass.h5", "dimuon.png", "dimuon.svg")


def dimuon_path() -> Path:
    """Mass of the pair in events with exactly two muons, by charge and by the pair's pT.

    >>> dimuon_path().freeze().columns(["nMuon"] + [f"Muon_{x}" for x in
    ...     ("pt", "eta", "phi", "mass", "charge", "tightId")])
    ('Muon_pt', 'Muon_eta', 'Muon_phi', 'Muon_mass', 'Muon_charge')
    """
    path = Path("dimuon")
    path.select("two muons", "count(Muon) == 2")
    path.define("pair_mass", lambda Muon: mass(Muon[:, 0], Muon[:, 1]))
    path.define("pair_pt", _pair_pt)
    path.category(
        "charge",
        opposite="nth(Muon.charge, 0) != nth(Muon.charge, 1)",
        same="nth(Muon.charge, 0) == nth(Muon.charge, 1)",
    )
    path.hist(
        "mass",
        mass="pair_mass: 600, 0.25, 300, log [m(μμ) / GeV]",
        pt="pair_pt: [0, 5, 10, 20, 40, 100] [pT(μμ) / GeV]",
        by="charge",
        label="Events with exactly two muons",
    )
    edges = sorted({edge for resonance in RESONANCES for edge in resonance.window})
    path.hist(
        "windows",
        mass=f"pair_mass: {edges} [m(μμ) / GeV]",
        by="charge",
        label="Events in the windows of the resonances, and between them",
    )
    return path


def _pair_pt(Muon: Any) -> Any:
    """Transverse momentum of the two muons' sum [GeV], in float64."""
    pt, phi = _of_two(Muon.pt), _of_two(Muon.phi)
    return np.hypot((pt * np.cos(phi)).sum(axis=1), (pt * np.sin(phi)).sum(axis=1))


def _of_two(column: Any) -> Any:
    """A jagged column of two values per event as a float64 array of shape (events, 2)."""
    import awkward as ak

    return np.asarray(ak.to_regular(column), np.float64)


@dataclass(frozen=True)
class Results:
    """What the demo counted: `pairs` are of opposite charge, `resonances` those in their windows."""

    events: int
    pairs: int
    same_sign: int
    resonances: Mapping[str, int]


def results_of(run: Run) -> Results:
    """The numbers of the table, from the run's histograms alone."""
    spectrum, windows = run.hist("mass"), run.hist("windows")
    return Results(
        events=int(run.progress["events"]),
        pairs=_count(_line(spectrum, "opposite")),
        same_sign=_count(_line(spectrum, "same")),
        resonances={r.name: _in_window(windows, r.window) for r in RESONANCES},
    )


def _line(spectrum: H5Hist, charge: str) -> Any:
    """The mass spectrum of one charge combination, all pT."""
    import hist

    return spectrum[{"charge": hist.loc(charge), "pt": sum}]


def _count(histogram: Any) -> int:
    return round(float(histogram.sum(flow=True)))


def _in_window(windows: H5Hist, window: tuple[float, float]) -> int:
    """Opposite-sign pairs in [low, high): the window's edges are bin edges."""
    import hist

    return round(float(windows[{"charge": hist.loc("opposite"), "mass": hist.loc(window[0])}]))


# -- the command ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Input:
    """The files, the sentence about them, and what a picture must say above its frame."""

    files: list[str]
    note: str
    experiment: str
    label: str
    energy: str


def demo(
    data: Sequence[str] | None = None,
    *,
    workers: int = 2,
    out: str | None = None,
    chunk: int = CHUNK,
    as_json: bool = False,
) -> int:
    """Run the demo and return its exit status: 0, or 1 if anything of the input was lost.

    Raises HepnbError where nothing could be run at all.
    """
    began = time.monotonic()
    folder, run_folder = _folders(out)
    given = _input(data)
    say = _silent if as_json else _say
    print(given.note, file=sys.stderr if as_json else sys.stdout, flush=True)
    run = dimuon_path().start(given.files, workers, chunk=chunk, out=run_folder)
    say(f"run {run.id} started with {workers} workers")
    try:
        follow(run, None if as_json else sys.stdout)
    except KeyboardInterrupt:
        run.cancel()
        raise HepnbError(
            f"interrupted: run {run.id} cancelled, what it had is in {run_folder}"
        ) from None
    if not run.progress["events"] and run.status != "done":
        raise RunError(f"the run {run.status}: {_why(run)}")
    results = results_of(run)
    _write(run, given, folder)
    seconds = time.monotonic() - began
    if as_json:
        print(strict_json(_as_json(run, results, folder, seconds)))
    else:
        say(_table(run, results))
        say(_farewell(run, folder, seconds))
    if run.status == "done":
        return 0
    if as_json:
        print(f"hepnb demo: {_loss(run)}", file=sys.stderr)
    return 1


def _folders(out: str | None) -> tuple[FilePath, FilePath]:
    """Where the results go, and a new run directory in it; nothing is ever overwritten."""
    folder = FilePath(out or FOLDER)
    if out is None:
        folder = _fresh(folder, lambda f: f.exists())
    in_the_way = [name for name in _PRODUCTS if (folder / name).exists()]
    if in_the_way:
        raise HepnbError(
            f"{folder} holds {', '.join(in_the_way)} already: give another --out, or remove them"
        )
    return folder, _fresh(folder / "run", lambda f: f.exists())


def _fresh(path: FilePath, taken: Any) -> FilePath:
    """The path, or the first of path-2, path-3, ... that is free."""
    number, candidate = 1, path
    while taken(candidate):
        number += 1
        candidate = path.with_name(f"{path.name}-{number}")
    return candidate


def _input(data: Sequence[str] | None) -> _Input:
    if data:
        files = [str(file) for file in data]
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        return _Input(files, f"input: {files[0]}{more}", "", "hepnb demo", "")
    sample = get("dimuon", progress=_download if sys.stderr.isatty() else None)
    files = [str(file) for file in sample.files]
    if sample.real:
        return _Input(files, f"input: {sample.note}", "CMS", "Open Data", "8 TeV, ")
    return _Input(files, f"input: *** {sample.note} ***", "Toy", "simulation, not data", "")


def _download(done: int, total: int) -> None:
    end = "\n" if done >= total else ""
    print(f"\rdownloading {done / 1e6:.1f} of {total / 1e6:.1f} MB", end=end, file=sys.stderr)


def _write(run: Run, given: _Input, folder: FilePath) -> None:
    """The exported histograms and the pictures."""
    from .histograms import Store
    from .plots import spectrum

    Store.open(run.directory).export(folder / "mass.h5")
    histogram = run.hist("mass")
    details = given.energy + f"{run.progress['events']:,} events".replace(",", " ")
    if run.status != "done":
        details = f"INCOMPLETE: {run.progress['files_failed']} file(s) lost, {details}"
    spectrum(
        {"opposite sign": _line(histogram, "opposite"), "same sign": _line(histogram, "same")},
        [folder / "dimuon.png", folder / "dimuon.svg"],
        experiment=given.experiment,
        label=given.label,
        details=details,
        marks=MARKS,
    )


def _as_json(run: Run, results: Results, folder: FilePath, seconds: float) -> dict[str, Any]:
    return {
        "events": results.events,
        "pairs": results.pairs,
        "resonances": dict(results.resonances),
        "files": list(run.files),
        "store": str(run.directory),
        "export": str((folder / "mass.h5").absolute()),
        "run": run.id,
        "seconds": round(seconds, 3),
    }


def _table(run: Run, results: Results) -> str:
    rows = [
        ("events read", "", results.events),
        ("opposite-sign pairs", "", results.pairs),
        ("same-sign pairs", "", results.same_sign),
    ]
    for resonance in RESONANCES:
        low, high = resonance.window
        name = f"  {resonance.name}"
        rows.append(
            (name, f"{low:6.2f} <= m < {high:6.2f} GeV", results.resonances[resonance.name])
        )
    lines = ["", *(f"{name:<20} {where:<26} {count:>9,}" for name, where, count in rows)]
    lines.append("opposite-sign pairs in the windows, with the background under the peaks")
    if run.status != "done":
        lines += ["", f"NOT THE WHOLE INPUT: {_loss(run)}"]
    return "\n".join(lines)


def _loss(run: Run) -> str:
    """What is missing from the totals, and why, in one line."""
    bad = [row for row in run.files if row["status"] == "failed" or row["events_lost"]]
    said = "; ".join(
        f"{row['file']}: {row['reason'].removeprefix(row['file'] + ': ')}" for row in bad
    )
    return f"{len(bad)} of {run.progress['files_total']} files lost: {said}" if bad else _why(run)


def _why(run: Run) -> str:
    return str(run.error) if run.error else f"it was {run.status}"


def _farewell(run: Run, folder: FilePath, seconds: float) -> str:
    return "\n".join(
        [
            "",
            f"histograms  {folder / 'mass.h5'}   hist.Hist(uhi.io.hdf5.read(h5py.File(...)['mass']))",
            f"pictures    {folder / 'dimuon.png'}, {folder / 'dimuon.svg'}",
            f"run         {run.id}   hn.attach({run.id!r})",
            f"{seconds:.1f} s. The same, live in a notebook: hepnb lab",
        ]
    )


def _say(text: str) -> None:
    print(text, flush=True)


def _silent(_text: str) -> None:
    """--json: the object is the only output."""
