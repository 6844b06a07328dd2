"""What an expression needs of each name: its fields, and the fields of what these refer to."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from .functions import FUNCTIONS, Function
from .usage import EVERYTHING, Use, Uses

__all__ = ["expression_uses"]

_LOOKUP = Function("values")
Chain = tuple[str, ...]
"""A name, or a field (of a field) of it: `("Electron", "jet")`."""


def expression_uses(tree: ast.expr, names: Iterable[str]) -> Uses:
    """The `Uses` of a checked tree, which uses these names."""
    collected = {name: Use() for name in names}
    passed = _uses(tree, collected)
    for name, *chain in passed:
        if chain:
            collected[name].chains.add((*chain, EVERYTHING))
    # A sub-collection has a field that its collection has not.
    exact = not any(isinstance(n, ast.Name) and n.id == "subset" for n in ast.walk(tree))
    return Uses(collected, dict.fromkeys((c[0] for c in passed if len(c) == 1), exact))


def _uses(node: ast.AST, uses: dict[str, Use]) -> set[Chain]:
    """Collect what is used of each name; return the names whose records the value passes on."""
    if isinstance(node, ast.Name):
        return {(node.id,)}
    if isinstance(node, ast.Attribute):
        return _field(_uses(node.value, uses), node.attr, uses)
    if isinstance(node, ast.Subscript):
        roots = _uses(node.value, uses)
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return _field(roots, node.slice.value, uses)
        _whole(_uses(node.slice, uses), uses)
        return roots
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name)
        return _uses_of_call(node, node.func.id, uses)
    if isinstance(node, ast.IfExp):
        _whole(_uses(node.test, uses), uses)
        return _uses(node.body, uses) | _uses(node.orelse, uses)
    for child in ast.iter_child_nodes(node):
        _whole(_uses(child, uses), uses)
    return set()


def _field(roots: set[Chain], field: str, uses: dict[str, Use]) -> set[Chain]:
    """A field of these is used."""
    for name, *chain in roots:
        if chain:
            uses[name].chains.add((*chain, field))
        else:
            uses[name].fields.add(field)
    return {(*root, field) for root in roots}


def _uses_of_call(node: ast.Call, name: str, uses: dict[str, Use]) -> set[Chain]:
    if name == "subset":
        return _uses_of_subset(node, uses)
    function = FUNCTIONS.get(name, _LOOKUP)
    passed: set[Chain] = set()
    for argument in [*node.args, *(word.value for word in node.keywords)]:
        roots = _uses(argument, uses)
        if function.passes:
            passed |= roots
        elif function.counts:
            for root in roots:
                uses[root[0]].counted |= len(root) == 1
        elif function.fields:
            for field in function.fields:
                _field(roots, field, uses)
            _whole(roots, uses)
        else:
            _whole(roots, uses)
    return passed


def _uses_of_subset(node: ast.Call, uses: dict[str, Use]) -> set[Chain]:
    parent, condition, *others = node.args
    _whole(_uses(condition, uses), uses)
    for other in others:
        _field(_uses(other, uses), "index", uses)
    passed = _uses(parent, uses)
    for root in passed:
        uses[root[0]].counted |= len(root) == 1
    return passed


def _whole(roots: set[Chain], uses: dict[str, Use]) -> None:
    """The plain value of these names is used: a column, never a whole record."""
    for root in roots:
        uses[root[0]].value |= len(root) == 1
