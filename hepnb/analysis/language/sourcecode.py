"""The syntax tree of a function's source, when it is certain that it is the source of that function."""

from __future__ import annotations

import ast
import inspect
import sysconfig
import textwrap
import types
from collections.abc import Callable
from typing import Any

__all__ = ["find_source", "is_of_library"]

_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})


def find_source(function: Callable[..., Any]) -> ast.FunctionDef | ast.Lambda | None:
    """The syntax tree of a function, or None when it is not certain which one it is."""
    plain = inspect.unwrap(getattr(function, "py_func", function))
    if not isinstance(plain, types.FunctionType):
        return None
    text = textwrap.dedent(inspect.getsource(plain))
    if plain.__name__ == "<lambda>":
        try:
            tree: ast.AST = ast.parse(text)
        except SyntaxError:  # a lambda on the continuation line of a call
            tree = (
                ast.parse(f"({text.strip().rstrip(',)')})")
                if text.strip().startswith("lambda")
                else ast.Module([], [])
            )
        lambdas = [n for n in ast.walk(tree) if isinstance(n, ast.Lambda)]
        fitting = [
            n
            for n in lambdas
            if _names(n) == plain.__code__.co_varnames[: plain.__code__.co_argcount]
        ]
        return fitting[0] if len(fitting) == 1 else None
    node = ast.parse(text).body[0]
    if not isinstance(node, ast.FunctionDef) or node.name != plain.__name__:
        return None
    return node if _fits(node, plain.__code__) else None


def is_of_library(function: types.FunctionType) -> bool:
    """Whether a function is an installed one: such look for attributes that need not be there."""
    return function.__code__.co_filename.startswith(_LIBRARIES)


def _fits(node: ast.AST, code: types.CodeType) -> bool:
    """Whether a source is that of the code (a file may have been edited since it was imported)."""
    known: set[str] = set()
    stack = [code]
    while stack:
        part = stack.pop()
        known |= {*part.co_names, *part.co_varnames, *part.co_freevars, *part.co_cellvars}
        stack += [c for c in part.co_consts if isinstance(c, types.CodeType)]
    body = node.body if isinstance(node, ast.FunctionDef) else []
    return all(
        inner.attr in known
        for statement in body
        for inner in ast.walk(statement)
        if isinstance(inner, ast.Attribute)
    )


def _names(node: ast.Lambda) -> tuple[str, ...]:
    return tuple(a.arg for a in [*node.args.posonlyargs, *node.args.args])
