"""The class modules that are known by name: every class registers itself where it is defined."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from ...errors import PathError, nearest, one_line
from .parameters import parameters_of

if TYPE_CHECKING:
    from .module import Module

__all__ = ["ModuleTable", "find_module", "module_of", "modules", "register"]

GROUP = "hepnb.modules"

_KNOWN: dict[str, type[Module]] = {}


def register(kind: type[Module]) -> None:
    """Know a class by its name; one of the same name that is defined later takes its place."""
    _KNOWN.pop(kind.__name__, None)
    _KNOWN[kind.__name__] = kind


def find_module(name: str) -> type[Module]:
    """The class of that name, the latest defined. Raises `PathError` with the nearest name.

    A package makes its own known by an entry point of the group `hepnb.modules`, named as the class.
    """
    if name not in _KNOWN:
        _load(name)
    if name not in _KNOWN:
        raise PathError(
            f"no module class named {name!r}{nearest(name, _KNOWN)}; hn.modules lists them"
        )
    return _KNOWN[name]


def module_of(name: str, parameters: Mapping[str, Any]) -> Module:
    """A module as a text asks for it: a class by its name, with declared parameters and no other.

    Raises `PathError` for a class with an `__init__` of its own, which may do whatever it likes.
    """
    from .module import Module

    kind = find_module(name)
    if kind.__init__ is not Module.__init__:
        raise PathError(f"module {name!r} has an __init__ of its own: add it in Python")
    return kind(**parameters)


def _load(name: str) -> None:
    for point in entry_points(group=GROUP, name=name):
        try:
            point.load()
        except Exception as error:  # noqa: BLE001  somebody else's package
            raise PathError(f"module {name!r}: {point.value}: {one_line(error)}") from None


class ModuleTable:
    """Module classes by name: what each makes, and its parameters. `hn.modules` has all of them.

    >>> from hepnb.analysis import Module, param
    >>> class LeadingJet(Module):
    ...     '''The jet of the highest momentum.'''
    ...     produces = ("leading_jet",)
    ...     pt: float = param(30.0, unit="GeV")
    >>> modules.search("leading highest")
    module      makes        parameters       what it is
    LeadingJet  leading_jet  pt = 30.0 [GeV]  The jet of the highest momentum.
    """

    def __init__(self, words: str = "") -> None:
        self._words = words.lower().split()

    def search(self, words: str) -> ModuleTable:
        """Those of whose name, documentation, columns and parameters every word is a part."""
        return ModuleTable(" ".join([*self._words, words]))

    def __iter__(self) -> Iterator[str]:
        """The names in alphabetical order."""
        for name, kind in sorted(_KNOWN.items()):
            if not name.startswith("_") and self._fits(kind):
                yield name

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __contains__(self, name: object) -> bool:
        return name in list(iter(self))

    def __getitem__(self, name: str) -> type[Module]:
        """The class of a name. Raises `PathError` with the nearest name."""
        return find_module(name)

    def _fits(self, kind: type[Module]) -> bool:
        parameters = (f"{p.name} {p.help}" for p in parameters_of(kind).values())
        columns = (*_texts(kind.uses), *_texts(kind.produces))
        text = " ".join([kind.__name__, kind.__doc__ or "", *columns, *parameters]).lower()
        return all(word in text for word in self._words)

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads of the columns of the table."""
        return "module", "makes", "parameters", "what it is"

    def rows(self) -> list[tuple[str, ...]]:
        """Name, columns, parameters and the first line of the documentation of each."""
        return [_row(_KNOWN[name]) for name in self]

    def __repr__(self) -> str:
        rows = self.rows()
        if not rows:
            return f"(no modules{' with ' + ' '.join(self._words) if self._words else ''})"
        widths = [max(len(row[i]) for row in [self.heads, *rows]) for i in range(len(self.heads))]
        return "\n".join(
            "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in [self.heads, *rows]
        )


def _row(kind: type[Module]) -> tuple[str, ...]:
    said = []
    for parameter in parameters_of(kind).values():
        value = "?" if parameter.is_required else repr(parameter.default)
        said.append(f"{parameter.name} = {value}{f' [{parameter.unit}]' * bool(parameter.unit)}")
    doc = inspect.cleandoc(kind.__doc__ or "").splitlines()
    return kind.__name__, ", ".join(_texts(kind.produces)), ", ".join(said), doc[0] if doc else ""


def _texts(columns: object) -> tuple[str, ...]:
    """Columns that a class names; those that depend on its parameters are not known before."""
    if isinstance(columns, property):
        return ()
    return (columns,) if isinstance(columns, str) else tuple(columns)  # type: ignore[arg-type]


modules = ModuleTable()
