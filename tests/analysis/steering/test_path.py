"""The rules of a path: order, owners, names, and what check says."""

from __future__ import annotations

import threading
from typing import Any

import awkward as ak
import hist
import numpy as np
import pytest

from hepnb.analysis import Module, Path
from hepnb.errors import PathError

NANO = [
    "run",
    "genWeight",
    "nMuon",
    "Muon_pt",
    "Muon_eta",
    "Muon_phi",
    "Muon_mass",
    "MET_pt",
    "Muon_type",
]


def test_building_executes_nothing() -> None:
    path = Path("quiet")

    @path.define
    def never(Muon: Any) -> Any:
        raise AssertionError("called")

    path.select("s", "never > 0")
    path.hist("h", x="never: 10, 0, 1")
    path.check(NANO)
    assert path.freeze().histograms[0].name == "h"
    assert repr(path) == "<Path 'quiet': 1 definition, 1 select, 1 histogram>"


def test_a_step_sees_only_rows_that_pass_the_selects_above(process: Any, events: ak.Array) -> None:
    path = Path()
    seen: dict[str, int] = {}

    @path.define
    def above(Muon: Any) -> Any:
        seen["above"] = len(Muon)
        return ak.num(Muon)

    path.hist("all", n="above: 0, 5, int")
    path.select("some", "count(Muon) >= 1")

    @path.define
    def leading(Muon: Any) -> Any:
        seen["leading"] = len(Muon)
        return Muon[:, 0].pt  # would fail for the event without muons

    path.hist("h", pt="leading: 10, 0, 100")
    path.select("two", "above >= 2")
    path.hist("h2", pt="leading: 10, 0, 100", n="above: 0, 5, int")
    result = process(path, events)
    assert seen == {"above": 5, "leading": 4}
    assert result.cutflow == (("all", 5, 5.0), ("some", 4, 4.0), ("two", 3, 3.0))
    assert [len(f.columns["pt"]) for f in result.fills if f.hist != "all"] == [4, 3]
    assert result.fills[2].columns["n"].tolist() == [3, 2, 2]


def test_names_are_found_wherever_they_are_defined(process: Any, events: ak.Array) -> None:
    path = Path()
    path.define("twice", "2 * single")
    path.hist("h", x="twice: 10, 0, 10")
    path.define("single", "count(Muon)")
    assert process(path, events).fills[0].columns["x"].tolist() == [6, 0, 4, 2, 4]


def test_a_definition_is_computed_once_on_the_fewest_rows_needed(
    process: Any, events: ak.Array
) -> None:
    path = Path()
    calls = []

    @path.define
    def pts(Muon: Any) -> Any:
        calls.append(len(Muon))
        return Muon.pt

    @path.define
    def unused(Muon: Any) -> Any:
        calls.append("unused")
        return Muon.pt

    path.select("two", "nMuon >= 2")
    path.hist("a", x="sum(pts): 10, 0, 200")
    path.hist("b", x="pts: 10, 0, 200")
    process(path, events)
    assert calls == [3]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda p: p.hist("h", x="Muon.pT: 10, 0, 1"),
            "'Muon' has no field 'pT'; did you mean 'pt'?",
        ),
        (lambda p: p.hist("h", x="Moun.pt: 10, 0, 1"), "no column 'Moun'; did you mean 'Muon'?"),
        (
            lambda p: p.select("s", "nMoun > 1"),
            "select 's': no column 'nMoun'; did you mean 'nMuon'?",
        ),
        (lambda p: p.define("x", lambda Muon: Muon.charg), "'Muon' has no field 'charg'"),
        (lambda p: p.hist("h", x="pair: 10, 0, 1"), "no column 'pair'; did you mean 'pairs'?"),
        (lambda p: p.define("Muon_pt", "nMuon"), "the file has a branch 'Muon_pt' already"),
        (lambda p: p.define("Muon", "nMuon"), "the file has a collection 'Muon' already (Muon_pt)"),
        (lambda p: p.hist("h", x="run.pt: 10, 0, 1"), "'run' is a plain branch without field 'pt'"),
        (
            lambda p: p.hist("h", x="nMuon: 10, 0, 1", by="chanel"),
            "by='chanel' is not a category; did you mean 'channel'?",
        ),
        (
            lambda p: p.hist("h", x="nMuon: 10, 0, 1", weights=["gne"]),
            "no weight 'gne' above it; did you mean 'gen'?",
        ),
        (
            lambda p: p.hist("h", x="nMuon: 10, 0, 1", storage="Int64"),
            "'Int64' counts entries, but weight 'gen'",
        ),
        (lambda p: p.hist("h", x="nMuon: 10, 0, 1", where="channel == 'em'"), "has no label 'em'"),
        (lambda p: p.select("s", "nMuon == 'ee'"), "'nMuon' is not a category"),
        (
            lambda p: p.select("all", "nMuon > 1"),
            "select 'all' has the name of another line of the cutflow (what all events are called there)",
        ),
    ],
)
def test_check_names_the_mistake_and_the_nearest_name(build: Any, message: str) -> None:
    path = Path()
    path.define("pairs", "count(Muon) // 2")
    path.category("channel", ee="nMuon == 2", mm="nMuon == 3")
    path.weight("gen", "genWeight")
    path.check(NANO)
    build(path)
    with pytest.raises(PathError) as caught:
        path.check(NANO)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_circle_is_named() -> None:
    path = Path()
    path.define("a", "b + 1")
    path.define("b", "c + 1")
    path.define("c", lambda a: a)
    with pytest.raises(PathError, match=r"circle: a -> b -> c -> a"):
        path.check()
    alone = Path()
    alone.define("x", "x + 1")
    with pytest.raises(PathError, match=r"circle: x -> x"):
        alone.freeze()


def test_using_a_name_above_the_select_it_stands_below_is_an_error() -> None:
    path = Path()
    path.hist("h", x="late: 10, 0, 1")
    path.select("two muons", "nMuon == 2")
    path.define("late", "Muon.pt[:, 0]")
    with pytest.raises(PathError) as caught:
        path.check()
    assert "histogram 'h', axis 'x' uses 'late'" in str(caught.value)
    assert "select 'two muons'" in str(caught.value)
    own = Path()
    own.select("s", "late > 1")
    own.define("late", "nMuon")
    with pytest.raises(PathError, match="move the definition of 'late' above it"):
        own.check()


def test_a_varied_column_cannot_stand_below_a_select_wherever_it_is_varied() -> None:
    path = Path()
    path.select("some", "nMuon > 0")
    path.define("late", "count(Muon)")
    path.vary("late", more="late + 1")
    path.hist("h", x="late: 10, 0, 10")
    with pytest.raises(PathError, match=r"'some' below it; move the definition of 'late' above it"):
        path.check(NANO)


def test_every_column_has_one_owner() -> None:
    path = Path("p")
    path.define("ht", "sum(Jet.pt)")
    with pytest.raises(
        PathError, match=r"column 'ht' has an owner already \(definition 'ht', test_path.py:\d+\)"
    ):
        path.define("ht", "1")
    with pytest.raises(PathError, match="has an owner already"):
        path.category("ht", a="nJet > 1")
    path.hist("h", x="ht: 10, 0, 1")
    with pytest.raises(PathError, match="histogram 'h' has an owner already"):
        path.hist("h", x="ht: 10, 0, 1")
    path.select("s", "ht > 0")
    with pytest.raises(PathError, match="select 's'"):
        path.select("s", "ht > 1")


@pytest.mark.parametrize("name", ["dataset", "variation", "rng", "class", "2x", "a b", "__x", ""])
def test_names_that_cannot_be_columns(name: str) -> None:
    with pytest.raises(PathError):
        Path().define(name, "1")


@pytest.mark.parametrize(
    "build",
    [
        lambda p: p.table("t", ["Muon.pt / 2"]),
        lambda p: p.table("t", {"": "nMuon"}),
        lambda p: p.table("t", {"a\nb": "nMuon"}),
        lambda p: p.category("c", **{"a\0b": "nMuon > 1"}),
        lambda p: p.select("a\0b", "nMuon > 1"),
        lambda p: p.define("x", "1") or Path("a\nb"),
    ],
)
def test_names_that_could_not_be_written_are_refused_at_once(build: Any) -> None:
    with pytest.raises(PathError, match="name") as caught:
        build(Path())
    assert str(caught.value).isprintable()


def test_a_module_that_holds_a_lock_is_refused_in_a_line() -> None:
    module = Module()
    module.lock = threading.Lock()  # type: ignore[attr-defined]
    path = Path()
    path.add_module(module)
    with pytest.raises(PathError, match=r"module 'Module' cannot be copied .* in setup"):
        path.freeze()


def test_a_reserved_name_in_the_file_is_an_error_where_it_is_used() -> None:
    path = Path()
    path.define("x", lambda dataset: 1.0)  # noqa: ARG005
    path.check(["a"])
    with pytest.raises(PathError, match="'dataset' is reserved, but the file has a branch"):
        path.check(["a", "dataset"])


def test_a_field_hidden_by_an_attribute_is_warned_about() -> None:
    path = Path()
    path.define("kind", lambda Muon: Muon.type)
    with pytest.warns(
        UserWarning, match=r"Muon.type is the array's own attribute; write Muon\['type'\]"
    ):
        path.check(NANO)
    fine = Path()
    fine.define("kind", lambda Muon: Muon["type"])
    fine.define("same", "first(Muon.type, 0)")
    fine.check(NANO)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("x", "write 'expression: bins, low, high'"),
        ("x: 10, 0", "is not an axis"),
        ("x: 10, 1, 0", "low edge 1 is not below high edge 0"),
        ("x: 0, 0, 1", "0 bins"),
        ("x: 10, 0, 1, log", "log bins need a positive low edge"),
        ("x: [1, 1, 2]", "do not increase"),
        ("x: 3, 1, int", "not below"),
        ("x: 10, 0, 1, lin", "is not an axis"),
        ("x +: 10, 0, 1", "not an expression"),
        (hist.axis.Regular(2, 0, 1, name="y"), "is named 'y'"),
        (hist.axis.StrCategory(["a"]), "define a category and use by="),
        (3, "expected 'expression: bins, low, high' or a hist.axis, not int"),
    ],
)
def test_bad_axes_are_refused_with_their_place(spec: Any, message: str) -> None:
    with pytest.raises(PathError) as caught:
        Path().hist("h", x=spec)
    assert message in str(caught.value)
    assert str(caught.value).startswith("histogram 'h', axis 'x': ")


def test_axes_mean_what_they_say() -> None:
    path = Path()
    path.category("channel", ee="a > 1", mm="a > 2")
    own = hist.axis.IntCategory([1, 2])
    path.hist(
        "h",
        mass="m: 3, 1, 1000, log [m / GeV]",
        n="n: 0, 4, int",
        e="Muon.pt[:, 0]: [0, 1, 5]",
        b="b: bool",
        c=("2 * c", own),
        d=hist.axis.Regular(2, 0, 1, label="kept"),
        by=["channel", "dataset"],
        label="all of them",
    )
    spec = path.freeze().histograms[0]
    assert [a.name for a in spec.axes] == ["channel", "dataset", "mass", "n", "e", "b", "c", "d"]
    channel, dataset, mass, n, e, b, c, d = spec.axes
    assert list(channel) == ["ee", "mm"]
    assert len(dataset) == 0
    assert dataset.traits.growth
    np.testing.assert_allclose(mass.edges, [1, 10, 100, 1000])
    assert mass.label == "m / GeV"
    assert n.edges.tolist() == [0, 1, 2, 3, 4]
    assert e.edges.tolist() == [0, 1, 5]
    assert b.traits.discrete or b.size == 2
    assert list(c) == [1, 2]
    assert d.label == "kept"
    assert (spec.storage, spec.label, spec.by) == ("Double", "all of them", ("channel", "dataset"))
    assert own.name == ""


def test_storage_follows_the_weights_above() -> None:
    path = Path()
    path.hist("before", x="a: 1, 0, 1")
    path.weight("w", "b")
    path.hist("after", x="a: 1, 0, 1")
    path.hist("none", x="a: 1, 0, 1", weights=[])
    path.hist("counts", x="a: 1, 0, 1", weights=[], storage="Int64")
    path.hist("objects", x="a: 1, 0, 1", weights=[], object_weight="c")
    assert [h.storage for h in path.freeze().histograms] == [
        "Double",
        "Weight",
        "Double",
        "Int64",
        "Weight",
    ]


def test_a_frozen_path_does_not_change(process: Any, events: ak.Array) -> None:
    path = Path()
    path.hist("h", x="nMuon: 10, 0, 10")
    program = path.freeze()
    path.select("none", "nMuon > 100")
    path.hist("h2", x="nMuon: 10, 0, 10")
    assert [h.name for h in program.histograms] == ["h"]
    with pytest.raises(AttributeError):
        program.name = "other"  # type: ignore[misc]


def test_functions_must_name_their_columns() -> None:
    path = Path()
    for bad, message in (
        (lambda *a: 1, "names no column"),
        (lambda **k: 1, "names no column"),
        (lambda: 1, "takes no columns"),
        (3j, "not complex"),
        (None, "an owner already|returns|expected"),
    ):
        if bad is not None:
            with pytest.raises(PathError, match=message):
                path.define("x", bad)


def test_defaults_of_a_function_are_its_own_constants(process: Any, events: ak.Array) -> None:
    path = Path()
    path.define("hard", lambda Muon, cut=20.0: ak.sum(Muon.pt > cut, axis=1))
    path.hist("h", x="hard: 10, 0, 10")
    assert process(path, events).fills[0].columns["x"].tolist() == [2, 0, 1, 0, 2]
