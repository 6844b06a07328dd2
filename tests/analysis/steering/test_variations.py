"""Systematic variations in one loop equal a loop of their own for each, in which the column is replaced."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import awkward as ak
import hist
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepnb.analysis import Dataset, Path
from hepnb.errors import DataError, PathError

muons = st.lists(st.lists(st.integers(1, 100), max_size=4), min_size=1, max_size=30)
MC = Dataset("toy", "https://example.org/toy.root", kind="mc")
SHAPES = {
    "scale_up": ("Muon.pt", "Muon.pt * 1.3"),
    "scale_down": ("Muon.pt", "Muon.pt * 0.7 - Muon.eta"),
    "tilt": ("Muon.eta", "Muon.eta + 0.5"),
    "shifted": ("met", "met + 20"),
}
WEIGHTS = {"pu_up": ("pu", "pu * 2"), "pu_down": ("pu", "pu / 2 + sum(Muon.pt) * 0.01")}


def dimuon(vary: Callable[[Path], None], correct: bool, weight: str = "pu") -> Path:
    """Cuts and columns on either side of what varies; `weight` is a formula of the factor `pu`."""
    path = Path("analysis")
    vary(path)
    if correct:
        path.replace("met", "met * 1.5")
    path.weight("gen")
    path.define("hard", "Muon[Muon.pt > 20]")
    path.define("n_hard", "count(hard)")
    path.select("one", "n_hard >= 1")

    @path.define
    def leading(hard: Any) -> Any:
        return ak.max(hard.pt, axis=1)

    @path.define
    def central(Muon: Any) -> Any:
        return abs(Muon.eta) < 0.6

    path.weight("pu", weight)
    path.select("met", "met > 25 or leading > 60")
    path.define("ratio", "leading / (met + 1)")
    path.category("size", few="n_hard <= 1", many="n_hard >= 2")
    path.hist("leading", x="leading: 20, 0, 150", n="n_hard: 0, 6, int", by=["size"])
    path.hist("eta", x="Muon.eta: 20, -2, 2", where="central", object_weight="Muon.pt / 50")
    path.hist("met", x="met: 20, 0, 200", ratio="ratio: 5, 0, 5", storage="Weight")
    path.hist("plain", x="Muon.phi: 10, -2, 2", weights=["gen"])
    path.hist("counted", x="n_hard: 0, 6, int", weights=[])
    return path


def varied(path: Path) -> None:
    for label, (column, formula) in SHAPES.items():
        path.vary(column, **{label: formula})


def unvaried(path: Path) -> None:
    """Nothing varies."""


def replacing(column: str, formula: str, path: Path) -> None:
    path.replace(column, formula)


def sums(result: Any, label: str = "nominal") -> dict[Any, np.ndarray]:
    """The bins of each histogram and category under one variation, from the fills."""
    found: dict[Any, Any] = {}
    for fill in result.fills:
        if label not in fill.weights:
            continue
        key = (fill.hist, *fill.categories.values())
        edges = np.linspace(-3, 160, 400)
        h = found.setdefault(
            key,
            hist.Hist(*(hist.axis.Variable(edges, name=c) for c in fill.columns), storage="Weight")
            if len(fill.columns) == 1
            else hist.Hist(
                *(hist.axis.Regular(40, -3, 160, name=c) for c in fill.columns), storage="Weight"
            ),
        )
        h.fill(**fill.columns, weight=fill.weights[label])
    return {key: h.view(flow=True) for key, h in found.items()}


@settings(max_examples=25, deadline=None)
@given(muons, st.data(), st.booleans())
def test_every_variation_equals_a_loop_of_its_own(
    make: Any, process: Any, rows: list[list[int]], data: Any, correct: bool
) -> None:
    numbers = st.lists(st.integers(0, 60), min_size=len(rows), max_size=len(rows))
    met, gen, pu = (np.array(data.draw(numbers), dtype=np.float32) for _ in range(3))
    events = make(rows, met=met, gen=gen - 5, pu=pu / 7)

    def weights(path: Path) -> Path:
        index = next(i for i, s in enumerate(path._steps) if s.name == "pu")
        whole = Path()
        whole.weight("pu", variations={"up": WEIGHTS["pu_up"][1], "down": WEIGHTS["pu_down"][1]})
        path._steps[index] = whole._steps[0]
        return path

    together = process(weights(dimuon(varied, correct)), events, dataset=MC)
    alone = {"nominal": dimuon(unvaried, correct)}
    for label, (column, formula) in SHAPES.items():
        # In the one loop a variation sees what was replaced; here it replaces it itself.
        replaced = correct and column == "met"
        there = formula.replace("met", "met * 1.5") if replaced else formula
        alone[label] = dimuon(partial(replacing, column, there), correct and not replaced)
    for label, (_, formula) in WEIGHTS.items():
        alone[label] = dimuon(unvaried, correct, weight=formula)
    for label, path in alone.items():
        want, got = sums(process(path, events, dataset=MC)), sums(together, label)
        assert want.keys() == got.keys(), label
        for key, view in want.items():
            np.testing.assert_array_equal(got[key], view, err_msg=f"{label}, {key}")


def test_a_function_gives_both_sides_and_several_columns_vary_together(
    make: Any, process: Any
) -> None:
    events = make([[10, 20], [40]], met=[5.0, 6.0])
    path = Path()
    path.vary(
        jes={"Muon.pt": lambda Muon: (Muon.pt * 2, Muon.pt / 2), "met": ("met + 1", "met - 1")}
    )
    path.hist("h", met="met: 10, 0, 10", weights=[])
    path.hist("pt", pt="sum(Muon.pt): 10, 0, 100", variations="jes_up")
    result = process(path, events, dataset=MC)
    got = {
        (f.hist, label): next(iter(f.columns.values())).tolist()
        for f in result.fills
        for label in f.weights
    }
    assert got == {
        ("h", "nominal"): [5, 6], ("h", "jes_up"): [6, 7], ("h", "jes_down"): [4, 5],
        ("pt", "nominal"): [30, 40], ("pt", "jes_up"): [60, 80],
    }  # fmt: skip


def test_what_no_variation_touches_is_computed_once(make: Any, process: Any) -> None:
    seen: list[int] = []
    path = Path()
    for label in ("a", "b", "c"):
        path.vary("met", **{label: "met + 10"})
    path.select("met", "met > 10")

    @path.define
    def pairs(Muon: Any) -> Any:
        seen.append(len(Muon))
        return ak.sum(Muon.pt, axis=1)

    path.hist("h", x="pairs: 10, 0, 100", met="met: 10, 0, 100")
    process(path, make([[1], [2], [3]], met=[5.0, 20.0, 0.0]), dataset=MC)
    assert seen == [2], "once, on the rows that pass in any variation"


def test_a_column_is_never_computed_on_rows_that_its_select_refuses(
    make: Any, process: Any
) -> None:
    """`second` would raise where the nominal has one hard muon; upwards there are two."""
    path = Path()
    path.vary("Muon.pt", up="Muon.pt * 2")
    path.vary("met", more="met + 10")
    path.define("hard", "Muon[Muon.pt > 20]")
    path.select("two", "count(hard) >= 2 and met > 0")

    @path.define
    def second(hard: Any) -> Any:
        return hard.pt[:, 1]

    path.hist("h", x="second: 10, 0, 100")
    result = process(path, make([[30, 12], [30, 40], [5]], met=[1.0, 1.0, 1.0]), dataset=MC)
    got = {label: f.columns["x"].tolist() for f in result.fills for label in f.weights}
    assert got == {"nominal": [40], "up": [24, 80], "more": [40]}


def test_lists_of_weights_are_variations_by_number(make: Any, process: Any) -> None:
    events = make([[1], [2]])
    events["pdf"] = ak.Array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    path = Path()
    path.weight("pdf", "pdf[:, 0]", each="pdf", count=3, sets="theory")
    path.hist("h", n="nMuon: 0, 3, int")
    for chosen, labels in (("all", "012"), ("theory", "012"), ("pdf_2", "2"), ("nominal", "")):
        program = path.freeze(variations=chosen)
        (fill,) = program.process(events[list(program.columns(events.fields))], MC).fills
        assert list(fill.weights) == ["nominal", *(f"pdf_{n}" for n in labels)]
        assert [fill.weights[f"pdf_{n}"].tolist() for n in labels] == [
            [1.0 + int(n), 4.0 + int(n)] for n in labels
        ]
    with pytest.raises(PathError, match="none is called 'pdf_3'; did you mean 'pdf_"):
        path.freeze(variations="pdf_3")


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        ([[1.0, 2.0], [3.0]], r"1 values in entry 1, where count=2: say count=1, or .*\(only=\)"),
        ([[1.0, 2.0, 3.0]] * 2, "3 values in entry 0, where count=2: say count=3"),
        ([[], [1.0, 2.0]], "0 values in entry 0, where count=2: with requires= of its branch"),
        ([None, [1.0, 2.0]], "0 values in entry 0, where count=2"),
        ([[1.0, None], [1.0, 2.0]], "missing values"),
        ([[1.0, 2.0], [np.inf, 1.0]], r"not finite in 1 of 2 events \(first: entry 1\)"),
    ],
)
def test_lists_of_other_lengths_fail_the_chunk(
    make: Any, process: Any, lists: Any, said: str
) -> None:
    events = make([[1], [2]])
    events["pdf"] = ak.Array(lists)
    path = Path()
    path.weight("pdf", 1.0, each="pdf", count=2)
    path.hist("h", n="nMuon: 0, 3, int")
    with pytest.raises(DataError, match=said):
        process(path, events, dataset=MC)


def test_where_a_list_is_not_there_or_empty_the_nominal_is_filled(make: Any, process: Any) -> None:
    events = make([[1], [2], [3]])
    path = Path()
    path.hist("above", n="nMuon: 0, 3, int", variations="pdf")
    path.weight("pdf", "nMuon * 5", each=lambda pdf: pdf * 10, count=2, requires="pdf")
    path.hist("h", n="nMuon: 0, 3, int")
    assert path.freeze().variations == ("pdf_0", "pdf_1")
    assert path.freeze().variations_of("above") == ("pdf_0", "pdf_1")
    for lists, first, second in (
        (None, [5.0, 5.0, 5.0], [5.0, 5.0, 5.0]),
        ([[1.0, 2.0], [], [3.0, 4.0]], [10.0, 5.0, 30.0], [20.0, 5.0, 40.0]),
    ):
        if lists is not None:
            events["pdf"] = ak.Array(lists)
        above, below = process(path, events, dataset=MC).fills
        assert [above.weights[label] for label in ("nominal", "pdf_0", "pdf_1")] == [None] * 3
        assert below.weights["pdf_0"].tolist() == first
        assert below.weights["pdf_1"].tolist() == second
    path.weight("k", 1.0, each="nothing", count=2, only="other")
    path.freeze().columns(events.fields, MC)  # nobody misses its branch


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"each": "pdf"}, "say how many values each= has in an event, as count=103"),
        ({"each": "pdf", "count": 2.5}, "say .* as count=103, not the float 2.5"),
        ({"each": "pdf", "count": True}, "say .* as count=103, not the bool True"),
        ({"each": "pdf", "count": 0}, "count=0 is not from 1 to 10,000"),
        ({"each": "pdf", "count": 10**9}, "count=1000000000 is not from 1 to 10,000"),
        ({"each": ["1", "2"], "count": 2}, "count= goes with a column of lists"),
        ({"count": 2}, "count= goes with a column of lists"),
    ],
)
def test_how_many_values_there_are_is_said(said: Any, wrong: str) -> None:
    with pytest.raises(PathError, match=f"weight 'pdf': {wrong}"):
        Path().weight("pdf", 1.0, **said)


def test_scopes_say_where_a_variation_applies(make: Any, process: Any) -> None:
    events = make([[1], [2]], met=[1.0, 2.0])
    path = Path()
    path.vary("met", here="met + 1", only="t*")
    path.vary("met", there="met + 1", without="toy")
    path.weight("w", 1.0, up=2.0, requires="psWeight")
    path.hist("h", met="met: 9, 0, 9")
    result = process(path, events, dataset=MC)
    got = {
        label: (f.columns["met"].tolist(), f.weights[label].tolist())
        for f in result.fills for label in f.weights
    }  # fmt: skip
    nominal = ([1.0, 2.0], [1.0, 1.0])
    assert got == {
        "nominal": nominal, "here": ([2.0, 3.0], [1.0, 1.0]), "there": nominal, "w_up": nominal,
    }  # fmt: skip
    data = Dataset("data", "https://example.org/toy.root", kind="data")
    path.weight("gen", 1.0, up="onlySimulated")
    program = path.freeze()
    assert program.columns(events.fields, data) == ("met",)
    with pytest.raises(PathError, match="no column 'onlySimulated'"):
        program.columns(events.fields, MC)
    path._steps.pop()
    assert [list(f.weights) for f in process(path, events, dataset=data).fills] == [["nominal"]]


def test_a_weight_of_other_datasets_is_one(make: Any, process: Any) -> None:
    events = make([[1], [2]], genWeight=[3.0, -1.0])
    path = Path()
    path.weight("gen", "genWeight", up="genWeight * 2", only="mc")
    path.weight("stream", 0.5, only=["data", "embedded*"])
    path.weight("k", 1.3, up=1.4, without="toy*")
    path.hist("h", n="nMuon: 0, 3, int")
    url = "https://example.org/toy.root"
    data = Dataset("muons", url, kind="data")
    assert path.freeze().columns(events.fields, data) == ("nMuon",)
    want = {
        MC: {"nominal": [3.0, -1.0], "gen_up": [6.0, -2.0], "k_up": [3.0, -1.0]},
        data: {"nominal": [0.5 * 1.3] * 2},
        Dataset("embedded", url, kind="data"): {"nominal": [0.5 * 1.3] * 2},
        Dataset("toys", url, kind="data"): {"nominal": [0.5] * 2},
    }
    for dataset, weights in want.items():
        fills = process(path, events, dataset=dataset).fills
        got = {label: f.weights[label].tolist() for f in fills for label in f.weights}
        assert got == {label: pytest.approx(values) for label, values in weights.items()}


def test_selectors_pick_by_name_pattern_and_set(make: Any, process: Any) -> None:
    path = Path()
    path.vary("met", jes=("met", "met"), jer=("met", "met"), sets="jets")
    path.weight("pu", 1.0, up=2.0, down=0.5)
    for chosen, names in {
        "nominal": (),
        "all": ("jes_up", "jes_down", "jer_up", "jer_down", "pu_up", "pu_down"),
        "je*_up": ("jes_up", "jer_up"),
        "jets": ("jes_up", "jes_down", "jer_up", "jer_down"),
        "jes, pu_up": ("jes_up", "jes_down", "pu_up"),
    }.items():
        assert path.freeze(variations=chosen).variations == names
    with pytest.raises(PathError, match="none is called 'jec_up'; did you mean 'jes_up'"):
        path.freeze(variations=["jec_up"])


@pytest.mark.parametrize(
    ("asked", "labels"),
    [
        ("jes_up", ["jes_up"]),
        ("jes", ["jes_up", "jes_down"]),
        ("jets", ["jes_up", "jes_down"]),
        (["pdf", "pu*"], ["pu_up", "pdf_0", "pdf_1"]),
        ("theory", ["pdf_0", "pdf_1"]),
    ],
)
def test_a_histogram_picks_by_name_nuisance_and_set(
    make: Any, process: Any, asked: Any, labels: list[str]
) -> None:
    events = make([[1], [2]], met=[1.0, 2.0])
    events["pdf"] = ak.Array([[1.0, 2.0], [3.0, 4.0]])
    path = Path()
    path.vary("met", jes=("met + 1", "met - 1"), sets="jets")
    path.weight("pu", 1.0, up=2.0)
    path.weight("pdf", 1.0, each="pdf", count=2, sets="theory")
    path.hist("h", met="met: 9, 0, 9", variations=asked)
    result = process(path, events, dataset=MC)
    assert [v for f in result.fills for v in f.weights] == ["nominal", *labels]
    path.hist("wrong", met="met: 9, 0, 9", variations="jse")
    with pytest.raises(PathError, match="histogram 'wrong': variations: none is called 'jse'"):
        path.freeze()


@pytest.mark.parametrize(
    ("tell", "said"),
    [
        (lambda p: p.vary("met"), "no variations"),
        (lambda p: p.vary(jes="met * 2"), "of which column"),
        (lambda p: p.vary("met", jes=("met",)), r"expected \(up, down\), not 1"),
        (lambda p: p.vary("a.b.c", jes=("met", "met")), "field of a field"),
        (lambda p: p.vary("met", nominal="met"), "'nominal' is no name"),
        (lambda p: p.replace("met", "met") or p.replace("met", "met"), "has an owner already"),
    ],
)
def test_mistakes_are_told_in_a_line(tell: Any, said: str) -> None:
    with pytest.raises(PathError, match=said):
        tell(Path())


def test_a_misspelt_column_and_a_wrong_shape_are_told(make: Any, process: Any) -> None:
    path = Path()
    path.vary("Muon.pT", jes="Muon.pt * 2")
    path.hist("h", pt="Muon.pt: 9, 0, 9")
    with pytest.raises(PathError, match="did you mean 'pt'"):
        process(path, make([[1], [2]]), dataset=MC)
    path = Path()
    path.vary("Muon.pt", jes="Muon.pt[:, :1]")
    path.hist("h", pt="Muon.pt: 9, 0, 9")
    with pytest.raises(PathError, match="another number of objects per event"):
        process(path, make([[1, 2], [2]]), dataset=MC)
