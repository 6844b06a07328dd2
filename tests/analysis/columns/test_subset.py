"""Sub-collections: the right objects, none twice, each with its place; below selects and variations."""

from __future__ import annotations

import awkward as ak
import numpy as np
import pytest

from hepnb.analysis import Path
from hepnb.errors import PathError


def made(process, path: Path, events: ak.Array, **columns: str) -> dict[str, list]:
    for name, formula in columns.items():
        path.table(name, {"x": formula})
    tables = process(path, events).tables
    return {name: tables[name]["x"].tolist() for name in columns}


@pytest.fixture
def parted() -> Path:
    path = Path()
    path.collection("iso", of="Muon", where="Muon.pt > 30")
    path.collection("mid", of="Muon", where="Muon.pt > 10", not_in="iso")
    path.collection("rest", of="Muon", not_in=["iso", "mid"])
    path.collection("inner", of="mid", where="mid.eta > -0.7")
    return path


def test_by_hand(process, events, parted) -> None:
    """The muons are [40, 21, 5], [], [31, 12], [8], [55, 54]."""
    found = made(
        process, parted, events,
        iso="iso.pt", iso_at="iso.index", mid="mid.pt", mid_at="mid.index",
        rest="rest.pt", rest_at="rest.index", inner="inner.pt", inner_at="inner.index",
        n="count(iso) + count(mid) + count(rest) == count(Muon)",
    )  # fmt: skip
    assert found["iso"] == [40, 31, 55, 54]
    assert found["iso_at"] == [0, 0, 0, 1]
    assert (found["mid"], found["mid_at"]) == ([21, 12], [1, 1])
    assert (found["rest"], found["rest_at"]) == ([5, 8], [2, 0])
    assert (found["inner"], found["inner_at"]) == ([21], [1])
    assert all(found["n"])


def test_in_functions(process, events, parted) -> None:
    parted.define("x", lambda mid, Muon: ak.sum(Muon.pt[mid.index], axis=1))
    assert made(process, parted, events, x="x")["x"] == [21, 0, 12, 0, 0]


def test_only_what_is_used_is_read(parted) -> None:
    parted.table("t", {"x": "rest.charge"})
    names = ["nMuon", *(f"Muon_{f}" for f in ("pt", "eta", "phi", "charge", "mass"))]
    assert parted.columns(names) == ("Muon_pt", "Muon_charge")


def test_below_a_select(process, events, parted) -> None:
    parted.select("two", "count(Muon) == 2")
    assert made(process, parted, events, x="mid.index", y="iso.index") == {"x": [1], "y": [0, 0, 1]}


def test_objects_move_between_them_under_a_variation(process, fills, events, parted) -> None:
    parted.vary("Muon.pt", scale=("Muon.pt * 1.5", "Muon.pt * 0.5"))
    for name in ("iso", "mid", "rest"):
        parted.hist(name, i=f"{name}.index: 4, 0, 4", pt=f"{name}.pt: 10, 0, 100")
    result = process(parted, events)
    found: dict[str, dict[str, list]] = {}
    for fill in result.fills:
        for label in fill.weights:
            found.setdefault(label, {})[fill.hist] = fill.columns["pt"].tolist()
    scales = {"nominal": 1.0, "scale_up": 1.5, "scale_down": 0.5}
    for label, scale in scales.items():
        pt = np.array([40, 21, 5, 31, 12, 8, 55, 54]) * scale
        want = {
            "iso": pt[pt > 30],
            "mid": pt[(pt > 10) & (pt <= 30)],
            "rest": pt[pt <= 10],
        }
        for name, values in want.items():
            assert found.get(label, {}).get(name, []) == values.tolist(), (label, name)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"of": "Muon", "where": "count(Muon) > 1"}, "one per object of its collection"),
        ({"of": "genWeight", "where": "genWeight > 1"}, "made of a collection"),
        ({"of": "Muon", "not_in": "Muon"}, "no field 'index'"),
        ({"of": "Muon", "where": "Muon.pt > "}, "collection 'sub', where: not an expression"),
        ({"of": "Muon pt"}, "cannot name what collection 'sub' is made of"),
    ],
)
def test_what_is_none(process, events, arguments, says) -> None:
    path = Path()

    def run() -> None:
        path.collection("sub", **arguments)
        made(process, path, events, x="count(sub)")

    with pytest.raises(PathError, match=says):
        run()
