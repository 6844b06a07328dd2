"""What a path says of systematic variations: varied columns, weights with variations, corrections."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
from typing import Any, TypeVar, overload

from ...errors import PathError
from ...given import shown
from ..language.formula import make_formula
from .checking import check_name
from .declared import Declared, texts
from .steps import Replacement, Vary, Weight, named
from .variations import NOMINAL, Scope, read_alternatives
from .varying import own_labels

__all__ = ["VariedPath"]

F = TypeVar("F", bound=Callable[..., Any])
Names = str | Sequence[str]
_MOST = 10_000  # variations of one weight


class VariedPath(Declared):
    """The part of `Path` that knows of weights, corrections and systematic variations."""

    @overload
    def weight(self, name: F) -> F: ...
    @overload
    def weight(
        self,
        name: str,
        formula: str | float | Callable[..., Any] | None = None,
        *,
        up: Any = None,
        down: Any = None,
        variations: Mapping[str, Any] | None = None,
        each: Any = None,
        count: int | None = None,
        only: Names = (),
        without: Names = (),
        requires: Names = (),
        sets: Names = (),
        normalised: bool = False,
    ) -> None: ...
    def weight(
        self,
        name: Any,
        formula: Any = None,
        *,
        up: Any = None,
        down: Any = None,
        variations: Mapping[str, Any] | None = None,
        each: Any = None,
        count: int | None = None,
        only: Names = (),
        without: Names = (),
        requires: Names = (),
        sets: Names = (),
        normalised: bool = False,
    ) -> Any:
        """Multiply the event weight of all that follows: by an expression, a function or a column.

        `weight("genWeight")` takes the column of that name; as a decorator it takes the function.
        One number per event, used as float64; one that is not finite fails the chunk.

        Its systematic variations are other values of this factor: `up=` and `down=` (called `name_up`
        and `name_down`), any `variations={suffix: formula}`, and `each=`, a list of formulas or a
        column with a list of `count` values per event (`name_0`, `name_1`, ...: replicas of a PDF).
        An event without any has the nominal, if `requires` names its branch; any other number fails
        the chunk. All are filled in one go; see `vary` for `requires` and `sets`. `only` and `without`
        are patterns of dataset names, or "mc" and "data": for all other datasets the weight is 1, and
        does not vary.

        A `normalised` weight changes no total: over all events of a dataset, before any select, each
        value of it is summed (times the weights above it), and `run.hist(name, lumi=...)` divides by
        that sum. Theory weights so vary shapes and efficiencies, not cross sections. It stands above
        all selects. Raises `PathError` when there is a weight of that name.

        >>> from hepnb.analysis import Path
        >>> path = Path()
        >>> path.weight("genWeight")
        >>> path.weight("efficiency", 0.95, up=0.97, down=0.93)
        >>> path.weight("pdf", 1.0, each="LHEPdfWeight", count=103, requires="LHEPdfWeight")
        """
        if callable(name):
            called = getattr(name, "__name__", "")
            self._weight(Weight(called, make_formula(name, f"weight {called!r}")))
            return name
        place = f"weight {name!r}"
        if not isinstance(variations, Mapping | None):
            raise PathError(f"{place}: variations={{suffix: formula}}, not {shown(variations)}")
        found: dict[str, Any] = {"up": up, "down": down, **(variations or {})}
        others = {suffix: f for suffix, f in found.items() if f is not None}
        if isinstance(each, list | tuple):
            others |= {str(number): f for number, f in enumerate(each)}
            each = None
        made = read_alternatives(name, others, place) if others else ()
        values = _count(each, count, place)
        self._weight(
            Weight(
                name,
                make_formula(name if formula is None else formula, place),
                variations=made,
                each=None if each is None else make_formula(each, f"{place}, each"),
                count=values,
                numbers=tuple(range(values)),
                scope=_scope(place, only, without, requires, sets),
                normalised=bool(normalised),
            )
        )
        return None

    def _weight(self, step: Weight) -> None:
        check_name(step.name, "a weight")
        _check_labels(own_labels(step), named(step))
        if step.normalised:  # skims have columns that are called as the variations are
            for label in own_labels(step):
                check_name(label, f"a variation of the normalised {named(step)}")
        self._add(step)

    def vary(
        self,
        column: str | None = None,
        /,
        *,
        only: Names = (),
        without: Names = (),
        requires: Names = (),
        sets: Names = (),
        **nuisances: Any,
    ) -> None:
        """Vary a column, or a field of a collection, systematically; each keyword names a nuisance.

        `vary("Jet.pt", jes=("Jet.pt * 1.02", "Jet.pt * 0.98"))` makes `jes_up` and `jes_down`; so does
        one function that returns both. `{suffix: formula}` names variations freely, one expression
        alone is a variation of one side. Several columns vary together as
        `vary(jes={"Jet.pt": (up, down), "MET_pt": (up, down)})`; the same name in several calls, of
        `weight` too, is one nuisance (correlated), another name another one.

        A formula sees nominal values. Only what is made from the column is computed again, and every
        histogram has an axis `variation`. Data are never varied; where a variation does not apply
        (`only` and `without` are patterns of dataset names or kinds, `requires` columns that the file
        must have) its histograms hold the nominal. `sets` are names under which `variations=` of `start`
        may ask for it. Raises `PathError` in one line.

        >>> from hepnb.analysis import Path
        >>> path = Path()
        >>> path.vary("Jet.pt", jes=lambda Jet: (Jet.pt * 1.02, Jet.pt * 0.98), sets="jets")
        >>> path.freeze(variations="jes*").variations
        ('jes_up', 'jes_down')
        """
        if not nuisances:
            raise PathError("vary: no variations; write vary('Jet.pt', jes=(up, down))")
        for nuisance, what in nuisances.items():
            check_name(nuisance, "a variation")
            place = f"variation {nuisance!r}"
            if column is None and not isinstance(what, Mapping):
                raise PathError(f"{place}: of which column? Write vary('Jet.pt', {nuisance}=...)")
            targets = {column: what} if column is not None else what
            for target, formulas in targets.items():
                _check_column(target, place)
                made = read_alternatives(nuisance, formulas, f"{place} of {target!r}")
                _check_labels([label for label, _ in made], place)
                scope = _scope(place, only, without, requires, sets)
                self._add(Vary(f"{nuisance}: {target}", nuisance, target, made, scope))

    def replace(self, column: str, formula: str | float | Callable[..., Any]) -> None:
        """Correct a column of the file, or a field of a collection, for all that reads it.

        The formula sees the columns of the file as they were read. Raises `PathError` when the column
        was replaced already.

        >>> from hepnb.analysis import Path
        >>> path = Path()
        >>> path.replace("Muon.pt", "Muon.pt * 1.001")
        """
        _check_column(column, "replace")
        self._add(Replacement(column, make_formula(formula, f"replacement of {column!r}")))


def _scope(place: str, only: Names, without: Names, requires: Names, sets: Names) -> Scope:
    return Scope(
        texts(only, f"{place}: only"),
        texts(without, f"{place}: without"),
        texts(requires, f"{place}: requires"),
        texts(sets, f"{place}: sets"),
    )


def _count(each: Any, count: Any, place: str) -> int:
    """How many values the column `each` has in an event. Raises `PathError`."""
    if each is None:
        if count is not None:
            raise PathError(f"{place}: count= goes with a column of lists, as each='LHEPdfWeight'")
        return 0
    if isinstance(count, bool) or not isinstance(count, Integral):
        said = "" if count is None else f", not {shown(count)}"
        raise PathError(f"{place}: say how many values each= has in an event, as count=103{said}")
    number = int(count)
    if not 1 <= number <= _MOST:
        raise PathError(f"{place}: count={number} is not from 1 to {_MOST:,}")
    return number


def _check_column(name: object, place: str) -> None:
    if not isinstance(name, str) or not all(part.isidentifier() for part in name.split(".")):
        raise PathError(f"{place}: {name!r} is no column; write 'MET_pt' or 'Jet.pt'")
    if name.count(".") > 1:
        raise PathError(f"{place}: {name!r} is a field of a field; write 'Jet.pt'")


def _check_labels(labels: Sequence[str], place: str) -> None:
    for label in labels:
        check_name(label, f"a variation of {place}", words=True)
        if label in (NOMINAL, "all"):
            raise PathError(f"{place}: {label!r} is no name for a variation")
    if len(set(labels)) != len(labels):
        raise PathError(f"{place}: two variations have the same name")
