"""What a file says of its columns: types, units, descriptions, cross references; nothing made up."""

from __future__ import annotations

import numpy as np
import pytest
import uproot

import hepnb as hn
from hepnb.analysis import open_events
from hepnb.analysis.reading.schema import describe_file, unit_in
from hepnb.analysis.reading.units import Units


def described(file, path):
    program = path.freeze()
    with open_events(file) as events:
        return program.describe(events, hn.Dataset("toy", file, kind="mc"))


def jets_and_missing_energy():
    path = hn.Path("p")
    path.define("lead", "first(Jet.pt)")
    path.table("t", ["lead", "run"])
    return path


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["nanoAOD_2015_CMS_Open_Data_ttbar.root", "nano_tt_v12.root"])
def test_a_real_file(data_dir, name):
    found = described(data_dir / f"nanoaod/{name}", jets_and_missing_energy())
    (jets,) = found["collections"].values()
    fields = {row["name"]: row for row in jets["fields"]}
    assert [row["name"] for row in jets["fields"] if row["read"]] == ["pt"]
    assert fields["pt"]["dtype"] == "float32"
    assert fields["muonIdx1"]["dtype"] in ("int32", "int16")
    assert [row["name"] for row in found["columns"]] == ["run"]
    links = {(r["from"], r["field"]): r["to"] for r in found["references"]}
    assert links["Jet", "muonIdx1"] == "Muon"
    assert links["Muon", "jetIdx"] == "Jet"
    assert ("Electron", "photonIdx") not in links  # neither end is read


@pytest.mark.realdata
def test_descriptions_and_units_are_those_of_the_file(data_dir):
    path = hn.Path("p")
    path.table("t", {"z": "Muon.dz"})
    found = described(data_dir / "nanoaod/nanoAOD_2015_CMS_Open_Data_ttbar.root", path)
    fields = {row["name"]: row for row in found["collections"]["Muon"]["fields"]}
    assert fields["dz"]["doc"] == "dz (with sign) wrt first PV, in cm"
    assert fields["dz"]["unit"] == "cm"
    assert fields["dz"]["read"]
    assert fields["pt"]["unit"] == ""  # the file does not say


@pytest.mark.realdata
def test_an_ntuple_is_described_too(data_dir):
    path = hn.Path("p")
    path.hist("n", pt="Muon.pt: 5, 0, 100")
    file = data_dir / "cms/dimuon/Run2012BC_DoubleMuParked_Muons_1000evts_rntuple_v1-0-0-0.root"
    fields = described(file, path)["collections"]["Muon"]["fields"]
    assert {row["name"]: row["dtype"] for row in fields} == {
        "pt": "float32", "eta": "float32", "phi": "float32", "mass": "float32", "charge": "int32",
    }  # fmt: skip


def test_a_list_of_leaves_is_no_description(tmp_path):
    with uproot.recreate(tmp_path / "f.root") as root:
        root["Events"] = {"x": np.arange(3.0), "flag": np.array([True, False, True])}
    path = hn.Path("p")
    path.table("t", ["x", "flag"])
    rows = described(tmp_path / "f.root", path)["columns"]
    assert [(r["dtype"], r["doc"], r["unit"]) for r in rows] == [
        ("float64", "", ""),
        ("bool", "", ""),
    ]


def test_many_fields_are_cut_but_never_those_that_are_read():
    class File:
        units = Units(None)
        branches = ("nX", *(f"X_f{n}" for n in range(5000)))

        def about(self, _):
            return "float32", "x" * 1000 + "\udcff"

    from hepnb.analysis.reading.conventions import Reading

    rows = describe_file(File(), {"X": Reading("X", False, ("f4999",), "nX")})["collections"]["X"]
    assert len(rows["fields"]) == 1000
    assert rows["fields"][-1]["name"] == "f4999"
    assert rows["fields"][-1]["read"]
    assert max(len(row["doc"].encode()) for row in rows["fields"]) < 210


@pytest.mark.parametrize(
    ("doc", "unit"),
    [
        ("pt [GeV]", "GeV"), ("energy (MeV)", "MeV"), ("decay length in cm", "cm"),
        ("d_{z}, in cm (with sign)", "cm"), ("time [ns]", "ns"), ("x in 2017", ""),
        ("jets with pt>25 GeV", ""), ("range [0,1]", ""), ("in code", ""), ("", ""),
    ],
)  # fmt: skip
def test_units(doc, unit):
    assert unit_in(doc) == unit
