"""The expression language: what it refuses, what it needs, and what it computes."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import awkward as ak
import numpy as np
import pytest

from hepnb.analysis import Dataset, Path
from hepnb.analysis.language.expression import Expression
from hepnb.errors import PathError

HOSTILE = [
    '__import__("os").system("id")', "Jet.__class__", "(lambda: 1)()", "[x for x in Jet]",
    "Jet.pt.__array__", 'open("x")', 'f"{Jet}"', "Jet.pt.tolist()", '"a"*10', "w:=3", "(w:=3)",
    "Jet._layout", "9**9**9**9", "x**1000", "{1:2}", "{1}", "[1,2]", "*x", "x if y", "lambda: 0",
    "x;y", "import os", "Jet[0]", "Jet[0:2]", "Jet[:,[0]]", "Jet[:,x]", "sum(*x)", "sum(**x)",
    "sum(x for x in y)", 'eval("1")', 'getattr(Jet,"pt")', "type(x)", "Jet.pt()", "sum(x,y=3)",
    "await x", "yield x", "x is None", "None", "...", "1j", 'b"x"', "print(x)", "-" * 500 + "x",
    "x" + "+x" * 900, "x\x00y", "", "   ", "x = 3", "@x", "x in y", "x in ()", "()", "1e400",
    "9" * 30, "x @ y", "x << 3", "not", "first(Jet, 1, 2)", "count()", "__builtins__",
    "(" * 250 + "x" + ")" * 250, "x" * 3000, "'a' == 'b' == x.y.z.mro()", "True.real()", "'text'",
    "~" * 300 + "x", "x[" * 60 + "0" + "]" * 60, "().__class__.__bases__[0].__subclasses__()",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_refused_in_one_line_with_its_place(text: str) -> None:
    with pytest.raises(PathError) as caught:
        Expression(text, "select 'tight'")
    message = str(caught.value)
    assert message.startswith("select 'tight': ")
    assert "\n" not in message
    assert len(message) < 300


@pytest.mark.parametrize("wrong", [None, 3, b"x", ["x"]])
def test_only_text_is_an_expression(wrong: Any) -> None:
    with pytest.raises(PathError, match="is text, not"):
        Expression(wrong)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("coun(Muon) == 2", "did you mean 'count'? (column 1"),
        ("a > 1 && coun(Muon) > 2", "did you mean 'count'? (column 10"),
        ("a > 1 && || b", "column 10"),
        ("x.sum()", "write sum(x), not x.sum()"),
        ("Muon[0].pt", "pick objects as x[:, 0]"),
        ("  (a +) ", "column 5"),
    ],
)
def test_messages_say_the_mend_and_the_column(text: str, hint: str) -> None:
    with pytest.raises(PathError) as caught:
        Expression(text)
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("cpp", "python"),
    [
        ("nMu>=2&&(met>50||!veto)", "nMu >= 2 and (met > 50 or not veto)"),
        ("!veto == good", "(not veto) == good"),
        ("a != b && !!c", "a != b and not not c"),
        ("!(a > 1) || -b < 2", "not (a > 1) or -b < 2"),
        ("channel == 'a && !b' && c", "channel == 'a && !b' and c"),
    ],
)
def test_operators_of_cpp_mean_those_of_python(cpp: str, python: str) -> None:
    assert ast.dump(Expression(cpp).tree) == ast.dump(Expression(python).tree)
    assert Expression(cpp).source == cpp


def test_names_and_fields_are_known_exactly() -> None:
    e = Expression(
        "sum(Jet.pt[Jet.pt > 30 and abs(Jet.eta) < 2.4]) > 100 and nMu >= 1 and count(Tau) == mass"
    )
    assert e.names == ("Jet", "nMu", "Tau", "mass")
    assert e.uses.inputs["Jet"].fields == {"pt", "eta"}
    assert not e.uses.inputs["Jet"].whole
    assert e.uses.inputs["Tau"].counted
    assert Expression("mass(Muon[:, 0], Muon[:, 1])").uses.inputs["Muon"].fields == {
        "pt",
        "eta",
        "phi",
        "mass",
    }
    assert Expression("Jet[Jet.pt > 30]").uses.passes == {"Jet": True}


@pytest.fixture
def value(process: Any, events: ak.Array) -> Callable[[str], list[Any]]:
    """The value of an expression per event, through a path."""
    dataset = Dataset("tt", "https://example.org/x.root", kind="mc", era="2018", xsec=2.5)

    def compute(text: str) -> list[Any]:
        path = Path()
        path.define("answer", text)
        path.table("t", ["answer"])
        return process(path, events, dataset=dataset).tables["t"]["answer"].tolist()

    return compute


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count(Muon)", [3, 0, 2, 1, 2]),
        ("count(Muon.pt > 20)", [2, 0, 1, 0, 2]),
        ("sum(Muon.pt)", [66, 0, 43, 8, 109]),
        ("prod(Muon.pt[Muon.pt > 10])", [840, 1, 372, 1, 2970]),
        ("max(Muon.pt, default=-1)", [40, -1, 31, 8, 55]),
        ("min(Muon.pt, default=0)", [5, 0, 12, 8, 54]),
        ("max(nMuon, 2)", [3, 2, 2, 2, 2]),
        ("first(Muon.pt, -1)", [40, -1, 31, 8, 55]),
        ("1 if dataset.era == '2018' else nMuon", [1] * 5),
        ("nth(Muon.pt, 1, 0)", [21, 0, 12, 0, 54]),
        ("nth(Muon.pt, -1, 0)", [5, 0, 12, 8, 54]),
        ("nth(Muon.pt, 1000000000, 7)", [7, 7, 7, 7, 7]),
        ("sum(Muon.pt[Muon.pt > 10 and Muon.pt < 50])", [61, 0, 43, 0, 0]),
        ("count(Muon[Muon.pt > 20])", [2, 0, 1, 0, 2]),
        ("sum(Muon[Muon.pt > 20].pt)", [61, 0, 31, 0, 109]),
        ("sum(Muon['pt'])", [66, 0, 43, 8, 109]),
        ("sum(Muon.pt[:, :1])", [40, 0, 31, 8, 55]),
        ("20 < first(Muon.pt, 0) < 50", [True, False, True, False, False]),
        ("not (nMuon == 2)", [True, True, False, True, False]),
        ("nMuon and 2", [True, False, True, True, True]),
        ("1 if nMuon >= 2 else -1", [1, -1, 1, -1, 1]),
        ("where(nMuon >= 2, genWeight, 0)", [1, 0, -1, 0, 4]),
        ("nMuon in (1, 3)", [True, False, False, True, False]),
        ("nMuon not in (1, 3)", [False, True, True, False, True]),
        ("any(Muon.pt > 50)", [False, False, False, False, True]),
        ("all(Muon.pt > 10)", [False, True, True, False, True]),
        ("nMuon & 1", [1, 0, 0, 1, 0]),
        ("~(nMuon == 2)", [True, True, False, True, False]),
        ("-genWeight + 1", [0, -1, 2, 0.5, -3]),
        ("abs(genWeight) ** 2", [1, 4, 1, 0.25, 16]),
        ("2 ** -1", [0.5] * 5),
        ("nMuon // 2 + nMuon % 2", [2, 0, 1, 1, 1]),
        ("sqrt(genWeight * genWeight)", [1, 2, 1, 0.5, 4]),
        ("1 if dataset.era == '2018' else 0", [1] * 5),
        ("dataset.xsec * 2", [5.0] * 5),
        ("1 if dataset.kind == 'data' else 0", [0] * 5),
    ],
)
def test_values(text: str, expected: list[Any], value: Any) -> None:
    assert value(text) == expected


def test_missing_numbers_are_nan_in_tables(value: Any) -> None:
    assert np.isnan(value("first(Muon.pt)")).tolist() == [False, True, False, False, False]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Muon.pt[:, 0]", "some events have no object number 0"),
        ("sum(nMuon)", "sum needs a collection or one value per object"),
        ("Muon.pt & 2", "& \\| \\^ need whole numbers or conditions"),
        ("Muon.pt[nMuon > 1]", "a mask needs one value per object"),
        ("nMuon[nMuon > 1]", "only collections and columns with one value per object"),
        ("9.0 ** 64 ** 2 * nMuon", "write powers of constants"),
        ("dataset.cross == 3", "has no 'cross'"),
        ("dataset.files == 3", "no number or text"),
        ("dataset", "no value of its own"),
        ("1 / 0", "division by zero"),
        ("nMuon == 'two'", "'nMuon' is not a category"),
    ],
)
def test_mistakes_that_show_only_with_data_are_one_line(
    text: str, message: str, value: Any
) -> None:
    with pytest.raises(PathError, match=message) as caught:
        value(text)
    assert "\n" not in str(caught.value)
