"""Lookups against boost-histogram and correctionlib, on columns of every shape."""

from __future__ import annotations

import gzip
import json
import pickle
from typing import Any

import awkward as ak
import hist
import numpy as np
import pytest
import uhi.io.json
import uproot

import hepnb as hn
from hepnb.errors import DataError

ETA, PT = [-2.5, -1, 0, 1, 2.5], [20, 30, 60, 200]


@pytest.fixture
def h() -> hist.Hist:
    made = hist.Hist(
        hist.axis.Variable(ETA, name="eta"),
        hist.axis.Variable(PT, name="pt"),
        storage=hist.storage.Weight(),
    )
    chance = np.random.default_rng(1)
    view = made.view(flow=True)
    view["value"], view["variance"] = chance.random((2, *view.shape))
    return made


@pytest.fixture
def columns() -> tuple[ak.Array, ak.Array]:
    chance = np.random.default_rng(2)
    counts = chance.integers(0, 4, 500)
    eta = chance.uniform(-2.5, 2.5, counts.sum())
    pt = chance.uniform(20, 199, counts.sum())
    return ak.unflatten(eta, counts), ak.unflatten(pt, counts)


def test_jagged_columns_get_the_bins_that_boost_histogram_gives(h, columns) -> None:
    eta, pt = columns
    for what, values in (("value", h.values()), ("error", np.sqrt(h.variances()))):
        found = hn.lookup(h, outside="error", what=what)(eta, pt)
        assert ak.num(found).tolist() == ak.num(eta).tolist()
        index = [
            axis.index(np.asarray(ak.flatten(x))) for axis, x in zip(h.axes, columns, strict=True)
        ]
        np.testing.assert_array_equal(ak.flatten(found), values[tuple(index)])


def test_columns_broadcast_and_missing_values_stay_missing(h) -> None:
    sf = hn.lookup(h, outside="error")
    pt = np.array([25.0, 40.0, 100.0])
    eta = ak.Array([[0.5], [], [-2, 2.0]])
    values = h.values()
    assert sf(eta, pt).tolist() == [[values[2, 0]], [], [values[0, 2], values[3, 2]]]
    assert sf(0.5, pt).tolist() == values[2].tolist()
    assert sf(0.5, 25.0) == values[2, 0]
    first = ak.firsts(eta)
    assert sf(first, 25.0).tolist() == [values[2, 0], None, values[0, 0]]
    assert sf(ak.Array([[0.5, None]]), 25.0).tolist() == [[values[2, 0], None]]
    assert sf(ak.Array([[], []]), np.array([25.0, 25.0])).tolist() == [[], []]


def test_what_lies_outside_is_as_was_said(h) -> None:
    pt = np.array([5.0, 25.0, 200.0])
    flow, inside = h.values(flow=True), h.values()
    assert hn.lookup(h, outside="clamp")(0.5, pt).tolist() == inside[2, [0, 0, 2]].tolist()
    assert hn.lookup(h, outside="flow")(0.5, pt).tolist() == flow[3, [0, 1, 4]].tolist()
    assert hn.lookup(h, outside=1.0)(0.5, pt).tolist() == [1.0, inside[2, 0], 1.0]
    assert hn.lookup(h, outside=0)(0.5, np.array([np.nan])).tolist() == [0.0]
    said = r"2 of 3 values of 'pt' are outside \[20, 200\] \(first: 5.0\)"
    with pytest.raises(DataError, match=said):
        hn.lookup(h, outside="error")(0.5, pt)
    for policy in ("clamp", "flow", "error"):
        with pytest.raises(DataError, match=r"1 of 1 values of 'pt' are outside .*nan"):
            hn.lookup(h, outside=policy)(0.5, np.array([np.nan]))
    assert hn.lookup(h, outside=np.float32(1))(0.5, pt).tolist() == [1.0, inside[2, 0], 1.0]
    none: list[Any] = [None, "clmap", True, np.array([1, 2])]
    for what in none:
        with pytest.raises(DataError, match="say what is outside the axes: outside='error', 'cla"):
            hn.lookup(h, outside=what)
    closed = hist.Hist.new.Reg(2, 0, 1, flow=False, name="x").Double()
    with pytest.raises(DataError, match="outside"):
        hn.lookup(closed, outside="flow")(np.array([2.0]))


def test_categories_are_looked_up_by_name() -> None:
    h = hist.Hist.new.StrCat(["2017", "2018"], name="era").IntCat([11, 13], name="pdg").Double()
    h.view()[...] = [[1, 2], [3, 4]]
    sf = hn.lookup(h, outside="error")
    assert sf("2018", ak.Array([[11, 13], []])).tolist() == [[3, 4], []]
    with pytest.raises(DataError, match="'era' are outside 2017, 2018"):
        sf("2016", np.array([11]))
    assert hn.lookup(h, outside=7.0)("2016", np.array([11])).tolist() == [7.0]
    for era, pdg, said in (("2016", 11, "'era' are outside"), ("2017", 15, "'pdg' are outside")):
        with pytest.raises(DataError, match=said):
            hn.lookup(h, outside="clamp")(era, np.array([pdg]))
    assert hn.lookup(h, outside=7.0)("2018", np.array([15, 13, 11])).tolist() == [7.0, 4.0, 3.0]
    assert hn.lookup(h, outside="flow")("2018", np.array([15, 13])).tolist() == [0.0, 4.0]
    for values, said in ((("2018", "x"), "'pdg' is numbers"), ((2018, 11), "'era' is a text")):
        with pytest.raises(DataError, match=said):
            hn.lookup(h, outside=7.0)(*values)


def test_files_of_root_and_uhi(h, columns, tmp_path) -> None:
    with uproot.recreate(tmp_path / "sf.root") as file:
        file["muon/id"] = h
    (tmp_path / "h.json").write_text(json.dumps(h, default=uhi.io.json.default))
    (tmp_path / "several.json").write_text(json.dumps({"id": h}, default=uhi.io.json.default))
    expected = hn.lookup(h, outside="clamp")(*columns)
    for source in ("sf.root:muon/id", "h.json", "several.json:id"):
        found = hn.lookup(f"{tmp_path}/{source}", outside="clamp")
        assert ak.all(found(*columns) == expected)
        assert ak.all(pickle.loads(pickle.dumps(found))(*columns) == expected)
    with pytest.raises(DataError, match="no histogram 'muon/iso'; did you mean 'muon/id'"):
        hn.lookup(f"{tmp_path}/sf.root:muon/iso", outside="clamp")
    with pytest.raises(DataError, match="no such file"):
        hn.lookup(f"{tmp_path}/no.root:x", outside="clamp")
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "bad.json.gz").write_bytes(gzip.compress(b"{}")[:10] + b"\xff" * 20)
    for source, said in (
        ("bad.json", "cannot be read"),
        ("bad.json.gz", "cannot be read"),
        ("several.json:iso", "has no 'iso'"),
    ):
        with pytest.raises(DataError, match=said) as caught:
            hn.lookup(f"{tmp_path}/{source}", outside="clamp")
        assert "\n" not in str(caught.value)


CORRECTION = {
    "schema_version": 2,
    "corrections": [
        {
            "name": "id",
            "version": 1,
            "inputs": [
                {"name": "era", "type": "string"},
                {"name": "charge", "type": "int"},
                {"name": "pt", "type": "real"},
            ],
            "output": {"name": "sf", "type": "real"},
            "data": {
                "nodetype": "category",
                "input": "era",
                "content": [
                    {
                        "key": "2018",
                        "value": {
                            "nodetype": "binning",
                            "input": "pt",
                            "edges": [20.0, 50.0, 100.0],
                            "content": [0.9, {
                                "nodetype": "category", "input": "charge",
                                "content": [{"key": 1, "value": 0.8}, {"key": -1, "value": 0.7}],
                            }],
                            "flow": "error",
                        },
                    }
                ],
            },
        }
    ],
}  # fmt: skip


@pytest.fixture
def correction_file(tmp_path):
    pytest.importorskip("correctionlib")
    with gzip.open(tmp_path / "muon.json.gz", "wt") as file:
        json.dump(CORRECTION, file)
    return tmp_path / "muon.json.gz"


def test_a_correction_equals_correctionlib(correction_file) -> None:
    import correctionlib

    theirs = correctionlib.CorrectionSet.from_file(str(correction_file))["id"]
    sf = hn.lookup(f"{correction_file}:id")
    correction_file.unlink()  # its content is kept
    sf = pickle.loads(pickle.dumps(sf))
    pt = ak.Array([[30.0, 60.0], [], [99.0]])
    charge = ak.Array([[1, -1], [], [1]])
    flat = theirs.evaluate("2018", np.array([1, -1, 1]), np.array([30.0, 60.0, 99.0]))
    assert sf("2018", charge, pt).tolist() == [list(flat[:2]), [], [flat[2]]]
    assert sf("2018", 1, 30.0) == 0.9


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("2018", 1), r"takes 3 values \(era, charge, pt\), not 2"),
        ((2018, 1, 30.0), "'era' is a text"),
        (("2018", "1", 30.0), "'charge' is numbers"),
        (("2018", np.array([1.5]), 30.0), "'charge' is whole numbers"),
        (("2016", 1, 30.0), "2016"),
        (("2018", 1, 10.0), "bounds"),
    ],
)
def test_a_wrong_value_is_said_in_a_line(correction_file, values, said) -> None:
    with pytest.raises(DataError, match=said) as caught:
        hn.lookup(f"{correction_file}:id")(*values)
    assert "\n" not in str(caught.value)


def test_an_unknown_correction_or_policy(correction_file) -> None:
    with pytest.raises(DataError, match="no correction 'iso'; it has id"):
        hn.lookup(f"{correction_file}:iso")
    with pytest.raises(DataError, match="a correction has rules of its own"):
        hn.lookup(f"{correction_file}:id", outside="clamp")


def test_as_a_weight_with_its_errors_in_a_run(h, tmp_path) -> None:
    pt = ak.Array([[25.0, 70.0], [], [40.0]])
    with uproot.recreate(tmp_path / "events.root") as file:
        muons = {"Muon": ak.zip({"pt": pt, "eta": pt * 0 + 0.5})}
        file.mktree("Events", {name: array.type for name, array in muons.items()}).extend(muons)
    sf, error = (hn.lookup(h, outside="clamp", what=what) for what in ("value", "error"))
    path = hn.Path("weighted")

    def factor(sign):
        def product(Muon):
            total = sf(Muon.eta, Muon.pt) + sign * error(Muon.eta, Muon.pt)
            return ak.prod(total, axis=1)

        return product

    path.weight("id", factor(0), up=factor(1), down=factor(-1))
    path.hist("n", n="count(Muon): 0, 4, int")
    data = hn.Dataset("mc", tmp_path / "events.root", kind="mc")
    got = path.start(data, out=tmp_path / "run").wait(60).hist("n")
    value, sigma = h.values()[2], np.sqrt(h.variances()[2])
    for label, sign in (("nominal", 0), ("id_up", 1), ("id_down", -1)):
        s = value + sign * sigma
        found = [got[{"variation": label, "n": n}].value for n in range(3)]
        assert found == pytest.approx([1.0, s[1], s[0] * s[2]])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((np.array([1.0]),), r"has 2 axes \(eta, pt\), but 1 values were given"),
        ((ak.Array([[1.0, 2.0]]), ak.Array([[30.0]])), "lists of different lengths"),
        ((ak.zip({"x": [[1.0]]}), ak.Array([[30.0]])), "name one of its fields"),
    ],
)
def test_what_does_not_fit_is_said_in_a_line(h, values, said) -> None:
    with pytest.raises(DataError, match=said):
        hn.lookup(h, outside="clamp")(*values)


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(DataError, match="expected a histogram or a file, not int"):
        hn.lookup(3, outside="clamp")
    plain = hist.Hist.new.Reg(2, 0, 1).Double().fill([0.1], weight=2)
    with pytest.raises(DataError, match="has no variances"):
        hn.lookup(plain, outside="clamp", what="error")
