"""The column cache: an edited cut runs again on an LZMA file; and memory against the number of files.

The sample is made here: NanoAOD's names and shapes, numbers with NanoAOD's short mantissas, no physics.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np

import hepnb as hn
from hepnb.analysis import open_events
from hepnb.analysis.reading.cache import ColumnCache
from hepnb.histograms import Contribution

from .signatures import fill_all, signatures_of
from .table import interleaved, show

__all__ = ["main"]

_EVENTS = 200_000
_CHUNK = 50_000
_JET = ("pt", "eta", "phi", "mass", "btagDeepFlavB", "jetId", "puId", "qgl")
_MUON = ("pt", "eta", "phi", "mass", "charge", "pfRelIso04_all", "dxy", "dz")
_PLAIN = ("genWeight", "MET_pt", "MET_phi", "PV_npvs", "puWeight", "Pileup_nTrueInt")


def main(repeats: int = 3, events: int = _EVENTS) -> None:
    """Print the CPU time of the first run, and of one with another cut; then the peak memory."""
    home = Path(tempfile.mkdtemp(prefix="hepnb-bench-"))
    try:
        file = _sample(home / "nano.root", events)

        def first() -> float:
            shutil.rmtree(home / "cache", ignore_errors=True)
            return _timed(file, home / "cache", 30.0)

        def edited() -> float:
            return _timed(file, home / "cache", 35.0)

        found = interleaved(
            {"the first run": first, "an edited cut, from the cache": edited}, repeats
        )
        show(f"{events:,} events of LZMA, 22 columns, CPU time", found, "the first run", "1/10")
        _memory(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _path(cut: float) -> hn.Path:
    path = hn.Path("cache")
    path.weight("genWeight")
    path.weight("puWeight")
    for name, formula in {
        "good": "Jet.pt > {cut} and abs(Jet.eta) < 2.4 and Jet.jetId >= 2 and Jet.puId >= 4",
        "tight": "Muon.pt > 20 and abs(Muon.eta) < 2.4 and Muon.pfRelIso04_all < 0.15 "
        "and abs(Muon.dxy) < 0.2 and abs(Muon.dz) < 0.5",
    }.items():
        path.define(name, formula.format(cut=cut))
    path.define("ht", "sum(where(good, Jet.pt, 0))")
    path.define("n_b", "count(good and Jet.btagDeepFlavB > 0.3 and Jet.qgl > 0.1)")
    path.select("two jets", "count(good) >= 2 and count(tight) >= 1")
    path.hist("ht", ht="ht: 50, 0, 1000", nb="n_b: 0, 5, int")
    path.hist("met", met="MET_pt: 50, 0, 300", npv="PV_npvs: 50, 0, 100")
    path.hist("mu", phi="MET_phi: 50, -3.2, 3.2", pu="Pileup_nTrueInt: 50, 0, 100")
    path.hist("jets", phi="Jet.phi: 64, -3.2, 3.2", mass="Jet.mass: 50, 0, 50")
    path.hist("muons", phi="Muon.phi: 64, -3.2, 3.2", q="Muon.charge * Muon.mass: 50, -1, 1")
    return path


def _timed(file: Path, folder: Path, cut: float) -> float:
    """CPU seconds for reading and filling everything, as a worker does."""
    program = _path(cut).freeze()
    signatures = signatures_of(program)
    dataset = hn.Dataset("bench", str(file), kind="mc")
    began = time.process_time()
    with open_events(file) as opened:
        opened.cache_in(ColumnCache(folder, 10**10))
        wanted = program.columns(opened.branches, dataset)
        for start in range(0, opened.entries, _CHUNK):
            stop = min(start + _CHUNK, opened.entries)
            result = program.process(opened.read(wanted, start, stop), dataset, first_entry=start)
            made = Contribution(signatures)
            fill_all(made, result)
    return time.process_time() - began


def _sample(file: Path, events: int) -> Path:
    import uproot

    rng = np.random.default_rng(11)

    def short(values: Any) -> Any:
        """Ten bits of mantissa, as NanoAOD keeps."""
        bits = np.asarray(values, np.float32).view(np.uint32)
        return ((bits + 0x1000) & 0xFFFFE000).view(np.float32)

    def objects(names: tuple[str, ...], mean: float, size: int) -> ak.Array:
        counts = rng.poisson(mean, size)
        total = int(counts.sum())
        made: dict[str, Any] = {name: short(rng.normal(0, 1.5, total)) for name in names}
        made["pt"] = short(rng.exponential(30, total) + 15)
        for name in {"jetId", "puId", "charge"} & set(names):
            made[name] = rng.integers(-1, 8, total, dtype=np.int32)
        return ak.unflatten(ak.zip(made), counts)

    with uproot.recreate(file, compression=uproot.LZMA(9)) as out:
        tree = None
        for _ in range(0, events, _CHUNK):
            part = {
                "Jet": objects(_JET, 5.0, _CHUNK),
                "Muon": objects(_MUON, 1.2, _CHUNK),
                **{name: short(np.abs(rng.normal(30, 10, _CHUNK))) for name in _PLAIN},
            }
            if tree is None:
                kinds = {
                    k: v.type.content if k in ("Jet", "Muon") else v.dtype for k, v in part.items()
                }
                tree = out.mktree("Events", kinds, field_name=lambda a, b: f"{a}_{b}")
            tree.extend(part)
    return file


_PEAK = """
import resource, sys
import hepnb as hn
path = hn.Path("memory")
path.hist("pt", pt="Jet.pt: 50, 0, 300")
path.start(sys.argv[2:], engine="inline", out=sys.argv[1], allow_duplicates=True)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def _memory(home: Path) -> None:
    """The peak memory of one process that reads few and many files."""
    file = _sample(home / "small.root", _CHUNK)
    for count in (10, 100, 400):
        files = []
        for number in range(count):
            link = home / f"link{count}_{number}.root"
            link.hardlink_to(file)
            files.append(str(link))
        command = [sys.executable, "-c", _PEAK, str(home / f"run{count}"), *files]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        print(f"{count:5} files  peak memory {int(told.split()[-1]) / 1024:.0f} MB")
