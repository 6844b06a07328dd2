"""What is filled, added, merged and folded takes little memory, however large the histogram."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import hist
import numpy as np
import pytest

from hepnb.errors import StoreError
from hepnb.histograms import Contribution, H5Hist, Signature, Store, StoreWriter

PROJECT = Path(__file__).parents[2]
BUDGET = 64  # MB, the least that is allowed
SIDE = 998

FILLING = """
import sys
from pathlib import Path
import hist, numpy as np
from hepnb.histograms import H5Hist

directory, storage, tuples = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
side, memory = int(sys.argv[4]), sys.argv[5]
made = hist.storage.MultiCell(3) if storage == "MultiCell" else storage

def new(name, x=side, y=side):
    axes = [hist.axis.Regular(x, 0, 1, name="x"), hist.axis.Regular(y, 0, 1, name="y")]
    category = hist.axis.StrCategory([], growth=True, name="c")
    return H5Hist(category, *axes, storage=made, name="h", path=directory / name, memory=memory)

def peak():  # ru_maxrss would count the parent's memory
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1e3

def beside(n):
    if storage == "MultiCell":
        return {"weight": np.ones((n, 3))}
    out = {"weight": np.ones(n)} if storage.startswith("Weight") else {}
    return out | ({"sample": np.ones(n)} if storage.endswith("Mean") else {})

def fill(h, x, y):
    with h.contribution("all") as c:
        for n in range(tuples):
            c.fill(c=f"c{n}", x=x, y=y, **beside(len(x)))

with new("warm", 500, 500) as h:
    fill(h, np.zeros(10), np.zeros(10))
assert h.project("c").axes[0].size == tuples  # all libraries are loaded
centres = (np.arange(side) + 0.5) / side
x, y = (a.ravel() for a in np.meshgrid(centres, centres))
given = beside(len(x))
Path("/proc/self/clear_refs").write_text("5")
before = peak()
h = new("h")
fill(h, x, y)
h.close()
h = H5Hist.open(directory / "h", memory=memory)
two = new("two").add(h)
two.close()
with H5Hist.merge(h, two, path=directory / "three", memory=memory) as three:
    pass
used = peak() - before
for found, times in ((h, 1), (two, 1), (three, 2)):
    for n in (0, tuples - 1):
        view = found[f"c{n}", :, :].view(flow=True)
        part = {"Weight": "value", "Mean": "count"}.get(storage)
        numbers = view if part is None else view[part]
        assert numbers.shape[-2:] == (side + 2, side + 2)
        assert (numbers[..., 1:-1, 1:-1] == times).all()
        assert numbers.sum() == numbers[..., 1:-1, 1:-1].sum()
print("peak MB above the libraries:", used)
"""


def peak_of(program: str, *args: object) -> float:
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


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("storage", "fields"), [("Double", 1), ("Weight", 2), ("Mean", 3), ("MultiCell", 3)]
)
def test_filling_adding_and_merging_take_less_than_the_budget(
    storage: str, fields: int, tmp_path: Path
) -> None:
    tuples = 1 + 2 * BUDGET // (8 * fields)
    assert tuples * fields * 8 > 2 * BUDGET  # MB of bins
    used = peak_of(FILLING, tmp_path, storage, tuples, SIDE, f"{BUDGET} MB")
    assert used < 1.5 * BUDGET


FOLDING = """
import sys
from pathlib import Path
import hist, numpy as np
from hepnb.histograms import H5Hist, Signature, StoreWriter

def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1e3

directory = Path(sys.argv[1])
axes = [hist.axis.Regular(n - 2, 0, 1, name=name) for n, name in ((5000, "x"), (6000, "y"))]
with H5Hist(hist.axis.Regular(300_000, 0, 1, name="x"), path=directory / "warm") as h:
    h.fill(x=np.linspace(0, 1, 300_000))
assert h[sum] == 300_000
n = np.arange(3_000_000)
x, y = (n % 4998 + 0.5) / 4998, (n // 4998 + 0.5) / 5998
Path("/proc/self/clear_refs").write_text("5")
before = peak()
with H5Hist(*axes, storage="Weight", name="h", path=directory / "h", memory="64 MB") as h:
    for n in range(2):
        h.fill(x=x, y=y, weight=1.0 + n)
again = H5Hist.open(directory / "h", memory="64 MB")
again.fill(x=x[:1000], y=y[:1000], weight=1.0)
again.close()
used = peak() - before
assert again[sum, sum].value == 3 * 3_000_000 + 1000
print("peak MB above the libraries:", used)
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_block_larger_than_the_budget(tmp_path: Path) -> None:
    assert 7 * BUDGET * 10**6 < 30_000_000 * 16
    assert peak_of(FOLDING, tmp_path) < 1.5 * BUDGET


@pytest.mark.parametrize(
    "storage", ["Double", "Int64", "Weight", "Mean", "WeightedMean", "MultiCell(2)"]
)
def test_what_went_to_the_private_file_counts_like_the_rest(storage: str, tmp_path: Path) -> None:
    axes = [
        hist.axis.StrCategory([], growth=True, name="c"),
        hist.axis.Regular(5_000, 0, 1, name="x"),
    ]
    signature = Signature.from_axes("h", axes, storage)
    rng = np.random.default_rng(1)
    made = Contribution({"h": signature}, most=100_000, directory=tmp_path)
    labels = [f"c{n}" for n in range(7)]  # boost-histogram loses entries of a MultiCell that grows
    fixed = hist.axis.StrCategory(labels, name="c", overflow=False)
    reference = hist.Hist(fixed, signature.axes[1], storage=signature.new_storage())
    for n in range(60):
        beside: dict[str, Any] = {}
        if storage.startswith("W"):
            beside["weight"] = rng.integers(1, 4, 500).astype(float)
        if storage == "MultiCell(2)":
            beside["weight"] = rng.integers(1, 4, (500, 2)).astype(float)
        if storage.endswith("Mean"):
            beside["sample"] = rng.normal(size=500)
        columns = {"c": f"c{n % 7}", "x": rng.random(500)}
        made.fill("h", **columns, **beside)
        reference.fill(**columns, **beside)
    assert made.nbytes > 200_000
    assert not list(tmp_path.iterdir())  # the file has no name
    with StoreWriter.create(tmp_path / "s", {"h": signature}) as writer:
        assert writer.append(made.body("one", 0, {}))
        assert not writer.append(made.body("one", 0, {}))
        for _ in range(2):
            found = Store.open(tmp_path / "s").hist("h").to_hist()
            assert list(found.axes[0]) == labels
            cell = signature.cell
            for a, b in zip(
                cell.split(found.view(flow=True)).values(),
                cell.split(reference.view(flow=True)).values(),
                strict=True,
            ):
                assert np.allclose(a, b, rtol=1e-12, atol=1e-9)
            writer.fold()
    assert H5Hist.open(tmp_path / "s").committed == 1


def test_a_private_file_that_cannot_be_written_commits_nothing(tmp_path: Path) -> None:
    axes = [hist.axis.IntCategory([], growth=True, name="c"), hist.axis.Regular(9, 0, 1, name="x")]
    signature = Signature.from_axes("h", axes)
    made = Contribution({"h": signature}, most=10_000, directory=tmp_path / "gone")

    def fill() -> None:
        for n in range(100):
            made.fill("h", c=n, x=0.5)

    with pytest.raises(StoreError, match=r"cannot write a file in .*gone"):
        fill()
    (tmp_path / "gone").mkdir()
    with pytest.raises(StoreError, match="fill it again"):
        made.body("one", 0, {})
