"""What may stand in a place of a card: kinds of values, each of which checks a node and knows its JSON Schema.

A kind raises the `CardError` of the first value that is not of it; `json` says the same to editors.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from typing import Any

from ...errors import nearest
from .nodes import Mapping, Node, Scalar, Sequence

__all__ = [
    "Anything",
    "Choice",
    "Either",
    "Flag",
    "Kind",
    "Listed",
    "Named",
    "Number",
    "Record",
    "Text",
    "Value",
]

_LONGEST = 10_000
_UNIT = re.compile(r"^([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*([A-Za-z^/0-9-]+)$")


@dataclass(frozen=True)
class Kind(ABC):
    """The base of all kinds; `help` is what an editor shows."""

    help: str = ""

    @abstractmethod
    def check(self, node: Node, what: str) -> None:
        """Raise `CardError` if `node`, which messages call `what`, is not of this kind."""

    def json(self) -> dict[str, Any]:
        """The JSON Schema (draft 2020-12) of this kind."""
        return {"description": self.help} if self.help else {}


@dataclass(frozen=True)
class Text(Kind):
    """One line of text; numbers and truth values are texts where an expression may be one."""

    also_numbers: bool = False
    example: str = ""

    def check(self, node: Node, what: str) -> None:
        """A text, or also a number."""
        value = node.plain if isinstance(node, Scalar) else None
        fits = isinstance(value, str) or (
            self.also_numbers and isinstance(value, bool | int | float)
        )
        mend = f", such as {self.example}" if self.example else ""
        if not fits:
            raise node.error(f"{what} is a text{mend}, not {node.called}")
        if isinstance(value, str) and len(value) > _LONGEST:
            raise node.error(f"{what} has {len(value):,} characters; at most {_LONGEST:,} are read")
        if isinstance(value, str) and not value.strip():
            raise node.error(f"{what} is empty; write a text{mend}")

    def json(self) -> dict[str, Any]:
        """A string of at least one character."""
        kind = ["string", "number", "boolean"] if self.also_numbers else "string"
        return {"type": kind, "minLength": 1, "maxLength": _LONGEST, **super().json()}


@dataclass(frozen=True)
class Number(Kind):
    """A finite number, at least `least`, in a fixed unit that is not written."""

    unit: str = ""
    least: float | None = None

    def check(self, node: Node, what: str) -> None:
        """A number without a unit."""
        value = node.plain if isinstance(node, Scalar) else None
        unit = f" in {self.unit}" if self.unit else ""
        if isinstance(value, str) and (match := _UNIT.match(value)):
            raise node.error(
                f"{what} is a plain number{unit}: unit {match[2]!r} is not understood; "
                f"write the number{unit} without a unit"
            )
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise node.error(f"{what} is a number{unit}, not {node.called}")
        if not math.isfinite(value):
            raise node.error(f"{what} is a finite number{unit}, not {node.called}")
        if self.least is not None and value < self.least:
            raise node.error(f"{what} is {self.least:g} at least, not {value}")

    def json(self) -> dict[str, Any]:
        """A number with its least value."""
        least = {} if self.least is None else {"minimum": self.least}
        return {"type": "number", **least, **super().json()}


@dataclass(frozen=True)
class Flag(Kind):
    """True or false."""

    def check(self, node: Node, what: str) -> None:
        """`true` or `false`, and no other word for it."""
        if not isinstance(node, Scalar) or not isinstance(node.plain, bool):
            raise node.error(f"{what} is true or false, not {node.called}")

    def json(self) -> dict[str, Any]:
        """A boolean."""
        return {"type": "boolean", **super().json()}


@dataclass(frozen=True)
class Choice(Kind):
    """One of some words or numbers; or any number."""

    values: tuple[str | int, ...] = ()
    also_numbers: bool = False

    def check(self, node: Node, what: str) -> None:
        """One of `values`."""
        value = node.plain if isinstance(node, Scalar) else None
        if self.also_numbers and isinstance(value, int | float) and not isinstance(value, bool):
            return
        if isinstance(value, bool) or value not in self.values:
            known = [*map(str, self.values), *["a number"] * self.also_numbers]
            raise node.error(
                f"{what} is {' or '.join(known)}, not {node.called}{nearest(str(value), known)}"
            )

    def json(self) -> dict[str, Any]:
        """An enumeration."""
        words = {"enum": list(self.values)}
        if self.also_numbers:
            return {"anyOf": [words, {"type": "number"}], **super().json()}
        return {**words, **super().json()}


@dataclass(frozen=True)
class Value(Kind):
    """A text, number or truth value of the user's own, or a list of them."""

    def check(self, node: Node, what: str) -> None:
        """Anything but nothing, mappings, and lists of lists."""
        parts = node.items if isinstance(node, Sequence) else [node]
        for part in parts:
            if not isinstance(part, Scalar) or part.plain is None:
                raise part.error(
                    f"{what} is a text, a number, or a list of them, not {part.called}"
                )

    def json(self) -> dict[str, Any]:
        """A scalar or a list of scalars."""
        one = {"type": ["string", "number", "boolean"]}
        return {"anyOf": [one, {"type": "array", "items": one}], **super().json()}


@dataclass(frozen=True)
class Anything(Kind):
    """Whatever it is: checked by those who know what it is for."""

    def check(self, node: Node, what: str) -> None:
        """Nothing here."""


@dataclass(frozen=True)
class Listed(Kind):
    """A list of values of one kind; one value alone stands for a list of it."""

    of: Kind = field(default_factory=Text)
    alone: bool = True
    empty: bool = False

    def check(self, node: Node, what: str) -> None:
        """Each item is of the kind, and there is one."""
        if not isinstance(node, Sequence):
            if not self.alone:
                raise node.error(f"{what} is a list, such as [a, b], not {node.called}")
            self.of.check(node, what)
            return
        if not node.items and not self.empty:
            raise node.error(f"{what} is an empty list; remove it, or write an item")
        for item in node.items:
            self.of.check(item, f"an item of {what}")

    def json(self) -> dict[str, Any]:
        """An array, or an item alone."""
        least = {} if self.empty else {"minItems": 1}
        several = {"type": "array", "items": self.of.json(), **least}
        return {
            **({"anyOf": [self.of.json(), several]} if self.alone else several),
            **super().json(),
        }


@dataclass(frozen=True)
class Named(Kind):
    """A mapping of names that the user chooses to values of one kind."""

    of: Kind = field(default_factory=Text)
    item: str = "item"

    def check(self, node: Node, what: str) -> None:
        """Each value is of the kind."""
        if not isinstance(node, Mapping):
            raise node.error(f"{what} is a mapping of names to values, not {node.called}")
        if not node.entries:
            raise node.error(f"{what} is empty; remove it, or write a name with a value")
        for key, (named, value) in node.entries.items():
            if not key.strip():
                raise named.error(f"a name in {what} is empty")
            self.of.check(value, f"{self.item} {key!r}")

    def json(self) -> dict[str, Any]:
        """An object with any property names."""
        return {
            "type": "object",
            "additionalProperties": self.of.json(),
            "minProperties": 1,
            **super().json(),
        }


@dataclass(frozen=True)
class Record(Kind):
    """A mapping whose keys are known."""

    fields: Map[str, Kind] = field(default_factory=dict)
    needed: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()  # exactly one of these keys is there

    def check(self, node: Node, what: str) -> None:
        """Every key is known, every needed one is there, each value is of its kind."""
        if not isinstance(node, Mapping):
            known = ", ".join(self.fields)
            raise node.error(f"{what} is a mapping with {known}, not {node.called}")
        for key, (named, value) in node.entries.items():
            if key not in self.fields:
                hint = nearest(key, self.fields) or f"; it has {', '.join(self.fields)}"
                raise named.error(f"{what} has no key {key!r}{hint}")
            if isinstance(value, Scalar) and value.plain is None:
                raise value.error(f"{what}: {key} has no value; remove it, or write one")
            self.fields[key].check(value, f"{what}: {key}")
        for key in self.needed:
            if key not in node.entries:
                raise node.error(f"{what} lacks {key!r}; add it")
        there = [key for key in self.one_of if key in node.entries]
        if self.one_of and len(there) != 1:
            several = f"{' and '.join(there)} exclude each other; keep one" if there else ""
            raise node.error(f"{what}: {several or 'add ' + ' or '.join(self.one_of)}")

    def json(self) -> dict[str, Any]:
        """An object with these properties and no other."""
        made: dict[str, Any] = {
            "type": "object",
            "properties": {key: kind.json() for key, kind in self.fields.items()},
            "additionalProperties": False,
            **super().json(),
        }
        if self.needed:
            made["required"] = list(self.needed)
        if self.one_of:
            made["oneOf"] = [{"required": [key]} for key in self.one_of]
        return made


@dataclass(frozen=True)
class Either(Kind):
    """A short form, or a mapping that says more: one with a mapping behind `key`, if there is a key."""

    short: Kind = field(default_factory=Text)
    long: Kind = field(default_factory=Named)
    nothing: bool = False  # whether it may be left empty
    key: str = ""

    def is_long(self, node: Node) -> bool:
        """Whether a node has the long form."""
        if not isinstance(node, Mapping) or not self.key:
            return isinstance(node, Mapping)
        return isinstance(node.get(self.key), Mapping)

    def check(self, node: Node, what: str) -> None:
        """By the shape of the node."""
        if self.nothing and isinstance(node, Scalar) and node.plain is None:
            return
        (self.long if self.is_long(node) else self.short).check(node, what)

    def json(self) -> dict[str, Any]:
        """Either of the two schemas."""
        empty = [{"type": "null"}] if self.nothing else []
        return {"anyOf": [self.short.json(), self.long.json(), *empty], **super().json()}
