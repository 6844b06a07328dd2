"""Cross references agree with a hand-made loop, in expressions and functions, under selects and variations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Any

import awkward as ak
import numpy as np
import pytest

from hepnb.analysis import Dataset, Path, open_events
from hepnb.analysis.columns.containers import keys_of
from hepnb.analysis.columns.references import references
from hepnb.analysis.reading.conventions import counter_of
from hepnb.errors import PathError


@pytest.mark.parametrize(
    ("branches", "links"),
    [
        (["nGenPart", "GenPart_genPartIdxMother"], [("GenPart", "genPartMother", "GenPart")]),
        (["nFatJet", "FatJet_genJetAK8Idx", "nGenJetAK8", "GenJetAK8_pt"],
         [("FatJet", "genJetAK8", "GenJetAK8")]),
        (["nJet", "Jet_muonIdx1"], []),  # no muons to refer to
        (["lep_n", "lep_jetIdx", "jet_n", "jet_pt"], [("lep", "jet", "jet")]),
        (["nJet", "Jet_muonIdx", "Jet_muon", "nMuon", "Muon_pt"], []),  # that name is taken
        (["nA", "A_bIdxG", "nB", "B_x"], [("A", "b", "B")]),
    ],
)  # fmt: skip
def test_which_there_are(branches, links) -> None:
    assert [(r.collection, r.name, r.target) for r in references(branches)] == links


@pytest.fixture
def events() -> ak.Array:
    """Four events; indices that are missing, repeated, and beyond what is there."""
    lists: dict[str, Any] = {
        "Jet_pt": [[10.0, 20.0, 30.0], [], [40.0], [50.0, 60.0]],
        "Jet_muonIdx1": [[1, -1, 0], [], [3], [0, 0]],
        "Jet_muonIdx2": [[0, -1, -1], [], [-1], [1, -1]],
        "Muon_pt": [[1.0, 2.0], [3.0], [], [4.0, 5.0]],
        "Muon_jetIdx": [[2, -1], [-1], [], [1, 7]],
    }
    columns = {name: ak.Array(value) for name, value in lists.items()}
    columns["nJet"], columns["nMuon"] = ak.num(columns["Jet_pt"]), ak.num(columns["Muon_pt"])
    return ak.zip(columns, depth_limit=1)


def test_a_comparison_with_what_is_missing_is_false(process, events) -> None:
    found = columns_of(
        process,
        events,
        masked="count(Muon[Muon.jet.pt > 10])",
        fields="sum(Muon.pt[Muon.jet.pt > 10])",
        counted="count(Muon.jet.pt > 10)",
        either="count(Muon[Muon.jet.pt > 50 or Muon.jetIdx < 0])",
        negated="count(Muon[not (Muon.jet.pt > 30)])",
        others="count(Muon[Muon.jet.pt != 30])",
        event="first(Jet.pt) > 15 or nMuon == 1",
        nested="count(Muon[not (Muon.jet.muon1.pt > 1)])",
    )
    assert found == {
        "masked": [1, 0, 0, 1],
        "fields": [1.0, 0.0, 0.0, 4.0],
        "counted": [1, 0, 0, 1],
        "either": [1, 1, 0, 1],
        "negated": [2, 1, 0, 1],
        "others": [0, 0, 0, 1],
        "event": [False, True, True, True],
        "nested": [2, 1, 0, 1],
    }
    path = Path()
    path.define("flag", lambda Muon: ak.mask(Muon.pt > 2, Muon.jetIdx >= 0))
    path.table("t", ["count(flag or Muon.pt > 1)", "count(not flag)", "count(Muon[flag])"])
    assert [c.tolist() for c in process(path, events).tables["t"].values()] == [
        [1, 1, 0, 2], [2, 1, 0, 0], [0, 0, 0, 2],
    ]  # fmt: skip
    path = Path()
    path.select("none of it", "not (first(Jet.pt) > 15)")
    path.table("t", ["nJet"])
    assert process(path, events).tables["t"]["nJet"].tolist() == [3, 0]


def columns_of(process: Callable[..., Any], events: ak.Array, **formulas: Any) -> dict[str, Any]:
    """What formulas give, row by row and object by object."""
    made = {}
    for name, formula in formulas.items():
        path = Path()
        path.table("t", {name: formula})
        made[name] = process(path, events).tables["t"][name].tolist()
    return made


def test_by_hand(process, events) -> None:
    found = columns_of(
        process,
        events,
        one="where(Jet.muon1.pt > 0, Jet.muon1.pt, -1)",
        missing="first(Jet.muon1.pt, -9)",
        picked="first(Jet[Jet.pt > 15].muon1.pt, -9)",
        jets="sum(Muon.jet.pt)",
        round_trip="Muon.jet.muon1.pt",
        function=lambda Jet: ak.sum(ak.fill_none(Jet.muon1.pt, 0), axis=1),
        both=lambda Jet: ak.sum(ak.sum(Jet.muons.pt, axis=-1), axis=-1),
        several=lambda Jet: ak.sum(ak.num(Jet.muons, axis=2), axis=1),
    )
    assert found["jets"] == [30.0, 0.0, 0.0, 60.0]
    nothing = np.nan  # so a table has what is missing
    np.testing.assert_equal(found["one"], [2.0, -1.0, 1.0, -1.0, 4.0, 4.0])
    assert found["missing"] == [2.0, -9, -9, 4.0]
    np.testing.assert_equal(found["round_trip"], [1.0, nothing, nothing, 4.0, nothing])
    assert found["function"] == [3.0, 0.0, 0.0, 8.0]
    assert found["both"] == [4.0, 0.0, 0.0, 13.0]
    assert found["several"] == [3, 0, 0, 3]


def test_lists_of_indices(process, make, events) -> None:
    path = Path()
    path.define("linked", lambda Muon: ak.sum(ak.sum(Muon.jet.pt, axis=-1), axis=-1))
    path.table("t", ["linked"])
    lists = ak.values_astype(ak.Array([[[0, 2], []], [[]], [], [[1], [1, 0, 5]]]), np.int32)
    more = {f: events[f] for f in events.fields if f != "Muon_jetIdx"} | {"Muon_jetIdxG": lists}
    made = process(path, ak.zip(more, depth_limit=1)).tables["t"]["linked"]
    assert made.tolist() == [40.0, 0.0, 0.0, 170.0]


def test_only_what_is_used_is_read(events) -> None:
    path = Path()
    path.table("t", {"x": "sum(Muon.jet.pt)"})
    assert path.columns(events.fields) == ("Jet_pt", "Muon_jetIdx")
    path = Path()
    path.define("jets", "Muon.jet")
    path.table("t", {"x": "sum(jets.pt)"})
    assert {"Muon_jetIdx", "Jet_pt"} <= set(path.columns(events.fields))
    path = Path()
    path.define("x", lambda Muon: ak.sum(Muon.jet.pt, axis=1))
    path.table("t", ["x"])
    assert set(path.columns(events.fields)) <= {"Jet_pt", "Muon_jetIdx", "Muon_pt"}


def test_a_field_that_is_not_there(events) -> None:
    path = Path()
    path.table("t", {"x": "sum(Muon.jet.ptt)"})
    with pytest.raises(
        PathError, match=r"'Jet' \(Muon.jet\) has no field 'ptt'; did you mean 'pt'"
    ):
        path.columns(events.fields)
    path = Path()
    path.table("t", {"x": "sum(Muon.jets.pt)"})
    with pytest.raises(PathError, match="'Muon' has no field 'jets'; did you mean 'jet'"):
        path.columns(events.fields)


def test_below_a_select(process, events) -> None:
    path = Path()
    path.select("a muon", "count(Muon) >= 2")
    path.table("t", {"x": "sum(Muon.jet.pt)", "y": "sum(Jet.muon1.pt)"})
    result = process(path, events).tables["t"]
    assert result["x"].tolist() == [30.0, 60.0]
    assert result["y"].tolist() == [3.0, 8.0]


@pytest.mark.parametrize("cut", [False, True])
def test_what_is_referred_to_may_vary(process, fills, events, cut) -> None:
    """A variation of the jets reaches the muons that refer to them, and nothing else."""
    path = Path()
    path.vary("Jet.pt", jes=("Jet.pt * 2", "Jet.pt * 0.5"))
    if cut:
        path.select("cut", "max(Muon.jet.pt, default=0) > 50")
    path.define("x", lambda Muon: ak.sum(Muon.jet.pt, axis=1))
    path.hist("h", x="x: 10, 0, 200")
    path.hist("own", x="sum(Muon.pt): 10, 0, 20")
    result = process(path, events)
    want = {"nominal": [30.0, 0, 0, 60], "jes_up": [60.0, 0, 0, 120], "jes_down": [15.0, 0, 0, 30]}
    if cut:
        want = {"nominal": [60.0], "jes_up": [60.0, 120]}
    found: dict[str, Any] = {}
    for fill in result.fills:
        if fill.hist == "h":
            for label in fill.weights:
                found[label] = fill.columns["x"].tolist()
    assert found == want


def test_a_replacement_is_seen(process, events) -> None:
    path = Path()
    path.replace("Jet.pt", "Jet.pt + 1")
    path.table("t", {"x": "sum(Muon.jet.pt)"})
    assert process(path, events).tables["t"]["x"].tolist() == [31.0, 0.0, 0.0, 61.0]


FILES = {
    "v7": "nanoaod/nanoAOD_2015_CMS_Open_Data_ttbar.root",
    "v12": "nanoaod/nano_tt_v12.root",
    "data": "nanoaod/nano_dimuon.root",
    "dy": "nanoaod/nano_dy.root",
    "ntuple": "nanoaod/cmsopendata2015_ttbar_19980_NANOAOD_RNTupleImporter_rntuple_v1-0-0-1.root",
}


@pytest.mark.realdata
@pytest.mark.parametrize("name", FILES)
def test_every_reference_of_real_files(data_dir: FilePath, name: str) -> None:
    """Each against two loops in Python over events and objects."""
    dataset = Dataset(name, str(data_dir / FILES[name]), kind="mc")
    with open_events(data_dir / FILES[name]) as file:
        found = [
            r
            for r in references(file.branches)
            if len(r.indices) == 1 and counter_of(r.collection, file.branches)
        ]
        assert len(found) >= (7 if name != "ntuple" else 5)
        read: dict[str, ak.Array] = {}
        for reference in found:
            target = [b for b in file.branches if b.startswith(f"{reference.target}_")]
            field = next(
                (b for b in target if b.endswith(("_pt", "_x", "_phi"))), target[0]
            ).removeprefix(f"{reference.target}_")
            path = Path()
            text = f"{reference.collection}.{reference.name}.{field}"
            path.define("x", f"where({text} > -1e9, {text}, -12345.0)")
            path.define("y", lambda x: ak.sum(ak.fill_none(x, -12345.0), axis=1))
            path.table("t", ["y"])
            program = path.freeze()
            columns = program.columns(file.branches, dataset)
            for column in columns:
                if column not in read:
                    read[column] = file.read([column], 0, file.entries)[column]
            events = ak.zip({column: read[column] for column in columns}, depth_limit=1)
            index = events[f"{reference.collection}_{reference.indices[0]}"].to_list()
            values = events[f"{reference.target}_{field}"].to_list()
            want = [
                sum(own[i] if 0 <= i < len(own) else -12345.0 for i in indices)
                for indices, own in zip(index, values, strict=True)
            ]
            made = program.process(events, dataset).tables["t"]["y"]
            np.testing.assert_allclose(made, want, rtol=1e-5)


KEYS = {
    "InDetTrackParticles": 490246363,
    "CombinedMuonTrackParticles": 873304470,
    "BTagging_AntiKt4EMPFlow": 582299515,
    "PrimaryVertices": 936461719,
    "TruthElectrons": 394100163,
    "TruthPhotons": 13267281,
    "HardScatterVertices": 67810590,
    "AntiKt4TruthDressedWZJets": 106264553,
    "Photons": 736021799,
    "MuonClusterCollection": 731490178,
}


@pytest.mark.parametrize("container", KEYS)
def test_keys_of_containers_are_those_that_real_links_have(container) -> None:
    assert KEYS[container] in keys_of(container)


PHYSLITE = "physlite/PHYSLITE_example.root"
PARTS = (("m_persKey", "Key"), ("m_persIndex", "Idx"))
LINKED = {
    "photon of a truth electron": ("AnalysisPhotons", "TruthLink", "TruthElectrons", "px"),
    "tau of a truth electron": ("AnalysisTauJets", "truthParticleLink", "TruthElectrons", "px"),
    "vertex": ("HardScatterParticles", "decayVtxLink", "HardScatterVertices", "z"),
    "tracks of electrons": ("AnalysisElectrons", "trackParticleLinks", "GSFTrackParticles", "phi"),
    "tracks of vertices": (
        "GSFConversionVertices",
        "trackParticleLinks",
        "GSFTrackParticles",
        "d0",
    ),
    "other tracks": ("AnalysisMuons", "inDetTrackParticleLink", "GSFTrackParticles", "phi"),
}


@pytest.mark.realdata
@pytest.mark.parametrize("case", LINKED)
def test_links_of_atlas_lead_into_the_container_that_is_named(data_dir: FilePath, case) -> None:
    """Each against a loop in Python, that takes only links with the container's own key."""
    collection, link, target, field = LINKED[case]
    dataset = Dataset("physlite", str(data_dir / PHYSLITE), kind="mc")
    own = [key for key in keys_of(target) if key]
    with open_events(data_dir / PHYSLITE) as file:
        several = link.endswith("Links")
        text = f"{collection}.{link}_{target}.{field}"
        path = Path()
        path.define("x", text)
        path.define("y", lambda x: ak.sum(ak.sum(x, axis=-1) if x.ndim > 2 else x, axis=-1))
        path.table("t", ["y"])
        program = path.freeze()
        events = file.read(program.columns(file.branches, dataset), 0, file.entries)
        values = events[f"{target}_{field}"].to_list()
        if several:
            links = events[f"{collection}_{link}"].to_list()
        else:
            pairs = ak.zip({p: events[f"{collection}_{link}{end}"] for p, end in PARTS}).to_list()
            links = [[[one] for one in event] for event in pairs]
        want = [
            sum(
                there[one["m_persIndex"]]
                for each in event
                for one in each
                if one["m_persKey"] in own
            )
            for event, there in zip(links, values, strict=True)
        ]
        made = program.process(events, dataset).tables["t"]["y"]
    np.testing.assert_allclose(made, want, rtol=1e-4, atol=1e-4)
    assert any(want) == (case != "other tracks")


def test_a_link_whose_container_is_not_known_asks_for_it() -> None:
    branches = [
        "E_truthLinkIdx", "E_truthLinkKey", "E_trackLinks", "E_pt", "Truths_pt", "Tracks_pt",
    ]  # fmt: skip
    for text, reason in {
        "E.truthLink.pt": "say into which: E.truthLink_CONTAINER",
        "E.trackLinks.pt": "E.trackLinks has no field 'pt': .* say into which: E.trackLinks_CONT",
        "E.truthLink_Truth.pt": "leads into 'Truth', which this file lacks; did you mean 'Truths'",
        "E.truthLink_Truths.px": "'Truths' .E.truthLink_Truths. has no field 'px'",
        "E.truthLinc.pt": "has no field 'truthLinc'; did you mean",
    }.items():
        path = Path()
        path.table("t", {"x": f"sum({text})"})
        with pytest.raises(PathError, match=reason):
            path.columns(branches)
    path = Path()
    path.table("t", {"x": "sum(E.truthLink_Truths.pt)", "n": "count(E.trackLinks_Tracks.pt > 3)"})
    assert set(path.columns(branches)) == set(branches) - {"E_pt"}
