"""Errors that tell a person what happened, where, and how to mend it, in one line.

Every mistake of a user, and every fault of the world outside (a corrupt file, a full disk), is
raised as a `HepnbError`. A notebook and the command line show its line alone, without a traceback;
a bug in hepnb itself is any other exception and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

__all__ = [
    "CardError",
    "DataError",
    "DiskError",
    "HepnbError",
    "MissingColumn",
    "PathError",
    "Place",
    "RunError",
    "StatsError",
    "StoreError",
    "nearest",
    "one_line",
]

_LONGEST_LINE = 500


class HepnbError(Exception):
    """One line: what is wrong, where it stands, and the mend.

    >>> str(HepnbError("axis 'mas' is not there; did you mean 'mass'?"))
    "axis 'mas' is not there; did you mean 'mass'?"
    """

    def _render_traceback_(self) -> list[str]:
        """What IPython prints instead of a traceback."""
        return [f"{type(self).__name__}: {self}"]


class PathError(HepnbError):
    """A path that cannot run: unknown names, cycles, two owners of one column, bad expressions."""


class MissingColumn(PathError):
    """A file lacks a column, or a collection a field, that a path reads."""


class CardError(HepnbError):
    """A run card that cannot be read or understood: `card.yaml:LINE:COLUMN: what, and the mend`."""


class DataError(HepnbError):
    """Input that cannot be read: a missing, foreign, truncated or corrupt file, a missing tree or branch."""


class StoreError(HepnbError):
    """A histogram store that refuses: locked, corrupt, foreign, full, or a contribution that does not fit."""


class DiskError(StoreError):
    """A disk that refuses (full, or broken): what was to be written can be written later."""


class RunError(HepnbError):
    """A background run that cannot be started, found, watched or waited for."""


class StatsError(HepnbError):
    """A histogram that a statistical tool cannot take: an axis or a variation is missing, a bin is empty."""


class Place(str):
    """The note of an exception of the user's code that says in which step of a path it was raised."""

    step: str

    def __new__(cls, step: str, among: str) -> Self:
        made = super().__new__(cls, f"in {step}, {among}")
        made.step = step
        return made


def one_line(error: BaseException) -> str:
    """Type and message of any exception in one line, however it was made.

    >>> one_line(ValueError("first\\nsecond")), one_line(KeyError())
    ('ValueError: first second', 'KeyError')
    """
    try:
        message = str(error)
    except Exception:  # noqa: BLE001  somebody else's __str__
        message = "(its message cannot be shown)"
    return " ".join([f"{type(error).__name__}:", *message.split()]).rstrip(":")[:_LONGEST_LINE]


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint `; did you mean 'x'?` for the closest of `known`, or the empty string.

    >>> nearest("Muon_pT", ["Muon_pt", "nMuon"])
    "; did you mean 'Muon_pt'?"
    >>> nearest("zzz", ["Muon_pt"])
    ''
    """
    import difflib

    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""
