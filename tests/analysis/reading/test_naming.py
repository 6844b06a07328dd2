"""Every kind of file opens and has the names, references and units that its kind gives it."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from hepnb.analysis import Dataset, Path, open_events
from hepnb.analysis.columns.references import references
from hepnb.analysis.reading.naming import Leaf, Schema, schema_of
from hepnb.analysis.reading.units import Units
from hepnb.errors import DataError

KINDS = {
    "nanoaod/*.root": "nanoaod",
    "cms/dimuon/Run*.root": "nanoaod",
    "cms/dimuon/uproot-*.root": "flat",
    "atlas/13TeV_4lep/*.root": "flat",
    "physlite/*.root": "physlite",
    "lhcb/*.root": "lhcb",
    "tnp/*.root": "flat",
}


@pytest.mark.realdata
@pytest.mark.parametrize("pattern", KINDS)
def test_every_real_file_opens(data_dir: FilePath, pattern: str) -> None:
    """Its kind is found, all names can be written in a path, and columns read."""
    files = sorted(data_dir.glob(pattern))
    assert files
    for path in files:
        with open_events(path) as file:
            assert file.schema == KINDS[pattern]
            assert all(name.isidentifier() for name in file.branches), path
            assert len(set(file.branches)) == len(file.branches)
            some = file.branches[:: max(1, len(file.branches) // 20)]
            assert len(file.read(some, 0, min(file.entries, 50))) == min(file.entries, 50)


def table(file: Any, dataset: Dataset, **formulas: Any) -> dict[str, list[Any]]:
    made = {}
    for name, formula in formulas.items():
        path = Path()
        path.table("t", {"x": formula})
        program = path.freeze()
        columns = program.columns(file.branches, dataset)
        events = file.read(columns, 0, file.entries)
        made[name] = program.process(events, dataset).tables["t"]["x"].tolist()
    return made


@pytest.mark.realdata
def test_physlite_containers_and_links(data_dir: FilePath) -> None:
    """Fields of containers, and every link against loops over what uproot reads itself."""
    path = data_dir / "physlite/PHYSLITE_example.root"
    dataset = Dataset("p", str(path), convert="GeV")
    tree = uproot.open(path)["CollectionTree"]
    with open_events(path, None, dataset) as file:
        made = table(file, dataset, pt="AnalysisElectrons.pt", event="EventInfo.eventNumber")
        pt = tree["AnalysisElectronsAuxDyn.pt"].array()
        np.testing.assert_allclose(made["pt"], ak.flatten(pt) / 1000, rtol=1e-6)
        assert made["event"] == tree["EventInfoAuxDyn.eventNumber"].array().to_list()
        links = references(file.branches)
        assert len(links) == 11
        for link in links:
            fields = [
                b.removeprefix(f"{link.target}_")
                for b in file.branches
                if b.startswith(f"{link.target}_") and not file.units.holds(b)
            ]
            field = next(f for f in ("phi", "x", "barcode", "DL1dv00_pb", *fields) if f in fields)
            got = table(file, dataset, x=f"{link.collection}.{link.name}.{field}")["x"]
            way = f"{link.collection}AuxDyn.{link.name}"
            index, key = (
                tree[f"{way}/{way}.{part}"].array().to_list()
                for part in ("m_persIndex", "m_persKey")
            )
            target = tree[f"{link.target}AuxDyn.{field}"].array().to_list()
            assert link.key == f"{link.name}Key"
            want = [
                own[i] if k in link.keys else np.nan
                for indices, keys, own in zip(index, key, target, strict=True)
                for i, k in zip(indices, keys, strict=True)
            ]
            np.testing.assert_allclose(got, want, rtol=1e-6)


@pytest.mark.realdata
def test_a_link_of_physlite_means_the_same_particle(data_dir: FilePath) -> None:
    """The track of a muon, and the true electron of an electron, have its direction."""
    path = data_dir / "physlite/PHYSLITE_example.root"
    dataset = Dataset("p", str(path))
    with open_events(path, None, dataset) as file:
        for collection, phi in (
            ("AnalysisElectrons", "atan2({0}.TruthLink.py, {0}.TruthLink.px)"),
            ("AnalysisMuons", "{0}.combinedTrackParticleLink.phi"),
            ("GSFTrackParticles", "{0}.originalTrackParticle.phi"),
        ):
            got = table(file, dataset, x=f"deltaphi({phi.format(collection)}, {collection}.phi)")
            there = np.asarray(got["x"])[np.isfinite(got["x"])]
            assert len(there) >= 5
            assert np.median(np.abs(there)) < 0.01


@pytest.mark.realdata
def test_atlas_units(data_dir: FilePath) -> None:
    files = data_dir / "atlas/13TeV_4lep/data_D.4lep.root"
    plain, gev = (
        Dataset("a", str(files), units="MeV"),
        Dataset("a", str(files), units="MeV", convert="GeV"),
    )
    names = [
        "lep_pt",
        "lep_E",
        "lep_eta",
        "lep_ptcone30",
        "lep_etcone20",
        "met_et",
        "met_phi",
        "lep_z0",
    ]
    with open_events(files, None, plain) as file, open_events(files, None, gev) as converted:
        raw, made = (f.read(names, 0, 400) for f in (file, converted))
        changed = [n for n in names if not ak.array_equal(raw[n], made[n])]
        assert changed == [
            "lep_pt",
            "lep_E",
            "lep_ptcone30",
            "lep_etcone20",
            "met_et",
        ]
        for name in changed:
            assert ak.array_equal(made[name], raw[name] / np.float32(1000), dtype_exact=True)
        path = Path()
        path.table("t", {"pt": "lep.pt", "eta": "lep.eta"})
        for opened, dataset, unit in ((file, plain, "MeV"), (converted, gev, "GeV")):
            rows = path.freeze().describe(opened, dataset)["collections"]["lep"]["fields"]
            units = {row["name"]: row["unit"] for row in rows}
            assert (units["pt"], units["E"], units["eta"]) == (unit, unit, "")


@pytest.mark.realdata
def test_lhcb(data_dir: FilePath) -> None:
    files = data_dir / "lhcb/Zmumu_2012MagUp_EW_batch_0.root"
    dataset = Dataset("z", f"{files}:Tuple/DecayTree", convert="GeV")
    with open_events(files, dataset.tree, dataset) as file:
        assert file.tree == "DecayTree"
        made = table(file, dataset, m="Z.MM", pt="muon1.PT", n="Z.ENDVERTEX_NDOF")
        assert 80 < np.median(made["m"]) < 100
        assert 10 < np.median(made["pt"]) < 100
        assert set(made["n"]) == {1}
    with open_events(files) as file:
        assert file.tree == "DecayTree"


def test_names_of_branches_with_dots() -> None:
    leaves = [("mu.pt", "mu/mu.pt"), ("mu_pt", "mu_pt"), ("v[3]", "v[3]"), ("x.", "x.")]
    found = Schema("flat").names(Leaf(*leaf) for leaf in leaves)
    assert found == {"mu_pt": "mu_pt", "mu.pt": "mu/mu.pt", "v_3": "v[3]", "x": "x."}


def test_records_of_an_rntuple(tmp_path: FilePath) -> None:
    file = tmp_path / "records.root"
    jets = ak.Array([[{"pt": 1.0, "m": 2.0}], [], [{"pt": 3.0, "m": 4.0}] * 2])
    with uproot.recreate(file) as out:
        out.mkrntuple("Events", {"Jet": jets, "x": np.arange(3)})
    with open_events(file) as opened:
        assert opened.branches == ("Jet_pt", "Jet_m", "x")
        path = Path()
        path.table("t", {"x": "sum(Jet.pt * Jet.m)"})
        program = path.freeze()
        events = opened.read(program.columns(opened.branches), 1, 3)
        made = program.process(events, Dataset("d", str(file))).tables["t"]["x"]
        assert made.tolist() == [0.0, 24.0]


def test_a_schema_may_be_asked_for(tmp_path: FilePath) -> None:
    file = tmp_path / "flat.root"
    with uproot.recreate(file) as out:
        out.mktree("Events", {"B_PX": "f4"}).extend({"B_PX": np.ones(2, "f4")})
    assert open_events(file).schema == "lhcb"
    assert open_events(file, None, Dataset("d", str(file), schema="flat")).schema == "flat"
    with pytest.raises(DataError, match="dataset 'd': no schema 'nano'; did you mean 'nanoaod'"):
        Dataset("d", str(file), schema="nano")
    with pytest.raises(DataError, match="no schema 'xyz'; there are nanoaod, physlite, lhcb, flat"):
        schema_of(["x"], "xyz")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"units": "Mev"}, "units is one of eV, keV, MeV, GeV, TeV, not 'Mev'"),
        ({"convert": "gev"}, "convert is one of eV, keV, MeV, GeV, TeV, not 'gev'"),
        ({"convert": {"GeV": ["a"], "TeV": ["b"]}}, "one unit"),
        ({"convert": ["GeV"]}, r"convert is one of .*, not \['GeV'\]"),
        ({"convert": {"GeV": 3}}, "convert: 3 are no names of columns"),
        ({"convert": {"GeV": []}}, r"convert: \[\] are no names of columns"),
        ({"schema": 3}, "no schema 3; there are nanoaod"),
        ({"xsec": "3"}, "xsec is a cross section in pb, not '3'"),
        ({"sumw": [1]}, r"sumw is a sum of weights, not \[1\]"),
    ],
)
def test_wrong_facts(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        Dataset("d", "https://example.org/x.root", **arguments)


def test_an_unknown_unit_is_not_converted(tmp_path: FilePath) -> None:
    file = tmp_path / "flat.root"
    with uproot.recreate(file) as out:
        out.mktree("mini", {"lep_pt": "f4"})
    with pytest.raises(DataError, match=r"convert='GeV' from which unit\? Give units= as well"):
        open_events(file, None, Dataset("d", str(file), convert="GeV"))


def test_columns_are_converted_by_the_names_that_they_have(tmp_path: FilePath) -> None:
    file = tmp_path / "flat.root"
    with uproot.recreate(file) as out:
        columns = {"lep_pt": np.float32([2000.0]), "met_et": np.float32([3000.0])}
        out.mktree("mini", dict.fromkeys(columns, "f4")).extend(columns)

    def opened(*names: str) -> Any:
        convert = {"GeV": names}
        return open_events(file, None, Dataset("d", str(file), units="MeV", convert=convert))

    for names in (["lep.pt"], ["lep_pt"], ["lep.*", "tau.pt"]):
        with opened(*names) as events:
            found = events.read(["lep_pt", "met_et"], 0, 1)
        assert found.to_list() == [{"lep_pt": 2.0, "met_et": 3000.0}]
    with pytest.raises(DataError, match="no column is called 'lep_p'; did you mean 'lep_pt'"):
        opened("lep.p")


def test_which_columns_a_unit_holds_for() -> None:
    own = Units("MeV", "GeV", ("lep_*", "x"))
    assert [c for c in ("lep_eta", "x", "met_et") if own.holds(c)] == ["lep_eta", "x"]
    whole = ak.Array([[1000, 2500], []])
    assert ak.Array(own.apply(whole.layout)).to_list() == [[1.0, 2.5], []]
    back = Units("GeV", "MeV").apply(ak.Array(np.float32([0.5, 2.0])).layout)
    assert np.asarray(back.data).tolist() == [500.0, 2000.0]
    assert np.asarray(back.data).dtype == np.float32
    assert not Units(None, "GeV").converts
    assert not Units("GeV", "GeV").converts


def test_a_cached_column_is_converted_after_it_is_read(tmp_path: FilePath) -> None:
    from hepnb.analysis.reading.cache import ColumnCache

    file = tmp_path / "lep.root"
    with uproot.recreate(file) as out:
        out.mktree("mini", {"lep_pt": "f4"}).extend({"lep_pt": np.float32([1000.0, 3.0])})
    cache = ColumnCache(tmp_path / "cache", 10**9)
    for convert, want in (("GeV", [1.0, 0.003]), (None, [1000.0, 3.0]), ("GeV", [1.0, 0.003])):
        with open_events(
            file, None, Dataset("d", str(file), units="MeV", convert=convert)
        ) as opened:
            opened.cache_in(cache)
            assert opened.read(["lep_pt"], 0, 2)["lep_pt"].to_list() == pytest.approx(want)
