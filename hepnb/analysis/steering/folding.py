"""Expressions as they are for one dataset: what they say of `dataset` is decided, the rest stays.

`genWeight if dataset.kind == "mc" else 1` is `genWeight` for simulation and `1` for data, whose files
need no such branch; a variation that leaves its column as it is for a dataset is none there.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..language.expression import Expression, is_metadata
from ..language.formula import Formula
from .steps import Step, Vary, Weight, with_formulas

if TYPE_CHECKING:
    from ..dataset import Dataset

__all__ = ["fold", "folded"]

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: lambda a, b: bool(a == b),
    ast.NotEq: lambda a, b: bool(a != b),
    ast.Lt: lambda a, b: bool(a < b),
    ast.LtE: lambda a, b: bool(a <= b),
    ast.Gt: lambda a, b: bool(a > b),
    ast.GtE: lambda a, b: bool(a >= b),
    ast.In: lambda a, b: bool(a in b),
    ast.NotIn: lambda a, b: bool(a not in b),
}


def folded(steps: Iterable[Step], dataset: Dataset) -> Iterator[Step]:
    """The steps as they are for one dataset."""

    def of(formula: Formula) -> Formula:
        return fold(formula, dataset)

    for said in steps:
        step = with_formulas(said, of)
        if isinstance(step, Vary):
            kept = tuple(one for one in step.variations if not _is_column(one[1], step.target))
            if kept:
                yield replace(step, variations=kept)
        elif isinstance(step, Weight):
            nominal = step.formula
            others = tuple(one for one in step.variations if not _same(one[1], nominal))
            yield replace(step, variations=others)
        else:
            yield step


def _is_column(formula: Formula, target: str) -> bool:
    return isinstance(formula, Expression) and ast.unparse(formula.tree) == target


def _same(one: Formula, other: Formula) -> bool:
    """Whether two expressions have become the same; what was written twice stays a variation."""
    if not (isinstance(one, Expression) and isinstance(other, Expression)):
        return False
    return one.source != other.source and ast.dump(one.tree) == ast.dump(other.tree)


def fold(formula: Formula, dataset: Dataset) -> Formula:
    """A formula with everything decided that is known of the dataset.

    >>> from hepnb.analysis.dataset import Dataset
    >>> mc = Dataset("tt", "https://example.org/tt.root", kind="mc", era=2018)
    >>> said = "genWeight if dataset.kind == 'mc' && dataset.era in (2017, 2018) else pi"
    >>> fold(Expression(said), mc).names
    ('genWeight',)
    """
    if not isinstance(formula, Expression) or "dataset" not in formula.names:
        return formula
    tree = _Folder(dataset).visit(copy.deepcopy(formula.tree))
    made = replace(formula)
    made.__dict__["tree"] = tree
    for known in ("names", "uses", "labels"):
        made.__dict__.pop(known, None)
    return made


class _Folder(ast.NodeTransformer):
    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        sides = [self._known(side) for side in (node.left, *node.comparators)]
        if None in sides or not any(map(is_metadata, (node.left, *node.comparators))):
            return node
        try:
            decided = all(
                _COMPARE[type(op)](left, right)
                for op, left, right in zip(node.ops, sides, sides[1:], strict=False)
            )
        except TypeError:
            return node  # such as a text below a number: said when it is computed
        return _constant(decided, node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        ends = isinstance(node.op, ast.Or)
        left = [value for value in node.values if _truth(value) is not (not ends)]
        if any(_truth(value) is ends for value in left):
            return _constant(ends, node)
        if not left:
            return _constant(not ends, node)
        if len(left) == 1 and isinstance(left[0], ast.Compare | ast.BoolOp):
            return left[0]
        if len(left) > 1:
            node.values = left
        return node  # a number beside what is decided: `and` makes it true or false

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        truth = _truth(node.operand)
        return (
            node
            if truth is None or not isinstance(node.op, ast.Not)
            else _constant(not truth, node)
        )

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        truth = _truth(node.test)
        return node if truth is None else (node.body if truth else node.orelse)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "where" and len(node.args) == 3:
            truth = _truth(node.args[0])
            if truth is not None:
                return node.args[1 if truth else 2]
        return node

    def _known(self, node: ast.expr) -> Any:
        """The value of a constant, or of what is known of the dataset; else None."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Tuple):
            values = tuple(self._known(item) for item in node.elts)
            return None if None in values else values
        if is_metadata(node):
            assert isinstance(node, ast.Attribute)
            value = getattr(self._dataset, node.attr, None)
            return value if isinstance(value, bool | int | float | str) else None
        return None


def _truth(node: ast.expr) -> bool | None:
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, bool) else None


def _constant(value: bool, node: ast.expr) -> ast.Constant:
    return ast.copy_location(ast.Constant(value), node)
