"""What a definition needs of its inputs: the fields of each name, so that only these are read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

__all__ = ["EVERYTHING", "Use", "Uses"]

EVERYTHING = "*"
"""At the end of a chain: all fields of what it leads to."""


@dataclass
class Use:
    """How one name is used by one definition or expression.

    `fields` are record fields that must exist, `chains` fields of fields (`("jet", "pt")`); `hints` are
    attributes that are read if they are fields and mean something else otherwise; `attributes` were
    written with a dot in a function; `escapes` are attributes (of attributes) whose value goes where
    it cannot be followed: harmless when one of them is a field, everything otherwise. `whole` asks
    for every field, `value` says that the plain value is computed with, `counted` that numbers of
    objects are.
    """

    fields: set[str] = field(default_factory=set)
    chains: set[tuple[str, ...]] = field(default_factory=set)
    hints: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    escapes: set[tuple[str, ...]] = field(default_factory=set)
    whole: bool = False
    value: bool = False
    counted: bool = False

    def merge(self, other: Use, exact: bool = True) -> bool:
        """Add the needs of `other`; `exact=False` when its fields may be new ones. True if it grew."""
        before = self._size()
        if exact:
            self.fields |= other.fields
        else:
            self.hints |= other.fields
        self.hints |= other.hints
        self.chains |= other.chains
        self.attributes |= other.attributes
        self.escapes |= other.escapes
        self.whole |= other.whole
        self.counted |= other.counted
        return before != self._size()

    @property
    def counts_alone(self) -> bool:
        """Whether nothing is asked for but numbers of objects."""
        named = self.fields | self.hints | self.attributes
        return self.counted and not (
            named or self.chains or self.escapes or self.whole or self.value
        )

    def _size(self) -> tuple[int, ...]:
        sets = (len(self.fields), len(self.hints), len(self.chains), len(self.escapes))
        return (*sets, self.whole, self.counted)

    def needs_all(self, known: Collection[str]) -> bool:
        """Whether every field is needed of a collection with the fields `known`."""
        return self.whole or any(not set(chain) & set(known) for chain in self.escapes)


@dataclass(frozen=True)
class Uses:
    """The inputs of a computation with their `Use`, and whose records its value passes on.

    `passes` maps such a name to whether the fields of the value are exactly that name's fields.
    """

    inputs: Mapping[str, Use]
    passes: Mapping[str, bool]

    def renamed(self, names: Mapping[str, str]) -> Uses:
        """The same of other names."""
        return Uses(
            {names.get(name, name): use for name, use in self.inputs.items()},
            {names.get(name, name): exact for name, exact in self.passes.items()},
        )
