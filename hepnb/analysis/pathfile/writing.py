"""A path into JSON. What is written is read again at once: it must be the same path, or nothing is."""

from __future__ import annotations

import builtins
import json
import re
import types
from typing import TYPE_CHECKING, Any

from ...errors import PathError
from ..language.expression import Expression
from ..steering.fingerprint import Fingerprint
from ..steering.steps import named
from .forms import FORMS
from .functions import global_names, source_of
from .layout import VERSION
from .reading import path_of_json, versions_of
from .values import said_of_value

if TYPE_CHECKING:
    from ..language.formula import Formula
    from ..steering.path import Path

__all__ = ["Writer", "json_of_path"]

# What may stand in a text of JSON, but not of YAML, by which it is read.
_ODD = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def json_of_path(path: Path) -> str:
    """The JSON of a path; see `Path.to_json`."""
    program = path.freeze()
    found = program.fingerprint()
    writer = Writer()
    try:
        steps = writer.steps(path)
    except RecursionError:
        raise writer.error("a value contains itself, or too many others") from None
    whole: dict[str, Any] = {"hepnb_path": VERSION, "name": path.name, "steps": steps}
    if writer.paths:
        whole["paths"] = writer.paths
    if writer.functions:
        whole["functions"] = writer.functions
    whole |= {"hash": found.digest, "versions": versions_of(found)}
    text = json.dumps(whole, ensure_ascii=False, indent=1)
    text = _ODD.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)
    try:
        path_of_json(text, type(path), allow_code=True)
    except PathError as error:
        raise PathError(f"path {path.name!r}: {_unlike(path, text) or error}") from None
    return text


def _unlike(path: Path, text: str) -> str:
    """The first step that does not come back as it is."""
    bare = json.loads(text)
    del bare["hash"]
    try:
        made = path_of_json(json.dumps(bare), type(path), allow_code=True)
    except PathError:
        return ""
    steps = zip(path.freeze().steps, made.freeze().steps, strict=False)
    for step, other in steps:
        if Fingerprint((step,)).digest != Fingerprint((other,)).digest:
            return (
                f"{named(step)} holds what JSON would lose, or a file that was changed since; keep "
                "what it needs in parameters (hn.param), plain values or files"
            )
    return ""


class Writer:
    """Writes steps as plain data; sub-paths and functions that they need are kept by name."""

    def __init__(self) -> None:
        self.paths: dict[str, Any] = {}
        self.functions: dict[str, Any] = {}
        self.fingerprint = Fingerprint(())
        self._names: dict[int, tuple[Any, str]] = {}  # with what has the number, so that it stays
        self._where: list[str] = []

    def error(self, message: str) -> PathError:
        """The error that says `message` of what is written just now."""
        return PathError(f"{', '.join(self._where)}: {message}")

    def steps(self, path: Path) -> list[Any]:
        """The steps of a path in their order."""
        made = []
        for step in path._steps:
            self._where.append(named(step))
            made.append({step.kind: FORMS[step.kind].write(step, self)})
            self._where.pop()
        return made

    def path(self, path: Path) -> str:
        """The name by which a sub-path is kept."""
        name, is_new = self._named(path, path.name, self.paths)
        if is_new:
            steps = self.steps(path)
            del self.paths[name]  # behind those that it needs
            self.paths[name] = {"name": path.name, "steps": steps}
        return name

    def formula(self, formula: Formula) -> Any:
        """An expression as its text, a function by its name."""
        return formula.source if isinstance(formula, Expression) else self.value(formula.function)

    def value(self, value: Any, what: str = "") -> Any:
        """Any value; messages call it `what`."""
        self._where += [what] * bool(what)
        said = said_of_value(value, self)
        del self._where[len(self._where) - bool(what) :]
        return said

    def function(self, function: types.FunctionType) -> str:
        """The name by which a function is kept."""
        code = function.__code__
        name, is_new = self._named(function, code.co_name.strip("<>"), self.functions)
        if not is_new:
            return name
        self._where.append(f"function {function.__name__!r}")
        source = source_of(function, self.fingerprint.of)
        if source is None:
            raise self.error(
                "its source is not to be had, or was edited since; define it again with def, in a "
                "notebook cell or a file"
            )
        cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
        captured = {key: self._cell(key, cell) for key, cell in cells}
        made: dict[str, Any] = {
            "source": source.text.split("\n"),
            "nested": source.nested,
            "future": source.future,
            "imported": list(source.imported),
            "defaults": [self.value(one, "a default") for one in function.__defaults__ or ()],
            "keywords": self._values(function.__kwdefaults__ or {}),
            "captured": self._values(captured),
            "globals": self._values(self._globals(function)),
        }
        if hasattr(function, "__wrapped__"):
            made["wraps"] = self.value(function.__wrapped__, "what it wraps")
        self.functions[name] = {key: said for key, said in made.items() if said}
        self._where.pop()
        return name

    def _values(self, values: dict[str, Any]) -> dict[str, Any]:
        return {key: self.value(value, repr(key)) for key, value in values.items()}

    def _globals(self, function: types.FunctionType) -> dict[str, Any]:
        known, found = function.__globals__, {}
        for name in sorted(set(global_names(function.__code__))):
            if name in known:
                found[name] = known[name]
            elif not hasattr(builtins, name):
                raise self.error(f"uses {name!r}, which is not defined yet; define it first")
        return found

    def _cell(self, name: str, cell: types.CellType) -> Any:
        try:
            return cell.cell_contents
        except ValueError:
            raise self.error(f"uses {name!r}, which has no value yet; define it first") from None

    def _named(self, thing: Any, wish: str, taken: dict[str, Any]) -> tuple[str, bool]:
        """A name of its own for a path or function, and whether it has none so far."""
        if id(thing) in self._names:
            return self._names[id(thing)][1], False
        number, name = 1, wish
        while name in taken:
            number += 1
            name = f"{wish}-{number}"
        self._names[id(thing)] = (thing, name)
        taken[name] = {}
        return name, True
