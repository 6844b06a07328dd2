"""Functions by their source: the text whose code is that of a function, and the function of a text.

A text is taken only if it compiles to the very code that would run, so one that was edited since, or
the wrong of two lambdas in a line, is never written.
"""

from __future__ import annotations

import ast
import builtins
import dis
import hashlib
import inspect
import linecache
import textwrap
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["HOME", "Source", "global_names", "source_of"]

HOME = "path_of_json"
"""The module that functions of a text are in, as far as others can tell."""

_FRAME = "_frame"
_ANNOTATIONS = annotations.compiler_flag  # of the import above


def global_names(code: types.CodeType) -> Iterator[str]:
    """The names that code, and the code inside it, looks up outside."""
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield step.argval
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from global_names(constant)


@dataclass(frozen=True)
class Source:
    """The text of a function, without its decorators, and what else decides how it is compiled.

    `nested`: inside another function; `future`: after `from __future__ import annotations`; `imported`:
    the names that its module imports, of those it looks up (methods of these are called otherwise).
    """

    text: str
    nested: bool = False
    future: bool = False
    imported: tuple[str, ...] = ()

    def define(self, captured: Sequence[str] = ()) -> types.FunctionType:
        """The function. Names that it looks up, captures and defaults are for the caller to set.

        The text is executed as far as to define it, which calls nothing. Raises SyntaxError or
        ValueError for a text that is not one function.
        """
        if odd := [name for name in (*captured, *self.imported) if not name.isidentifier()]:
            raise ValueError(f"{odd[0]!r} is no name")
        whole, node = _parsed(self.text)
        whole += "".join(f"\nif 0: import {name}" for name in self.imported)
        frame = _framed(node, captured, self)
        file = f"<{HOME} {hashlib.sha256(whole.encode()).hexdigest()[:16]}>"
        flags = _ANNOTATIONS if self.future else 0
        code = compile(ast.fix_missing_locations(frame), file, "exec", flags, dont_inherit=True)
        linecache.cache[file] = (len(whole), None, whole.splitlines(keepends=True), file)
        names: dict[str, Any] = {}
        exec(code, names)  # noqa: S102  with consent; it defines a function and no more
        made = names[_FRAME](*captured) if self.nested else names[_name_of(node)]
        known = {"__name__": HOME, "__builtins__": builtins}
        found = types.FunctionType(made.__code__, known, made.__name__, None, made.__closure__)
        found.__qualname__ = made.__name__
        return found


def source_of(
    function: types.FunctionType, digest: Callable[[types.CodeType], object]
) -> Source | None:
    """The source of a function; None where that is not to be had. `digest` tells codes apart."""
    code = function.__code__
    wanted = digest(code)
    try:
        lines, _ = inspect.findsource(code)
        tree = ast.parse("".join(lines))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
    nested, future = bool(code.co_flags & inspect.CO_NESTED), bool(code.co_flags & _ANNOTATIONS)
    imported = tuple(sorted(set(global_names(code)) & set(_imports(tree))))
    for text in _texts(code, tree, lines):
        source = Source(text, nested, future, imported)
        try:
            made = source.define(code.co_freevars)
        except (SyntaxError, ValueError):
            continue
        if digest(made.__code__) == wanted:
            return source
    return None


def _texts(code: types.CodeType, tree: ast.Module, lines: Sequence[str]) -> Iterator[str]:
    """What may be the source, by the line it begins in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            if node.name == code.co_name and first == code.co_firstlineno:
                whole = "".join(lines[node.lineno - 1 : node.end_lineno]).rstrip("\n")
                yield textwrap.dedent(whole)
                yield whole  # where a text of several lines is part of the code
        if isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno:
            yield ast.get_source_segment("".join(lines), node) or ""


def _imports(node: ast.AST) -> Iterator[str]:
    """The names that a module imports, outside its functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield from (one.asname or one.name.partition(".")[0] for one in child.names)
        elif not isinstance(
            child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr
        ):
            yield from _imports(child)


def _framed(
    node: ast.FunctionDef | ast.Lambda, captured: Sequence[str], source: Source
) -> ast.Module:
    """A module that defines the function bare: no decorators, annotations, or defaults of its own."""
    given = node.args
    given.defaults = [ast.Constant(None) for _ in given.defaults]
    given.kw_defaults = [None if one is None else ast.Constant(None) for one in given.kw_defaults]
    others = [one for one in (given.vararg, given.kwarg) if one is not None]
    for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs, *others):
        argument.annotation = None
    if isinstance(node, ast.Lambda):
        define: ast.stmt = ast.Assign([ast.Name(_name_of(node), ast.Store())], node)
    else:
        node.decorator_list, node.returns = [], None
        define = node
    text = f"def {_FRAME}({', '.join(captured)}):\n    return {_name_of(node)}\n"
    frame = ast.parse(text + "".join(f"if 0: import {name}\n" for name in source.imported))
    outer = frame.body[0]
    assert isinstance(outer, ast.FunctionDef)
    if source.nested:
        outer.body.insert(0, define)
    else:
        frame.body[0] = define
    return frame


def _name_of(node: ast.FunctionDef | ast.Lambda) -> str:
    return _FRAME + "_made" if isinstance(node, ast.Lambda) else node.name


def _parsed(text: str) -> tuple[str, ast.FunctionDef | ast.Lambda]:
    """The text as it is compiled, and its one function."""
    if text.startswith("lambda"):
        whole = f"({text})"
        node: ast.AST = ast.parse(whole, mode="eval").body
    else:
        whole = f"if 1:\n{text}" if text[:1].isspace() else text
        body = ast.parse(whole).body
        if len(body) == 1 and isinstance(body[0], ast.If):
            body = body[0].body
        if len(body) != 1:
            raise ValueError("not one function")
        node = body[0]
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        return whole, node
    raise ValueError("not a function")
