"""A path out of JSON, which a stranger may have written: every mistake is a line with its place.

Code in it, the source of functions and what they import, is neither run nor imported without consent.
"""

from __future__ import annotations

import json
import platform
import re
import types
import warnings
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

from ...errors import CardError, PathError, nearest, one_line
from ...given import shown
from ..cards.kinds import Listed, Named, Record
from ..cards.nodes import Mapping, Node, Scalar, Sequence, parse
from .forms import FORMS
from .functions import Source
from .layout import FILE, FORMULA, FUNCTION, HELD
from .values import read_value

if TYPE_CHECKING:
    from ..cards.kinds import Kind
    from ..steering.fingerprint import Fingerprint
    from ..steering.path import Path

    P = TypeVar("P", bound=Path)

__all__ = ["Reader", "path_of_json", "versions_of"]

# A sign in two halves, as JSON may have it but not YAML; or a backslash that is none of theirs.
_HALVES = re.compile(r"\\\\|\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE)


def versions_of(found: Fingerprint) -> dict[str, str]:
    """The versions that a hash covers besides the path."""
    return {"python": ".".join(platform.python_version_tuple()[:2]), **found.libraries}


def path_of_json(text: str, kind: type[P], *, allow_code: bool) -> P:
    """The path that a text means; see `Path.from_json`."""
    given: Any = text
    if not isinstance(given, str):
        raise PathError(f"JSON: is no text, but {shown(given)}; read the file first")
    try:
        tree = parse(_HALVES.sub(_whole, text).encode("utf-8"), "JSON", "path")
        FILE.check(tree, "the path")
        made: P = Reader(tree, kind, allow_code).path()
        _compare(tree, made.freeze().fingerprint())
    except CardError as error:
        raise PathError(str(error)) from None
    except UnicodeEncodeError as error:
        raise PathError(f"JSON: is no text ({one_line(error)})") from None
    except RecursionError:
        raise PathError("JSON: definitions that need each other in too long a row") from None
    return made


def _whole(found: re.Match[str]) -> str:
    return str(json.loads(f'"{found[0]}"')) if found[1] else found[0]


def _compare(tree: Mapping, found: Fingerprint) -> None:
    """Raise `PathError` where this is not the path that was written."""
    said = tree.get("hash")
    if said is None or said.plain == found.digest:
        return
    then, now = tree.section("versions").plain, versions_of(found)
    others = [
        f"{name} {then[name]} (here {now.get(name)})"
        for name in then
        if then[name] != now.get(name)
    ]
    if others:
        warnings.warn(
            f"path {tree.plain['name']!r}: written with {', '.join(others)}: so its hash is another, and "
            "cannot show that it is the same",
            UserWarning,
            stacklevel=4,
        )
        return
    raise said.error(
        "this is not the path that was written: the text, a module's class, or a file that it names was "
        "changed since; remove 'hash' if that is meant"
    )


class Reader:
    """Builds a path of a checked tree."""

    def __init__(self, tree: Mapping, kind: type[Any], allow_code: bool) -> None:
        self._tree, self._kind, self._allow_code = tree, kind, allow_code
        self._functions: dict[str, types.FunctionType] = {}
        self._paths: dict[str, Any] = {}

    def path(self) -> Any:
        """The whole. Raises `CardError`."""
        functions = self._tree.section("functions")
        for name, (key, node) in functions.entries.items():
            self.need_consent(key)
            with self.at(node):
                self._functions[name] = self._defined(node)
        for name, node in functions.items():
            self._complete(self._functions[name], node)
        for name, node in self._tree.section("paths").items():
            self._paths[name] = self._built(node)
        return self._built(self._tree)

    def _built(self, node: Node) -> Any:
        assert isinstance(node, Mapping)
        with self.at(node):
            path = self._kind(str(node.plain["name"]))
        steps = node.get("steps")
        assert isinstance(steps, Sequence)
        for step in steps.items:
            assert isinstance(step, Mapping)
            ((kind, said),) = step.items()
            assert isinstance(said, Mapping)
            with self.at(said):
                FORMS[kind].read(path, said, self)
        return path

    def at(self, node: Node) -> AbstractContextManager[None]:
        """Give errors the place of a node, those of Python's own too."""
        return node.blamed(SyntaxError, ValueError, TypeError, KeyError)

    def need_consent(self, node: Node) -> None:
        """Raise `CardError` where code is not allowed."""
        if self._allow_code is not True:
            raise node.error(
                "this path holds Python code: read it, then allow it: from_json(text, allow_code=True)"
            )

    # what steps are told

    def arguments(self, node: Mapping, layout: Record) -> dict[str, Any]:
        """The values of a mapping, each as its kind asks for: formulas, values, plain data."""
        return {key: self._of(part, layout.fields[key]) for key, part in node.items()}

    def _of(self, node: Node, kind: Kind) -> Any:
        if kind is FORMULA:
            return self.formula(node)
        if kind is HELD:
            return self.value(node)
        if isinstance(kind, Named) and isinstance(node, Mapping):
            return {key: self._of(part, kind.of) for key, part in node.items()}
        if isinstance(kind, Listed) and isinstance(node, Sequence):
            return [self._of(part, kind.of) for part in node.items]
        if isinstance(kind, Record) and isinstance(node, Mapping):
            return self.arguments(node, kind)
        return node.plain

    def formula(self, node: Node) -> Any:
        """An expression, or a function."""
        if isinstance(node, Scalar):
            return str(node.plain) if isinstance(node.plain, bool) else node.text
        made = self.value(node)
        if not callable(made):
            raise node.error("a formula is an expression or a function")
        return made

    def value(self, node: Node) -> Any:
        """Any value."""
        return read_value(node, self)

    def sub_path(self, name: str) -> Any:
        """A sub-path that stands above."""
        if name not in self._paths:
            raise PathError(f"no sub-path {name!r} above{nearest(name, self._paths)}")
        return self._paths[name]

    # functions

    def function(self, name: str) -> types.FunctionType:
        """A function by its name."""
        if name not in self._functions:
            raise PathError(f"no function {name!r}{nearest(str(name), self._functions)}")
        return self._functions[name]

    def _defined(self, node: Node) -> types.FunctionType:
        """The function of a text, which knows nothing yet."""
        said = node.plain
        lines = said["source"]
        if not all(isinstance(line, str) for line in lines):
            raise node.error("source is a list of lines")
        how = {key: said[key] for key in ("nested", "future", "imported") if key in said}
        return Source("\n".join(lines), **how).define([*said.get("captured", {})])

    def _complete(self, function: types.FunctionType, node: Node) -> None:
        """Give a function what it looks up, captured and has as defaults."""
        assert isinstance(node, Mapping)
        values = self.arguments(node, FUNCTION)
        function.__globals__.update(values.get("globals", {}))
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        for name, value in values.get("captured", {}).items():
            if name not in cells:
                raise node.error(f"the function captures no {name!r}{nearest(name, cells)}")
            cells[name].cell_contents = value
        function.__defaults__ = tuple(values["defaults"]) if "defaults" in values else None
        function.__kwdefaults__ = values.get("keywords")
        if "wraps" in values:  # as functools.wraps says; its arguments are the columns
            function.__dict__["__wrapped__"] = values["wraps"]
