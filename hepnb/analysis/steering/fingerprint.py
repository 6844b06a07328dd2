"""What a value is, as a digest: code, captured values and files by their content, libraries by version.

The digest is the same in every process and on every day: it holds no address, no hash of Python's, no
line number and no number of a cell. What has no content that could be compared is named instead.
"""

from __future__ import annotations

import ast
import builtins
import dis
import functools
import hashlib
import json
import os
import random
import sys
import sysconfig
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import fields
from importlib import metadata
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from ..language.expression import Expression
from ..language.formula import Call
from ..lookups.correction import Correction
from ..lookups.table import HistTable
from ..module.parameters import Param
from ..module.resources import Resource
from .steps import Step, named

__all__ = ["Fingerprint"]

_LIBRARIES = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))
_ITSELF = __name__.partition(".")[0]
_OF_CLASSES = (
    "__dict__", "__weakref__", "__module__", "__qualname__", "__doc__", "__annotations__",
    "__annotate_func__", "__annotations_cache__", "__firstlineno__", "__static_attributes__",
    "_abc_impl", "__slotnames__",
)  # fmt: skip
_READERS = frozenset((
    "File", "from_file", "from_parquet", "fromfile", "genfromtxt", "getenv", "load", "loadtxt",
    "memmap", "open", "read_bytes", "read_csv", "read_hdf", "read_json", "read_parquet",
    "read_pickle", "read_text", "urlopen",
))  # fmt: skip
"""What functions are called that read what is no part of the code."""
_CHANCE = (np.random.Generator, np.random.RandomState, random.Random)
_SHARED_CHANCE = (np.random.normal.__self__, random.seed.__self__)  # type: ignore[attr-defined]
_PLAIN = (bool, int, str, type(None))
_MEANING = 2
"""Counted up when the same steps come to mean other numbers, as in a version of hepnb under way."""


class Fingerprint:
    """The digest of the steps of a path, the libraries that they call into, and what it cannot see.

    >>> one, other = Fingerprint(()), Fingerprint(())
    >>> one.digest == other.digest, one.unseen
    (True, ())
    """

    def __init__(self, steps: tuple[Step, ...], variations: tuple[str, ...] = ("all",)) -> None:
        self.libraries: dict[str, str] = {}
        self._unseen: dict[str, None] = {}
        self._known: dict[int, tuple[Any, str]] = {}
        self._active: list[int] = []
        self._where = ""
        self._declared = False  # whether what is read is a resource, known by its content
        for name in ("hepnb", "numpy", "awkward"):
            self._library(name)
        described = []
        for step in steps:
            self._where = named(step)
            described.append(self._step(step))
        made: list[Any] = [
            _MEANING,
            f"{sys.version_info.major}.{sys.version_info.minor}",
            described,
            variations,
        ]
        made.append(self.libraries)
        self.digest = _digest(made)

    @property
    def unseen(self) -> tuple[str, ...]:
        """What may change without a change of the digest, each with the step that uses it."""
        return tuple(self._unseen)

    def _miss(self, what: str) -> str:
        self._unseen.setdefault(f"{self._where}: {what}", None)
        return what

    def _step(self, step: Step) -> Any:
        compared = [f.name for f in fields(step) if f.name != "uses"]  # it follows from the code
        return [step.kind, *([name, self.of(getattr(step, name))] for name in compared)]

    # values

    def of(self, value: Any) -> Any:
        """A value as plain data that JSON can hold: whole, or the digest of what it consists of."""
        if type(value) in _PLAIN:
            return value
        if type(value) is float:  # a float of NumPy makes other types of what it meets
            return ["float", value.hex()]
        if isinstance(value, bytes | bytearray):
            return ["bytes", hashlib.sha256(value).hexdigest()]
        if typing.get_origin(value) is not None:
            return ["type", repr(value)]
        if id(value) in self._active:
            return ["itself", len(self._active) - self._active.index(id(value))]
        if id(value) not in self._known:
            self._active.append(id(value))
            try:
                # The value is kept, so that no other one gets its number.
                self._known[id(value)] = value, _digest(self._composed(value))
            finally:
                self._active.pop()
        return self._known[id(value)][1]

    def _composed(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [type(value).__name__, *map(self.of, value)]
        if isinstance(value, set | frozenset):
            return ["set", *sorted(json.dumps(self.of(one)) for one in value)]
        if isinstance(value, dict | types.MappingProxyType):
            return ["dict", *([self.of(k), self.of(v)] for k, v in value.items())]
        if isinstance(value, np.ndarray) and not value.dtype.hasobject:
            data = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
            return ["array", str(value.dtype), list(value.shape), data]
        if isinstance(value, Expression):
            tables = [self.of(value.lookups)] if value.lookups else []
            return ["expression", ast.dump(value.tree), *tables]
        if isinstance(value, Call):
            return [
                "call",
                self.of(value.function),
                self.of(value.arguments),
                self.of(value.renames),
            ]
        if isinstance(value, types.ModuleType):
            return self._module(value)
        if isinstance(value, Param):
            return ["parameter", value.name, repr(value.kind), self.of(vars(value).get("default"))]
        if isinstance(value, Resource):
            before, self._declared = self._declared, True
            load = self.of(value.load)
            self._declared = before
            return ["resource", value.content, load]
        if isinstance(value, HistTable | Correction):
            return ["lookup", self.of(type(value)), self.of(value.content)]
        if isinstance(value, types.CodeType):
            return self._code(value)
        return self._object(value)

    def _object(self, value: Any) -> Any:
        if value is os.environ:
            return self._miss("the environment, os.environ")
        source = getattr(value, "__self__", value)
        if isinstance(source, _CHANCE):
            self._miss("random numbers that depend on chunks and workers: take the argument rng")
            if any(source is one for one in _SHARED_CHANCE):  # its state is that of the moment
                return ["chance", getattr(value, "__name__", "")]
        inner = getattr(value, "py_func", None)  # what was compiled, of a function of numba
        if isinstance(inner, types.FunctionType):
            return ["compiled", type(value).__name__, self.of(inner)]
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, types.MethodType):
            return ["method", self.of(value.__self__), self.of(value.__func__)]
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, staticmethod | classmethod):
            return [type(value).__name__, self.of(value.__func__)]
        if isinstance(value, property):
            return ["property", self.of(value.fget), self.of(value.fset)]
        if isinstance(value, functools.cached_property):
            return ["property", self.of(value.func)]
        if isinstance(value, types.BuiltinFunctionType | np.ufunc) and not _bound(value):
            return self._by_name(value)
        return self._reduced(value)

    def _reduced(self, value: Any) -> Any:
        """An object as `pickle` would take it apart."""
        try:
            parts = value.__reduce_ex__(4)
        except Exception:  # noqa: BLE001  locks, files, connections, and whatever objects do
            return self._miss(f"a {type(value).__name__}, which has no content to compare")
        if isinstance(parts, str):
            return ["name", type(value).__name__, parts]
        function, args, *rest = parts
        state, *items = [*rest, None, None, None][:3]
        return [
            "object",
            self.of(function),
            self.of(args),
            self.of(state),
            *(None if one is None else [self.of(x) for x in one] for one in items),
        ]

    # code

    def _function(self, function: types.FunctionType) -> Any:
        if self.is_library(function.__module__):
            return self._by_name(function)
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        captured = {name: self._cell(name, cell) for name, cell in cells}
        return [
            "function",
            self.of(function.__code__),
            self.of(function.__defaults__),
            self.of(function.__kwdefaults__),
            captured,
            sorted(self._globals(function.__code__, function.__globals__), key=json.dumps),
        ]

    def _cell(self, name: str, cell: types.CellType) -> Any:
        try:
            return self.of(cell.cell_contents)
        except ValueError:
            return self._miss(f"{name!r}, which has no value yet")

    def _code(self, code: types.CodeType) -> Any:
        """What is executed: not where it stands."""
        for name in code.co_names:
            if name in _READERS and not self._declared:
                self._miss(f"what is read by {name!r}: declare the file with hn.resource")
        counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
        names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
        body = code.co_code, code.co_exceptiontable
        return ["code", code.co_name, *map(self.of, (counts, names, body, code.co_consts))]

    def _globals(self, code: types.CodeType, known: Mapping[str, Any]) -> Iterator[Any]:
        """The values of the global names that code uses; of modules what is taken from them."""
        steps = list(dis.get_instructions(code))
        for place, step in enumerate(steps):
            if step.opname == "IMPORT_NAME":
                yield ["import", step.argval, self.of(sys.modules.get(step.argval))]
            if step.opname not in ("LOAD_GLOBAL", "LOAD_NAME"):
                continue
            name, value = step.argval, known.get(step.argval, known)
            if value is known:
                if not hasattr(builtins, name):
                    self._miss(f"{name!r}, which is not defined yet")
                continue
            for after in steps[place + 1 :]:
                if after.opname not in ("LOAD_ATTR", "LOAD_METHOD") or not isinstance(
                    value, types.ModuleType
                ):
                    break
                name, value = f"{name}.{after.argval}", getattr(value, after.argval, None)
            yield [name, self.of(value)]
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                yield from self._globals(constant, known)

    def _class(self, kind: type) -> Any:
        if self.is_library(kind.__module__):
            return self._by_name(kind)
        members = {
            name: self.of(value)
            for name, value in vars(kind).items()
            if name not in _OF_CLASSES and not isinstance(value, types.MemberDescriptorType)
        }
        return ["class", kind.__name__, [self.of(base) for base in kind.__bases__], members]

    def _module(self, module: types.ModuleType) -> Any:
        if self.is_library(module.__name__):
            return ["module", module.__name__]
        self._miss(f"module {module.__name__!r} as a whole, by the text of its file")
        try:
            return [
                "module",
                module.__name__,
                FilePath(getattr(module, "__file__", None) or "").read_text(),
            ]
        except (OSError, UnicodeDecodeError):
            return ["module", module.__name__]

    def _by_name(self, value: Any) -> Any:
        """Something of a library, whose version stands for its content."""
        home = getattr(value, "__module__", None) or type(value).__module__
        self._library(home.partition(".")[0])
        return ["library", home, getattr(value, "__qualname__", getattr(value, "__name__", "?"))]

    def is_library(self, name: str | None) -> bool:
        """Whether a module is installed, so that its version stands for its content."""
        top = (name or "builtins").partition(".")[0]
        file = getattr(sys.modules.get(name or "builtins"), "__file__", None)
        installed = isinstance(file, str) and file.startswith(_LIBRARIES)
        is_one = installed or top in (_ITSELF, *sys.builtin_module_names)
        is_one = is_one and top != "__main__"
        if is_one:
            self._library(top)
        return is_one

    def _library(self, top: str) -> None:
        if top in self.libraries or top in sys.stdlib_module_names:
            return
        version = getattr(sys.modules.get(top), "__version__", None)
        if not isinstance(version, str):
            try:
                version = metadata.version(top)
            except metadata.PackageNotFoundError:
                version = self._miss(f"module {top!r}, which has no version")
        self.libraries[top] = version


def _bound(value: Any) -> bool:
    owner = getattr(value, "__self__", None)
    return owner is not None and not isinstance(owner, types.ModuleType)


def _digest(described: Any) -> str:
    text = json.dumps(described, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
