"""The JSON Schema says to editors what hepnb itself checks."""

from __future__ import annotations

import json
import re
from pathlib import Path as FilePath

import pytest

from hepnb.analysis.cards import Card, json_schema
from hepnb.analysis.cards.kinds import Record
from hepnb.analysis.cards.layout import CARD
from hepnb.analysis.cards.nodes import parse
from hepnb.cli import main
from hepnb.errors import CardError

jsonschema = pytest.importorskip("jsonschema")
DOCS = FilePath(__file__).parents[3] / "docs"
CARDS = re.findall(
    r"^```yaml\n(# \w+\.yaml\n.*?)^```", (DOCS / "cards.md").read_text(), re.MULTILINE | re.DOTALL
)
WRONG = [
    "hepnb: 2",
    "name: x",
    "hepnb: 1\nname: [a]",
    "hepnb: 1\nhistogram: {a: 'x: 1, 0, 1'}",
    "hepnb: 1\ndatasets: {a: {kind: mc}}",
    "hepnb: 1\ndatasets: {a: {files: x, sources: {b: y}}}",
    "hepnb: 1\ndatasets: {a: {files: x, xsec: 1.3 nb}}",
    "hepnb: 1\ndatasets: {a: {files: x, xsec: -1}}",
    "hepnb: 1\ndatasets: {a: {files: x, kind: MC}}",
    "hepnb: 1\ndatasets: {a: {files: x, meta: {b: {c: d}}}}",
    "hepnb: 1\ndatasets: {a: {files: x, split: {exclusive: yes, processes: {a: {where: x}}}}}",
    "hepnb: 1\nselects: {a: [x]}",
    "hepnb: 1\nselects: {}",
    "hepnb: 1\nweights: {w: {vlaue: 1}}",
    "hepnb: 1\nvariations: {v: {matrix: {a: [1]}}}",
    "hepnb: 1\ncategories: {c: a}",
    "hepnb: 1\nhistograms: {h: {axes: {}}}",
    "hepnb: 1\ntables: {t: []}",
    "hepnb: 1\nlookups: {sf: {outside: clamp}}",
    "hepnb: 1\nlookups: {sf: {file: a, what: both}}",
    "hepnb: 1\nlookups: {sf: {file: a, outside: both}}",
    "hepnb: 1\nlookups: {sf: {file: a, lumi_mask: b}}",
    "hepnb: 1\nmodules: {a: {parameters: [1]}}",
    "hepnb: 1\nmodules: {a: [b]}",
    "hepnb: 1\ncommand: ls",
    "hepnb: 1\ncommand: {histograms: a}",
    "hepnb: 1\ncommand: [[a]]",
]


@pytest.fixture(scope="module")
def validator():  # type: ignore[no-untyped-def]
    jsonschema.Draft202012Validator.check_schema(json_schema())
    return jsonschema.Draft202012Validator(json_schema())


@pytest.mark.parametrize("text", CARDS, ids=lambda text: text.split("\n")[0])
def test_the_cards_of_the_guide_are_valid(text: str, validator) -> None:  # type: ignore[no-untyped-def]
    Card(text.encode())  # raises where it is none
    assert list(validator.iter_errors(parse(text.encode(), "card.yaml").plain)) == []


@pytest.mark.parametrize("text", WRONG)
def test_both_refuse_the_same(text: str, validator) -> None:  # type: ignore[no-untyped-def]
    tree = parse(text.encode(), "card.yaml")
    with pytest.raises(CardError):
        CARD.check(tree, "the card")
    assert list(validator.iter_errors(tree.plain))


def test_the_published_schema_is_this_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["card", "schema"]) == 0
    said = capsys.readouterr().out
    assert json.loads(said) == json_schema()
    assert (DOCS / "card.schema.json").read_text() == said, (
        "write it again: hepnb card schema > docs/card.schema.json"
    )


def test_every_key_is_told_in_the_guide() -> None:
    guide = (DOCS / "cards.md").read_text()
    sections = [key for key, kind in CARD.fields.items() if isinstance(key, str) and kind]
    assert [key for key in sections if f"{key}:" not in guide and f"`{key}`" not in guide] == []
    assert isinstance(CARD, Record)
