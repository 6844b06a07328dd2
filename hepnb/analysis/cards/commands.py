"""A card that runs an external program instead of a path: what it says of it. Nothing here runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .nodes import Mapping as Branch
from .nodes import Node, Scalar, Sequence
from .templates import fill

__all__ = ["program_of"]

_OF_PATHS = (
    "lookups", "modules", "definitions", "replacements", "selects", "weights", "variations",
    "categories", "histograms", "tables",
)  # fmt: skip


def program_of(tree: Branch, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """The section `command`, with its parameters filled; None where there is none.

    Raises `CardError` where the card describes a path as well.
    """
    node = tree.get("command")
    if node is None:
        return None
    for key in _OF_PATHS:
        if key in tree.entries:
            raise tree.entries[key][0].error(
                f"a card has a command or a path: {key} say nothing to a program; remove one of them"
            )
    for name, dataset in tree.section("datasets").items():
        if isinstance(dataset, Branch) and (split := dataset.get("split")) is not None:
            raise split.error(f"dataset {name!r}: a program knows no split; remove it")
    said = dict(node.items()) if isinstance(node, Branch) else {"command": node}
    return {key: _filled(part, parameters) for key, part in said.items()}


def _filled(node: Node, parameters: Mapping[str, Any]) -> Any:
    """Texts with the card's parameters; other braces are the program's, or the run's (`{input}`)."""
    if isinstance(node, Scalar):
        return node.plain if isinstance(node.plain, bool) else fill(node.text, parameters)
    assert isinstance(node, Sequence)
    return [fill(item.text, parameters) for item in node.items if isinstance(item, Scalar)]
