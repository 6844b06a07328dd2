"""`H5Hist.new.Reg(...).StrCat(...).Weight()`: the shortcuts of hist, ending in an H5Hist."""

from __future__ import annotations

import os
from typing import Any

import hist
from hist.quick_construct import ConstructProxy, QuickConstruct

__all__ = ["Chained", "ingredients"]

_Meta: Any = type(hist.Hist)


class Chained(_Meta):  # type: ignore[misc]
    """The class of a histogram class that has `new`: hist's own chain, started anew each time."""

    @property
    def new(cls) -> Any:
        return _Chain(cls)


class _Chain:
    """Hands each axis to hist's chain; a storage at the end may take `path` and `memory` too."""

    def __init__(self, owner: type, chain: Any = None) -> None:
        self._owner = owner
        self._chain = QuickConstruct(_FINISH) if chain is None else chain

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        step = getattr(self._chain, name)

        def call(
            *args: Any,
            path: str | os.PathLike[str] | None = None,
            memory: str | int | None = None,
            **options: Any,
        ) -> Any:
            made = step(*args, **options)
            if isinstance(made, ConstructProxy):
                return _Chain(self._owner, made)
            axes, facts = made
            return self._owner(*axes, path=path, memory=memory, **facts)

        return call

    def __repr__(self) -> str:
        return repr(self._chain).replace("_finish", self._owner.__name__)

    def __dir__(self) -> list[str]:
        return [n for n in dir(self._chain) if not n.startswith("_")]


def _finish(*axes: Any, **facts: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return axes, {k: v for k, v in facts.items() if v is not None}


_FINISH: Any = _finish  # hist calls it as it would the class of a histogram


def ingredients(given: tuple[Any, ...], storage: Any) -> tuple[list[Any], Any]:
    """The axes and the storage in what `hist.Hist(...)` may be given: a storage may come last.

    The axes of a chain that was not finished count, as in hist.
    """
    if given and storage is None and _is_storage(given[-1]):
        *given, storage = given  # type: ignore[assignment]
    axes: list[Any] = []
    for ax in given:
        if isinstance(ax, _Chain):
            axes.extend(ax._chain.axes)
        elif isinstance(ax, ConstructProxy):
            axes.extend(ax.axes)
        else:
            axes.append(ax)
    return axes, "Double" if storage is None else storage


def _is_storage(last: Any) -> bool:
    return isinstance(last, (str, hist.storage.Storage))
