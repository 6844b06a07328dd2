"""The refusals of this room: one line each, and still the builtin type that `hist.Hist` would raise.

A notebook shows only the line; code written for `hist.Hist` that catches `IndexError`, `KeyError`,
`TypeError`, `ValueError` or `RuntimeError` keeps working.
"""

from __future__ import annotations

from ..errors import StoreError

__all__ = [
    "HistIndexError",
    "HistKeyError",
    "HistRuntimeError",
    "HistTypeError",
    "HistValueError",
    "PackGoneError",
    "refusal_like",
]


class HistIndexError(StoreError, IndexError):
    """An index that selects nothing that exists, or that is not supported."""


class HistKeyError(StoreError, KeyError):
    """An unknown category or histogram."""

    __str__ = Exception.__str__  # KeyError would show the line in quotes


class HistTypeError(StoreError, TypeError):
    """A value of the wrong kind."""


class HistValueError(StoreError, ValueError):
    """A value of the right kind that does not fit."""


class HistRuntimeError(StoreError, RuntimeError):
    """An operation that this axis or storage does not allow."""


class PackGoneError(StoreError):
    """A pack that a newer manifest has replaced: read the manifest again and retry."""


def refusal_like(error: Exception, text: str) -> StoreError:
    """The refusal of the same builtin type as `error`, saying `text`.

    >>> isinstance(refusal_like(IndexError("x"), "axis 'x': no"), IndexError)
    True
    """
    for builtin, kind in _KINDS.items():
        if isinstance(error, builtin):
            return kind(text)
    return HistRuntimeError(text)


_KINDS: dict[type[Exception], type[StoreError]] = {
    IndexError: HistIndexError,
    KeyError: HistKeyError,
    TypeError: HistTypeError,
    ValueError: HistValueError,
}
