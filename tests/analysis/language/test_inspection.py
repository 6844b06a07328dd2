"""Which fields of its arguments a function reads."""

from __future__ import annotations

import importlib
import linecache
from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Any

import awkward as ak
import numpy as np
import pytest

from hepnb.analysis import Path
from hepnb.analysis.kinematics import mass

BRANCHES = [
    "nMuon",
    *(f"Muon_{f}" for f in ("pt", "eta", "phi", "mass", "charge", "iso", "id")),
    "nJet",
    "Jet_pt",
    "Jet_eta",
]
ALL = {b for b in BRANCHES if b.startswith("Muon_")}
CUT = 30.0
FIELD = "charge"


def helper(objects: Any, scale: float = 1.0) -> Any:
    return objects.pt * scale + objects["eta"]


def recursive(objects: Any) -> Any:
    return recursive(objects)


def attributes(Muon: Any) -> Any:
    return Muon.pt * np.cosh(Muon["eta"])


def picked(Muon: Any) -> Any:
    a, b = Muon[:, 0], Muon[:, 1]
    return a.charge * b.charge


def masked(Muon: Any) -> Any:
    good = (Muon.pt > CUT) & (abs(Muon.eta) < 2.4)
    return ak.num(Muon[good])


def best(Muon: Any) -> Any:
    order = ak.argsort(Muon.iso, axis=1)
    return ak.firsts(Muon[order]).pt


def massed(Muon: Any) -> Any:
    pair = Muon[ak.num(Muon) == 2]
    return mass(pair[:, 0], pair[:, 1])


def combined(Muon: Any) -> Any:
    first, second = ak.unzip(ak.combinations(Muon, 2))
    return first.pt + second.pt


def named_pairs(Muon: Any) -> Any:
    pairs = ak.combinations(Muon, 2, fields=["a", "b"])
    return pairs.a.pt + pairs.b.eta


def helped(Muon: Any) -> Any:
    return helper(Muon[:, :1], scale=2.0)


def looped(Muon: Any) -> Any:
    total: Any = 0
    for name in ("pt", "eta"):
        total = total + Muon[name]
    return total


def comprehending(Muon: Any) -> Any:
    pt, eta = ([ak.firsts(m[field]) for m in (Muon, Muon[:, 1:])] for field in ("pt", "eta"))
    return pt[0] + eta[1]


def looped_further(Muon: Any) -> Any:
    total: Any = 0
    for name in ("pt", "eta"):
        total = total + Muon[name]
        name = FIELD  # noqa: PLW2901
    return total + Muon[name]


def looped_elsewhere(Muon: Any) -> Any:
    def inner() -> Any:
        for FIELD in ("pt", "eta"):
            print(FIELD)

    inner()
    return Muon[FIELD]


def shadowed(Muon: Any) -> Any:
    return sum(Muon[FIELD] for FIELD in ("pt",)) + Muon[FIELD]


def unpacked(Muon: Any) -> Any:
    return sum(Muon[b] for a, b in ("pt", "id"))


def counted(Muon: Any) -> Any:
    return ak.num(Muon)


def branching(Muon: Any) -> Any:
    if CUT > 20:  # noqa: SIM108
        value = Muon.pt
    else:
        value = Muon.eta
    return ak.sum(value, axis=1)


def escaping(Muon: Any) -> Any:
    return ak.to_list(Muon)


def method(Muon: Any) -> Any:
    return Muon.to_list()


def nested(Muon: Any) -> Any:
    def inner() -> Any:
        return Muon.pt

    return inner()


def stored(Muon: Any) -> Any:
    box = {"m": Muon}
    return box["m"].pt


def unknown(Muon: Any) -> Any:
    key = "p" + "t"
    return Muon[key]


def recursing(Muon: Any) -> Any:
    return recursive(Muon)


def aliased(Muon: Any) -> Any:
    lead = Muon
    rest = lead[:, 1:]
    return rest.phi


def walrus(Muon: Any) -> Any:
    return (m := Muon[Muon.pt > 3]).eta + m.phi


def listed(Muon: Any) -> Any:
    return ak.sum(Muon[["pt", "eta"]].pt, axis=1)


def comprehended(Muon: Any) -> Any:
    return sum(x.pt for x in (Muon[:, 0], Muon[:, 1]))


def keyed(Muon: Any) -> Any:
    return ak.zip({"pt": Muon.pt, "x": Muon.iso}).pt


def methods(Muon: Any) -> Any:
    return Muon.pt.to_numpy() if Muon.pt.ndim == 1 else Muon.eta


def plain(nMuon: Any) -> Any:
    return nMuon.astype(float) + nMuon.mean()


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (methods, {"Muon_pt", "Muon_eta"}),
        (plain, {"nMuon"}),
        (attributes, {"Muon_pt", "Muon_eta"}),
        (picked, {"Muon_charge"}),
        (masked, {"Muon_pt", "Muon_eta"}),
        (best, {"Muon_iso", "Muon_pt"}),
        (massed, {"Muon_pt", "Muon_eta", "Muon_phi", "Muon_mass"}),
        (combined, {"Muon_pt"}),
        (named_pairs, {"Muon_pt", "Muon_eta"}),
        (helped, {"Muon_pt", "Muon_eta"}),
        (looped, {"Muon_pt", "Muon_eta"}),
        (comprehending, {"Muon_pt", "Muon_eta"}),
        (counted, {"nMuon"}),
        (branching, {"Muon_pt", "Muon_eta"}),
        (aliased, {"Muon_phi"}),
        (walrus, {"Muon_pt", "Muon_eta", "Muon_phi"}),
        (listed, {"Muon_pt", "Muon_eta"}),
        (comprehended, {"Muon_pt"}),
        (keyed, {"Muon_pt", "Muon_iso"}),
        (lambda Muon: Muon.pt + Muon.eta, {"Muon_pt", "Muon_eta"}),
        # what cannot be followed needs every field
        (looped_further, ALL),
        (looped_elsewhere, ALL),
        (shadowed, ALL),
        (unpacked, ALL),
        (escaping, ALL),
        (method, ALL),
        (nested, ALL),
        (unknown, ALL),
        (recursing, ALL),
    ],
)
def test_branches_of_a_function(function: Callable[..., Any], expected: set[str]) -> None:
    path = Path()
    path.define("value", function)
    path.hist("h", x="value: 1, 0, 1")
    assert set(path.freeze().columns(BRANCHES)) == expected


def test_a_value_kept_in_a_dict_is_followed_or_read_whole() -> None:
    path = Path()
    path.define("value", stored)
    path.hist("h", x="value: 1, 0, 1")
    assert "Muon_pt" in path.freeze().columns(BRANCHES)


def test_fields_flow_through_collections_that_are_defined() -> None:
    path = Path()

    @path.define
    def good(Muon: Any) -> Any:
        return Muon[Muon.pt > 20]

    path.define("better", "good[abs(good.eta) < 2]")
    path.define("best", lambda better: better[:, :1])
    path.hist("h", x="best.charge: 1, 0, 1", y="first(best.iso): 1, 0, 1")
    assert set(path.freeze().columns(BRANCHES)) == {
        "Muon_pt",
        "Muon_eta",
        "Muon_charge",
        "Muon_iso",
    }


def test_new_fields_of_a_defined_collection_are_not_asked_of_the_file() -> None:
    path = Path()

    @path.define
    def scaled(Muon: Any) -> Any:
        return ak.with_field(Muon, Muon.pt * 2, "double")

    path.hist("h", x="scaled.double: 1, 0, 1", y="scaled.eta: 1, 0, 1")
    assert set(path.freeze().columns(BRANCHES)) == {"Muon_pt", "Muon_eta"}


def test_a_function_without_source_reads_every_field() -> None:
    names: dict[str, Any] = {}
    exec("def blind(Muon): return Muon.pt", names)  # noqa: S102
    path = Path()
    path.define("value", names["blind"])
    path.hist("h", x="value: 1, 0, 1")
    assert set(path.freeze().columns(BRANCHES)) == ALL


def test_a_source_that_was_edited_since_is_not_trusted(
    tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "edited.py"
    file.write_text("def f(Muon):\n    return Muon.pt\n")
    monkeypatch.syspath_prepend(tmp_path)
    function = importlib.import_module("edited").f
    file.write_text("def f(Muon):\n    return Muon.eta\n")
    linecache.clearcache()
    path = Path()
    path.define("value", function)
    path.hist("h", x="value: 1, 0, 1")
    assert set(path.freeze().columns(BRANCHES)) == ALL


def test_counting_alone_reads_the_counter_or_one_field() -> None:
    path = Path()
    path.select("s", "count(Muon) == 2")
    assert path.freeze().columns(BRANCHES) == ("nMuon",)
    assert path.freeze().columns(["Muon_eta", "Muon_pt"]) == ("Muon_pt",)
    assert path.freeze().columns(["Muon_n", "Muon_pt"]) == ("Muon_n",)
    path.hist("h", x="Muon.eta: 1, 0, 1")
    assert path.freeze().columns(BRANCHES) == ("Muon_eta",)
