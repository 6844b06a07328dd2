"""Which fields of its arguments a Python function reads, found in its source without running it.

The source is followed like a small flow of data: an argument, what is picked from it (`Muon[:, 0]`),
what passes it on (`ak.combinations(Muon, 2)`, a helper function), and the attributes read on the way.
Whenever a collection goes where it cannot be followed, all its fields are needed: reading too much
is slow, reading too little would be wrong.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import types
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..columns.momenta import COORDINATES, METHODS, SUM
from .functions import FUNCTIONS
from .literals import looped_texts, texts_of
from .sourcecode import find_source, is_of_library
from .usage import Use, Uses

__all__ = ["function_uses"]

_PASSING = {
    "argcartesian": False, "broadcast_arrays": False, "cartesian": False, "combinations": False,
    "concatenate": False, "drop_none": True, "fill_none": True, "firsts": True, "flatten": True,
    "mask": True, "pad_none": True, "singletons": True, "to_packed": True, "unflatten": True,
    "unzip": False, "where": False, "with_field": False, "zip": False,
}  # fmt: skip
_COUNTING = {"num", "local_index", "is_none", "argcartesian", "argcombinations"}
_DEPTH = 4


class Ref(NamedTuple):
    """A value that is (a part of) an argument: itself, or an attribute of an attribute of it."""

    root: str
    attr: tuple[str, ...] = ()
    exact: bool = True


Refs = frozenset[Ref]
_NONE: Refs = frozenset()


def function_uses(function: Callable[..., Any], arguments: Iterable[str], depth: int = 0) -> Uses:
    """The `Uses` of a function; every field of every argument when its source cannot be followed."""
    names = tuple(arguments)
    try:
        node = find_source(function)
        if node is None or depth > _DEPTH:
            return _everything(names)
        reader = _Reader(function, names, depth)
        reader.read(node)
    except (OSError, TypeError, SyntaxError, ValueError, RecursionError, IndentationError):
        return _everything(names)
    return Uses(reader.uses, reader.passes)


def _everything(names: tuple[str, ...]) -> Uses:
    return Uses({name: Use(whole=True, value=True) for name in names}, dict.fromkeys(names, False))


class _Reader:
    """Follows the arguments of one function through its body."""

    def __init__(self, function: Callable[..., Any], names: tuple[str, ...], depth: int) -> None:
        plain = inspect.unwrap(getattr(function, "py_func", function))
        closure = inspect.getclosurevars(plain) if isinstance(plain, types.FunctionType) else None
        self._outer: dict[str, Any] = {
            **plain.__globals__,
            **(closure.nonlocals if closure else {}),
        }
        self._depth = depth
        self._env: dict[str, Refs] = {name: frozenset({Ref(name)}) for name in names}
        self._locals: set[str] = set(plain.__code__.co_varnames)
        self._picking: dict[str, bool] = {}
        self._texts: dict[str, frozenset[str]] = {}
        self.uses = {name: Use() for name in names}
        self.passes: dict[str, bool] = {}

    def read(self, node: ast.FunctionDef | ast.Lambda) -> None:
        """Read the body until nothing new is learnt (loops may carry values backwards)."""
        if isinstance(node, ast.Lambda):
            self._returned(self._expr(node.body))
            return
        self._texts = {n: t for n, t in looped_texts(node).items() if n in self._locals}
        for _ in range(10):
            before = dict(self._env)
            for statement in node.body:
                self._statement(statement)
            if before == self._env:
                return
        for name, use in self.uses.items():
            use.whole = True
            self.passes[name] = False

    # statements

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Return):
            if node.value is not None:
                self._returned(self._expr(node.value))
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self._assign(target, node.value)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self._assign(node.target, node.value)
        elif isinstance(node, ast.AugAssign):
            self._escape(self._expr(node.value) | self._expr(node.target))
        elif isinstance(node, ast.Expr):
            self._expr(node.value)
        elif isinstance(node, ast.For):
            self._bind(node.target, self._expr(node.iter))
            self._block([*node.body, *node.orelse])
        elif isinstance(node, ast.If | ast.While):
            self._escape(self._expr(node.test))
            self._block([*node.body, *node.orelse])
        elif isinstance(
            node,
            ast.Pass
            | ast.Break
            | ast.Continue
            | ast.Import
            | ast.ImportFrom
            | ast.Global
            | ast.Nonlocal,
        ):
            pass
        elif isinstance(node, ast.With):
            for item in node.items:
                refs = self._expr(item.context_expr)
                self._escape(refs)
            self._block(node.body)
        else:  # nested functions and classes, try, match, del, raise, assert: everything named escapes
            self._captured(node)

    def _block(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self._statement(statement)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if (
            isinstance(target, ast.Tuple | ast.List)
            and isinstance(value, ast.Tuple | ast.List)
            and len(target.elts) == len(value.elts)
            and not any(isinstance(e, ast.Starred) for e in [*target.elts, *value.elts])
        ):
            for one, part in zip(target.elts, value.elts, strict=True):
                self._assign(one, part)
            return
        if isinstance(target, ast.Name):
            self._picking[target.id] = self._picking.get(target.id, True) and self._picks(value)
        self._bind(target, self._expr(value))

    def _bind(self, target: ast.expr, refs: Refs) -> None:
        if isinstance(target, ast.Name):
            self._env[target.id] = self._env.get(target.id, _NONE) | refs
        elif isinstance(target, ast.Tuple | ast.List):
            for one in target.elts:
                self._bind(one, refs)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, refs)
        else:  # stored in an object: out of sight; an argument changed in place is out of sight too
            self._escape(refs)
            self._captured(target)

    def _returned(self, refs: Refs) -> None:
        for ref in refs:
            if not ref.attr:
                self.passes[ref.root] = self.passes.get(ref.root, True) and ref.exact
            else:
                self._escape(frozenset({ref}))

    # expressions

    def _expr(self, node: ast.AST) -> Refs:
        if isinstance(node, ast.Name):
            return self._env.get(node.id, _NONE)
        if isinstance(node, ast.Attribute):
            refs = self._expr(node.value)
            for ref in refs:
                self.uses[ref.root].attributes.add(node.attr)
            return self._attribute(refs, node.attr)
        if isinstance(node, ast.Subscript):
            return self._subscript(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            return self._union(node.elts)
        if isinstance(node, ast.Dict):
            self._union([key for key in node.keys if key is not None])
            return self._loose(self._union(node.values))
        if isinstance(node, ast.IfExp):
            self._escape(self._expr(node.test))
            return self._expr(node.body) | self._expr(node.orelse)
        if isinstance(node, ast.NamedExpr):
            refs = self._expr(node.value)
            self._bind(node.target, refs)
            return refs
        if isinstance(node, ast.Starred):
            return self._expr(node.value)
        if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp):
            return self._comprehension(node)
        if isinstance(node, ast.Lambda):
            self._captured(node)
            return _NONE
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            self._momenta([node.left, node.right], SUM)
            return _NONE
        for child in ast.iter_child_nodes(node):
            self._escape(self._expr(child))
        return _NONE

    def _momenta(self, nodes: Iterable[ast.expr], what: str) -> None:
        """Values that are added or asked for a distance: of objects, their momenta are read."""
        for ref in self._union(nodes):
            if ref.attr:
                self._escape(frozenset({ref}))
            else:
                use = self.uses[ref.root]
                use.value = True
                use.attributes.add(what)
                use.hints |= COORDINATES

    def _comprehension(
        self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp
    ) -> Refs:
        outside = dict(self._texts)
        for generator in node.generators:
            self._bind(generator.target, self._expr(generator.iter))
            one = isinstance(generator.target, ast.Name)
            texts = texts_of(generator.iter) if one else frozenset()
            names = (n.id for n in ast.walk(generator.target) if isinstance(n, ast.Name))
            self._texts |= dict.fromkeys(names, texts)
            for test in generator.ifs:
                self._escape(self._expr(test))
        if isinstance(node, ast.DictComp):
            self._escape(self._expr(node.key))
            found = self._loose(self._expr(node.value))
        else:
            found = self._expr(node.elt)
        self._texts = outside
        return found

    def _union(self, nodes: Iterable[ast.AST]) -> Refs:
        return _NONE.union(*(self._expr(node) for node in nodes))

    def _loose(self, refs: Refs) -> Refs:
        return frozenset(ref._replace(exact=False) for ref in refs)

    def _attribute(self, refs: Refs, attr: str) -> Refs:
        for ref in refs:
            known = self.uses[ref.root]
            (known.fields if ref.exact and not ref.attr else known.hints).add(attr)
            if ref.attr:
                known.chains.add((*ref.attr, attr))
        return frozenset(Ref(ref.root, (*ref.attr, attr)[-4:], ref.exact) for ref in refs)

    def _subscript(self, node: ast.Subscript) -> Refs:
        refs = self._expr(node.value)
        index = node.slice
        if isinstance(index, ast.Constant) and isinstance(index.value, str):
            return self._attribute(refs, index.value)
        if isinstance(index, ast.List) and (fields := texts_of(index)):
            for field in fields:
                self._attribute(refs, field)
            return refs
        if isinstance(index, ast.Name) and (fields := self._texts.get(index.id, frozenset())):
            return _NONE.union(*(self._attribute(refs, field) for field in fields))
        self._escape(self._expr(index))
        # A computed key might be a field's name: only slices, numbers and masks are certain.
        if refs and not self._picks(index):
            self._escape(refs)
        return refs

    def _picks(self, index: ast.expr) -> bool:
        """Whether an index can only pick rows or objects (never be the name of a field)."""
        if isinstance(index, ast.Tuple):
            return all(self._picks(element) for element in index.elts)
        if isinstance(index, ast.Constant):
            return not isinstance(index.value, str)
        if isinstance(index, ast.Name):
            return self._picking.get(index.id, index.id in self.uses)
        if isinstance(index, ast.Attribute):
            return bool(self._expr(index.value))
        if isinstance(index, ast.BinOp):
            return self._picks(index.left) and self._picks(index.right)
        if isinstance(index, ast.Call):
            module = getattr(self._resolve(index.func), "__module__", "") or ""
            return module.split(".")[0] in ("awkward", "numpy", "hepnb")
        if isinstance(index, ast.Subscript):
            return self._picks(index.value)
        return isinstance(index, ast.Slice | ast.Compare | ast.BoolOp | ast.UnaryOp)

    def _call(self, node: ast.Call) -> Refs:
        function = self._resolve(node.func)
        arguments = [*node.args, *(word.value for word in node.keywords)]
        if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            self._momenta([node.func.value, *arguments], node.func.attr)
            return _NONE
        if function is None:
            self._escape(self._expr(node.func) | self._union(arguments))
            return _NONE
        module, name = getattr(function, "__module__", "") or "", getattr(function, "__name__", "")
        awkward = module.split(".")[0] == "awkward"
        if function is len or (awkward and name in _COUNTING):
            self._count(self._union(arguments))
            return _NONE
        if awkward and name in _PASSING:
            refs = self._union(arguments)
            return refs if _PASSING[name] else self._loose(refs)
        if module == "hepnb.analysis.kinematics" and name in FUNCTIONS:
            for refs in map(self._expr, arguments):
                for ref in refs:
                    if not ref.attr:
                        self.uses[ref.root].fields |= (
                            set(FUNCTIONS[name].fields) if ref.exact else set()
                        )
                        self.uses[ref.root].hints |= set(FUNCTIONS[name].fields)
                    else:
                        self._escape(frozenset({ref}))
            return _NONE
        if isinstance(function, types.FunctionType) and not awkward:
            return self._call_user(function, node)
        self._escape(self._union(arguments))
        return _NONE

    def _call_user(self, function: types.FunctionType, node: ast.Call) -> Refs:
        """A helper function: its own source says what it reads, and if it is the user's, must read."""
        arguments = [*node.args, *(word.value for word in node.keywords)]
        refs = [self._expr(argument) for argument in arguments]
        if not any(refs):
            return _NONE
        code = function.__code__
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        bound = list(code.co_varnames[: code.co_argcount][: len(node.args)]) + [
            word.arg for word in node.keywords
        ]
        if (
            any(isinstance(a, ast.Starred) for a in node.args)
            or len(bound) != len(refs)
            or not set(bound) <= set(names)
        ):
            self._escape(_NONE.union(*refs))
            return _NONE
        inner = function_uses(function, names, self._depth + 1)
        certain = not is_of_library(function)
        passed: Refs = _NONE
        for name, values in zip(bound, refs, strict=True):
            assert name is not None
            for ref in values:
                if ref.attr:
                    self._escape(frozenset({ref}))
                else:
                    self.uses[ref.root].merge(inner.inputs[name], ref.exact and certain)
                    if name in inner.passes:
                        passed |= {ref._replace(exact=ref.exact and inner.passes[name])}
        return passed

    def _count(self, refs: Refs) -> None:
        for ref in refs:
            if not ref.attr:
                self.uses[ref.root].counted = True
            else:
                self.uses[ref.root].escapes.add(ref.attr)

    def _resolve(self, node: ast.expr) -> Any:
        """The object a call names, when that is certain: a global function or one of a module."""
        if isinstance(node, ast.Name):
            if node.id in self._locals:
                return None
            return self._outer.get(node.id, getattr(builtins, node.id, None))
        if isinstance(node, ast.Attribute):
            owner = self._resolve(node.value)
            return getattr(owner, node.attr, None) if isinstance(owner, types.ModuleType) else None
        return None

    def _escape(self, refs: Refs) -> None:
        """The value is computed with, or goes where it cannot be followed."""
        for ref in refs:
            use = self.uses[ref.root]
            if not ref.attr:
                use.whole = use.value = True
            else:
                use.escapes.add(ref.attr)

    def _captured(self, node: ast.AST) -> None:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name):
                self._escape(self._env.get(inner.id, _NONE))
                if inner.id in self.uses:
                    self.uses[inner.id].whole = True
                    self.passes[inner.id] = False
