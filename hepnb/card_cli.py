"""`hepnb card ...`: check a card, its schema for editors, computed values, what differs between two."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

__all__ = ["add_card"]


def add_card(verbs: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """Put the verb `card` and its parts into the parser of the command."""
    says = "Check a run card, print its schema, compute its sums of weights, compare two."
    parts = verbs.add_parser("card", help=says, description=says).add_subparsers(
        dest="part", required=True, metavar="VERB"
    )
    check = add(parts, "check", _check, "Look for mistakes; with --data in its files, too.")
    check.add_argument("--data", action="store_true", help="open the first file of each dataset")
    add(parts, "schema", _schema, "Print the JSON Schema of cards, for editors.")
    compute = add(
        parts, "compute", _compute, "Count events, sum weights; write them to 'computed:'."
    )
    compute.add_argument("card", metavar="CARD", help="card.yaml")
    compute.add_argument("--datasets", metavar="NAMES", help="only these: names or patterns")
    compute.add_argument("--source", metavar="NAME", help="which source of those that have several")
    compute.add_argument("--refresh", action="store_true", help="ask catalogues of files again")
    compute.add_argument(
        "--json", action="store_true", help="print one JSON object and nothing else"
    )
    diff = add(parts, "diff", _diff, "Say what differs in meaning; status 1 where anything does.")
    diff.add_argument("card", metavar="CARD", help="card.yaml")
    diff.add_argument("other", metavar="OTHER", help="another.yaml")
    diff.add_argument("--json", action="store_true", help="print one JSON list and nothing else")
    check.add_argument("card", metavar="CARD", help="card.yaml")
    check.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def _check(given: argparse.Namespace) -> None:
    from ._bind import Card
    from .analysis.cards.inspecting import check_data

    card = Card.read(given.card)
    facts: dict[str, Any] = {
        "card": str(card.file),
        "datasets": [sample.name for sample in card.samples],
        "variations": list(card.variations),
        "histograms": [hist.name for hist in card.path.freeze().histograms],
    }
    if given.data:
        facts["files"] = check_data(card)
    if given.json:
        print(json.dumps(facts))
        return
    counts = ", ".join(f"{w} {len(facts[w])}" for w in ("datasets", "histograms", "variations"))
    print(f"{card.file}: no mistakes; {counts}")


def _diff(given: argparse.Namespace) -> int:
    from ._bind import Card
    from .analysis.cards.comparing import differences

    found = differences(Card.read(given.card), Card.read(given.other))
    if given.json:
        print(json.dumps([asdict(difference) for difference in found]))
    else:
        print("\n".join(map(str, found)) or "the cards mean the same")
    return 1 if found else 0


def _compute(given: argparse.Namespace) -> None:
    from ._bind import Card

    card = Card.read(
        given.card, datasets=given.datasets, source=given.source, refresh=given.refresh
    )

    def moved(file: str, events: int) -> None:
        if sys.stderr.isatty():
            print(f"{file}: {events:,} events", file=sys.stderr)

    made = card.compute(moved)
    if given.json:
        print(json.dumps(made))
        return
    for name, values in made.items():
        print(f"{name}: {', '.join(_said(key, value) for key, value in values.items())}")


_UNITS = {"effective_xsec": " pb", "equivalent_lumi": " pb^-1"}


def _said(key: str, value: Any) -> str:
    number = f"{value:.6g}" if isinstance(value, float) else value
    return f"{key} {number}{_UNITS.get(key, '')}"


def _schema(_: argparse.Namespace) -> None:
    from .analysis.cards import json_schema

    print(json.dumps(json_schema(), indent=2))
