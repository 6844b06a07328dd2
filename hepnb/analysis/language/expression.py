"""The safe expression language: what is allowed, and which names and fields an expression needs.

`"count(bjets) >= 2 and 20 < first(Jet.pt, 0) < 50"` is parsed as Python but never run as Python:
the tree is walked node by node against a whitelist, attributes are record fields and nothing else,
and the only callables are the functions of the language (`functions.py`). `evaluation.py` computes
the value; this file never touches an array.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ...errors import PathError, nearest
from .cpp import parse
from .functions import FUNCTIONS
from .needs import expression_uses
from .usage import Uses

__all__ = ["Expression", "is_metadata"]

_LENGTH = 2000
_DEPTH = 100
_POWER = 64
_NODES = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.Name,
    ast.Attribute, ast.Subscript, ast.Slice, ast.Tuple, ast.Constant, ast.keyword, ast.Load,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.BitAnd, ast.BitOr,
    ast.BitXor, ast.Invert, ast.USub, ast.UAdd, ast.Not, ast.And, ast.Or, ast.Eq, ast.NotEq, ast.Lt,
    ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn,
)  # fmt: skip


@dataclass(frozen=True)
class Expression:
    """One expression, checked when it is made; it travels as text, the `source`.

    `renames` tell which names mean columns of another name (those of a sub-path), `lookups` what it calls
    beside the functions of the language; None while these are not known (`bound`).

    >>> e = Expression("count(Muon) == 2 and Muon.pt[:, 0] > 30")
    >>> e.names
    ('Muon',)

    Raises `PathError` in one line, with the place (`where`) and the column of the text, for anything
    that is not in the language.
    """

    source: str
    where: str = field(default="expression", compare=False)
    renames: tuple[tuple[str, str], ...] = ()
    lookups: tuple[tuple[str, Any], ...] | None = field(default=(), compare=False)

    def __post_init__(self) -> None:
        self.tree  # noqa: B018  (checked at the door)

    @cached_property
    def tree(self) -> ast.expr:
        """The checked syntax tree."""
        known = None if self.lookups is None else {name for name, _ in self.lookups}
        tree = _parse(self.source, self.where, known)
        if self.renames:
            names = dict(self.renames)
            called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
            for node in ast.walk(tree):
                if isinstance(node, ast.Name) and id(node) not in called:
                    node.id = names.get(node.id, node.id)
        return tree

    def renamed(self, names: Mapping[str, str], place: str) -> Expression:
        """The same with other names for some columns; messages name the `place`."""
        found = tuple((old, new) for old, new in names.items() if old in self.names)
        return replace(self, where=f"{place}, {self.where}", renames=found)

    def bound(self, lookups: Mapping[str, Any]) -> Expression:
        """The same with the lookups that it calls.

        Raises `PathError` for a function that is none of them, or another number of values than it takes.
        """
        found = {}
        for node in ast.walk(self.tree) if self.lookups is None else ():
            name = _lookup_called(node)
            if not name:
                continue
            assert isinstance(node, ast.Call)
            if name not in lookups:
                hint = nearest(name, [*FUNCTIONS, *lookups])
                raise self.fail(f"unknown function {name!r}{hint}", node)
            wanted = lookups[name].arguments
            if len(node.args) != len(wanted):
                values = "value" if len(wanted) == 1 else "values"
                said = f"{len(wanted)} {values} ({', '.join(wanted)})"
                raise self.fail(f"{name} takes {said}, got {len(node.args)}", node)
            found[name] = lookups[name]
        return replace(self, lookups=tuple(found.items())) if found else self

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of columns, collections and categories used, in order of first use."""
        return tuple(dict.fromkeys(_names(self.tree)))

    @cached_property
    def uses(self) -> Uses:
        """What the expression needs of each name, and whose records its value passes on."""
        return expression_uses(self.tree, self.names)

    def uses_of(self, part: ast.expr) -> Uses:
        """The same of a part of the tree."""
        return expression_uses(part, _names(part))

    @cached_property
    def labels(self) -> tuple[tuple[str, str], ...]:
        """Comparisons of a name with a text: (category, label)."""
        found = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Compare):
                sides = [node.left, *node.comparators]
                names = [side.id for side in sides if isinstance(side, ast.Name)]
                if any(is_metadata(side) for side in sides):
                    continue
                texts = [t for side in sides for t in _texts(side)]
                found += [(names[0] if names else "?", text) for text in texts]
        return tuple(found)

    def __getstate__(self) -> dict[str, Any]:
        kept = ("source", "where", "renames", "lookups")
        return {name: getattr(self, name) for name in kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for key, value in state.items():
            object.__setattr__(self, key, value)

    def __str__(self) -> str:
        return self.source

    def fail(self, message: str, node: ast.AST | None = None) -> PathError:
        """The error for `message` at `node`: place, text and column in one line."""
        return _error(message, self.source, self.where, node)


def _error(
    message: str, source: str, where: str, node: ast.AST | None = None, column: int | None = None
) -> PathError:
    at = column if column is not None else getattr(node, "col_offset", None)
    text = source if len(source) <= 80 else source[:77] + "..."
    text = " ".join(text.split())
    place = "" if at is None else f" (column {at + 1} of {text!r})"
    return PathError(f"{where}: {message}{place or f' in {text!r}'}")


def _parse(source: str, where: str, lookups: Container[str] | None) -> ast.expr:
    if not isinstance(source, str):
        raise PathError(f"{where}: an expression is text, not {type(source).__name__}")
    if not source.strip():
        raise PathError(f"{where}: the expression is empty")
    if len(source) > _LENGTH:
        raise PathError(
            f"{where}: the expression has {len(source)} characters; at most {_LENGTH} are allowed"
        )
    # Leading blanks would be an indentation error; messages show the text without them too.
    try:
        tree = parse(source.strip())
    except SyntaxError as error:
        at = max((error.offset or 1) - 1, 0)
        raise _error(f"not an expression ({_plain(error.msg)})", source, where, column=at) from None
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise _error(f"not an expression ({type(error).__name__})", source, where) from None
    _check(tree, source, where, lookups)
    return tree


def _plain(message: str | None) -> str:
    return " ".join((message or "invalid syntax").split()).rstrip(".")[:80]


def _check(tree: ast.expr, source: str, where: str, lookups: Container[str] | None) -> None:
    """Refuse everything outside the language, with the column where it stands.

    Functions that are not of the language are those of `lookups`; any if that is None.
    """

    def fail(message: str, node: ast.AST) -> PathError:
        return _error(message, source, where, node)

    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        raise fail("a text is not a value", tree)
    stack: list[tuple[ast.AST, int]] = [(tree, 1)]
    while stack:
        node, depth = stack.pop()
        if depth > _DEPTH:
            raise fail(f"nested more than {_DEPTH} deep", node)
        if not isinstance(node, _NODES):
            raise fail(f"{_called_in_words(node)} is not allowed in an expression", node)
        called = _lookup_called(node)
        looks_up = bool(called) and (lookups is None or called in lookups)
        check = _check_lookup if looks_up else _CHECKS.get(type(node), _accept)
        check(node, fail)
        for child in ast.iter_child_nodes(node):
            text = isinstance(child, ast.Constant) and isinstance(child.value, str)
            compared = isinstance(node, ast.Compare | ast.Subscript | ast.Tuple)
            if text and not compared and not looks_up:
                raise fail("a text can only be compared (== or !=) with a category", child)
            stack.append((child, depth + 1))


Fail = Callable[[str, ast.AST], PathError]


def _accept(node: ast.AST, fail: Fail) -> None:
    """A node without rules of its own."""


def _check_name(node: ast.AST, fail: Fail) -> None:
    assert isinstance(node, ast.Name)
    if node.id.startswith("__"):
        raise fail(f"{node.id!r} is not a column", node)


def _check_attribute(node: ast.AST, fail: Fail) -> None:
    assert isinstance(node, ast.Attribute)
    if node.attr.startswith("_"):
        raise fail(f"field names do not begin with an underscore: {node.attr!r}", node)


def _check_call(node: ast.AST, fail: Fail) -> None:
    assert isinstance(node, ast.Call)
    if not isinstance(node.func, ast.Name):
        raise fail(
            "only the functions of the language can be called (write sum(x), not x.sum())", node
        )
    function = FUNCTIONS.get(node.func.id)
    if function is None:
        hint = nearest(node.func.id, FUNCTIONS)
        raise fail(f"unknown function {node.func.id!r}{hint}", node)
    for word in node.keywords:
        if word.arg is None or word.arg not in function.keywords:
            raise fail(
                f"{node.func.id} does not take {word.arg or '**'!r}{nearest(word.arg or '', function.keywords)}",
                node,
            )
    count = len(node.args)
    if not function.least <= count <= function.most:
        raise fail(f"{node.func.id} takes {function.arguments}, got {count}", node)


def _lookup_called(node: ast.AST) -> str:
    """The name of a function that is called and is not of the language."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return "" if node.func.id in FUNCTIONS else node.func.id
    return ""


def _check_lookup(node: ast.AST, fail: Fail) -> None:
    assert isinstance(node, ast.Call)
    if node.keywords:
        raise fail(f"{_lookup_called(node)} takes values in their order, without names", node)


def _check_constant(node: ast.AST, fail: Fail) -> None:
    assert isinstance(node, ast.Constant)
    value = node.value
    if isinstance(value, bool | str):
        return
    if not isinstance(value, int | float):
        raise fail(f"{value!r} is not a number", node)
    if abs(value) > 2**63 - 1 if isinstance(value, int) else not math.isfinite(value):
        raise fail("number too large", node)


def _check_binop(node: ast.AST, fail: Fail) -> None:
    assert isinstance(node, ast.BinOp)
    if isinstance(node.op, ast.Pow):
        exponent = _constant(node.right)
        if exponent is None and not _has_name(node.right):
            raise fail("write powers of constants as a number", node)
        if exponent is not None and abs(exponent) > _POWER:
            raise fail(f"powers above {_POWER} are not allowed", node)


def _check_compare(node: ast.AST, fail: Fail) -> None:
    assert isinstance(node, ast.Compare)
    for op, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(op, ast.In | ast.NotIn) and not isinstance(right, ast.Tuple):
            raise fail("'in' needs a list of values in brackets, such as x in (11, 13)", node)


def _check_tuple(node: ast.AST, fail: Fail) -> None:
    assert isinstance(node, ast.Tuple)
    if not node.elts:
        raise fail("an empty list of values", node)


def _check_subscript(node: ast.AST, fail: Fail) -> None:
    assert isinstance(node, ast.Subscript)
    index = node.slice
    if isinstance(index, ast.Tuple):
        first, *rest = index.elts
        whole = isinstance(first, ast.Slice) and first.lower is first.upper is first.step is None
        plain = len(rest) == 1 and (_integer(rest[0]) or _slice(rest[0]))
        if not (whole and plain):
            raise fail("objects are picked as x[:, 0] or x[:, :2]", node)
    elif isinstance(index, ast.Slice) or _integer(index):
        raise fail("that would pick events; pick objects as x[:, 0] or x[:, :2]", node)


def _integer(node: ast.AST) -> bool:
    value = _constant(node)
    return isinstance(value, int) and not isinstance(value, bool)


def _slice(node: ast.AST) -> bool:
    return isinstance(node, ast.Slice) and all(
        part is None or _integer(part) for part in (node.lower, node.upper, node.step)
    )


def _constant(node: ast.AST) -> int | float | None:
    """The value of a plain or signed number, else None."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner = _constant(node.operand)
        return None if inner is None else (-inner if isinstance(node.op, ast.USub) else inner)
    if (
        isinstance(node, ast.Constant)
        and isinstance(node.value, int | float)
        and not isinstance(node.value, bool)
    ):
        return node.value
    return None


_CHECKS: dict[type[ast.AST], Callable[[ast.AST, Fail], None]] = {
    ast.Name: _check_name,
    ast.Attribute: _check_attribute,
    ast.Call: _check_call,
    ast.Constant: _check_constant,
    ast.BinOp: _check_binop,
    ast.Compare: _check_compare,
    ast.Tuple: _check_tuple,
    ast.Subscript: _check_subscript,
}


def _called_in_words(node: ast.AST) -> str:
    words = {
        "NamedExpr": "':='",
        "Lambda": "'lambda'",
        "JoinedStr": "an f-string",
        "Starred": "'*'",
    }
    name = type(node).__name__
    if name in words:
        return words[name]
    if name.endswith("Comp") or name == "GeneratorExp":
        return "a loop ('for')"
    return {"List": "a list", "Dict": "a dict", "Set": "a set"}.get(name, f"'{name.lower()}'")


def _names(node: ast.AST) -> Iterator[str]:
    """Names in the order of the text, without the functions that are called."""
    if isinstance(node, ast.Name):
        yield node.id
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.Call) and child is node.func):
            yield from _names(child)


def is_metadata(node: ast.expr) -> bool:
    """Whether a node is something known of the dataset, such as `dataset.era`."""
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "dataset"
    )


def _texts(node: ast.expr) -> list[str]:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return [
        part.value
        for part in parts
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]


def _has_name(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Name) for n in ast.walk(node))
