"""Texts that are written out in a source, such as the names of fields that a loop goes over."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping

__all__ = ["looped_texts", "texts_of"]


def texts_of(node: ast.AST) -> frozenset[str]:
    """The texts of a list that has nothing else in it; none of any other node.

    >>> sorted(texts_of(ast.parse("('pt', 'eta')", mode="eval").body))
    ['eta', 'pt']
    """
    if not isinstance(node, ast.Tuple | ast.List):
        return frozenset()
    values = [e.value for e in node.elts if isinstance(e, ast.Constant)]
    found = frozenset(v for v in values if isinstance(v, str))
    return found if len(values) == len(node.elts) and len(found) == len({*values}) else frozenset()


def looped_texts(function: ast.FunctionDef) -> Mapping[str, frozenset[str]]:
    """The names that stand for such texts all over a function: those of `for` statements alone."""
    found: dict[str, frozenset[str]] = {}
    loops: Counter[str] = Counter()
    for node in ast.walk(function):
        if isinstance(node, ast.For) and isinstance(node.target, ast.Name):
            name, texts = node.target.id, texts_of(node.iter)
            if texts:
                found[name] = found.get(name, frozenset()) | texts
                loops[name] += 1
    bound = Counter(name for node in ast.walk(function) for name in _bound(node))
    return {name: texts for name, texts in found.items() if bound[name] == loops[name]}


def _bound(node: ast.AST) -> list[str]:
    """The names that a node gives a meaning to, or takes one away from."""
    if isinstance(node, ast.Name):
        return [] if isinstance(node.ctx, ast.Load) else [node.id]
    if isinstance(node, ast.Global | ast.Nonlocal):
        return list(node.names)
    if isinstance(node, ast.alias):
        return [node.asname or node.name.partition(".")[0]]
    given = (getattr(node, field, None) for field in ("name", "arg", "rest"))
    return [name for name in given if isinstance(name, str)]
