"""Expressions as they are for one dataset: only what it needs is computed, and read."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from hepnb.analysis import Dataset, Path
from hepnb.analysis.language.expression import Expression
from hepnb.analysis.steering.folding import fold

FILE = "https://example.org/toy.root"
MC = Dataset("tt", FILE, kind="mc", xsec=2.0, era=2018)
DATA = Dataset("muons", FILE, era=2016)


@pytest.mark.parametrize(
    ("said", "mc", "data"),
    [
        ("a if dataset.kind == 'mc' else b", "a", "b"),
        ("where(dataset.era >= 2017, a, b)", "a", "b"),
        ("dataset.name == 'tt' and a > 1", "a > 1", "False"),
        ("dataset.name != 'tt' && a > 1 || b > 2", "b > 2", "a > 1 or b > 2"),
        ("!(dataset.kind == 'mc')", "False", "True"),
        ("2016 < dataset.era in (2018, 2019)", "True", "False"),
        ("a > 1 and dataset.era == 2016", "False", "a > 1"),
        ("dataset.xsec * a", "dataset.xsec * a", "dataset.xsec * a"),
    ],
)
def test_what_is_known_of_the_dataset_is_decided(said: str, mc: str, data: str) -> None:
    formula = Expression(said)
    for dataset, expected in ((MC, mc), (DATA, data)):
        made = fold(formula, dataset)
        assert isinstance(made, Expression)
        assert ast.unparse(made.tree) == expected
        assert set(made.names) == set(Expression(expected).names)
    assert ast.unparse(formula.tree) == ast.unparse(Expression(said).tree)  # not changed itself


def test_a_number_beside_what_is_decided_becomes_true_or_false(events, process) -> None:
    path = Path("p")
    path.table("t", {"x": "(dataset.kind == 'mc' and nMuon) * 2", "pt": "count(Muon)"})
    table = process(path, events, dataset=MC).tables["t"]
    assert table["x"].tolist() == [2, 0, 2, 2, 2]


def test_data_need_no_column_of_simulation(make, process, fills) -> None:
    path = Path("p")
    path.weight("gen", "genWeight if dataset.kind == 'mc' else 1")
    path.category(
        "process", light="dataset.name == 'tt' and flavour < 4", muons="dataset.name == 'muons'"
    )
    path.hist("n", n="count(Muon): 0, 3, int", by=["process"])
    plain = make([[10, 20], [30]])
    simulated = make([[10, 20], [30]], genWeight=np.array([2.0, 3.0]), flavour=np.array([1, 5]))
    assert path.freeze().columns(plain.fields, DATA) == ("nMuon",)
    assert fills(process(path, plain, dataset=DATA), "n")[("muons",)]["weight"].tolist() == [1, 1]
    assert fills(process(path, simulated, dataset=MC), "n")[("light",)]["weight"].tolist() == [2]


def test_a_variation_that_leaves_its_column_alone_reads_nothing(make, process) -> None:
    path = Path("p")
    path.vary("Muon.pt", era={"2018": "Muon.up if dataset.era == 2018 else Muon.pt"})
    path.weight("w", "1", up="sf if dataset.era == 2018 else 1")
    path.hist("pt", pt="Muon.pt: 10, 0, 100")
    other = Dataset("old", FILE, kind="mc", era=2016)
    plain = make([[10, 20], [30]])
    assert "Muon_up" not in path.freeze().columns(plain.fields, other)
    (fill,) = process(path, plain, dataset=other).fills
    assert list(fill.weights) == ["nominal", "era_2018", "w_up"]  # filled together, as the nominal
