"""Histograms bigger than memory, against boost-histogram, hist, NumPy, the disk and gzip."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .table import interleaved, show

__all__ = ["main"]

_DATASETS = 10


def main(tuples: int = 10, bins: int = 10_000_000, repeats: int = 3) -> None:
    """Print the four tables, in 3 GB of memory; with `main(100)` in 17 GB."""
    with _directory() as directory:
        for calls in (16, 48):
            _filling(directory, repeats, calls)
        _growing(directory)
        _slicing(directory, tuples, bins, repeats)
        _exporting(directory, repeats)


@contextmanager
def _directory() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="hepnb-bench-"))
    try:
        yield made
    finally:
        shutil.rmtree(made)


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _filling(directory: Path, repeats: int, calls: int) -> None:
    """Nine axes: three categories and six dense ones of 320 000 bins; one million events per call.

    Every call is committed; folds happen on the way, and the store is closed once, after the last.
    """
    import boost_histogram as bh
    import hist

    from hepnb.histograms import H5Hist

    events = 1_000_000
    labels = [f"s{n}" for n in range(4)]
    sizes = (8, 8, 8, 5, 5, 5)
    rng = np.random.default_rng(1)
    columns = [rng.exponential(0.3, events) for _ in sizes]
    weight = rng.normal(1, 0.1, events)
    dense = [hist.axis.Regular(n, 0, 1, name=f"x{i}") for i, n in enumerate(sizes)]
    names = ("dataset", "region", "variation")
    categories = [hist.axis.StrCategory([], growth=True, name=n) for n in names]
    fixed = [bh.axis.StrCategory(["a"]), bh.axis.StrCategory(["r"]), bh.axis.StrCategory(labels)]
    number = iter(range(10**9))

    def ours() -> float:
        h = H5Hist(
            *categories, *dense, storage="Weight", path=directory / f"fill{calls}-{next(number)}"
        )

        def work() -> None:
            for n in range(calls):
                with h.contribution(f"call {n}") as c:
                    c.fill("a", "r", labels[n % 4], *columns, weight=weight)
            h.close()

        return _timed(work) / calls

    def theirs() -> float:
        h = bh.Histogram(*fixed, *dense, storage=bh.storage.Weight())

        def work() -> None:
            for n in range(calls):
                h.fill("a", "r", labels[n % 4], *columns, weight=weight)

        return _timed(work) / calls

    cases = {"boost-histogram in memory": theirs, "H5Hist: fill, commit, fold": ours}
    found = interleaved(cases, repeats)
    show(
        f"Fill 1,000,000 events, 9 axes, Weight, {calls} times",
        found,
        next(iter(cases)),
        "at most 1.25",
    )


def _growing(directory: Path) -> None:
    """Each new category is filled with 1000 events into 10 000 bins; ours folds once in 1000 fills."""
    import hist

    from hepnb.histograms import H5Hist

    x = np.random.default_rng(1).random(1000)
    axes = [
        hist.axis.StrCategory([], growth=True, name="c"),
        hist.axis.Regular(10_000, 0, 1, name="x"),
    ]
    peers = {
        "hist.Hist": hist.Hist(*axes),
        "H5Hist on disk": H5Hist(*axes, path=directory / "growing"),
    }
    print("\nGrow to the 1000th category   (goal: a constant cost per category)")
    print(f"  {'case':<34}{'from':>12}{'ms':>9}{'to':>14}{'ms':>9}{'ratio':>9}")
    for (name, h), step in zip(peers.items(), (100, 1000), strict=True):
        total = max(1000, 3 * step)
        took = [_timed(lambda h=h, n=n: h.fill(c=f"c{n}", x=x)) for n in range(total)]  # type: ignore[misc]
        first, last = (sum(part) * 1000 / step for part in (took[:step], took[-step:]))
        head, tail = f"1-{step}", f"{total - step + 1}-{total}"
        print(f"  {name:<34}{head:>12}{first:>9.3f}{tail:>14}{last:>9.3f}{last / first:>9.2f}")
    peers["H5Hist on disk"].close()


def _slicing(directory: Path, tuples: int, bins: int, repeats: int) -> None:
    import boost_histogram as bh
    import hist

    from hepnb.histograms import H5Hist

    side = round(bins ** (1 / 3))
    shape = (side, side, side)
    labels = [f"c{n}" for n in range(tuples)]
    dense = [hist.axis.Regular(side - 2, 0, 1, name=n) for n in "xyz"]
    ours = H5Hist(
        hist.axis.StrCategory([], growth=True, name="c"), *dense, name="h", path=directory / "slice"
    )
    theirs = bh.Histogram(bh.axis.StrCategory(labels), *dense)
    array = np.zeros((tuples, *shape))
    base = np.random.default_rng(1).poisson(0.58, shape).astype(float)
    for n, label in enumerate(labels):
        array[n] = np.roll(base, 31 * n)
        theirs.view(flow=True)[n] = array[n]
        ours.chunks[label,] = array[n]
    ours.close()
    lo, hi = int(0.4 * (side - 2)), int(0.5 * (side - 2))
    work: dict[str, tuple[Callable[[], Any], ...]] = {
        "10 % of x, all tuples": (
            lambda: theirs[sum, lo:hi:sum, sum, :],
            lambda: ours[sum, lo:hi:sum, sum, :],
            lambda: array[:, lo + 1 : hi + 1].sum(axis=(0, 1, 2)),
        ),
        "one tuple on x": (
            lambda: theirs[bh.loc("c3"), :, sum, sum],
            lambda: ours["c3", :, sum, sum],
            lambda: array[3].sum(axis=(1, 2)),
        ),
        "full projection on x": (
            lambda: theirs.project(1),
            lambda: ours.project("x"),
            lambda: array.sum(axis=(0, 2, 3)),
        ),
    }
    print(f"\n{tuples} tuples of {side}^3 bins, {(base > 0).mean():.0%} filled")
    for what, (bh_way, our_way, np_way) in work.items():
        cases = {
            "boost-histogram in memory": lambda f=bh_way: _timed(f),
            "H5Hist on disk": lambda f=our_way: _timed(f),
            "NumPy, C order in memory": lambda f=np_way: _timed(f),
        }
        found = interleaved(cases, repeats)  # type: ignore[arg-type]
        show(what, found, "boost-histogram in memory", "below 1, and below 5 times NumPy")
        pairs = zip(found["H5Hist on disk"], found["NumPy, C order in memory"], strict=True)
        print(f"  times NumPy: {np.median([a / b for a, b in pairs]):.1f}")


def _exporting(directory: Path, repeats: int) -> None:
    """The disk writes the raw numbers; gzip shuffles and compresses them as HDF5 does."""
    from hepnb.histograms import H5Hist

    h = H5Hist.open(directory / "slice")
    raw = h.values(flow=True).tobytes()[: 64 << 20]
    size = h.size * 8

    def disk() -> float:
        def work() -> None:
            import os

            with (directory / "dd").open("wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())

        return _timed(work) * size / len(raw)

    def gzip() -> float:
        shuffled = np.frombuffer(raw, np.uint8).reshape(-1, 8).T.tobytes()
        return _timed(lambda: zlib.compress(shuffled, 4)) * size / len(raw)

    def ours() -> float:
        return _timed(lambda: h.export(directory / "out.h5"))

    cases = {
        "gzip -4 of shuffled bytes": gzip,
        "disk, write and fsync": disk,
        "H5Hist.export": ours,
    }
    found = interleaved(cases, repeats)
    show(f"Export {size / 1e6:.0f} MB", found, next(iter(cases)), "at most 1.25 of the slower one")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
