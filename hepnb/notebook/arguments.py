"""What was typed behind a magic, made into values: quotes, names of the user's, file names.

IPython would put the user's variables into the whole line before it is parsed, and would change a
cut or a file name that happens to hold `{x}` or `$x`. The magics switch that off, and a value is
taken from the user's names only where it is asked for: `$files`, `{files}`, `{sample.path}`, and for
data the bare name of a variable.
"""

# IPython leaves its magics untyped.
# mypy: allow-untyped-calls

from __future__ import annotations

import keyword
import re
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from IPython.core.error import UsageError
from IPython.core.magic_arguments import parse_argstring

from ..errors import nearest

__all__ = [
    "data_value",
    "handle_name",
    "list_value",
    "names_value",
    "number_value",
    "parameters",
    "parsed",
    "seconds_value",
    "text_value",
    "unquoted",
]

N = TypeVar("N")
_NAME = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_ASKED = re.compile(rf"^(?:\$(?P<dollar>{_NAME})|\{{(?P<brace>{_NAME})\}})$")
_CALCULATED = re.compile(r"^(?P<name>[A-Za-z_]\w*)[^/]*[+(\"']")
_BARE = re.compile(rf"^{_NAME}$")


def parsed(magic: Any, line: str) -> Namespace:
    """The arguments of a magic. Raises UsageError for a line that it does not understand."""
    try:
        found: Namespace = parse_argstring(magic, line)
    except ValueError as error:  # a quotation that does not end
        raise UsageError(f"{line.strip()}: {error}") from None
    return found


def unquoted(text: str) -> str:
    """The text without the quotes around it: `magic_arguments` keeps them.

    >>> unquoted("'my data/*.root'")
    'my data/*.root'
    """
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text


def text_value(text: str, names: Mapping[str, Any]) -> str:
    """An option's text, or the value of the variable it asks for."""
    return str(_asked_or_text(text, names))


def names_value(text: str, names: Mapping[str, Any]) -> Any:
    """Names with commas between, or the variable that holds a text or a list of them."""
    return _asked_or_text(text, names)


def number_value(option: str, text: str | None, names: Mapping[str, Any]) -> int | None:
    """A whole number, or the variable that holds it. Raises UsageError."""
    return _read(
        option, text, names, lambda value: int(str(value).replace("_", "")), "whole number"
    )


def seconds_value(option: str, text: str | None, names: Mapping[str, Any]) -> float | None:
    """A number of seconds, or the variable that holds it. Raises UsageError."""
    return _read(option, text, names, float, "number of seconds")


def handle_name(text: str) -> str:
    """The variable that gets the run. Raises UsageError where it cannot be one."""
    name = unquoted(text)
    if not name.isidentifier() or keyword.iskeyword(name):
        raise UsageError(f"-o {text}: not the name of a variable")
    return name


def list_value(text: str, names: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """`pt=20,25,30`, or `pt=$values`: a parameter and its values. Raises UsageError.

    >>> list_value("pt=20,22.5", {}), list_value("iso=loose", {})
    (('pt', [20, 22.5]), ('iso', ['loose']))
    """
    name, equals, values = text.partition("=")
    is_gap = not _asks(values) and not all(unquoted(values).split(","))
    if not equals or not name.isidentifier() or is_gap:
        raise UsageError(f"{text}: write NAME=VALUE,VALUE such as pt=20,25,30, or pt=$values")
    if not _asks(values):
        return name, [_plain_value(value) for value in unquoted(values).split(",")]
    found = _asked_or_text(values, names)
    if isinstance(found, str) or not isinstance(found, Iterable):
        raise UsageError(f"{text}: {values} is no list of values")
    return name, list(found)


def _plain_value(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text.strip()


def parameters(text: str, names: Mapping[str, Any]) -> dict[str, Any]:
    """The variables `a,b` by name, as plain values that are kept with the run. Raises UsageError."""
    found = {}
    for name in (word.strip() for word in unquoted(text).split(",")):
        value = _look_up(name, names)
        value = value.item() if hasattr(value, "item") and not hasattr(value, "__len__") else value
        if not isinstance(value, str | int | float | bool):
            raise UsageError(f"--with {name}: a number or a text, not {type(value).__name__}")
        found[name] = value
    return found


def data_value(texts: Sequence[str], names: Mapping[str, Any]) -> Any:
    """What `--data` means: a variable's value where one word names it, else files and globs.

    A quoted word is always a file. Raises UsageError for a name that is asked for and unknown, and
    for a word that is no file but nearly a variable, or that computes with one.
    """
    if len(texts) == 1 and _asks(texts[0]):
        return _asked_or_text(texts[0], names)
    values: list[Any] = []
    for text in texts:
        value = _asked_or_text(text, names) if _asks(text) else _variable_or_file(text, names)
        if len(texts) == 1:
            return value
        many = not isinstance(value, str) and isinstance(value, Sequence)
        values.extend(value if many else [value])
    return values


def _asks(text: str) -> bool:
    return _ASKED.match(text) is not None


def _read(
    option: str, text: str | None, names: Mapping[str, Any], read: Callable[[Any], N], what: str
) -> N | None:
    if text is None:
        return None
    value = _asked_or_text(text, names)
    try:
        return read(value)
    except (TypeError, ValueError):
        raise UsageError(f"{option} {text}: a {what} is needed") from None


def _asked_or_text(text: str, names: Mapping[str, Any]) -> Any:
    if match := _ASKED.match(text):
        return _look_up(match["dollar"] or match["brace"], names)
    return unquoted(text)


def _variable_or_file(text: str, names: Mapping[str, Any]) -> Any:
    word = unquoted(text)
    if word != text or Path(word).exists():
        return word
    if (begins := _CALCULATED.match(word)) and begins["name"] in names:
        raise UsageError(
            f"{word}: no file, and expressions are not computed here: give the name of a variable that holds it"
        )
    if not _BARE.match(word):
        return word
    first = word.split(".")[0]
    if first in names:
        return _look_up(word, names)
    known = [known for known in names if not known.startswith("_")]
    if word == first and (hint := nearest(first, known)):
        raise UsageError(f"no file and no variable {word!r}{hint}")
    return word


def _look_up(name: str, names: Mapping[str, Any]) -> Any:
    first, *attributes = name.split(".")
    if first not in names:
        known = [known for known in names if not known.startswith("_")]
        raise UsageError(f"no variable {first!r}{nearest(first, known)}")
    value = names[first]
    for attribute in attributes:
        if not hasattr(value, attribute):
            raise UsageError(f"{name}: {type(value).__name__} has no {attribute!r}")
        value = getattr(value, attribute)
    return value
