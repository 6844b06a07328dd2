"""The layout of a card, as one declaration: what may stand where. Checks and the JSON Schema come from it."""

from __future__ import annotations

from typing import Any

from ..reading.naming import SCHEMAS
from ..reading.units import UNITS
from .kinds import Anything, Choice, Either, Flag, Kind, Listed, Named, Number, Record, Text, Value

__all__ = ["CARD", "CATEGORY", "VERSION", "json_schema"]

VERSION = 1
_FORMULA = Text("An expression.", also_numbers=True, example="count(Muon) == 2")
_NAMES = Listed("One name or several.", of=Text())
_AXIS = Text("expression: bins, low, high [label]", example="'sum(Jet.pt): 50, 0, 1000 [HT / GeV]'")
_AFTER = Text("The select below which it stands.")
_PLAIN = Text(also_numbers=True)
_MATRIX = Named(
    "Values of placeholders: every combination is made; {name: value} where names differ.",
    of=Either(short=Listed(of=_PLAIN), long=Named(of=_PLAIN, item="value")),
    item="placeholder",
)
_SCOPE: dict[str, Kind] = {
    "matrix": _MATRIX,
    "only": Listed(
        "Patterns of names of the datasets where it applies, or mc, data; elsewhere a weight is 1.",
        of=Text(),
    ),
    "except": Listed(
        "Patterns of names of the datasets where it does not apply, or mc, data.", of=Text()
    ),
    "requires": Listed("Columns that a file must have for it.", of=Text()),
    "sets": Listed("Names by which variations= may ask for it.", of=Text()),
}
_SOURCE = Listed(
    "Files: a path, glob or folder, file:PATH, glob:PATTERN, list:FILE OF FILES, root://, https://, "
    "rucio:NAME, dbs:NAME; several in a list.",
    of=Text(example="'glob:data/*.root'"),
)
_COMPUTED = Record(
    "Written by `hepnb card compute`.",
    fields={
        "events": Number("Events in the files.", least=0),
        "positive": Number("Events with a positive weight.", least=0),
        "negative": Number("Events with a negative weight.", least=0),
        "sumw": Number("Sum of weights."),
        "sumw2": Number("Sum of squared weights."),
        "effective_xsec": Number("xsec / sumw [pb]: what weight 1 stands for."),
        "equivalent_lumi": Number("sumw^2 / sumw2 / xsec [pb^-1]."),
        "from": Text("What it was computed from."),
    },
)
_TABLE = Text("FILE.root:NAME, FILE.json or FILE.json.gz:NAME", example="'sf.root:muon/id'")
_WORDS = Listed("A program and its arguments, word by word.", of=_PLAIN, alone=False)
_SHARED: dict[str, Kind] = {
    "kind": Choice("Whether it is data or simulation (mc).", values=("data", "mc")),
    "era": Value("The period of data taking, for dataset.era and {era}."),
    "tree": Text("The tree of events."),
    "sumw": Text(
        "The sum of weights: a number, a branch of another tree (Runs.genEventSumw), or an "
        "expression of the events (genWeight).",
        also_numbers=True,
    ),
    "schema": Choice("The kind of file, where it is not found by itself.", values=tuple(SCHEMAS)),
    "units": Choice("The unit of the energies in the files.", values=UNITS),
    "convert": Either(
        "The unit that expressions see; {unit: columns} for these columns alone.",
        short=Choice(values=UNITS),
        long=Named(of=_NAMES, item="unit"),
    ),
    "missing": Either(
        "What becomes of files without a column: they are lost [error], left out (skip), or have "
        "these values instead.",
        short=Choice(values=("error", "skip")),
        long=Named(of=Value(), item="column"),
    ),
    "meta": Named("What else is known: dataset.KEY in expressions.", of=Value(), item="key"),
}
_DATASET = Record(
    "A set of files with what is known about it.",
    fields={
        **_SHARED,
        "xsec": Number("Cross section [pb].", unit="pb", least=0),
        "files": _SOURCE,
        "sources": Named("Several sources by name.", of=_SOURCE, item="source"),
        "split": Record(
            "Exclusive processes of one sample, read once: labels of the category `process`.",
            fields={
                "exclusive": Flag("Whether an event in two processes is an error [true]."),
                "processes": Named(
                    of=Record(
                        fields={"where": _FORMULA, "weight": _FORMULA},
                        needed=("where",),
                    ),
                    item="process",
                ),
            },
            needed=("processes",),
        ),
        "computed": _COMPUTED,
    },
    one_of=("files", "sources"),
)

CATEGORY = Either(
    "Conditions by label; {labels: ..., exclusive: false} if an event may have several.",
    short=Named(of=_FORMULA, item="label"),
    long=Record(
        fields={
            "labels": Named(of=_FORMULA, item="label"),
            "exclusive": Flag("Whether an event has the first label that fits [true]."),
        }
    ),
    key="labels",
)
CARD = Record(
    "A run card: what to compute, and of which data.",
    fields={
        "hepnb": Choice("The version of this layout.", values=(VERSION,)),
        "name": Text("The name of the analysis and its runs."),
        "parameters": Named(
            "Values for {NAME} in texts of the card; --set NAME=VALUE changes them.",
            of=_PLAIN,
            item="parameter",
        ),
        "source": Text("The source of datasets that have several."),
        "defaults": Record("What holds for datasets that do not say it.", fields=_SHARED),
        "datasets": Named(of=_DATASET, item="dataset"),
        "lookups": Named(
            "Tables that expressions call, by name.",
            of=Either(
                short=_TABLE,
                long=Record(
                    fields={
                        "file": _TABLE,
                        "outside": Choice(
                            "What a histogram has outside its axes.",
                            values=("error", "clamp", "flow"),
                            also_numbers=True,
                        ),
                        "what": Choice("[value]", values=("value", "error")),
                        "lumi_mask": Text("Certified sections, called with run and section."),
                    },
                    one_of=("file", "lumi_mask"),
                ),
            ),
            item="lookup",
        ),
        "modules": Named(
            "Class modules: their class, where it is not what they are called; parameters.",
            of=Either(
                short=Text("The name of the class, as hn.modules has it."),
                long=Record(
                    fields={
                        "class": Text("The name of the class [that of the module]."),
                        "parameters": Named(of=Anything(), item="parameter"),
                    }
                ),
                nothing=True,
            ),
            item="module",
        ),
        "command": Either(
            "An external program, instead of a path: its words, or more of it.",
            short=_WORDS,
            long=Record(
                fields={
                    "command": _WORDS,
                    "histograms": Listed(
                        "Patterns of files whose histograms are the run's.", of=Text()
                    ),
                    "progress": Text("Where it tells of its progress: a regular expression."),
                    "keep": Flag("Whether files that it makes are kept [true]."),
                },
                needed=("command",),
            ),
        ),
        "definitions": Named("Columns by name.", of=_FORMULA, item="definition"),
        "replacements": Named(
            "Corrections of columns, such as Muon.pt.", of=_FORMULA, item="replacement"
        ),
        "selects": Named("Cuts by name, one after another.", of=_FORMULA, item="select"),
        "weights": Named(
            "Factors of the event weight; nothing behind a name: the column of that name.",
            of=Either(
                short=_FORMULA,
                long=Record(
                    fields={
                        "value": _FORMULA,
                        "up": _FORMULA,
                        "down": _FORMULA,
                        "variations": Named(
                            "Other values by suffix.", of=_FORMULA, item="variation"
                        ),
                        "each": _FORMULA,
                        "count": Number("How many values `each` has in an event.", least=1),
                        "normalised": Flag(
                            "Whether each value has a sum of weights of its own, and so changes no "
                            "total at a luminosity [false]."
                        ),
                        "kind": Choice("Where it counts; else it is 1.", values=("data", "mc")),
                        "after": _AFTER,
                        **_SCOPE,
                    }
                ),
                nothing=True,
            ),
            item="weight",
        ),
        "variations": Named(
            "Systematic variations of columns, by nuisance.",
            of=Record(
                fields={
                    "vary": Named(
                        "The varied columns: one template for all of a matrix, [up, down], or "
                        "{suffix: expression}.",
                        of=Either(
                            short=Listed(of=_FORMULA), long=Named(of=_FORMULA, item="variation")
                        ),
                        item="column",
                    ),
                    **_SCOPE,
                },
                needed=("vary",),
            ),
            item="variation",
        ),
        "categories": Named(
            "Labels of events, by category.",
            of=CATEGORY,
            item="category",
        ),
        "histograms": Named(
            of=Either(
                short=_AXIS,
                long=Record(
                    fields={
                        "axes": Named("What is filled, by axis.", of=_AXIS, item="axis"),
                        "by": Listed("Categories that become axes.", of=Text()),
                        "where": _FORMULA,
                        "weights": Listed("Which weights count [all].", of=Text(), empty=True),
                        "object_weight": _FORMULA,
                        "storage": Choice(values=("Double", "Int64", "Weight")),
                        "label": Text("The title."),
                        "variations": _NAMES,
                        "after": _AFTER,
                    },
                    needed=("axes",),
                ),
            ),
            item="histogram",
        ),
        "tables": Named(
            "Columns row by row.",
            of=Either(
                short=Listed(of=_FORMULA, alone=False),
                long=Record(
                    fields={"columns": Named(of=_FORMULA, item="column"), "after": _AFTER},
                    needed=("columns",),
                ),
            ),
            item="table",
        ),
    },
    needed=("hepnb",),
)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a card, for editors and other programs."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hepnb run card",
        **CARD.json(),
    }
