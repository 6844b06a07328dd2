"""The layout of a path in JSON, as one declaration; a step is `{kind: what it was told}`.

It is made of the kinds of values of which the layout of cards is made, and keys mean the same in both.
"""

from __future__ import annotations

from ..cards.kinds import Anything, Choice, Either, Flag, Kind, Listed, Named, Number, Record, Text

__all__ = ["FILE", "FORMULA", "FUNCTION", "HELD", "STEPS", "SUB_PATH", "VERSION"]

VERSION = 1


HELD = Anything("A value: see `values`.")
FORMULA = Either(
    "An expression, or a function.", short=Text(also_numbers=True), long=Named(of=HELD)
)
_FORMULAS = Named(of=FORMULA, item="formula")
_NAMES = Listed(of=Text(), empty=True)
_SCOPE: dict[str, Kind] = dict.fromkeys(("only", "without", "requires", "sets"), _NAMES)
_AXIS = Record(
    fields={
        "type": Choice(values=("Regular", "Variable", "Integer", "Boolean", "IntCategory")),
        "bins": Number(least=1),
        "start": HELD,
        "stop": HELD,
        "edges": HELD,
        "categories": HELD,
        "transform": HELD,
        "label": Text(),
        **dict.fromkeys(("underflow", "overflow", "circular", "growth"), Flag()),
    },
    needed=("type",),
)
SUB_PATH = Record(
    fields={
        "path": Text(),
        "condition": FORMULA,
        "then": Choice(values=("end", "continue")),
        "merge_back": _NAMES,
        "fill": HELD,
    },
    needed=("path", "then"),
)
STEPS: dict[str, Record] = {
    "definition": Record(fields={"name": Text(), "formula": FORMULA}, needed=("name", "formula")),
    "lookup": Record(fields={"name": Text(), "table": HELD}, needed=("name", "table")),
    "replacement": Record(
        fields={"column": Text(), "formula": FORMULA}, needed=("column", "formula")
    ),
    "select": Record(fields={"name": Text(), "formula": FORMULA}, needed=("name", "formula")),
    "weight": Record(
        fields={
            "name": Text(),
            "formula": FORMULA,
            "variations": _FORMULAS,
            "each": FORMULA,
            "count": Number(least=1),
            "normalised": Flag(),
            **_SCOPE,
        },
        needed=("name", "formula"),
    ),
    "variation": Record(
        fields={
            "column": Text(),
            "nuisance": Text(),
            "variations": _FORMULAS,
            "formula": FORMULA,
            **_SCOPE,
        },
        needed=("column", "nuisance"),
        one_of=("variations", "formula"),
    ),
    "category": Record(
        fields={"name": Text(), "labels": _FORMULAS, "exclusive": Flag()},
        needed=("name", "labels"),
    ),
    "module": Record(
        fields={
            "class": Text(),
            "parameters": Named(of=HELD, item="parameter"),
            "if_": Listed(of=SUB_PATH, alone=False),
        },
        needed=("class",),
    ),
    "histogram": Record(
        fields={
            "name": Text(),
            "axes": Named(
                of=Record(fields={"formula": FORMULA, "axis": _AXIS}, needed=("formula", "axis")),
                item="axis",
            ),
            "by": _NAMES,
            "where": FORMULA,
            "weights": _NAMES,
            "object_weight": FORMULA,
            "storage": Choice(values=("Double", "Int64", "Weight")),
            "label": Text(),
            "variations": _NAMES,
        },
        needed=("name", "axes"),
    ),
    "table": Record(fields={"name": Text(), "columns": _FORMULAS}, needed=("name", "columns")),
    "snapshot": Record(
        fields={"name": Text(), "columns": _NAMES, "any_variation": Flag(), "format": Text()},
        needed=("name",),
    ),
    "sub-path": SUB_PATH,
}
STEP = Record(fields=STEPS, one_of=tuple(STEPS))
_PATH: dict[str, Kind] = {
    "name": Text(),
    "steps": Listed(of=STEP, alone=False, empty=True),
}
FUNCTION = Record(
    fields={
        "source": Listed(of=HELD, alone=False),
        "nested": Flag(),
        "future": Flag(),
        "imported": _NAMES,
        "defaults": Listed(of=HELD, alone=False),
        "keywords": Named(of=HELD),
        "captured": Named(of=HELD),
        "globals": Named(of=HELD),
        "wraps": HELD,
    },
    needed=("source",),
)
FILE = Record(
    "A path.",
    fields={
        "hepnb_path": Choice(values=(VERSION,)),
        **_PATH,
        "paths": Named(of=Record(fields=_PATH, needed=tuple(_PATH)), item="sub-path"),
        "functions": Named(of=FUNCTION, item="function"),
        "hash": Text(),
        "versions": Named(of=Text(), item="version"),
    },
    needed=("hepnb_path", *_PATH),
)
