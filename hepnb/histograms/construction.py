"""`H5Hist.new.Reg(...).StrCat(...).Weight()`: the shortcuts of hist, ending in an H5Hist."""

from __future__ import annotations

import os
from typing import Any

from hist.quick_construct import ConstructProxy, QuickConstruct

__all__ = ["New"]


class New:
    """The attribute `new` of a histogram class: hist's own chain of axes, started anew each time."""

    def __get__(self, instance: object, owner: type) -> Any:
        return _Chain(owner)


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

    def __dir__(self) -> list[str]:
        return [n for n in dir(self._chain) if not n.startswith("_")]


def _axes_and_storage(*axes: Any, **facts: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return axes, {k: v for k, v in facts.items() if v is not None}


_FINISH: Any = _axes_and_storage  # hist calls it as it would the class of a histogram
