"""What users give, looked at where it enters: a path, names, a mapping; anything else is told in one line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .errors import HepnbError

__all__ = ["given_mapping", "given_names", "given_path", "shown"]


def given_path(value: Any, what: str, error: type[HepnbError]) -> Path:
    """A path that was given as `what`. Raises `error` for what is none.

    >>> given_path("a.root", "file", HepnbError)
    PosixPath('a.root')
    """
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(text, str) or "\0" in text:
        raise error(f"{what} is a path, not {shown(value)}")
    return Path(text)


def given_names(value: Any, what: str, error: type[HepnbError]) -> tuple[str, ...]:
    """One name, or several. Raises `error` for anything else.

    >>> given_names("a", "names", HepnbError), given_names(["a", "b"], "names", HepnbError)
    (('a',), ('a', 'b'))
    """
    is_one = isinstance(value, str | bytes) or not isinstance(value, Iterable)
    made = (value,) if is_one else tuple(value)
    for name in made:
        if not isinstance(name, str):
            raise error(f"{what}: expected names, not {shown(name)}")
    return made


def given_mapping(value: Any, what: str, error: type[HepnbError]) -> Mapping[str, Any]:
    """A mapping of names to values. Raises `error` for what is none.

    >>> given_mapping([1], "look", HepnbError)
    Traceback (most recent call last):
    hepnb.errors.HepnbError: look: expected names with values, {'name': value}, not the list [1]
    """
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise error(f"{what}: expected names with values, {{'name': value}}, not {shown(value)}")
    return value


def shown(value: Any) -> str:
    """A value in a message: what it is, and the beginning of how it is written."""
    if value is None:
        return "None"
    try:
        said = " ".join(repr(value).split())
    except Exception:  # noqa: BLE001  somebody else's __repr__
        said = ""
    return f"the {type(value).__name__} {said[:40]}".rstrip()
