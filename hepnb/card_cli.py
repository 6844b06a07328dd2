"""`hepnb card ...`: check a card, its schema for editors, computed values, what differs between two."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from .run_cli import add_choices, read_card
from .strict import strict_json

__all__ = ["add_card"]


def add_card(parts: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """Put the parts of the verb `card` into the parser of the command."""
    check = add(parts, "check", _check, "Look for mistakes; with --data in its files, too.")
    compute = add(
        parts, "compute", _compute, "Count events, sum weights; write them to 'computed:'."
    )
    diff = add(parts, "diff", _diff, "Say what differs in meaning; status 1 where anything does.")
    add(parts, "schema", _schema, "Print the JSON Schema of cards, for editors.")
    for verb in (check, compute, diff):
        verb.add_argument("file", metavar="CARD", help="card.yaml")
        verb.add_argument("--json", action="store_true", help="print JSON and nothing else")
    for verb in (check, compute):
        add_choices(verb)
    check.add_argument("--data", action="store_true", help="open the first file of each dataset")
    diff.add_argument("other", metavar="OTHER", help="another.yaml")


def _check(given: argparse.Namespace) -> None:
    from .analysis.cards.inspecting import check_data

    card = read_card(given)
    facts: dict[str, Any] = {
        "card": str(card.file),
        "datasets": [sample.name for sample in card.samples],
        "variations": list(card.variations),
        "histograms": [hist.name for hist in card.path.freeze().histograms],
    }
    if card.command is not None:
        facts["command"] = card.command["command"]
    if given.data:
        facts["files"] = check_data(card)
    if given.json:
        print(strict_json(facts))
        return
    counts = ", ".join(f"{w} {len(facts[w])}" for w in ("datasets", "histograms", "variations"))
    print(f"{card.file}: no mistakes; {counts}")
    if card.command is not None:
        print(f"it runs a program of its own: {facts['command']!r}")


def _diff(given: argparse.Namespace) -> int:
    from ._bind import Card
    from .analysis.cards.comparing import differences

    found = differences(Card.read(given.file), Card.read(given.other))
    if given.json:
        print(strict_json([asdict(difference) for difference in found]))
    else:
        print("\n".join(map(str, found)) or "the cards mean the same")
    return 1 if found else 0


def _compute(given: argparse.Namespace) -> None:
    card = read_card(given)

    def moved(file: str, events: int) -> None:
        if sys.stderr.isatty():
            print(f"{file}: {events:,} events", file=sys.stderr)

    made = card.compute(moved)
    if given.json:
        print(strict_json(made))
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
