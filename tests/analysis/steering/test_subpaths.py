"""Sub-paths equal paths of their own with the selects by hand, under every variation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import awkward as ak
import cloudpickle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hepnb as hn
from hepnb.analysis import Dataset, Module, Path
from hepnb.analysis.steering.description import as_text, describe_path
from hepnb.errors import PathError

MC = Dataset("toy", "https://example.org/toy.root", kind="mc")
muons = st.lists(st.lists(st.integers(1, 100), max_size=4), min_size=1, max_size=25)


def entries(result: Any) -> dict[Any, Any]:
    """Values and weights of each histogram, category and variation."""
    found = {}
    for fill in result.fills:
        for label, weights in fill.weights.items():
            key = (fill.hist, *fill.categories.values(), label)
            columns = {name: values.tolist() for name, values in fill.columns.items()}
            found[key] = columns | {"weight": None if weights is None else weights.tolist()}
    return found


def cuts(result: Any) -> dict[tuple[str, str], tuple[int, float]]:
    flows = {"nominal": result.cutflow, **result.cutflows}
    return {(label, cut): row for label, rows in flows.items() for cut, *row in rows}


def common(path: Path) -> None:
    path.vary("Muon.pt", scale=("Muon.pt * 1.4", "Muon.pt * 0.6"), only="toy")
    path.vary("met", soft=("met + 15", "met - 15"))
    path.weight("gen")
    path.define("hard", "Muon[Muon.pt > 20]")
    path.define("n_hard", "count(hard)")
    path.select("any", "count(Muon) >= 1")


def body(path: Path, tag: str) -> None:
    """What a sub-path does; `n_hard` is of the path, `lead` and `size` are its own."""
    path.weight("pu", "pu", up="pu * 2", down="pu / 3")
    path.define("lead", lambda hard: ak.max(hard.pt, axis=1))
    path.select("met", "met > 20 or n_hard > 2")
    path.category("size", few="n_hard <= 1", many="n_hard >= 2")
    path.hist(f"lead{tag}", x="lead: 20, 0, 150", by="size")
    path.hist(f"few{tag}", x="Muon.pt: 20, 0, 150", where="few", weights=["pu"])


def tail(path: Path, tag: str) -> None:
    path.select("soft", "met < 60")
    path.hist(f"tail{tag}", x="met: 20, 0, 200", n="n_hard: 0, 6, int")


def drawn(make: Any, rows: list[list[int]], data: Any) -> ak.Array:
    numbers = st.lists(st.integers(0, 60), min_size=len(rows), max_size=len(rows))
    met, gen, pu = (np.array(data.draw(numbers), dtype=np.float32) for _ in range(3))
    return make(rows, met=met, gen=gen - 5, pu=pu / 7)


@settings(max_examples=25)
@given(muons, st.data(), st.sampled_from(["end", "continue"]), st.booleans())
def test_a_sub_path_equals_the_selects_by_hand(
    make: Any, process: Any, rows: list[list[int]], data: Any, then: str, nested: bool
) -> None:
    events = drawn(make, rows, data)
    sub, path = Path("tight"), Path()
    common(path)
    if nested:
        inner = Path("inner")
        body(inner, "")
        sub.add_independent_path(inner)
        sub.hist("beside", x="met: 20, 0, 200")
    else:
        body(sub, "")
    path.if_("n_hard >= 2 and met > 5", sub, then)
    tail(path, "")
    got = process(path, events, dataset=MC)

    alone = Path()
    common(alone)
    alone.select("tight", "n_hard >= 2 and met > 5")
    body(alone, "")
    inside = process(alone, events, dataset=MC)
    rest = Path()
    common(rest)
    if then == "end":
        rest.select("not tight", "not (n_hard >= 2 and met > 5)")
    tail(rest, "")
    outside = process(rest, events, dataset=MC)

    # Where a weight of the other part varies, a histogram holds the nominal.
    want = entries(inside) | entries(outside)
    found = entries(got)
    for key in set(found) - set(want):
        assert key[0] == "beside" or found[key] == found[(*key[:-1], "nominal")], key
    assert {key: found.get(key) for key in want} == want
    named = "tight/inner/met" if nested else "tight/met"
    flow = cuts(got)
    for key, row in (cuts(inside) | cuts(outside)).items():
        label, cut = key
        assert flow[label, named if cut == "met" else cut] == row, key


@settings(max_examples=25)
@given(muons, st.data(), st.sampled_from([None, -1, 0.5]))
def test_columns_come_back_to_where_they_belong(
    make: Any, process: Any, rows: list[list[int]], data: Any, fill: float | None
) -> None:
    events = drawn(make, rows, data)
    sub, path = Path("tight"), Path()
    common(path)
    sub.define("first", lambda hard: ak.to_numpy(hard.pt[:, 0]))
    sub.select("met", "met > 20")
    sub.define("second", "2 * first + met")
    sub.define("private", "first * 3")
    path.if_("n_hard >= 2", sub, "continue", merge_back=["first", "second"], fill=fill)
    path.select("soft", "met < 50")
    path.table("t", {"entry": "entry", "first": "first", "second": "second"})
    path.hist("h", x="second: 10, -5, 300")
    events["entry"] = np.arange(len(rows))
    got = process(path, events, dataset=MC)

    def by_hand(pt: ak.Array, met: np.ndarray) -> tuple[Any, ...]:
        hard = pt[pt > 20]
        tight = ak.to_numpy(ak.num(hard) >= 2)
        first = ak.to_numpy(ak.fill_none(ak.firsts(hard), np.float32(0)))
        missing = np.nan if fill is None else fill
        one = np.where(tight, first, np.float32(missing))
        two = np.where(tight & (met > 20), 2 * first + met, np.float32(missing))
        kept = ak.to_numpy(ak.num(pt) >= 1) & (met < 50)
        return np.arange(len(met))[kept], one[kept], two[kept]

    entry, one, two = by_hand(events.Muon_pt, np.asarray(events.met))
    np.testing.assert_array_equal(got.tables["t"]["entry"], entry)
    np.testing.assert_array_equal(got.tables["t"]["first"], one)
    np.testing.assert_array_equal(got.tables["t"]["second"], two)
    pt, met = events.Muon_pt, np.asarray(events.met)
    shifts = {
        "nominal": (pt, met), "scale_up": (pt * 1.4, met), "scale_down": (pt * 0.6, met),
        "soft_up": (pt, met + 15), "soft_down": (pt, met - 15),
    }  # fmt: skip
    found = entries(got)
    for label, shifted in shifts.items():
        _, _, two = by_hand(*shifted)
        want = two[~np.isnan(two)].astype(float).tolist()
        assert found.get(("h", label), {"x": []})["x"] == want, label


def test_records_lists_and_truths_come_back(make: Any, process: Any) -> None:
    events = make([[40, 21, 5], [], [31], [55, 54]])
    sub, path = Path("pairs"), Path()
    sub.define("good", "Muon[Muon.pt > 20]")
    sub.define("is_hard", "max(Muon.pt) > 50")
    path.if_("count(Muon) >= 2", sub, "continue", fill={"is_hard": False})
    path.table("t", {"n": "count(good)", "sum": "sum(good.pt)", "hard": "is_hard"})
    path.hist("h", x="good.eta: 10, -1, 1")
    path.select("two", "count(good) == 2")
    path.table("after", {"pt": "good.pt"})
    got = process(path, events)
    assert got.tables["t"]["hard"].tolist() == [False, False, False, True]
    np.testing.assert_array_equal(got.tables["t"]["n"], [2, np.nan, np.nan, 2])
    np.testing.assert_array_equal(got.tables["t"]["sum"], [61, np.nan, np.nan, 109])
    assert got.tables["after"]["pt"].tolist() == [40, 21, 55, 54]
    assert len(got.fills[0].columns["x"]) == 4


class Count(Module):
    uses = ("nMuon",)
    produces = ("many",)
    least: int = hn.param(2)

    def process(self, events: Any) -> Any:
        return events.nMuon >= self.least


def test_each_cut_lies_in_that_before_it_in_its_own_path(make: Any, process: Any) -> None:
    path, inner, ends = Path("p"), Path("inner"), Path("ends")
    path.select("one", "nMuon >= 1")
    inner.select("two", "nMuon >= 2")
    inner.select("three", "nMuon >= 3")
    path.if_("nMuon >= 2", inner, then="continue")
    path.select("four", "nMuon < 4")
    ends.select("odd", "nMuon != 2")
    path.if_("nMuon >= 3", ends)
    path.select("last", "nMuon > 0")
    made = process(path, make([[1], [1, 2], [1, 2, 3], [], [1, 2, 3, 4]]))
    assert [row[0] for row in made.cutflow][1:] == list(made.above)
    assert made.above == {
        "one": "all",
        "inner": "one",
        "inner/two": "inner",
        "inner/three": "inner/two",
        "four": "one",
        "ends": "four",
        "ends/odd": "ends",
        "not ends": "four",
        "last": "not ends",
    }
    events = {row[0]: row[1] for row in made.cutflow}
    assert all(events[cut] <= events[above] for cut, above in made.above.items())


def test_a_module_leads_into_a_sub_path_and_one_may_stand_in_it(make: Any, process: Any) -> None:
    events = make([[1], [1, 2], [1, 2, 3], []])
    path, sub = Path("p"), Path("more")
    module = path.add_module("Count")
    sub.add_module("Count", least=3)
    sub.hist("inside", x="many: bool")
    module.if_("many", sub)
    path.hist("outside", x="many: bool")
    got = process(path, events)
    assert entries(got)["inside", "nominal"]["x"] == [False, True]
    assert entries(got)["outside", "nominal"]["x"] == [False, False]
    assert [row[:2] for row in got.cutflow] == [("all", 4), ("more", 2), ("not more", 2)]
    assert [row[:4] for row in got.statistics if row[1] == "process"] == [
        ("Count", "process", 1, 4),
        ("sub-path 'more'", "process", 1, 4),
        ("more/Count", "process", 1, 2),
        ("histogram 'inside'", "process", 1, 2),
        ("histogram 'outside'", "process", 1, 2),
    ]
    program = cloudpickle.loads(cloudpickle.dumps(path.freeze()))
    assert program.modules == ("Count", "more/Count")
    assert not program.steps[0].module._branches


def test_an_independent_path_changes_nothing_beside_it(make: Any, process: Any) -> None:
    events = make([[40, 21, 5], [], [31, 12], [8]])
    path, checks = Path(), Path("checks")
    path.define("lead", "max(Muon.pt)")
    checks.select("hard", "max(Muon.pt) > 30")
    checks.weight("twice", 2.0)
    checks.define("lead", "min(Muon.pt)")
    checks.hist("low", x="lead: 10, 0, 100")
    path.add_independent_path(checks)
    path.hist("high", x="lead: 10, 0, 100")
    got = entries(process(path, events))
    assert got["low", "nominal"] == {"x": [5.0, 12.0], "weight": [2.0, 2.0]}
    assert got["high", "nominal"] == {"x": [40.0, 31.0, 8.0], "weight": None}
    with pytest.raises(PathError, match="sub-path 'checks' has an owner already"):
        path.add_independent_path(Path("checks"))


def test_a_column_that_comes_back_may_be_used_above(make: Any, process: Any) -> None:
    path, sub = Path(), Path("s")
    path.hist("h", x="lead: 10, 0, 100")
    sub.define("lead", "Muon.pt[:, 0]")
    path.if_("count(Muon) >= 1", sub, "continue")
    got = entries(process(path, make([[4], [], [6, 2]])))
    assert got["h", "nominal"]["x"] == [4, 6]


def hist_in(name: str, hist: str = "h") -> Path:
    path = Path(name)
    path.define("x", "count(Muon)")
    path.hist(hist, x="x: 10, 0, 10")
    return path


def again(path: Path) -> None:
    path.add_independent_path(path)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda p: p.if_("1", 3), "a sub-path is a path (hn.Path(...)), not int"),
        (lambda p: p.if_("1", Path("s"), "contine"), "not 'contine'; did you mean 'continue'?"),
        (lambda p: p.if_("1", Path("s"), "end", fill=1), "nothing comes back from events that end"),
        (lambda p: p.if_("a b", Path("s")), "sub-path 's', condition: not an expression"),
        (
            lambda p: p.add_independent_path(Path("s"), "y"),
            "sub-path 's' makes no column 'y' that could be merged back",
        ),
        (
            lambda p: p.add_independent_path(hist_in("s"), "x", fill={"y": 1}),
            "fill names 'y', which is not merged back",
        ),
        (
            lambda p: (p.add_independent_path(hist_in("a")), p.if_("1", hist_in("b"))),
            "histogram 'h' is there twice",
        ),
        (
            lambda p: (p.define("x", "1"), p.if_("1", hist_in("a"), "continue")),
            "column 'x' has two owners, one of them a sub-path",
        ),
        (
            lambda p: (p.if_("1", hist_in("a"), "end"), p.table("t", ["x"])),
            "no column 'x'; sub-path 'a' has one: merge_back='x'",
        ),
        (
            lambda p: (
                p.if_("nMuon > 1", hist_in("a"), "end"),
                p.define("y", "1 + nMuon"),
                p.hist("y", x="y: 3, 0, 3"),
                p.if_("y > 1", hist_in("b", "k"), "continue", merge_back=[]),
                p._steps[0].path.table("t", ["y"]),
            ),
            "uses 'y', which sees only rows that pass rest 'not a' below it",
        ),
        (lambda p: (p.vary("met", x=("1", "2")), again(p)), "sub-path 'path' contains itself"),
        (
            lambda p: (s := Path("s"), s.vary("met", x=("1", "2")), p.if_("1", s)),
            "sub-path 's': variation 'x: met' belongs into the path itself",
        ),
        (
            lambda p: p.if_("x > 1", hist_in("s"), "continue"),
            "definitions go round in a circle",
        ),
        (
            lambda p: (p.select("tight", "met > 1"), p.if_("met > 2", hist_in("tight"))),
            "sub-path 'tight' has the name of another line of the cutflow (select 'tight'): rename one",
        ),
        (
            lambda p: (p.if_("met > 2", hist_in("a")), p.select("not a", "met > 1")),
            "select 'not a' has the name of another line of the cutflow (rest 'not a'): rename one",
        ),
    ],
)
def test_sub_paths_that_cannot_be_are_refused_in_a_line(
    build: Callable[[Path], Any], message: str
) -> None:
    path = Path()

    def build_and_check() -> None:
        build(path)
        path.check(["nMuon", "Muon_pt", "met"])

    with pytest.raises(PathError) as caught:
        build_and_check()
    assert message in str(caught.value)
    assert str(caught.value).isprintable()
    assert as_text(describe_path(path))


@pytest.mark.parametrize("fill", ["x", "f4", "S", [1.0, 2.0], -1 + 1j])
def test_a_fill_that_does_not_go_with_the_column_is_refused(
    fill: Any, make: Any, process: Any
) -> None:
    path, sub = Path("p"), Path("s")
    sub.define("x", "2.0 * count(Muon)")
    path.if_("nMuon > 1", sub, "continue", fill=fill)
    path.table("t", ["x"])
    with pytest.raises(PathError, match=r"fill=.* does not go with float64 values"):
        process(path, make([[40, 21], []]))


def test_a_path_with_sub_paths_describes_itself() -> None:
    path, sub = Path("p"), Path("tight")
    sub.define("x", "count(Muon)")
    sub.select("many", "x > 3")
    sub.hist("h", x="x: 10, 0, 10")
    path.if_("nMuon > 1", sub, "continue", fill=0)
    path.table("t", ["x"])
    text = as_text(describe_path(path))
    for line in (
        "sub-path       tight",
        "definition     tight/x     count(Muon)",
        "merged column  x           tight/x, elsewhere 0",
    ):
        assert line in text
    (hist,) = [s for s in describe_path(path)["steps"] if s["name"] == "h"]
    assert hist["above"] == "tight/many"
