"""Systematic variations: what they are called, where they apply, and which of them a run makes.

A nuisance, such as `jes`, has variations, such as `jes_up` and `jes_down`. A run makes those that its
selector picks: `"nominal"`, `"all"`, `"jes*"`, or a list of names of variations, nuisances and sets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ...errors import PathError, nearest
from ...given import given_names
from ..language.formula import Call, Formula, make_formula

if TYPE_CHECKING:
    from ..dataset import Dataset

__all__ = ["EVERYWHERE", "NOMINAL", "Scope", "Selector", "label_of", "read_alternatives", "side_of"]

NOMINAL = "nominal"
_SIDES = ("up", "down")


def label_of(nuisance: str, suffix: object) -> str:
    """What a variation of a nuisance is called: `jes_up`, `pdf_0`."""
    return f"{nuisance}_{suffix}"


@dataclass(frozen=True)
class Scope:
    """Where a variation applies: elsewhere it is the nominal. Where a weight does: elsewhere it is 1.

    `only` and `without` are patterns of dataset names, or the kinds "mc" and "data"; `requires` are
    columns that a file must have for the variation, `sets` names by which a selector may ask for it.
    """

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()

    def is_met(self, columns: Iterable[str]) -> bool:
        """Whether a file with these columns has all that is required."""
        return set(self.requires) <= set(columns)

    def covers(self, dataset: Dataset) -> bool:
        """Whether this dataset is one of those that are meant.

        >>> from ..dataset import Dataset
        >>> data = Dataset("muons", "https://example.org/a.root", kind="data")
        >>> Scope(only=("mu*",)).covers(data), Scope(only=("mc",)).covers(data)
        (True, False)
        """

        def means(patterns: Iterable[str]) -> bool:
            return dataset.kind in patterns or _any_fits(dataset.name, patterns)

        return (not self.only or means(self.only)) and not means(self.without)

    def applies(self, dataset: Dataset, columns: Iterable[str]) -> bool:
        """Whether it varies events of this dataset in a file with these columns; never data."""
        return dataset.kind != "data" and self.covers(dataset) and self.is_met(columns)


EVERYWHERE = Scope()


class Selector:
    """Which variations are made; the nominal always is.

    >>> selector = Selector(["jes*", "weights"])
    >>> selector.picks(["jes_up", "jes"]), selector.picks(["pu_up", "pu", "weights"])
    (True, True)
    >>> selector.picks(["jer_up", "jer"])
    False
    """

    def __init__(self, said: str | Iterable[str] = "all") -> None:
        names = said.split(",") if isinstance(said, str) else said
        words = given_names(names, "variations", PathError)
        self.words = tuple(word.strip() for word in words)

    def picks(self, names: Iterable[str]) -> bool:
        """Whether the variation is made that has these names: its own, its nuisance, its sets."""
        return "all" in self.words or any(_any_fits(name, self.words) for name in names)

    def check(self, known: Iterable[str], place: str = "variations") -> None:
        """Raise `PathError`, naming `place`, for a word that picks nothing of these names."""
        names = [*dict.fromkeys([NOMINAL, "all", *known])]
        for word in self.words:
            if not any(fnmatchcase(name, word) for name in names):
                raise PathError(f"{place}: none is called {word!r}{nearest(word, names)}")


def read_alternatives(name: str, what: Any, where: str) -> tuple[tuple[str, Formula], ...]:
    """The variations of one column: (up, down), one function that returns both, or {suffix: formula}.

    One expression alone is a variation of one side, called as the nuisance is.
    """
    if isinstance(what, Mapping):
        found = [(label_of(name, suffix), f) for suffix, f in what.items()]
        if not found:
            raise PathError(f"{where}: no variations; write {{'up': formula, 'down': formula}}")
    elif isinstance(what, tuple | list):
        if len(what) != len(_SIDES):
            raise PathError(f"{where}: expected (up, down), not {len(what)} formulas")
        found = [(label_of(name, side), f) for side, f in zip(_SIDES, what, strict=True)]
    elif callable(what):
        both = make_formula(what, where)
        assert isinstance(both, Call)
        return tuple(
            (label_of(name, side), replace(both, function=_Half(both.function, number, where)))
            for number, side in enumerate(_SIDES)
        )
    else:
        found = [(name, what)]
    return tuple((label, make_formula(f, f"{where}, {label!r}")) for label, f in found)


def side_of(function: Callable[..., Any]) -> Callable[..., Any] | None:
    """The function that gives both sides, where this is one of them."""
    return function.function if isinstance(function, _Half) else None


@dataclass(frozen=True)
class _Half:
    """One side of a function that returns (up, down)."""

    function: Callable[..., Any]
    number: int
    where: str

    @property
    def __name__(self) -> str:
        return getattr(self.function, "__name__", "function")

    def __call__(self, **columns: Any) -> Any:
        both = self.function(**columns)
        if not isinstance(both, tuple | list) or len(both) != len(_SIDES):
            raise PathError(
                f"{self.where}: the function returns (up, down), not {type(both).__name__}"
            )
        return both[self.number]


def _any_fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
