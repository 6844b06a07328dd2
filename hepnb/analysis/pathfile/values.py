"""Values as JSON, by a table of kinds: what functions capture, parameters of modules, axes.

Nothing, truth values, numbers, texts and lists are themselves; all else is `{kind: content}`. The kinds
that are code, or lead to some, are read with consent only.
"""

from __future__ import annotations

import base64
import json
import math
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import HepnbError, PathError, nearest, one_line
from ..cards.nodes import Mapping, Node, Scalar, Sequence
from ..lookups import LumiMask, lookup
from ..lookups.correction import Correction
from ..lookups.table import HistTable
from ..module.resources import Resource, resource

if TYPE_CHECKING:
    from .reading import Reader
    from .writing import Writer

__all__ = ["read_value", "said_of_value"]

_PLAIN = (type(None), bool, int, str)
_NUMBERS = "biufcSU"


@dataclass(frozen=True)
class ValueKind:
    """One kind of value: whether a value is of it, its content as plain data, and the way back.

    `read` gets the content with everything in it read. It may raise whatever it likes.
    """

    fits: Callable[[Any, Writer], bool]
    write: Callable[[Any, Writer], Any]
    read: Callable[[Any, Reader], Any]
    is_code: bool = False


def said_of_value(value: Any, writer: Writer) -> Any:
    """A value as plain data. Raises `PathError`, naming where it stands, for what has no kind here."""
    if type(value) in _PLAIN or (type(value) is float and math.isfinite(value)):
        return value
    if type(value) is list:
        return [said_of_value(one, writer) for one in value]
    for name, kind in _KINDS.items():
        if kind.fits(value, writer):
            return {name: kind.write(value, writer)}
    raise writer.error(
        f"{_called(value)} cannot be written; make it inside the function, or take a parameter "
        "(hn.param), a file (hn.resource, hn.lookup) or plain values"
    )


def read_value(node: Node, reader: Reader) -> Any:
    """The value that a node means. Raises `CardError` with its place for one that makes none."""
    if isinstance(node, Scalar):
        return node.plain
    if isinstance(node, Sequence):
        return [read_value(one, reader) for one in node.items]
    assert isinstance(node, Mapping)
    if len(node.entries) != 1:
        raise node.error(
            f"a value has one kind, such as {{tuple: [1, 2]}}, not {len(node.entries)}"
        )
    ((name, (key, content)),) = node.entries.items()
    if name not in _KINDS:
        raise key.error(f"no kind of value {name!r}{nearest(name, _KINDS)}")
    kind = _KINDS[name]
    if kind.is_code:
        reader.need_consent(key)
    said = read_value(content, reader)
    try:
        return kind.read(said, reader)
    except HepnbError as error:
        raise content.error(str(error)) from None
    except Exception as error:  # noqa: BLE001  whatever a stranger has written
        raise content.error(f"is no {name} ({one_line(error)})") from None


def _called(value: Any) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__!r}"
    if callable(value) and hasattr(value, "__name__"):
        return f"the function {value.__name__!r}"
    return f"{'an' if type(value).__name__[:1].lower() in 'aeiou' else 'a'} {type(value).__name__}"


def _is(*kinds: type) -> Callable[[Any, Writer], bool]:
    return lambda value, _: type(value) in kinds


def _all(value: Any, writer: Writer) -> list[Any]:
    return [said_of_value(one, writer) for one in value]


def _sorted(value: Any, writer: Writer) -> list[Any]:
    return sorted(_all(value, writer), key=json.dumps)


def _packed(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unpacked(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


# arrays and numbers of NumPy


def _is_array(value: Any, _: Writer) -> bool:
    return type(value) is np.ndarray and value.dtype.kind in _NUMBERS


def _is_number(value: Any, _: Writer) -> bool:
    return isinstance(value, np.generic) and value.dtype.kind in _NUMBERS


def _array(value: Any, _: Writer) -> list[Any]:
    made = np.asarray(value)
    data = _packed(np.ascontiguousarray(made).tobytes())
    return [made.dtype.str, list(made.shape), data]


def _array_of(said: Any, _: Reader) -> Any:
    dtype, shape, data = said
    kind = np.dtype(dtype)
    if kind.kind not in _NUMBERS:
        raise ValueError(f"of {dtype}")
    return np.frombuffer(_unpacked(data), kind).reshape(shape).copy()


# code, or what is known by its name


def _is_own(value: Any, writer: Writer) -> bool:
    """Whether a value is a function of the user's, which has a source."""
    return isinstance(value, types.FunctionType) and not writer.fingerprint.is_library(
        value.__module__
    )


def _module(value: types.ModuleType, writer: Writer) -> str:
    if sys.modules.get(value.__name__) is not value:
        raise writer.error(f"module {value.__name__!r} cannot be imported")
    return value.__name__


def _is_named(value: Any, _: Writer) -> bool:
    return isinstance(value, types.BuiltinFunctionType | np.ufunc | type | types.FunctionType)


def _name(value: Any, writer: Writer) -> str:
    home = getattr(value, "__module__", None) or type(value).__module__
    name = getattr(value, "__qualname__", getattr(value, "__name__", ""))
    try:
        if writer.fingerprint.is_library(home) and _found(home, name) is value:
            return f"{home}:{name}"
    except (ImportError, AttributeError):
        pass
    raise writer.error(
        f"{_called(value)} cannot be written; define functions in the notebook or in a file, and "
        "classes of your own inside them"
    )


def _found(home: str, name: str) -> Any:
    found: Any = import_module(home)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _named(said: str, _: Reader) -> Any:
    return _found(*said.split(":"))


# files


def _lookup(value: HistTable | Correction, writer: Writer) -> Any:
    if not value.source:
        raise writer.error(
            "a lookup of a histogram in memory cannot be written; give it as a file: "
            "hn.lookup('file.root:name')"
        )
    if isinstance(value, Correction):
        return [value.source]
    return [value.source, said_of_value(value.outside, writer), value.what]


def _lookup_of(said: Any, _: Reader) -> Any:
    source, *policy = said
    if not isinstance(source, str):
        raise PathError("a lookup is a file")
    return lookup(source, **dict(zip(("outside", "what"), policy, strict=False)))


_KINDS: dict[str, ValueKind] = {
    "float": ValueKind(_is(float), lambda v, _: v.hex(), lambda said, _: float.fromhex(said)),
    "tuple": ValueKind(_is(tuple), _all, lambda said, _: tuple(said)),
    "set": ValueKind(_is(set), _sorted, lambda said, _: set(said)),
    "frozenset": ValueKind(_is(frozenset), _sorted, lambda said, _: frozenset(said)),
    "dict": ValueKind(
        _is(dict),
        lambda value, writer: [_all(pair, writer) for pair in value.items()],
        lambda said, _: dict(said),
    ),
    "bytes": ValueKind(_is(bytes), lambda v, _: _packed(v), lambda said, _: _unpacked(said)),
    "array": ValueKind(_is_array, _array, _array_of),
    "number": ValueKind(_is_number, _array, lambda said, reader: _array_of(said, reader)[()]),
    "lookup": ValueKind(_is(HistTable, Correction), _lookup, _lookup_of),
    "lumi_mask": ValueKind(
        _is(LumiMask),
        lambda value, writer: said_of_value(value.ranges, writer),
        lambda said, _: LumiMask(said),
    ),
    "resource": ValueKind(
        _is(Resource),
        lambda value, writer: [value.file, said_of_value(value.load, writer)],
        lambda said, _: resource(*said),
    ),
    "function": ValueKind(
        _is_own,
        lambda value, writer: writer.function(value),
        lambda said, reader: reader.function(said),
        is_code=True,
    ),
    "module": ValueKind(
        _is(types.ModuleType), _module, lambda said, _: import_module(said), is_code=True
    ),
    "name": ValueKind(_is_named, _name, _named, is_code=True),
}
