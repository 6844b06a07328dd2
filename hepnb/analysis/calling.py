"""How a module is called on the rows of a layer, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import PathError
from .module import Rows
from .steps import ModuleStep, named

if TYPE_CHECKING:
    from .layer import Layer

__all__ = ["call_module"]


def call_module(layer: Layer, owner: int, step: ModuleStep, level: int) -> dict[str, Any]:
    """What a module makes of the rows of a level, by the names that the path has for it."""
    renames = dict(step.renames)
    own = {new: old for old, new in renames.items()}
    columns = {own.get(n, n): layer.argument(n, level, owner) for n in step.uses.inputs}
    rows = Rows(columns, layer.rows(level), layer.chunk.dataset)
    made = layer.user(step.name, named(step), level, lambda: step.module.process(rows))
    return _named(made, {own.get(name, name): name for name in step.produces}, named(step))


def _named(made: Any, wanted: Mapping[str, str], place: str) -> dict[str, Any]:
    """What `process` returned, under the names of the path."""
    if len(wanted) == 1 and not isinstance(made, Mapping):
        made = dict.fromkeys(wanted, made)
    if not isinstance(made, Mapping):
        made = {} if made is None else {"?": made}
    for name in wanted:
        if name not in made:
            raise PathError(f"{place}: process returned no {name!r}, which produces names")
    return {new: made[name] for name, new in wanted.items()}
