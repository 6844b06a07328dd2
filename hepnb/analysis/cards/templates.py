"""Templates: texts with placeholders such as `Jet.pt_{source}{dir}`, and what they stand for.

A placeholder is a parameter of the card, a key of a `matrix:`, or something known of the datasets
(`{era}`). Where it is of the datasets the expression chooses: `(a_2017 if dataset.era == 2017 else ...)`.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass
from itertools import product
from typing import Any

from ...errors import nearest
from .nodes import Mapping as Branch
from .nodes import Node, Sequence

__all__ = [
    "Expansion",
    "Facts",
    "Values",
    "by_dataset",
    "expand",
    "fill",
    "names_in",
    "refuse_taken",
    "refuse_unknown",
]

_NAME = re.compile(r"\{([A-Za-z_]\w*)\}", re.ASCII)
_KEYWORDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
MOST = 2_000
_LONGEST = 20_000


def fill(text: str, values: Mapping[str, Any]) -> str:
    """The text with the placeholders that have values; others stay.

    >>> fill("Jet.pt_{source}{dir}", {"dir": "Up"})
    'Jet.pt_{source}Up'
    """
    return _NAME.sub(lambda m: str(values[m[1]]) if m[1] in values else m[0], text)


def names_in(*texts: str) -> tuple[str, ...]:
    """The placeholders of texts, in their order."""
    return tuple(dict.fromkeys(m[1] for text in texts for m in _NAME.finditer(text)))


@dataclass(frozen=True)
class Facts:
    """What is known of each dataset: its name, and what placeholders and expressions may ask for."""

    datasets: Mapping[str, Mapping[str, Any]]

    def names(self) -> tuple[str, ...]:
        """What is known of any dataset."""
        return tuple(dict.fromkeys(key for known in self.datasets.values() for key in known))

    def values(self, key: str, *, simulated: bool = False) -> list[Any]:
        """What the datasets have for a key, each once."""
        known = (facts.get(key) for facts in self._meant(simulated).values())
        return [value for value in dict.fromkeys(known) if value is not None]

    def lacking(self, key: str, *, simulated: bool = False) -> list[str]:
        """The datasets that have nothing for a key."""
        return [name for name, facts in self._meant(simulated).items() if facts.get(key) is None]

    def _meant(self, simulated: bool) -> Mapping[str, Mapping[str, Any]]:
        """All datasets, or the simulated ones alone."""
        return {n: f for n, f in self.datasets.items() if not simulated or f.get("kind") == "mc"}

    def chosen(self, text: str, otherwise: str | None, where: Node, simulated: bool = False) -> str:
        """An expression whose placeholders of datasets are filled by what each dataset is.

        `otherwise` is for datasets where nothing is known; without it that is an error.
        """
        for key in names_in(text):
            if key not in self.names():
                continue
            lacking = self.lacking(key, simulated=simulated)
            if lacking and otherwise is None:
                raise where.error(f"{{{key}}}: dataset {lacking[0]!r} has no {key}; add it")
            values = self.values(key, simulated=simulated)
            parts = [(value, fill(text, {key: value})) for value in values]
            last = str(otherwise) if lacking or not parts else parts.pop()[1]
            for value, part in reversed(parts):
                last = f"({part}) if dataset.{key} == {value!r} else ({last})"
            text = last
            if len(text) > _LONGEST:
                raise where.error("it would be another expression for too many datasets")
        return text

    def only(self, key: str, value: Any, text: str, otherwise: str, *, simulated: bool) -> str:
        """An expression for the datasets with this value; what the others have is `otherwise`."""
        alone = self.values(key, simulated=simulated) == [value]
        if alone and not self.lacking(key, simulated=simulated):
            return text
        return f"({text}) if dataset.{key} == {value!r} else ({otherwise})"


@dataclass(frozen=True)
class Values:
    """What placeholders stand for: in names, and in expressions."""

    names: Mapping[str, Any]
    values: Mapping[str, Any]

    def and_(self, other: Values) -> Values:
        """The placeholders of both."""
        return Values({**self.names, **other.names}, {**self.values, **other.values})

    @classmethod
    def same(cls, values: Mapping[str, Any]) -> Values:
        """Values that stand for themselves in names, too."""
        return cls(values, values)


@dataclass(frozen=True)
class Expansion:
    """One of the things that a template stands for: its name, and the placeholders of each variation.

    `outer` are those in the name, `inner` the combinations of all others of the matrix; `when` are
    those of `outer` that datasets have.
    """

    name: str
    outer: Values
    inner: tuple[Values, ...]
    when: Mapping[str, Any]


def expand(name: str, where: Node, matrix: Branch, facts: Facts) -> Iterator[Expansion]:
    """What a template with a matrix stands for, in the order of the matrix."""
    axes = _axes(matrix, facts)
    _refuse_many(axes, where)
    outer = {key: axes[key] for key in axes if key in names_in(name)}
    inner = tuple(_combinations({key: axes[key] for key in axes if key not in outer}))
    for chosen in _combinations(outer):
        called = fill(name, chosen.names)
        for when in by_dataset(called, where, facts):
            yield Expansion(fill(called, when), chosen.and_(Values.same(when)), inner, when)


def by_dataset(text: str, where: Node, facts: Facts) -> Iterator[Mapping[str, Any]]:
    """What simulated datasets have for the placeholders of theirs in a text: each combination."""
    keys = [key for key in names_in(text) if key in facts.names()]
    known = {key: [(v, v) for v in facts.values(key, simulated=True)] for key in keys}
    _refuse_many(known, where)
    return (found.values for found in _combinations(known))


def _refuse_many(axes: Mapping[str, Sized], where: Node) -> None:
    total = math.prod(len(values) for values in axes.values())
    if total > MOST:
        raise where.error(
            f"the placeholders have {total:,} combinations; at most {MOST:,} are made"
        )


def _combinations(axes: Mapping[str, Iterable[tuple[Any, Any]]]) -> Iterator[Values]:
    for pairs in product(*axes.values()):
        named = dict(zip(axes, pairs, strict=True))
        yield Values({k: n for k, (n, _) in named.items()}, {k: v for k, (_, v) in named.items()})


def _axes(matrix: Branch, facts: Facts) -> dict[str, list[tuple[Any, Any]]]:
    """(name, value) of each placeholder of a matrix."""
    found: dict[str, list[tuple[Any, Any]]] = {}
    for key, (named, node) in matrix.entries.items():
        if key in facts.names():
            raise named.error(f"matrix: {key!r} is known of the datasets; choose another name")
        if not key.isidentifier():
            raise named.error(
                f"matrix: {key!r} is no name of a placeholder; use letters and digits"
            )
        if isinstance(node, Branch):
            found[key] = list(node.plain.items())
            continue
        items = node.items if isinstance(node, Sequence) else [node]
        found[key] = [(item.plain, item.plain) for item in items]
        if len({str(value) for value, _ in found[key]}) != len(found[key]):
            raise node.error(f"matrix: {key!r} has the same value twice; remove one")
    return found


def refuse_taken(names: Iterable[str], verb: Callable[..., None], where: Node, what: str) -> None:
    """Raise `CardError` for a name that the verb of a path keeps for something else."""
    parameters = inspect.signature(getattr(verb, "__func__", verb)).parameters  # with self
    for name in names:
        if name in parameters and parameters[name].kind in _KEYWORDS:
            raise where.error(f"{what} cannot be named {name!r}; choose another name")


def refuse_unknown(text: str, where: Node, known: Iterable[str]) -> None:
    """Raise `CardError` for a placeholder that nothing fills."""
    for name in names_in(text):
        names = tuple(known)
        hint = nearest(name, names) or f"; there are {', '.join(names) or 'none'}"
        raise where.error(f"no placeholder {{{name}}}{hint}")
