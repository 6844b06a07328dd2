"""What differs in meaning between two cards."""

from __future__ import annotations

import json
from pathlib import Path as FilePath

import pytest

from hepnb.analysis.cards import Card
from hepnb.analysis.cards.comparing import differences
from hepnb.cli import main

CARD = """\
hepnb: 1
datasets:
  a: {kind: mc, era: 1, xsec: 2, files: [a.root, b.root]}
  b: {era: 2, files: b.root, computed: {events: 5}}
definitions: {x: y + 1, z: "y_{era}"}
replacements: {Muon.pt: Muon.pt * 2}
selects: {one: x > 1, two: z > 2 && x < 3}
weights: {w: {value: 1, up: 2, sets: s}, v: {value: 3, after: one}}
variations: {j: {vary: {y: [p, q]}}}
categories: {c: {l: x > 1, m: x < 1}}
histograms: {h: {axes: {x: "x: 1, 0, 1"}, by: [c], where: x > 3, label: t}}
tables: {t: {columns: {k: x}, after: one}}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x > 1, two", "(x) > 1, two"),
        ("&&", "and"),
        ("y_{era}", "(y_1) if dataset.era == 1 else y_2"),
        ("definitions: {x: y + 1, z: \"y_{era}\"}", "definitions: {z: \"y_{era}\", x: y + 1}"),
        ("events: 5", "events: 6"),
        ("after: one}}\nvar", "after: one, sets: []}}\nvar".replace(", sets: []", "")),
        ("categories:", "# a comment\n\ncategories:  "),
        ("files: b.root", "files: [b.root]"),
        ("histograms: {h: {axes: {x: \"x: 1, 0, 1\"}", "parameters: {n: 1}\nhistograms: {h: {axes: {x: \"x: {n}, 0, 1\"}"),
    ],
)  # fmt: skip
def test_what_means_the_same(old: str, new: str) -> None:
    assert old in CARD
    one, other = Card(CARD.encode()), Card(CARD.replace(old, new).encode())
    assert [str(d) for d in differences(one, other)] == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("xsec: 2", "xsec: 3", "~ dataset 'a', xsec: 2 -> 3"),
        ("era: 2", "era: 4", "~ dataset 'b', era: 2 -> 4"),
        ("[a.root, b.root]", "[a.root]", "~ dataset 'a', files: a.root, b.root -> a.root"),
        ("x > 1, two", "x > 2, two", "~ select 'one': x > 1 -> x > 2"),
        ('"y_{era}"', '"y_1"', "~ definition 'z' [b]: y_2 -> y_1"),
        ("Muon.pt * 2", "Muon.pt * 3", "~ replacement 'Muon.pt': Muon.pt * 2 -> Muon.pt * 3"),
        ("up: 2", "up: 4", "~ weight 'w', variation 'w_up' [a]: 2 -> 4"),
        (", sets: s", "", "- weight 'w', sets [a]: s"),
        (", after: one}}\nvar", "}}\nvar", "- weight 'v', after: one"),
        ("[p, q]", "p", "+ variation 'j' of 'y' [a]: p"),
        ("m: x < 1", "n: x < 1", "~ category 'c': l, m -> l, n"),
        ("by: [c], ", "", "~ histogram 'h', by: c, variation -> variation"),
        ("1, 0, 1", "2, 0, 1", "~ histogram 'h', axis 'x': x: Regular(1, 0, 1, name='x') -> x: Regular(2, 0, 1, name='x')"),
        ("x > 3", "x > 4", "~ histogram 'h', where: x > 3 -> x > 4"),
        ("label: t", "label: u", "~ histogram 'h', label: t -> u"),
        ("k: x", "k: z", "~ table 't', column 'k': x -> z"),
        ("{one: x > 1, two: z > 2 && x < 3}", "{two: z > 2 && x < 3, one: x > 1}", "~ order of selects: one, two -> two, one"),
        ("  b: {era: 2", "  c: {era: 2", "- dataset 'b': data"),
    ],
)  # fmt: skip
def test_what_differs_is_told(
    old: str, new: str, said: str, tmp_path: FilePath, capsys: pytest.CaptureFixture[str]
) -> None:
    assert old in CARD
    files = tmp_path / "a.yaml", tmp_path / "b.yaml"
    for file, text in zip(files, (CARD, CARD.replace(old, new)), strict=True):
        file.write_text(text)
    assert main(["card", "diff", *map(str, files)]) == 1
    assert said in capsys.readouterr().out.splitlines()


def test_the_command_says_when_nothing_differs(
    tmp_path: FilePath, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "card.yaml"
    file.write_text(CARD)
    assert main(["card", "diff", str(file), str(file)]) == 0
    assert capsys.readouterr().out == "the cards mean the same\n"
    assert main(["card", "diff", str(file), str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
