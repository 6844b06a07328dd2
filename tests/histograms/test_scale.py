"""Many small blocks and few huge ones: bounded memory, files that grow with bytes, bounded garbage.

CI holds a tenth of the sizes; HEPNB_SOAK=1 the full ones.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import hist
import numpy as np
import pytest

from hepnb.histograms import Contribution, H5Hist, Signature, Store, StoreWriter

SOAK = bool(os.environ.get("HEPNB_SOAK"))
TUPLES = 1_000_000 if SOAK else 100_000
HUGE = 100 if SOAK else 10
PROJECT = Path(__file__).parents[2]

MANY = """
import sys, time
from pathlib import Path
import hist, numpy as np
from hepnb.histograms import H5Hist
directory, tuples, step = Path(sys.argv[1]), int(sys.argv[2]), 5000
labels = [hist.axis.StrCategory([], growth=True, name=n) for n in ("dataset", "syst", "region")]
def key(n):
    return {"dataset": f"d{n // 2500}", "syst": f"s{n // 25 % 100}", "region": f"r{n % 25}"}
def told(what, began):
    print(f"{what}: {time.perf_counter() - began:.2f} s", flush=True)
    return time.perf_counter()
if sys.argv[3] == "fill":
    h = H5Hist(*labels, hist.axis.Regular(998, 0, 1, name="x"), name="h", path=directory)
    began = time.perf_counter()
    for first in range(0, tuples, step):
        numbers = range(first, min(first + step, tuples))
        columns = [np.repeat(c, 2) for c in zip(*(key(n).values() for n in numbers))]
        x = np.tile([0.25, 0.75], len(numbers))
        with h.contribution(f"{first}") as c:
            c.fill(**dict(zip(("dataset", "syst", "region"), columns)), x=x)
    h.close()
    told("filled", began)
else:
    began = time.perf_counter()
    h = H5Hist.open(directory)
    assert h.committed == -(-tuples // step)
    began = told("reopened", began)
    assert h[key(tuples - 1)].values()[[249, 748]].tolist() == [1, 1]
    began = told("one tuple", began)
    assert h.project("x").sum() == 2 * tuples
    began = told("all tuples on x", began)
    assert h.project("syst").values().tolist() == [tuples / 50] * 100
    told("all tuples on syst", began)
status = Path("/proc/self/status").read_text()  # ru_maxrss would count the parent's memory
print("peak MB:", int(status.split("VmHWM:")[1].split()[0]) / 1e3)
"""

LARGE = """
import sys, time
from pathlib import Path
import hist, numpy as np
from hepnb.histograms import H5Hist
h = H5Hist.open(sys.argv[1])
assert h.size == 10_000_000 * int(sys.argv[2])
for what, ask in [
    ("one tuple", lambda: h["c3", :, sum, sum]),
    ("10 % of x, all tuples", lambda: h[sum, 0.4j:0.5j, sum, sum]),
    ("full projection", lambda: h.project("x")),
]:
    began = time.perf_counter()
    print(f"{what}: {ask().sum(flow=True):.0f} in {time.perf_counter() - began:.2f} s", flush=True)
status = Path("/proc/self/status").read_text()  # ru_maxrss would count the parent's memory
print("peak MB:", int(status.split("VmHWM:")[1].split()[0]) / 1e3)
"""


def measured(program: str, *args: object) -> float:
    """Run a program in a process of its own; print what it says and give its peak in MB."""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, args)],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    return float(done.stdout.rsplit(":", 1)[1])


def bytes_of(directory: Path) -> int:
    return sum(f.stat().st_size for f in directory.rglob("*") if f.is_file())


def packs_of(directory: Path) -> int:
    return len(list((directory / "packs").iterdir()))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_very_many_tuples(tmp_path: Path) -> None:
    directory = tmp_path / "s"
    assert measured(MANY, directory, TUPLES, "fill") < 1500 * (2 if SOAK else 0.5)
    data = TUPLES * 1000 * 8
    print(
        f"{packs_of(directory)} packs, {bytes_of(directory) / 1e6:.0f} MB for {data / 1e6:.0f} MB"
    )
    assert packs_of(directory) <= data // (64 << 20) + 1
    assert measured(MANY, directory, TUPLES, "read") < (3000 if SOAK else 500)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_projection_of_huge_blocks_takes_little_memory(tmp_path: Path) -> None:
    directory = tmp_path / "s"
    axes = [
        hist.axis.StrCategory([], growth=True, name="c"),
        hist.axis.Regular(98, 0, 1, name="x"),
        hist.axis.Regular(998, 0, 1, name="y"),
        hist.axis.Regular(98, 0, 1, name="z"),
    ]
    rng = np.random.default_rng(1)
    total = 0.0
    with H5Hist(*axes, name="h", path=directory) as h:
        base = rng.poisson(0.58, (100, 1000, 100)).astype(float)
        assert 0.43 < (base > 0).mean() < 0.45
        for n in range(HUGE):
            h.chunks[(f"c{n}",)] = np.roll(base, 31 * n)
            total += base.sum()
    assert packs_of(directory) <= HUGE
    assert measured(LARGE, directory, HUGE) < 400
    reopened = H5Hist.open(directory)
    assert reopened.project("x").sum(flow=True) == total


def test_rewriting_a_block_leaves_no_more_than_its_double(tmp_path: Path) -> None:
    signatures = {"h": Signature.from_axes("h", [hist.axis.Regular(50_000, 0, 1, name="x")])}
    rng = np.random.default_rng(1)
    reference = np.zeros(50_000)
    with StoreWriter.create(tmp_path / "s", signatures) as writer:
        for n in range(200):
            made = Contribution(signatures)
            x, weight = rng.random(500), rng.normal(1, 1, 500)
            made.fill("h", x=x, weight=weight)
            np.add.at(reference, (x * 50_000).astype(int), weight)
            writer.append(made.encode(f"{n}", n, {}))
            writer.fold()
            assert packs_of(tmp_path / "s") <= 2  # the live one, and the last for plain readers
        writer.compact()
        assert packs_of(tmp_path / "s") == 1
        live = (tmp_path / "s" / "packs" / writer._manifest.packs[0]).stat().st_size
        assert bytes_of(tmp_path / "s") <= 2 * live
    assert np.allclose(Store.open(tmp_path / "s").hist("h").values(), reference, atol=1e-9)


def test_compacting_gathers_what_is_small_or_superseded(tmp_path: Path) -> None:
    axes = [
        hist.axis.IntCategory([], growth=True, name="c"),
        hist.axis.Regular(9_998, 0, 1, name="x"),
    ]
    signatures = {"h": Signature.from_axes("h", axes)}
    rng = np.random.default_rng(1)
    with StoreWriter.create(tmp_path / "s", signatures) as writer:
        for n in range(7):
            made = Contribution(signatures)
            for c in range(10):
                made.fill("h", c=10 * n + c, x=rng.random(4000))
            made.fill("h", c=0, x=0.5)
            writer.append(made.encode(f"{n}", n, {}))
            writer.fold()
        before = Store.open(tmp_path / "s").hist("h").to_hist()
        assert packs_of(tmp_path / "s") == 7
        writer.compact()
        assert packs_of(tmp_path / "s") == 1
        packs = writer._manifest.packs
        writer.compact()
        assert writer._manifest.packs == packs
        store = Store.open(tmp_path / "s")
        assert store.hist("h").to_hist() == before
        assert store.folded == 7
