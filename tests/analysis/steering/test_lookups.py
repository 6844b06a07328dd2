"""Tables that expressions call: the same values as in a function, one line for each mistake."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Any

import awkward as ak
import cloudpickle
import hist
import numpy as np
import pytest

import hepnb as hn
from hepnb.analysis import Path
from hepnb.errors import PathError


def table(outside: Any = "clamp", scale: float = 1.0, **words: Any) -> Any:
    h = hist.Hist.new.Var([0, 10, 30, 60], name="pt").Var([-1, 0, 1], name="eta").Weight()
    h.view().value = np.array([[0.9, 0.8], [0.7, 0.6], [0.5, 0.4]]) * scale
    h.view().variance = 0.01
    return hn.lookup(h, outside=outside, **words)


def correction(folder: FilePath) -> str:
    values = [{"key": k, "value": v} for k, v in (("up", 1.1), ("down", 0.9))]
    said = {
        "schema_version": 2,
        "corrections": [
            {
                "name": "sf",
                "version": 1,
                "inputs": [{"name": "side", "type": "string"}, {"name": "n", "type": "int"}],
                "output": {"name": "sf", "type": "real"},
                "data": {"nodetype": "category", "input": "side", "content": values},
            }
        ],
    }
    file = folder / "sf.json"
    file.write_text(json.dumps(said))
    return f"{file}:sf"


def test_an_expression_looks_up_what_a_function_does(
    events: ak.Array, process: Callable[..., Any]
) -> None:
    sf, error = table(), table(what="error")
    path = Path()
    path.lookup("sf", sf)
    path.lookup("error", error)
    path.vary("Muon.pt", jes=("Muon.pt * 3", "Muon.pt / 3"))
    texts = {
        "all": "sf(Muon.pt, Muon.eta) + error(Muon.pt, Muon.eta)",
        "hard": "sf(Muon[Muon.pt > 20].pt, 0.5)",
        "leading": "sf(max(Muon.pt, default=-5), genWeight)",
        "twice": "sf(sf(first(Muon.pt, 0), -0.5) * 20, 0.5)",
    }
    functions = {
        "all": lambda Muon: sf(Muon.pt, Muon.eta) + error(Muon.pt, Muon.eta),
        "hard": lambda Muon: sf(Muon.pt[Muon.pt > 20], 0.5),
        "leading": lambda Muon, genWeight: sf(
            ak.to_numpy(ak.fill_none(ak.max(Muon.pt, axis=1), -5)), ak.to_numpy(genWeight)
        ),
        "twice": lambda Muon: sf(
            sf(ak.to_numpy(ak.fill_none(ak.firsts(Muon.pt), 0)), -0.5) * 20, 0.5
        ),
    }
    for name, text in texts.items():
        path.define(name, text)
        path.define(f"{name}_by_function", functions[name])
        path.hist(name, v=f"{name}: 50, 0, 2")
        path.hist(f"{name}_by_function", v=f"{name}_by_function: 50, 0, 2")
        path.table(name, [name])
        path.table(f"{name}_by_function", {name: f"{name}_by_function"})
    result = process(path, events)
    for name in texts:
        found, wanted = result.tables[name][name], result.tables[f"{name}_by_function"][name]
        np.testing.assert_array_equal(found, wanted)
        assert found.dtype == np.float64
        mine, theirs = (
            [f for f in result.fills if f.hist == hist] for hist in (name, f"{name}_by_function")
        )
        assert len(mine) == len(theirs) > 0
        for one, other in zip(mine, theirs, strict=True):
            assert one.categories == other.categories
            np.testing.assert_array_equal(one.columns["v"], other.columns["v"])


def test_texts_sections_and_metadata(
    events: ak.Array, process: Callable[..., Any], tmp_path: FilePath
) -> None:
    path = Path()
    path.lookup("sf", hn.lookup(correction(tmp_path)))
    path.lookup("good", hn.LumiMask({"1": [[1, 1]], "3": [[1, 9]]}))
    path.weight("id", "sf('up', nMuon)", up="sf(dataset.side, nMuon)")
    path.define("kept", "good(nMuon, nMuon)")
    path.table("t", {"n": "nMuon", "kept": "kept", "down": "sf('down', nMuon)"})
    toy = hn.Dataset("toy", "https://x/toy.root", kind="mc", side="down")
    found = process(path, events, dataset=toy).tables["t"]
    assert np.asarray(found["down"]).tolist() == [0.9] * 5
    assert np.asarray(found["kept"]).tolist() == [True, False, False, True, False]
    back = cloudpickle.loads(cloudpickle.dumps(path.freeze()))
    assert back.hash == path.hash


def test_a_sub_path_has_its_own_and_conditions_those_of_their_path(
    events: ak.Array, process: Callable[..., Any]
) -> None:
    inner = Path("inner")
    inner.lookup("sf", table(scale=2.0))
    inner.define("inside", "sf(first(Muon.pt, 0), 0.5)")
    path = Path()
    path.lookup("sf", table())
    path.if_("sf(first(Muon.pt, 0), 0.5) < 0.5", inner, then="continue", fill=0.0)
    path.table("t", {"in": "inside", "out": "sf(first(Muon.pt, 0), 0.5)"})
    found = process(path, events).tables["t"]
    assert np.asarray(found["out"]).tolist() == [0.4, 0.8, 0.4, 0.8, 0.4]
    assert np.asarray(found["in"]).tolist() == [0.8, 0.0, 0.8, 0.0, 0.8]


def test_what_a_path_calls_is_explained() -> None:
    path = Path()
    path.lookup("sf", table())
    path.lookup("good", hn.LumiMask({"1": [[1, 5]]}))
    path.lookup("unused", table())
    path.select("good", "good(run, luminosityBlock)")
    path.table("t", {"x": "sf(MET_pt, 0)", "y": "sf(MET_pt, 1)"})
    called = path.explain().lookups
    assert called == ("good  <LumiMask: 5 sections>", "sf  <lookup: of pt, eta>")
    assert f"lookup {called[1]}" in repr(path.explain()).splitlines()


def test_the_hash_covers_the_table() -> None:
    def path_with(sf: Any) -> Path:
        path = Path()
        path.lookup("sf", sf)
        path.lookup("unused", table(outside=1.0))
        path.define("x", "sf(MET_pt, 0.5)")
        path.table("t", ["x"])
        return path

    assert path_with(table()).hash == path_with(table()).hash
    others = [table(scale=2.0), table(outside=1.0), table(what="error")]
    assert len({path_with(sf).hash for sf in (table(), *others)}) == 4


def test_a_cell_that_is_run_again_gives_expressions_the_new_table(
    events: ak.Array, process: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from hepnb.analysis.steering import declared
    from hepnb.analysis.steering.cells import Place

    execution = 1
    monkeypatch.setattr(declared, "place_of_caller", lambda: Place("cell", 1, execution))
    path = Path()
    path.lookup("sf", table())
    path.table("t", {"x": "sf(0 * nMuon, 0.5)"})
    assert np.asarray(process(path, events).tables["t"]["x"]).tolist() == [0.8] * 5
    execution = 2
    path.lookup("sf", table(scale=2.0))
    assert np.asarray(process(path, events).tables["t"]["x"]).tolist() == [1.6] * 5
    execution = 3
    path.lookup("sf", hn.lookup(hist.Hist.new.Var([0, 1], name="pt").Double(), outside="flow"))
    with pytest.raises(PathError, match=r"table 't'.*sf takes 1 value \(pt\), got 2"):
        path.check()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sf(Muon.pt)", "sf takes 2 values (pt, eta), got 1 (column 1 of 'sf(Muon.pt)')"),
        ("1 + sf(1, 2, 3)", "sf takes 2 values (pt, eta), got 3 (column 5 of '1 + sf(1, 2, 3)')"),
        ("sff(1, 2)", "unknown function 'sff'; did you mean 'sf'? (column 1 of 'sff(1, 2)')"),
        ("sf(1, eta=2)", "sf takes values in their order, without names (column 1"),
        ("open('canary')", "unknown function 'open' (column 1"),
        ("sum('sf')", "a text can only be compared"),
        ("sf.source", "no column 'sf'"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, said: str) -> None:
    def tell() -> None:
        path = Path()
        path.lookup("sf", table())
        path.define("x", text)
        path.check(["nMuon", "Muon_pt"])

    with pytest.raises(PathError) as caught:
        tell()
    assert str(caught.value).startswith(f"definition 'x': {said}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sf(Muon, 0)", "a collection was given; name one of its fields"),
        ("sf('a', 0)", "lookup: 'pt' is numbers (column 1 of"),
        ("sf(Muon.pt, 7)", "values of 'eta' are outside [-1, 1] (first: 7"),
        ("sf(Muon.pt, Muon[Muon.pt > 20].pt)", "lists of different lengths"),
    ],
)
def test_values_that_do_not_go_are_told_with_their_place(
    text: str, said: str, events: ak.Array, process: Callable[..., Any]
) -> None:
    path = Path()
    path.lookup("sf", table(outside="error"))
    path.define("x", text)
    path.table("t", ["x"])
    with pytest.raises(PathError) as caught:
        process(path, events)
    assert str(caught.value).startswith("definition 'x': ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "what", "said"),
    [
        ("sum", table(), "expressions have a function of that name"),
        ("sf", "sf.root:sf", "expected hn.lookup(...) or hn.LumiMask(...), not str"),
        ("sf", open, "expected hn.lookup(...) or hn.LumiMask(...)"),
        ("a b", table(), "cannot name a lookup"),
    ],
)
def test_what_is_no_lookup_is_refused(name: str, what: Any, said: str) -> None:
    with pytest.raises(PathError) as caught:
        Path().lookup(name, what)
    assert said in str(caught.value)


def test_two_of_one_name_are_refused() -> None:
    path = Path()
    path.lookup("sf", table())
    with pytest.raises(PathError, match="lookup 'sf' has an owner already"):
        path.lookup("sf", table())
