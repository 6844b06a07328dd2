"""The explorer's look: how a slice is drawn, never which numbers are selected.

A look is small JSON, `{"kind": "points", "logy": True, "below": "ratio"}`; read and checked here
once, held as a frozen `Look`. What each setting does to the numbers is in `hist_display`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, cast, get_args

from ..errors import HepnbError, nearest

__all__ = ["Kind", "Look", "read_look", "write_look"]

Kind = Literal["step", "errorbar", "filled", "points"]
_CHOICES: dict[str, tuple[object, ...]] = {
    "kind": get_args(Kind),
    "errors": (True, False),
    "logx": (None, True, False),
    "logy": (True, False),
    "logz": (True, False),
    "flow": (True, False),
    "normalise": (None, "area", "density", "width"),
    "cumulative": (None, "up", "down"),
    "profile": (True, False),
    "below": (None, "ratio", "pull"),
    "stats": (True, False),
}


@dataclass(frozen=True)
class Look:
    """Display choices.

    `kind`: `points` are data, with Garwood's interval where a bin is a count. `logx` None is
    automatic: logarithmic where the bins are. `flow` draws under- and overflow as bins.
    `normalise`: to a sum of 1 (`area`), an integral of 1 (`density`), or per unit of the axis
    (`width`). `cumulative` sums from the left (`up`) or from the right (`down`). `profile` draws
    the mean of y in bins of x. `below` compares with the series `reference`, or with the first.
    """

    kind: Kind = "step"
    errors: bool = True
    logx: bool | None = None
    logy: bool = False
    logz: bool = False
    flow: bool = False
    normalise: Literal["area", "density", "width"] | None = None
    cumulative: Literal["up", "down"] | None = None
    profile: bool = False
    reference: str | None = None
    below: Literal["ratio", "pull"] | None = None
    stats: bool = True


def read_look(source: object, old: Look | None = None) -> Look:
    """`old` with the changes in `source`, checked.

    >>> read_look({"logy": True}).logy
    True

    Raises `HepnbError` that names the setting and what it can be.
    """
    if not isinstance(source, Mapping):
        raise HepnbError(f"HistExplorer: look must be a dict, not {source!r}")
    known = (*_CHOICES, "reference")
    for key, value in source.items():
        if key not in known:
            raise HepnbError(f"HistExplorer: look has no {key!r}{nearest(str(key), known)}")
        if key == "reference":
            if not (value is None or isinstance(value, str)):
                raise HepnbError(
                    f"HistExplorer: look 'reference' is the label of a series, not {value!r}"
                )
        elif not any(value is allowed or _same(value, allowed) for allowed in _CHOICES[key]):
            choices = ", ".join(repr(choice) for choice in _CHOICES[key])
            words = [choice for choice in _CHOICES[key] if isinstance(choice, str)]
            raise HepnbError(
                f"HistExplorer: look {key!r} can be {choices}, not {value!r}"
                f"{nearest(value, words) if isinstance(value, str) else ''}"
            )
    return replace(old or Look(), **cast("dict[str, Any]", dict(source)))


def write_look(look: Look) -> dict[str, object]:
    """The JSON form of a look, complete: `read_look` of it gives the same look."""
    return asdict(look)


def _same(value: object, allowed: object) -> bool:
    return isinstance(value, str) and value == allowed
