"""Declared parameters of class modules: a type, a default, a unit and what each is for.

A value is checked wherever it is set: when the module is made, and when an attribute is assigned.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from inspect import get_annotations
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from ...errors import PathError, nearest, one_line

__all__ = ["Param", "param", "parameters_of", "set_parameters"]

_REQUIRED = object()


def param(default: Any = _REQUIRED, *, unit: str = "", help: str = "") -> Any:
    """A parameter of a class module; without a default it must be given.

    The type is that of the annotation, or else of the default: `bool`, `int`, `float`, `str`, any
    class, and `list[float]`, `tuple[int, str]`, `dict[str, float]`, `Literal["a", "b"]`, `float | None`
    of these. Whole numbers are taken for a float, lists and arrays for a list or a tuple; nothing
    else is converted. `unit` and `help` are shown wherever the parameter is.

    Raises `PathError` where the module is made, or the attribute is set, with a value of another type.

    >>> from hepnb.analysis import Module
    >>> class GoodJets(Module):
    ...     pt: float = param(30.0, unit="GeV", help="least transverse momentum")
    >>> GoodJets(pt=25).pt
    25.0
    >>> GoodJets(pt="25")
    Traceback (most recent call last):
    ...
    hepnb.errors.PathError: module 'GoodJets': pt [GeV] is a number, not '25'
    """
    return Param(default, unit, help)


class Param:
    """One declared parameter: the descriptor behind the attribute of a module."""

    def __init__(self, default: Any, unit: str, help: str) -> None:
        self.default, self.unit, self.help = default, unit, help
        self.name = ""
        self.kind: Any = None

    @property
    def is_required(self) -> bool:
        """Whether it has no default."""
        return self.default is _REQUIRED

    def __reduce__(self) -> tuple[Any, ...]:
        state = {k: v for k, v in vars(self).items() if k != "default" or not self.is_required}
        return _restore, (state,)

    def declare(self, owner: type, name: str) -> None:
        """Become the parameter `name` of a class. Raises `PathError` where its type is not clear."""
        self.name = name
        place = f"module {owner.__name__!r}: parameter {name!r}"
        annotation = get_annotations(owner).get(name)
        if annotation is None:
            if self.is_required or self.default is None:
                raise PathError(f"{place} needs a type: write {name}: float = hn.param(...)")
            self.kind = type(self.default)
            return
        alone = {"__annotations__": {name: annotation}, "__module__": owner.__module__}
        try:
            self.kind = get_type_hints(type(owner.__name__, (), alone))[name]
        except (NameError, TypeError, AttributeError, SyntaxError) as error:
            raise PathError(f"{place}: the type {annotation!r} is not known: {error}") from None
        if not self.is_required:
            self.default = self._fitted(self.default, place)

    def __get__(self, module: Any, owner: type) -> Any:
        if module is None:
            return self
        if self.name not in vars(module):  # an `__init__` of the class left it alone
            self.set_default(module)
        return vars(module)[self.name]

    def __set__(self, module: Any, value: Any) -> None:
        vars(module)[self.name] = self._fitted(value, f"module {type(module).__name__!r}")

    def set_default(self, module: Any) -> None:
        """Give a module its own copy of the default. Raises `PathError` where there is none."""
        if self.is_required:
            raise PathError(
                f"module {type(module).__name__!r}: {self._called()} has no default; "
                f"give {self.name}={_words(self.kind)}"
            )
        vars(module)[self.name] = copy.deepcopy(self.default)

    def _fitted(self, value: Any, place: str) -> Any:
        try:
            return _fitted(value, self.kind)
        except _Unfit:
            said = repr(value) if isinstance(value, str | int | float | None) else _named(value)
            near = (
                nearest(value, [str(one) for one in get_args(self.kind)])
                if get_origin(self.kind) is Literal and isinstance(value, str)
                else ""
            )
            raise PathError(
                f"{place}: {self._called()} is {_words(self.kind)}, not {said[:80]}{near}"
            ) from None
        except TypeError as error:
            raise PathError(
                f"{place}: {self._called()}: no value can be checked to be {_words(self.kind)} "
                f"({one_line(error)})"
            ) from None

    def _called(self) -> str:
        return f"{self.name} [{self.unit}]" if self.unit else self.name


def _restore(state: Mapping[str, Any]) -> Param:
    made = Param(_REQUIRED, "", "")
    vars(made).update(state)
    return made


def parameters_of(kind: type) -> dict[str, Param]:
    """The declared parameters of a class of modules and its bases, in the order of the text.

    >>> from hepnb.analysis import Module
    >>> class Cut(Module):
    ...     least: float = param(20.0, unit="GeV")
    >>> list(parameters_of(Cut))
    ['least']
    """
    found: dict[str, Param] = {}
    for base in reversed(kind.__mro__):
        for name, value in vars(base).items():
            if isinstance(value, Param):
                found[name] = value
            else:
                found.pop(name, None)
    return found


def set_parameters(module: object, given: Mapping[str, Any]) -> None:
    """Set the given parameters and the defaults of the others. Raises `PathError` in one line."""
    kind = type(module)
    known = parameters_of(kind)
    for name in given:
        if name not in known:
            raise PathError(
                f"module {kind.__name__!r} has no parameter {name!r}{nearest(name, known)}"
            )
    for name, parameter in known.items():
        if name in given:
            setattr(module, name, given[name])
        else:
            parameter.set_default(module)


class _Unfit(Exception):
    """A value is not of the type."""


def _fitted(value: Any, kind: Any) -> Any:
    """The value as that type. Raises `_Unfit`."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin in (Union, UnionType):
        return _first(value, inner)
    if origin is Literal:
        return _same(value, inner)
    if kind in _NUMBERS:
        return _number(value, kind)
    if origin in (list, tuple) or kind in (list, tuple):
        return _series(value, origin or kind, inner)
    if origin is dict:
        if not isinstance(value, Mapping):
            raise _Unfit
        return {_fitted(k, inner[0]): _fitted(v, inner[1]) for k, v in value.items()}
    if not isinstance(value, origin or kind):
        raise _Unfit
    return value


_NUMBERS: dict[type, type] = {bool: object, int: Integral, float: Real}


def _number(value: Any, kind: type) -> Any:
    truth = type(value).__name__ in ("bool", "bool_")  # Python's, and NumPy's
    if not isinstance(value, _NUMBERS[kind]) or truth != (kind is bool):
        raise _Unfit
    return kind(value)


def _series(value: Any, kind: type, inner: tuple[Any, ...]) -> Any:
    if getattr(value, "ndim", 0) == 1 and hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, list | tuple):
        raise _Unfit
    if not inner:
        return kind(value)
    if kind is list or inner[1:] == (...,):
        return kind(_fitted(one, inner[0]) for one in value)
    if len(value) != len(inner):
        raise _Unfit
    return kind(_fitted(one, each) for one, each in zip(value, inner, strict=True))


def _first(value: Any, kinds: tuple[Any, ...]) -> Any:
    for kind in kinds:
        try:
            made = _fitted(value, kind)
        except _Unfit:
            continue
        if type(made) is type(value):
            return made
    for kind in kinds:
        try:
            return _fitted(value, kind)
        except _Unfit:
            continue
    raise _Unfit


def _same(value: Any, choices: tuple[Any, ...]) -> Any:
    for choice in choices:
        if type(choice) is type(value) and choice == value:
            return choice
    raise _Unfit


_SAID = {bool: "True or False", int: "a whole number", float: "a number", str: "a text"}
_MANY = {bool: "truth values", int: "whole numbers", float: "numbers", str: "texts"}


def _words(kind: Any) -> str:
    """What a type is called in a message: `a list of numbers`."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind in (None, NoneType):
        return "None"
    if origin in (Union, UnionType):
        return " or ".join(_words(one) for one in inner)
    if origin is Literal:
        return f"one of {', '.join(map(repr, inner))}"
    if origin is list or (origin is tuple and inner[1:] == (...,)):
        each = _MANY.get(inner[0], f"values, each {_words(inner[0])}")
        return f"a {origin.__name__} of {each}"
    if origin is tuple:
        return f"({', '.join(_words(one) for one in inner)})"
    if origin is dict:
        return f"a dict from {_words(inner[0])} to {_words(inner[1])}"
    if kind in _SAID:
        return _SAID[kind]
    name = getattr(origin or kind, "__name__", str(kind))
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _named(value: Any) -> str:
    return " ".join(f"{type(value).__name__} {repr(value)[:200]}".split())
