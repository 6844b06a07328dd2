"""Where the boxes of a path's graph lie: what is read at the left, results at the right.

Pure: from the description of a path (`hepnb.analysis.steering.description`) to numbers, in pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["lay_out"]

_LETTER = 7.4
_HEIGHT = 24
_ROW = 32
_GAP = 56
_MARGIN = 4
_LONGEST = 28


def lay_out(described: Mapping[str, Any]) -> dict[str, Any]:
    """`width`, `height`, `nodes` (`label`, `kind`, `name`, `x`, `y`, `width`, `height`) and `edges` (`from`,
    `to`: places in `nodes`, `fields`).

    >>> ht = {"kind": "definition", "name": "ht", "makes": ["ht"], "reads": {"Jet": ["pt"]}}
    >>> graph = lay_out({"inputs": {"Jet": ["pt"]}, "steps": [ht]})
    >>> [(node["label"], node["x"]) for node in graph["nodes"]], graph["edges"]
    ([('Jet', 4), ('ht', 98)], [{'from': 0, 'to': 1, 'fields': ['pt']}])
    """
    nodes: list[dict[str, Any]] = [
        {"kind": "input", "name": name, "label": _short(name)} for name in described["inputs"]
    ] + [
        {"kind": step["kind"], "name": step["name"], "label": _short(step["name"])}
        for step in described["steps"]
    ]
    makers = {name: place for place, name in enumerate(described["inputs"])}
    first = len(makers)
    for place, step in enumerate(described["steps"], start=first):
        makers |= dict.fromkeys(step["makes"], place)
    edges = [
        {"from": makers[name], "to": place, "fields": fields}
        for place, step in enumerate(described["steps"], start=first)
        for name, fields in step["reads"].items()
        if name in makers and makers[name] != place
    ]
    columns = _columns(len(nodes), edges)
    x = float(_MARGIN)
    for column in columns:
        width = max(len(nodes[n]["label"]) for n in column) * _LETTER + 16
        for row, n in enumerate(column):
            nodes[n] |= {
                "x": round(x),
                "y": _MARGIN + row * _ROW,
                "width": round(width),
                "height": _HEIGHT,
            }
        x += round(width) + _GAP
    rows = max((len(column) for column in columns), default=0)
    return {
        "width": round(x) - _GAP + _MARGIN if columns else 0,
        "height": rows * _ROW + _MARGIN,
        "nodes": nodes,
        "edges": edges,
    }


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _columns(count: int, edges: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """The nodes by their distance from what is read; within a column near those they come from."""
    before: dict[int, list[int]] = {n: [] for n in range(count)}
    for edge in edges:
        before[edge["to"]].append(edge["from"])
    depth: dict[int, int] = {}

    def deep(n: int, trail: frozenset[int]) -> int:
        if n not in depth:
            own = [deep(m, trail | {n}) for m in before[n] if m not in trail]
            depth[n] = 1 + max(own) if own else 0
        return depth[n]

    for n in range(count):
        deep(n, frozenset())
    columns: list[list[int]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    place: dict[int, float] = {}
    for n in range(count):
        columns[depth[n]].append(n)
    for column in columns:
        for row, n in enumerate(column):
            own = [place[m] for m in before[n] if m in place]
            place[n] = sum(own) / len(own) if own else float(row)
        column.sort(key=lambda n: place[n])
        for row, n in enumerate(column):
            place[n] = float(row)
    return columns
