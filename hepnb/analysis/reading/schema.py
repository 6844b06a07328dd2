"""What a file says of itself: types, units and descriptions of columns, and which collection refers to which.

A reference is a branch such as NanoAOD's `Jet_muonIdx1`: for each jet the place of a muon. Nothing
is made up: a unit is one that the file's own description names, and a reference leads to a
collection that the file has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..columns.references import references
from .conventions import Reading, counter_of, fields_of

if TYPE_CHECKING:
    from .events import EventFile

__all__ = ["describe_file", "plain_type", "unit_in"]

_LONGEST = 200
_MOST_FIELDS = 1000
_UNITS = r"[kMGT]?eV(?:\^?2)?(?:/c(?:\^?2)?)?|[unpm]m|cm|[mun]?rad|deg|degrees|[pn]s|[fpn]b"
_UNIT = re.compile(rf"[\[(]({_UNITS}|m|s)[\])]|\bin ({_UNITS})(?![\w/^])")
_TYPES = {"float": "float32", "double": "float64", "char": "int8"}
_INNERMOST = re.compile(r"([\w:]+)[\s>]*$")


def describe_file(file: EventFile, readings: Mapping[str, Reading]) -> dict[str, Any]:
    """The collections that are read with all their fields, the plain columns, and the references.

    Returns `{"collections": {name: {"fields": [row, ...]}}, "columns": [row, ...], "references":
    [{"from", "field", "to"}, ...]}`; a row has `name`, `dtype`, `unit`, `doc` and `read`, whether
    the path reads it. References are those that begin or end in a collection that is read.
    """
    there = set(file.branches)
    collections, plain, left = {}, [], _MOST_FIELDS
    for name, reading in readings.items():
        if reading.plain:
            plain.append(_row(file, name, name, read=True))
            continue
        known = fields_of(name, file.branches)
        # Those that are read come first where there are too many.
        chosen = set(sorted(known, key=lambda f: f not in reading.fields)[:left])
        left -= len(chosen)
        collections[name] = {
            "fields": [
                _row(file, f"{name}_{field}", field, read=field in reading.fields)
                for field in known
                if field in chosen
            ]
        }
    return {
        "collections": collections,
        "columns": plain,
        "references": [
            {"from": one.collection, "field": one.indices[0], "to": one.target}
            for one in references(file.branches)
            if len(one.indices) == 1
            and counter_of(one.collection, there)
            and counter_of(one.target, there)
            if one.collection in collections or one.target in collections
        ],
    }


def unit_in(doc: str) -> str:
    """The unit that a description names, or the empty string.

    >>> unit_in("dxy (with sign) wrt first PV, in cm"), unit_in("energy [GeV]"), unit_in("pt > 5 GeV")
    ('cm', 'GeV', '')
    """
    match = _UNIT.search(doc)
    return (match[1] or match[2]) if match else ""


def _row(file: EventFile, branch: str, name: str, *, read: bool) -> dict[str, Any]:
    try:
        dtype, title = file.about(branch)
    except Exception:  # noqa: BLE001  a type that cannot be read hides nothing of the others
        dtype, title = "", ""
    doc = _text(title)
    if doc == branch or doc.startswith((f"{branch}/", f"{branch}[")):
        doc = ""  # ROOT's list of leaves, which stands there if nobody wrote a description
    unit = unit_in(doc)
    if file.units.shown and file.units.holds(branch) and (file.units.converts or not unit):
        unit = file.units.shown
    return {"name": _text(name), "dtype": dtype, "unit": unit, "doc": doc, "read": read}


def _text(title: str) -> str:
    """One line that can be sent and shown; bytes that are no UTF-8 become question marks."""
    line = " ".join(title.encode("utf-8", "replace").decode().split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def plain_type(name: str) -> str:
    """The NumPy name of the numbers in a C++ type.

    >>> plain_type("ROOT::VecOps::RVec<std::int32_t>"), plain_type("std::vector<float>")
    ('int32', 'float32')
    """
    match = _INNERMOST.search(name)
    inner = match[1].rpartition("::")[2] if match else name
    return _TYPES.get(inner, inner.removesuffix("_t"))
