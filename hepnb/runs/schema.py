"""What the files of a run say of their columns, put together over its datasets.

Workers describe the first file of each dataset that they open (`hepnb.analysis.reading.schema`), in any
order; what comes of it does not depend on the order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Schema"]

_Row = Mapping[str, Any]
_NOTHING: _Row = {"dtype": "", "unit": "", "doc": "", "read": False}


class Schema:
    """The union of what was heard so far; `section` is that of a snapshot.

    >>> schema = Schema()
    >>> row = {"name": "pt", "dtype": "float32", "unit": "", "doc": "", "read": True}
    >>> jets = {"collections": {"Jet": {"fields": [row]}}, "columns": [], "references": []}
    >>> schema.add(jets), schema.add(jets)
    (True, False)
    >>> schema.section["collections"]["Jet"][0]["dtype"]
    'float32'
    """

    def __init__(self) -> None:
        self._fields: dict[str, dict[str, dict[str, Any]]] = {}
        self._columns: dict[str, dict[str, Any]] = {}
        self._references: set[tuple[str, str, str]] = set()
        self.section = self._made()

    def add(self, found: Mapping[str, Any]) -> bool:
        """Take in what a file says; False if nothing of it is new."""
        for name, collection in found["collections"].items():
            _merge(self._fields.setdefault(str(name), {}), collection["fields"])
        _merge(self._columns, found["columns"])
        self._references |= {
            (str(one["from"]), str(one["field"]), str(one["to"])) for one in found["references"]
        }
        before, self.section = self.section, self._made()
        return before != self.section

    def _made(self) -> dict[str, Any]:
        return {
            "collections": {
                name: [fields[field] for field in sorted(fields)]
                for name, fields in sorted(self._fields.items())
            },
            "columns": [self._columns[name] for name in sorted(self._columns)],
            "references": [
                {"from": source, "field": field, "to": target}
                for source, field, target in sorted(self._references)
            ],
        }


def _merge(known: dict[str, dict[str, Any]], rows: list[_Row]) -> None:
    for row in rows:
        name = str(row["name"])
        old = known.get(name, _NOTHING)
        known[name] = {
            "name": name,
            "dtype": _both(old["dtype"], row["dtype"]),
            "unit": _both(old["unit"], row["unit"]),
            "doc": max(old["doc"], str(row["doc"]), key=lambda doc: (len(doc), doc)),
            "read": bool(row["read"] or old["read"]),
        }


def _both(old: str, new: str) -> str:
    """One word, or both where the files disagree."""
    words = {*old.split(" or "), *str(new).split(" or ")} - {""}
    return " or ".join(sorted(words))
