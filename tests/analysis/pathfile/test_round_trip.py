"""A path written as JSON and read again is the same path: same hash, same results, in any process."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Any, get_args

import awkward as ak
import hist
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import hepnb as hn
from hepnb.analysis import Path
from hepnb.analysis.pathfile.forms import FORMS
from hepnb.analysis.steering import steps
from hepnb.errors import PathError
from tests.analysis.conftest import make_events, read

CUT = 12.0
SCALES = np.array([1.0, 1.5, 2.5], dtype=np.float32)
NAMES = {"a": (1, 2.5), "b": [None, float("inf")]}
FLOAT = np.float64(0.5)


class JsonAbove(hn.Module):
    """Whether the sum of momenta is above a threshold."""

    uses, produces = ("Muon.pt",), ("above",)
    least: float = hn.param(30.0, unit="GeV")
    scales: dict[int, float] = hn.param({1: 1.0})
    parts: tuple[str, ...] = hn.param(("x",))

    def process(self, events: Any) -> Any:
        return ak.sum(events.Muon.pt, axis=1) * self.scales[1] > self.least


class JsonOwn(hn.Module):
    uses, produces = ("nMuon",), ("own",)

    def __init__(self, factor: float = 2.0) -> None:
        self.factor = factor

    def process(self, events: Any) -> Any:
        return events.nMuon * self.factor


def total(values: Any) -> Any:
    return ak.sum(values, axis=1) if "a" in NAMES else total(values)


def closures(path: Path, least: float) -> None:
    """Functions inside a function: they capture, and one of them a text of several lines."""

    def hard(values: Any) -> Any:
        return values[values > least]

    @path.define
    def sum_hard(Muon: Any, scale: float = CUT / 6, *, shift: float = 1.0) -> Any:
        """The sum of those
        that are hard."""
        # a remark

        return total(hard(Muon.pt)) * scale + shift

    path.table("sums", ["sum_hard"])


def doubled(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def twice(**columns: Any) -> Any:
        return 2 * function(**columns)

    return twice


@doubled
def two_muons(nMuon: Any) -> Any:
    return nMuon


def decorated(path: Path) -> None:
    """By a decorator that takes whatever there is: what it wraps says what the columns are."""
    path.define("two_muons", two_muons)
    path.table("doubled", ["two_muons"])


def lambdas(path: Path) -> None:
    path.define("one", lambda Muon: ak.fill_none(ak.firsts(Muon.pt), 0)); path.define("two", lambda Muon: ak.num(Muon.pt) * FLOAT)  # fmt: skip
    path.define(
        "three",
        lambda one, two: (
            one * SCALES[1]
            + np.sqrt(two)  # a remark
            + (NAMES["a"][1] if CUT > 0 else 0)
        ),
    )
    path.table("lambdas", ["one", "two", "three"])


def weights(path: Path) -> None:
    path.weight("gen", "genWeight", only="toy")
    path.weight("pu", 1.1, up=lambda nMuon: 1 + nMuon * 0.1, down=0.9, sets=["all_pu"])
    path.weight("pdf", 1.0, each=["1.5", "0.5"], without="none*")
    path.weight("ps", "2", variations={"isr_up": "nMuon + 1"}, requires="nMuon")
    path.hist("weighted", n="nMuon: 0, 5, int")
    path.hist("some", n="nMuon: 0, 5, int", weights=["gen"], variations=["pu*", "nominal"])
    path.hist("counted", n="nMuon: 0, 5, int", weights=[], storage="Int64", variations="nominal")


def variations(path: Path) -> None:
    path.vary("Muon.pt", jes=lambda Muon: (Muon.pt * 1.5, Muon.pt * 0.5), sets="scale")
    path.vary(jer={"Muon.pt": {"a": "Muon.pt * 2", "b": "Muon.pt + 1"}, "Muon.mass": ("1", "2")})
    path.vary("Muon.eta", shifted="Muon.eta + 0.1", only=["t*", "u"])
    path.hist("varied", pt="Muon.pt: 20, 0, 100", label="pT of muons")


def axes(path: Path) -> None:
    path.hist(
        "axes",
        a="Muon.pt: 50, 0.1, 0.7 [label / GeV]",
        b="Muon.pt: 30, 2, 120, log",
        c="nMuon: [0, 1.5, 7]",
        d="Muon.pt > 20: bool",
        object_weight="Muon.pt",
        storage="Weight",
    )
    path.hist(
        "objects",
        e=("Muon.pt", hist.axis.Regular(5, 1, 60, transform=hist.axis.transform.Pow(0.7))),
        f=(lambda Muon: Muon.eta, hist.axis.Regular(5, -1, 0.3, overflow=False, label="eta")),
        g=("Muon.charge", hist.axis.IntCategory([-1, 1], growth=True)),
        h=("nMuon", hist.axis.Variable([0, 1, float("inf")], flow=False)),
    )


def categories(path: Path) -> None:
    path.category("kind", few="nMuon < 2", many=lambda nMuon: nMuon >= 2)
    path.category("loose", exclusive=False, **{"one or more": "nMuon > 0", "two": "nMuon > 1"})
    path.hist("by", n="nMuon: 0, 5, int", by=["kind", "dataset", "loose"], where="many")


def modules(path: Path) -> None:
    few = Path("few")
    few.hist("few", n="nMuon: 0, 5, int")
    path.add_module("JsonAbove", least=20, scales={1: 2.0})
    path.define("not_above", "not above")
    path.if_("not_above", few, then="end")
    path.table("modules", {"above": "above"})


def conditions(path: Path) -> None:
    """A sub-path of a module."""
    crowded = Path("crowded")
    crowded.define("n2", "nMuon * 2")
    crowded.table("crowded", ["n2"])

    class Crowd(hn.Module):
        uses, produces = ("nMuon",), ("crowd",)

        def process(self, events: Any) -> Any:
            return events.nMuon > 1

    path.add_module(Crowd).if_("crowd", crowded, then="continue", merge_back="n2", fill=7)
    path.table("merged", ["n2"])


def sub_paths(path: Path) -> None:
    inner = Path("pair")
    inner.define("m", "mass(Muon[:, 0], Muon[:, 1])")
    outer = Path("pair")  # of the same name
    outer.select("charge", "sum(Muon.charge) == 0 or nMuon > 0")
    outer.if_("nMuon == 2", inner, then="continue", fill={"m": -2.0})
    path.add_independent_path(outer, merge_back=["m"], fill={"m": -1.0})
    third = Path("third")
    third.add_independent_path(inner)
    path.if_(lambda nMuon: nMuon == 2, third, then="continue", merge_back=[])
    path.table("pairs", {"mass of both": "m"})


def lookups(path: Path) -> None:
    path.lookup("good", hn.LumiMask({"1": [[1, 1]], "2": [[1, 5]]}))
    path.define("is_good", "good(nMuon, nMuon)")
    path.table("good_ones", ["is_good"])


def others(path: Path) -> None:
    path.replace("Muon.eta", "Muon.eta * 1.25")
    path.collection("tight", of="Muon", where="Muon.pt > 20")
    path.collection("loose_muon", of="Muon", not_in="tight")
    path.snapshot("skim", ["nMuon", "Muon_*"], any_variation=False, format="rntuple")
    path.snapshot("all")
    path.table("loose_ones", {"n": "count(loose_muon)", "eta": "sum(Muon.eta)"})


TOLD: list[Callable[[Path], None]] = [
    weights, variations, axes, categories, lambdas, decorated, functools.partial(closures, least=20.0), modules,
    conditions, sub_paths, lookups, others, lambda path: path.select("a muon", "nMuon > 0"),
]  # fmt: skip
EVENTS = make_events(
    [[40, 21, 5], [], [31, 12], [8], [55, 54]], genWeight=np.array([1.0, 2.0, -1.0, 0.5, 4.0])
)


def results(path: Path) -> Any:
    """All that a path makes of the events, to be compared."""
    program = path.freeze()
    toy = hn.Dataset("toy", "https://example.org/toy.root", kind="mc")
    made = program.process(read(program, EVENTS, toy), toy)
    fills = [
        [f.hist, dict(f.categories), {k: np.asarray(v).tolist() for k, v in f.columns.items()},
         None if f.weight is None else np.asarray(f.weight).tolist()]
        for f in made.fills
    ]  # fmt: skip
    tables = {
        name: {key: np.asarray(v).tolist() for key, v in t.items()}
        for name, t in made.tables.items()
    }
    return repr((fills, tables, made.cutflow, program.histograms))


def test_a_normalised_weight_comes_back_as_one() -> None:
    path, plain = Path("normalised"), Path("normalised")
    path.weight("scale", 1, up=1.5, normalised=True)
    plain.weight("scale", 1, up=1.5)
    for made in (path, plain):
        made.hist("n", n="nMuon: 0, 5, int")
        assert Path.from_json(made.to_json()).hash == made.hash
    assert path.hash != plain.hash
    assert '"normalised":' not in plain.to_json()


def test_every_kind_of_step_has_its_form() -> None:
    arranged = {steps.Rest, steps.Merged, steps.SumOfWeights}
    told = {
        kind.kind
        for kind in (*get_args(steps.Step), steps.Branch, steps.Lookup)
        if kind not in arranged
    }
    assert set(FORMS) == told
    path = Path()
    for tell in TOLD:
        tell(path)
    assert {step.kind for step in path._steps} == told


@settings(max_examples=12, deadline=None)
@given(st.lists(st.sampled_from(TOLD), unique=True, min_size=1))
@example(TOLD)
def test_a_path_comes_back_the_same(told: list[Callable[[Path], None]]) -> None:
    path = Path("tt")
    for tell in told:
        tell(path)
    text = path.to_json()
    json.loads(text)
    back = Path.from_json(text, allow_code=True)
    assert (back.name, back.hash) == ("tt", path.hash)
    assert repr(back) == repr(path)
    assert back.to_json() == text
    fields = EVENTS.fields
    assert set(back.columns(fields)) <= set(path.columns(fields))
    assert results(back) == results(path)


STEERING = """
import awkward as ak
import hepnb as hn
import numpy as np

class Twice(hn.Module):
    uses, produces = ("nMuon",), ("twice",)
    factor: int = hn.param(2)

    def process(self, events):
        return events.nMuon * self.factor

CUT = 3.0

def make():
    path = hn.Path("p")
    path.add_module(Twice, factor=3)
    path.define("x", lambda Muon: ak.sum(Muon.pt[Muon.pt > CUT], axis=1) + np.sqrt(2.0))
    path.hist("h", x="x: 10, 0, 100")
    return path
"""


def test_another_process_finds_the_same_hash(tmp_path: FilePath) -> None:
    (tmp_path / "steering.py").write_text(STEERING)
    (tmp_path / "modules_only.py").write_text(STEERING.split("CUT =", maxsplit=1)[0])
    writes = "import sys, steering; sys.stdout.write(steering.make().to_json())"
    reads = (
        "import sys, modules_only, hepnb as hn\n"
        "print(hn.Path.from_json(sys.stdin.read(), allow_code=True).hash)"
    )
    env = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    said = ""
    for code in (writes, reads):
        run = subprocess.run(
            [sys.executable, "-c", code],
            env=env, input=said, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        said, before = run.stdout, said
    assert said.strip() == json.loads(before)["hash"]


def test_files_come_back_as_files(tmp_path: FilePath) -> None:
    table = hist.Hist.new.Var([0, 20, 60], name="pt").Double()
    table.view()[...] = [0.9, 0.8]
    file = tmp_path / "sf.json"
    from uhi.io.json import default

    file.write_text(json.dumps({"sf": table}, default=default))
    (tmp_path / "scale.json").write_text('{"scale": 2.0}')
    factor, scale = (
        hn.lookup(f"{file}:sf", outside="clamp"),
        hn.resource(str(tmp_path / "scale.json")),
    )
    good = hn.LumiMask({"1": [[1, 5], [3, 9], [20, 30]], "7": [[2, 2]]})

    path = Path()
    path.define("sf", lambda Muon: ak.prod(factor(Muon.pt), axis=1) * scale()["scale"])
    path.define("good", lambda nMuon: good(nMuon, nMuon))
    path.lookup("factor", factor)
    path.define("first", "first(factor(Muon.pt), 1)")
    path.table("t", ["sf", "good", "first"])
    text = path.to_json()
    back = Path.from_json(text, allow_code=True)
    assert back.hash == path.hash
    assert results(back) == results(path)
    table.view()[...] = [0.9, 0.7]
    file.write_text(json.dumps({"sf": table}, default=default))
    with pytest.raises(PathError, match=r"this is not the path that was written"):
        Path.from_json(text, allow_code=True)
    with pytest.raises(PathError, match=r"definition 'sf' holds what JSON would lose, or a file"):
        path.to_json()


LOCK = threading.Lock()
LATER: Any
ROUND: list[Any] = []
ROUND.append(ROUND)


def in_memory(path: Path) -> None:
    table = hn.lookup(hist.Hist.new.Reg(2, 0, 1).Double(), outside=0.0)
    path.define("x", lambda Muon: table(Muon.pt))


def locked(path: Path) -> None:
    @path.define
    def x(nMuon: Any) -> Any:
        with LOCK:
            return nMuon


def undefined(path: Path) -> None:
    path.define("x", lambda nMuon: nMuon + LATER)  # noqa: F821


def in_itself(path: Path) -> None:
    path.define("x", lambda nMuon: nMuon * len(ROUND))


def own_init(path: Path) -> None:
    path.add_module(JsonOwn)


def unregistered(path: Path) -> None:
    class JsonAbove(hn.Module):
        uses, produces = ("nMuon",), ("x",)

        def process(self, events: Any) -> Any:
            return events.nMuon

    path.add_module(JsonAbove)
    from hepnb.analysis.module.registry import register

    register(globals()["JsonAbove"])


def own_class(path: Path) -> None:
    path.define("x", lambda nMuon: JsonOwn(2.0).factor * nMuon)


def no_source(path: Path) -> None:
    names: dict[str, Any] = {"__name__": "mine"}
    exec("def x(nMuon): return nMuon", names)  # noqa: S102
    path.define(names["x"])


def more_state(path: Path) -> None:
    path.add_module(JsonAbove()).extra = 3
    path.define("x", "above")


@pytest.mark.parametrize(
    ("tell", "said"),
    [
        (in_itself, "definition 'x', function '<lambda>', 'ROUND': a value contains itself"),
        (
            in_memory,
            "definition 'x', function '<lambda>', 'table': a lookup of a histogram in memory",
        ),
        (locked, "definition 'x', function 'x', 'LOCK': a lock cannot be written; make it inside"),
        (undefined, "definition 'x', function '<lambda>': uses 'LATER', which is not defined yet"),
        (
            own_init,
            "module 'JsonOwn': its class has an __init__ of its own; declare its parameters",
        ),
        (unregistered, "module 'JsonAbove': its class is not the one that hn.modules knows"),
        (
            own_class,
            "definition 'x', function '<lambda>', 'JsonOwn': the class 'JsonOwn' cannot be written",
        ),
        (no_source, "definition 'x', function 'x': its source is not to be had"),
        (more_state, "path 'path': module 'JsonAbove' holds what JSON would lose"),
    ],
)
def test_what_cannot_be_written_is_told_with_its_step(
    tell: Callable[[Path], None], said: str
) -> None:
    path = Path()
    tell(path)
    with pytest.raises(PathError) as caught:
        path.to_json()
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_a_function_that_was_edited_since_is_not_written(
    tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "edited_mine.py"
    file.write_text("def x(nMuon): return nMuon + 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import edited_mine  # type: ignore[import-not-found]

    path = Path()
    path.define(edited_mine.x)
    path.table("t", ["x"])
    path.to_json()
    file.write_text("def x(nMuon): return nMuon + 2\n")
    os.utime(file, ns=(1, 1))
    with pytest.raises(PathError, match="its source is not to be had, or was edited since"):
        path.to_json()
