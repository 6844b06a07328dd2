"""The modules of a card: classes that are known by name, with their parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..module.registry import module_of
from .nodes import Mapping, Node, Scalar, Sequence
from .templates import names_in, refuse_unknown

if TYPE_CHECKING:
    from .building import Builder

__all__ = ["add_module"]


def add_module(builder: Builder, name: str, node: Node) -> None:
    """Tell the path the module that one entry of `modules:` stands for."""
    kind, parameters = name, Mapping(node.mark, node.end)
    if isinstance(node, Scalar) and node.plain is not None:
        kind = builder.text(node)
    if isinstance(node, Mapping):
        said = node.get("class")
        kind = name if said is None else builder.text(said)
        parameters = node.section("parameters")
    values = {key: _value(builder, part) for key, part in parameters.items()}
    with node.blamed():
        builder.path.add_module(module_of(kind, values))
    builder.told(f"module {builder.path._steps[-1].name!r}", node)


def _value(builder: Builder, node: Node) -> Any:
    """The value of a parameter; a placeholder alone is the value of the card's parameter, not its text."""
    if isinstance(node, Sequence):
        return [_value(builder, item) for item in node.items]
    if isinstance(node, Mapping):
        keys = node.entries.values()
        return {_value(builder, key): _value(builder, part) for key, part in keys}
    assert isinstance(node, Scalar)
    names = names_in(node.text)
    refuse_unknown(builder.filled(node.text), node, builder.parameters)
    if node.text in (f"{{{name}}}" for name in names):
        return builder.parameters[names[0]]
    return builder.filled(node.text) if names else node.plain
