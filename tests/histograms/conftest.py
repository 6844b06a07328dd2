"""Stores to test with: two histograms and a table, filled in chunks that are known exactly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import hist
import numpy as np
import pytest

from hepnb.histograms import Contribution, Signature, Store, StoreWriter

SIGNATURES = {
    "mass": Signature.from_axes(
        "mass",
        [
            hist.axis.StrCategory([], growth=True, name="channel"),
            hist.axis.Regular(40, 0, 200, name="m", label="mass [GeV]"),
            hist.axis.Boolean(name="tight"),
        ],
        "Weight",
        label="dimuon mass",
    ),
    "n": Signature.from_axes("n", [hist.axis.Integer(0, 5, name="n")], "Int64"),
}


def chunk(number: int) -> bytes:
    """The record of chunk `number`: 200 entries with weights whose sums depend on the order."""
    rng = np.random.default_rng(number)
    made = Contribution(SIGNATURES)
    for channel in ("mm", "ee") if number % 2 else ("ee", f"late{number // 4}"):
        columns = {"m": rng.exponential(60, 100), "tight": rng.random(100) < 0.5}
        made.fill("mass", channel=channel, **columns, weight=rng.normal(1, 0.1, 100))
    made.fill("n", n=rng.integers(0, 7, 200))
    made.table("pairs", {"chunk": np.full(3, number), "m": rng.random(3)})
    return made.encode(f"chunk-{number}", number, {"events": 200})


def bits(store: Store) -> list[bytes]:
    """All that a store holds, as bytes, growing categories in canonical order."""
    out = []
    for name in store.names:
        h = store.hist(name).to_hist()
        if name == "mass":
            order = np.argsort(list(h.axes[0]))
            out.append(repr(sorted(h.axes[0])).encode())
            out.append(np.asarray(h.view(flow=True))[order].tobytes())
        else:
            out.append(np.asarray(h.view(flow=True)).tobytes())
    table = store.table("pairs")
    return [*out, *(table[c].tobytes() for c in table)]


@pytest.fixture(scope="session")
def signatures() -> dict[str, Signature]:
    return SIGNATURES


@pytest.fixture(scope="session")
def record() -> Callable[[int], bytes]:
    return chunk


@pytest.fixture(scope="session")
def bits_of() -> Callable[[Store], list[bytes]]:
    return bits


@pytest.fixture
def writer(tmp_path: Path) -> StoreWriter:
    return StoreWriter.create(tmp_path / "store", SIGNATURES, {"run": "r1"})
