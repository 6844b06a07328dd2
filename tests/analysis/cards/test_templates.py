"""Templates and matrices: a few tens of lines are exactly the 115 variations of a Run-2 analysis."""

from __future__ import annotations

import ast
import re
from pathlib import Path as FilePath
from typing import Any

import pytest

from hepnb.analysis import Dataset
from hepnb.analysis.cards import Card
from hepnb.analysis.cards.comparing import differences
from hepnb.analysis.steering.folding import fold
from hepnb.analysis.steering.steps import Vary, Weight
from hepnb.errors import CardError

GUIDE = FilePath(__file__).parents[3] / "docs" / "cards.md"
ERAS = (2016, 2017, 2018)
SIDES = {"up": "Up", "down": "Down"}


def short() -> str:
    """The card of the guide that begins with a comment saying so."""
    (found,) = re.findall(
        r"^```yaml\n(# run2\.yaml\n.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL
    )
    return str(found)


def long_form() -> list[tuple[str, str, str, int | None]]:
    """(name, target, column, era where it applies) of the variations, written by a loop of its own.

    The target of a weight is the weight.
    """
    made: list[tuple[str, str, str, int | None]] = []
    for source in ("Absolute", "BBEC1", "EC2", "FlavorQCD", "HF", "RelativeBal"):
        for side, end in SIDES.items():
            for target in ("Jet.pt", "Jet.mass", "MET.pt"):
                made.append((f"jes_{source}_{side}", target, f"{target}_jes{source}{end}", None))
    for source in ("Absolute", "BBEC1", "EC2", "HF", "RelativeSample"):
        for era in ERAS:
            for side, end in SIDES.items():
                for target in ("Jet.pt", "Jet.mass", "MET.pt"):
                    column = f"{target}_jes{source}_{era}{end}"
                    made.append((f"jes_{source}_{era}_{side}", target, column, era))
    for era in ERAS:
        for side, end in SIDES.items():
            for target in ("Jet.pt", "Jet.mass", "MET.pt"):
                made.append((f"jer_{era}_{side}", target, f"{target}_jer{end}", era))
            made.append((f"met_{era}_{side}", "MET.pt", f"MET.ptUnclustEn{end}", era))
    for side, end in SIDES.items():
        for target in ("Jet.pt", "Jet.mass"):
            made.append((f"hem_{side}", target, f"{target}_jesHEMIssue{end}", 2018))
    for source in ("hf", "lf", "cferr1", "cferr2"):
        made += [(f"btag_{source}_{s}", "btag", f"btagWeight_{s}_{source}", None) for s in SIDES]
    for source in ("hfstats1", "hfstats2", "lfstats1", "lfstats2"):
        for era in ERAS:
            for side in SIDES:
                column = f"btagWeight_{side}_{source}"
                made.append((f"btag_{source}_{era}_{side}", "btag", column, era))
    for side, end in SIDES.items():
        made.append((f"pu_{side}", "pu", f"puWeight{end}", None))
        made.append((f"prefire_{side}", "prefire", f"L1PreFiringWeight_{end[:2]}", None))
        made.append((f"alphas_{side}", "alphas", f"alphaSWeight{end}", None))
        for what in ("ele_id", "ele_reco", "mu_id", "mu_iso", "trigger"):
            made.append((f"sf_{what}_{side}", f"sf_{what}", f"SF_{what}_{side}", None))
    for number, name in enumerate(("isr_up", "fsr_up", "isr_down", "fsr_down")):
        made.append((f"ps_{name}", "ps", f"PSWeight[:, {number}]", None))
    for name, up, down in (("muR", 7, 1), ("muF", 5, 3), ("muRmuF", 8, 0)):
        made.append((f"qcd_{name}_up", "qcd", f"LHEScaleWeight[:, {up}]", None))
        made.append((f"qcd_{name}_down", "qcd", f"LHEScaleWeight[:, {down}]", None))
    made.append(("toppt_off", "toppt", "1", None))
    return made


def written_out() -> str:
    """The same card with every variation written by hand, as such cards used to be."""
    head = short().split("\nvariations:")[0]
    tail = "\nselects:" + short().split("\nselects:")[1]
    lines = ["variations:"]
    weights: dict[str, list[str]] = {}
    shapes: dict[tuple[str, str, int | None], list[str]] = {}
    for name, target, column, era in long_form():
        if "." in target:
            nuisance, _, side = name.rpartition("_")
            shapes.setdefault((nuisance, target, era), []).append(f"{side}: '{column}'")
        else:
            suffix = name.removeprefix(target + "_")
            nominal = {"btag": "btagWeight"}.get(target)
            text = f"{column} if dataset.era == {era} else {nominal}" if era else column
            weights.setdefault(target, []).append(f"      {suffix}: '{text}'")
    nuisances: dict[tuple[str, int | None], dict[str, list[str]]] = {}
    for (nuisance, target, era), sides in shapes.items():
        nuisances.setdefault((nuisance, era), {})[target] = sides
    for (nuisance, era), targets in nuisances.items():
        lines += [f"  {nuisance}:", "    vary:"]
        for target, sides in targets.items():
            lines += [f"      {target}:", *(f"        {side}" for side in sides)]
        lines += [f'    only: "*_{era}"'] if era else []
        lines += ["    sets: [jets]"]
    lines += ["weights:", "  genWeight: {kind: mc}"]
    nominal = {
        "btag": "btagWeight", "pu": "puWeight", "prefire": "L1PreFiringWeight_Nom", "alphas": "1",
        "ps": "1", "qcd": "1", "toppt": "topPtWeight",
    }  # fmt: skip
    for weight, variations in weights.items():
        value = nominal.get(weight) or weight.replace("sf_", "SF_", 1)
        lines += [
            f"  {weight}:",
            f"    value: {value}",
            "    kind: mc",
            "    variations:",
            *variations,
        ]
        lines += ["    sets: [theory]"] if weight in ("ps", "qcd", "alphas") else []
        lines += ["    normalised: true"] if weight == "ps" else []
    lines += [
        "  pdf: {value: 1, kind: mc, each: LHEPdfWeight, count: 103, requires: LHEPdfWeight, sets: [theory]}"
    ]
    return head + "\n" + "\n".join(lines) + tail


def found(card: Card, era: int) -> dict[tuple[str, str], str]:
    """What each variation of a card is, for simulation of an era, by name and target."""
    dataset = Dataset(f"tt_{era}", "https://example.org/tt.root", kind="mc", era=era)
    made = {}
    for step in card.path.freeze().steps:
        if isinstance(step, Vary | Weight) and step.scope.applies(dataset, ["LHEPdfWeight"]):
            target = step.target if isinstance(step, Vary) else step.name
            for label, formula in step.variations:
                made[label, target] = ast.unparse(fold(formula, dataset).tree)  # type: ignore[union-attr]
    return made


def test_the_short_card_is_exactly_the_115_variations() -> None:
    card = Card(short().encode())
    names = list(dict.fromkeys(name for name, *_ in long_form()))
    assert len(names) == 115
    assert sorted(card.variations) == sorted([*names, *(f"pdf_{n}" for n in range(103))])
    nominal: dict[str, Any] = {
        step.name: ast.unparse(fold(step.formula, Dataset("x", "https://x/x.root", kind="mc")).tree)  # type: ignore[union-attr]
        for step in card.path.freeze().steps
        if isinstance(step, Weight)
    }
    for era in ERAS:
        expected = {
            (name, target): column if when in (None, era) else nominal.get(target, target)
            for name, target, column, when in long_form()
            if name[:3] != "hem" or era == 2018
        }
        assert found(card, era) == expected


def test_it_shrinks_to_tens_of_lines_and_means_the_same() -> None:
    long, brief = written_out(), short()
    assert len(brief.splitlines()) < 70
    assert len(long.splitlines()) > 6 * len(brief.splitlines())
    assert [str(d) for d in differences(Card(brief.encode()), Card(long.encode()))] == []


def test_data_have_none_and_need_no_weight() -> None:
    card = Card(short().encode())
    data = Dataset("muons_2018", "https://example.org/x.root", era=2018)
    branches = ["nJet", "Jet_pt", "Jet_mass", "MET_pt"]
    assert card.path.freeze().columns(branches, data) == ("Jet_pt", "MET_pt")


CARD = """\
hepnb: 1
parameters: {{cut: 20}}
datasets:
  a: {{kind: mc, era: 1, files: a.root, meta: {{tag: x}}}}
  b: {{kind: mc, era: 2, files: b.root, meta: {{tag: y}}}}
  d: {{era: 3, files: d.root, meta: {{tag: x}}}}
{}
"""


@pytest.mark.parametrize(
    ("section", "variations"),
    [
        ("variations: {jes: {vary: {x: [y, z]}}}", ["jes_up", "jes_down"]),
        ("variations: {jes: {vary: {x: y}}}", ["jes"]),
        ("variations: {jes: {vary: {x: {a: y, b: z}}}}", ["jes_a", "jes_b"]),
        ("variations: {'j{i}': {vary: {x: [y, z]}, matrix: {i: [1, 2]}}}", ["j1_up", "j1_down", "j2_up", "j2_down"]),
        ("variations: {j: {vary: {x: 'y{i}{k}'}, matrix: {i: [1, 2], k: {up: Up}}}}", ["j_1_up", "j_2_up"]),
        ("variations: {'j_{era}': {vary: {x: y}}}", ["j_1", "j_2"]),
        ("variations: {'{s}': {vary: {x: y}, matrix: {s: [j, 'j_{era}']}}}", ["j", "j_1", "j_2"]),
        ("variations: {j: {vary: {x: {'{tag}': y}}}}", ["j_x", "j_y"]),
        ("variations: {'c{cut}': {vary: {x: y}}}", ["c20"]),
        ("weights: {w: {value: 1, up: 2, down: 3}}", ["w_up", "w_down"]),
        ("weights: {w: {value: 1, variations: {'{i}_{k}': '{i}*{k}'}, matrix: {i: [1, 2], k: 3}}}", ["w_1_3", "w_2_3"]),
        ("weights: {'w_{tag}': {value: 1, up: 2}}", ["w_x_up", "w_y_up"]),
    ],
)  # fmt: skip
def test_what_variations_are_called(section: str, variations: list[str]) -> None:
    assert list(Card(CARD.format(section).encode()).variations) == variations


@pytest.mark.parametrize(
    ("text", "dataset", "expected"),
    [
        ("definitions: {x: 'y_{era} + {cut}'}", "a", "y_1 + 20"),
        ("definitions: {x: 'y_{era} + {cut}'}", "d", "y_3 + 20"),
        ("definitions: {x: 'HLT_{tag}'}", "b", "HLT_y"),
        ("definitions: {x: 'HLT_{tag}'}", "d", "HLT_x"),
    ],
)
def test_an_expression_may_ask_for_what_a_dataset_has(
    text: str, dataset: str, expected: str
) -> None:
    card = Card(CARD.format(text).encode())
    sample = next(s for s in card.samples if s.name == dataset)
    known = Dataset(dataset, "https://x/x.root", **dict(sample.values), meta=sample.meta)
    (step,) = card.path.freeze().steps
    assert ast.unparse(fold(step.formula, known).tree) == expected  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ("variations: {j: {vary: {x: [y, z, y]}}}", "expected [up, down], not 3 expressions"),
        ("variations: {j: {vary: {x: [y, z]}, matrix: {i: [1, 2]}}}", "knows no matrix"),
        ("variations: {'j{k}': {vary: {x: y}, matrix: {i: [1, 2]}}}", "no placeholder {k}"),
        ("variations: {j: {vary: {x: y}, matrix: {era: [1, 2]}}}", "'era' is known of the datasets"),
        ("variations: {j: {vary: {x: y}, matrix: {i: [1, 1]}}}", "the same value twice"),
        ("weights: {w: {value: 1, up: 2, matrix: {i: [1, 2]}}}", "know no matrix but that of the name"),
        ("weights: {w: {value: 1, variations: {a: '{i}'}, matrix: {i: [1, 2]}}}", "'a' comes twice"),
        ("definitions: {x: 'y_{ear}'}", "no placeholder {ear}; did you mean 'era'?"),
        ("variations: {j: {vary: {x: y}, only: aa}}", "'j' is of no dataset: none is called aa; did you mean 'a'?"),
        ("weights: {'w_{i}': {only: '*_{i}', matrix: {i: [a, 7]}}}", "'w_a' is of no dataset: none is called *_a"),
    ],
)  # fmt: skip
def test_a_wrong_template_is_one_line(section: str, reason: str) -> None:
    with pytest.raises(CardError, match=r"card\.yaml:\d+:\d+: ") as caught:
        Card(CARD.format(section).encode())
    assert reason in str(caught.value)


def test_a_dataset_that_lacks_what_is_asked_for_is_told() -> None:
    text = CARD.format("definitions: {x: 'y_{era}'}").replace("era: 3, ", "")
    with pytest.raises(CardError, match="dataset 'd' has no era"):
        Card(text.encode())
