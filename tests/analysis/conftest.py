"""Small events made in memory, and the real dimuon file or a toy with the same branches."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

import awkward as ak
import numpy as np
import pytest

from hepnb.analysis import ChunkResult, Dataset, Path, Program

FIELDS = ("pt", "eta", "phi", "mass", "charge")
REAL = "cms/dimuon/Run2012BC_DoubleMuParked_100k_open-data-example.root"


def make_events(muons: Sequence[Sequence[float]], **plain: Sequence[Any]) -> ak.Array:
    """Events in which muon `i` of event `e` has pt `muons[e][i]` and other fields made from it."""
    pt = ak.values_astype(ak.Array([list(event) for event in muons]), np.float32)
    if not len(muons) or pt.ndim < 2:
        counts = np.zeros(len(muons), np.int64)
        pt = ak.unflatten(np.zeros(0, np.float32), counts)
    columns: dict[str, Any] = {
        "nMuon": ak.values_astype(ak.num(pt), np.uint32),
        "Muon_pt": pt,
        "Muon_eta": pt / 50 - 1,
        "Muon_phi": pt / 40 - 1,
        "Muon_mass": pt * 0 + np.float32(0.105658),
        "Muon_charge": ak.values_astype(2 * (ak.values_astype(pt, np.int32) % 2) - 1, np.int32),
    }
    columns |= {name: np.asarray(values) for name, values in plain.items()}
    return ak.zip(columns, depth_limit=1)


def run(path: Path, events: ak.Array, **where: Any) -> ChunkResult:
    """Freeze, read what is needed, process one chunk."""
    program = path.freeze()
    dataset = where.pop("dataset", None) or Dataset(
        "toy", "https://example.org/toy.root", kind="mc"
    )
    return program.process(read(program, events, dataset), dataset, **where)


def read(program: Program, events: ak.Array, dataset: Dataset | None = None) -> ak.Array:
    """The branches a program asks for, as a file would give them."""
    columns = program.columns(events.fields, dataset)
    contents = [events.layout.content(name) for name in columns]
    return ak.Array(ak.contents.RecordArray(contents, list(columns), length=len(events)))


def filled(result: ChunkResult, hist: str) -> dict[tuple[Any, ...], Mapping[str, np.ndarray]]:
    """Columns of the fills of one histogram by category labels; weights under `"weight"`."""
    return {
        tuple(f.categories.values()): {
            **f.columns,
            **({} if f.weight is None else {"weight": f.weight}),
        }
        for f in result.fills
        if f.hist == hist
    }


@pytest.fixture(scope="session")
def make() -> Callable[..., ak.Array]:
    """`make(muons, **plain)`: events in memory."""
    return make_events


@pytest.fixture(scope="session")
def process() -> Callable[..., ChunkResult]:
    """`process(path, events, ...)`: the result of one chunk."""
    return run


@pytest.fixture(scope="session")
def fills() -> Callable[..., dict[tuple[Any, ...], Mapping[str, np.ndarray]]]:
    """`fills(result, hist)`: columns by category labels."""
    return filled


@pytest.fixture
def events() -> ak.Array:
    """Five events with 0 to 3 muons."""
    return make_events(
        [[40, 21, 5], [], [31, 12], [8], [55, 54]], genWeight=np.array([1.0, 2.0, -1.0, 0.5, 4.0])
    )


@pytest.fixture(scope="session")
def muon_file(tmp_path_factory: pytest.TempPathFactory) -> FilePath:
    """The real dimuon file when HEPNB_DATA_DIR has it, else (said aloud) a toy of the same form."""
    real = FilePath(os.environ.get("HEPNB_DATA_DIR", "/nowhere")) / REAL
    if real.exists():
        return real
    from hepnb.samples import toy_dimuon

    print(f"no {REAL} in HEPNB_DATA_DIR: using a toy with the same branches")
    return toy_dimuon(tmp_path_factory.mktemp("toy") / "toy.root", events=20_000)
