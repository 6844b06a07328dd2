"""Axis specifications: `mass="pair_mass: 300, 2, 120, log [m(mumu) / GeV]"` or a `hist.axis`.

    expression: bins, low, high             evenly spaced
    expression: bins, low, high, log        evenly spaced in the logarithm
    expression: low, high, int              one bin per whole number, low <= n < high
    expression: [edge, edge, ...]           these edges
    expression: bool                        False and True

A label (with its unit) may follow in square brackets. `name=axis` alone reads the column `name`;
`name=("expression", axis)` computes it.
"""

from __future__ import annotations

import copy
import math
import re
from itertools import pairwise
from typing import Any

from ...errors import PathError
from .formula import Formula, make_formula

__all__ = ["category_axis", "read_axis", "split_axis"]

_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_LABEL = r"(?:\s*\[(?P<label>[^\[\]]*)\])?\s*$"
_EVEN = re.compile(
    rf"^\s*(?P<n>\d{{1,12}})\s*,\s*(?P<lo>{_NUMBER})\s*,\s*(?P<hi>{_NUMBER})\s*(?:,\s*(?P<log>log))?{_LABEL}"
)
_WHOLE = re.compile(rf"^\s*(?P<lo>[-+]?\d{{1,15}})\s*,\s*(?P<hi>[-+]?\d{{1,15}})\s*,\s*int{_LABEL}")
_EDGES = re.compile(rf"^\s*\[(?P<edges>\s*{_NUMBER}(?:\s*,\s*{_NUMBER})+)\s*,?\s*\]{_LABEL}")
_BOOL = re.compile(rf"^\s*bool{_LABEL}")
_FORMS = "'bins, low, high', 'bins, low, high, log', 'low, high, int', '[edges]' or 'bool'"


def read_axis(name: str, what: Any, where: str) -> tuple[Formula, Any]:
    """The formula and the `hist.axis` of one histogram input. Raises `PathError` naming `where`."""
    place = f"{where}, axis {name!r}"
    if isinstance(what, str):
        source, spec = split_axis(what, place)
        return make_formula(source, place), _parse(spec, name, place)
    if isinstance(what, tuple) and len(what) == 2:
        return make_formula(what[0], place), _named(what[1], name, place)
    return make_formula(name, place), _named(what, name, place)


def category_axis(name: str, labels: tuple[str, ...], *, growth: bool = False) -> Any:
    """The axis of a category: these labels; labels as they come when none are given, or `growth`."""
    import hist

    if labels and not growth:
        return hist.axis.StrCategory(labels, name=name, flow=False)
    return hist.axis.StrCategory(labels, name=name, growth=True)


def split_axis(text: str, place: str) -> tuple[str, str]:
    """The expression and the axis part: cut at the last colon outside brackets."""
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += (text[at] in ")]") - (text[at] in "([")
        if text[at] == ":" and depth == 0:
            return text[:at], text[at + 1 :]
    raise PathError(f"{place}: no axis in {text!r}; write 'expression: bins, low, high'")


def _parse(spec: str, name: str, place: str) -> Any:
    import hist

    if match := _EVEN.match(spec):
        bins, low, high = int(match["n"]), float(match["lo"]), float(match["hi"])
        if not 1 <= bins <= 10_000_000:
            raise PathError(f"{place}: {bins} bins")
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise PathError(f"{place}: low edge {match['lo']} is not below high edge {match['hi']}")
        if match["log"] and low <= 0:
            raise PathError(f"{place}: log bins need a positive low edge, not {match['lo']}")
        transform = hist.axis.transform.log if match["log"] else None
        return hist.axis.Regular(
            bins, low, high, name=name, label=_label(match), transform=transform
        )
    if match := _WHOLE.match(spec):
        first, last = int(match["lo"]), int(match["hi"])
        if first >= last:
            raise PathError(f"{place}: low edge {first} is not below high edge {last}")
        return hist.axis.Integer(first, last, name=name, label=_label(match))
    if match := _EDGES.match(spec):
        edges = [float(edge) for edge in match["edges"].split(",")]
        if any(high <= low for low, high in pairwise(edges)):
            raise PathError(f"{place}: the edges do not increase")
        return hist.axis.Variable(edges, name=name, label=_label(match))
    if match := _BOOL.match(spec):
        return hist.axis.Boolean(name=name, label=_label(match))
    said = spec.strip() if len(spec) <= 80 else f"{spec.strip()[:77]}..."
    raise PathError(f"{place}: {said!r} is not an axis; write {_FORMS}")


def _label(match: re.Match[str]) -> str:
    return (match["label"] or "").strip()


def _named(axis: Any, name: str, place: str) -> Any:
    """A copy of an axis object that carries the name it has in this histogram."""
    import hist

    if not isinstance(axis, hist.axis.AxesMixin):
        kind = type(axis).__name__
        raise PathError(
            f"{place}: expected 'expression: bins, low, high' or a hist.axis, not {kind}"
        )
    made: Any = copy.copy(axis)
    if isinstance(made, hist.axis.StrCategory):
        raise PathError(f"{place}: texts are not filled; define a category and use by=")
    if made.name not in ("", name):
        raise PathError(f"{place}: the axis object is named {made.name!r}")
    made._ax.raw_metadata["name"] = name
    return made
