"""The value of an expression over the columns of a chunk: its checked tree, walked node by node."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

import awkward as ak
import numpy as np

from ...errors import DataError, PathError, nearest
from ..language.expression import Expression, is_metadata
from .operations import OPERATIONS, apply, apply_awkward, decided, is_jagged, masked, picked
from .picked import Picked
from .source import Collection, simplify

__all__ = ["Columns", "evaluate"]


class Columns(Protocol):
    """Where an expression finds its names: the columns of one chunk on the rows it may see."""

    def column(self, name: str) -> Any:
        """The value of a column, or the record of a collection."""

    def field(self, name: str, field: str) -> Any:
        """One field of a collection."""

    def count(self, name: str) -> Any:
        """The number of objects per event of a collection."""

    def is_label(self, category: str, label: str) -> Any:
        """Which events are in `label` of a category; None when there is no such category."""


_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_BITS = (ast.BitAnd, ast.BitOr, ast.BitXor)
_WHOLE = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.Pow)


def evaluate(
    expression: Expression,
    columns: Columns,
    part: ast.expr | None = None,
    known: Mapping[int, Any] = MappingProxyType({}),
) -> Any:
    """The value of `expression` (or of a part); `known` has those of some parts, by the identity of their nodes.

    `PathError` in one line, with the column of the text, if it has none.
    """
    with np.errstate(all="ignore"):
        return _Evaluation(expression, columns, known).value(part or expression.tree)


class _Evaluation:
    def __init__(self, expression: Expression, columns: Columns, known: Mapping[int, Any]) -> None:
        self._expression = expression
        self._columns = columns
        self._known = known

    def value(self, node: ast.AST) -> Any:
        """The value of one node; an error says where in the text it happened."""
        if id(node) in self._known:
            return self._known[id(node)]
        method = getattr(self, f"_{type(node).__name__.lower()}")
        try:
            return method(node)
        except (TypeError, ValueError, OverflowError, ZeroDivisionError, IndexError) as error:
            raise self._expression.fail(_plain(error), node) from error

    def _constant(self, node: ast.Constant) -> Any:
        if isinstance(node.value, str):
            raise self._expression.fail("text can only be compared with a category", node)
        return node.value

    def _name(self, node: ast.Name) -> Any:
        return self._columns.column(node.id)

    def _attribute(self, node: ast.Attribute) -> Any:
        return self._field(node, node.value, node.attr)

    def _field(self, node: ast.AST, owner: ast.AST, field: str) -> Any:
        if isinstance(owner, ast.Name):
            return self._columns.field(owner.id, field)
        value = self.value(owner)
        if isinstance(value, Collection | Picked):
            return value[field]
        known = ak.fields(value) if isinstance(value, ak.Array) else []
        if field not in known:
            raise self._expression.fail(f"no field {field!r}{nearest(field, known)}", node)
        return simplify(value[field])

    def _subscript(self, node: ast.Subscript) -> Any:
        index = node.slice
        if isinstance(index, ast.Constant) and isinstance(index.value, str):
            return self._field(node, node.value, index.value)
        # A field is taken after the objects are picked: pick from the column, not from the record.
        value = self.value(node.value)
        if not is_jagged(value):
            raise TypeError("only collections and columns with one value per object can be indexed")
        if isinstance(index, ast.Tuple):
            return picked(value, self._pick(index.elts[1]))
        mask = self.value(index)
        if not is_jagged(mask):
            raise TypeError("a mask needs one value per object; to drop events use select")
        return masked(value, mask)

    def _pick(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Slice):
            parts = (node.lower, node.upper, node.step)
            return slice(*(None if part is None else self.value(part) for part in parts))
        return self.value(node)

    def _call(self, node: ast.Call) -> Any:
        assert isinstance(node.func, ast.Name)
        if node.func.id == "count" and isinstance(node.args[0], ast.Name):
            return self._columns.count(node.args[0].id)
        if node.func.id not in OPERATIONS:
            return self._lookup(node)
        arguments = [self.value(argument) for argument in node.args]
        words = {str(word.arg): self.value(word.value) for word in node.keywords}
        return OPERATIONS[node.func.id](*arguments, **words)

    def _lookup(self, node: ast.Call) -> Any:
        """What a table of the path has at these values."""
        assert isinstance(node.func, ast.Name)
        table = dict(self._expression.lookups or ())[node.func.id]
        values = [
            argument.value if isinstance(argument, ast.Constant) else self.value(argument)
            for argument in node.args
        ]
        if any(isinstance(value, Collection) for value in values):
            raise TypeError("a collection was given; name one of its fields, such as Muon.pt")
        try:
            return apply_awkward(table, *values)
        except DataError as error:
            raise self._expression.fail(str(error), node) from None

    def _binop(self, node: ast.BinOp) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Add) and _type(left) == _type(right) == np.bool_:
            raise TypeError("conditions are not added: write a or b, or 0 + a + b to count them")
        if isinstance(node.op, _WHOLE):
            left, right = _widened(left, right)
        if isinstance(node.op, ast.Pow):
            return _power(left, right)
        try:
            return apply(_BINARY[type(node.op)], left, right)
        except TypeError:
            if isinstance(node.op, _BITS):
                raise TypeError(
                    "& | ^ need whole numbers or conditions; put conditions in brackets, or write and/or"
                ) from None
            raise

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        value = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            return apply(np.logical_not, decided(value))
        if isinstance(node.op, ast.Invert):
            return apply(np.invert, value)
        (value,) = _widened(value)
        return apply(operator.neg if isinstance(node.op, ast.USub) else operator.pos, value)

    def _boolop(self, node: ast.BoolOp) -> Any:
        combine = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        result = decided(self.value(node.values[0]))
        for part in node.values[1:]:
            result = apply(combine, result, decided(self.value(part)))
        return result

    def _compare(self, node: ast.Compare) -> Any:
        result = None
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            part = self._one_comparison(op, left, right)
            result = part if result is None else apply(np.logical_and, result, part)
            left = right
        return result

    def _one_comparison(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> Any:
        if isinstance(op, ast.In | ast.NotIn):
            assert isinstance(right, ast.Tuple)
            result = self._one_comparison(ast.Eq(), left, right.elts[0])
            for item in right.elts[1:]:
                result = apply(np.logical_or, result, self._one_comparison(ast.Eq(), left, item))
            return apply(np.logical_not, result) if isinstance(op, ast.NotIn) else result
        for name, text in ((left, right), (right, left)):
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                return self._label(op, name, text)
        return decided(apply(_COMPARE[type(op)], self.value(left), self.value(right)))

    def _label(self, op: ast.cmpop, name: ast.expr, text: ast.Constant) -> Any:
        if is_metadata(name) and isinstance(op, ast.Eq | ast.NotEq):
            return _COMPARE[type(op)](self.value(name), text.value)
        if not isinstance(name, ast.Name) or not isinstance(op, ast.Eq | ast.NotEq):
            raise self._expression.fail(
                "text can only be compared (== or !=) with a category", text
            )
        inside = self._columns.is_label(name.id, str(text.value))
        if inside is None:
            raise self._expression.fail(
                f"{name.id!r} is not a category: it cannot equal a text", text
            )
        return inside if isinstance(op, ast.Eq) else np.logical_not(inside)

    def _ifexp(self, node: ast.IfExp) -> Any:
        return OPERATIONS["where"](
            self.value(node.test), self.value(node.body), self.value(node.orelse)
        )


def _widened(*values: Any) -> tuple[Any, ...]:
    """Whole numbers as int64 where those of the file are short or have no sign: no result wraps around.

    Beside real numbers nothing changes, nor beside those of uint64, which int64 cannot hold.
    """
    types = [_type(value) for value in values]
    if any(kind is not None and (kind.kind == "f" or kind == np.uint64) for kind in types):
        return values
    return tuple(
        apply(operator.add, value, np.int64(0))
        if kind is not None and kind.kind in "iu" and (kind.itemsize < 4 or kind == np.uint32)
        else value
        for value, kind in zip(values, types, strict=True)
    )


def _type(value: Any) -> np.dtype[Any] | None:
    """The type of a column's numbers, or of a number; None for whole numbers of the text, and the rest."""
    if isinstance(value, float):
        return np.dtype(float)
    if isinstance(value, ak.Array):
        value = value.layout
        while hasattr(value, "content"):
            value = value.content
    found = getattr(getattr(value, "values", value), "dtype", None)
    return found if isinstance(found, np.dtype) else None


def _power(base: Any, exponent: Any) -> Any:
    """base ** exponent; whole numbers go to float64 where they would overflow or have no answer."""
    if isinstance(base, bool | int | float) and isinstance(exponent, bool | int | float):
        return float(base) ** float(exponent)
    if isinstance(exponent, int) and exponent < 0:
        exponent = float(exponent)
    return apply(operator.pow, base, exponent)


def _plain(error: BaseException) -> str:
    """The first telling line of an error from NumPy or awkward."""
    if isinstance(error, PathError):
        return str(error)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:160]
