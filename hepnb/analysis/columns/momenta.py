"""Objects as four-momenta in functions: sums and distances, by the library vector where one is asked for.

`(Muon[:, 0] + Muon[:, 1]).mass` and `Muon[:, 0].deltaR(Muon[:, 1])` are found in the source of a function; only then
is vector imported, and only the fields of momenta are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import PathError

if TYPE_CHECKING:
    from ..language.usage import Use
    from ..reading.conventions import Reading
    from .source import Collection

__all__ = ["COORDINATES", "METHODS", "SUM", "record_of"]

SUM = "+"
"""Noted among the attributes of a name whose objects are added."""
METHODS = frozenset(
    {"deltaR", "deltaR2", "deltaphi", "deltaeta", "deltaangle", "deltaRapidityPhi", "boostCM_of"}
)
COORDINATES = frozenset(
    {"pt", "eta", "phi", "mass", "px", "py", "pz", "theta", "m", "M", "e", "E", "energy"}
)


def record_of(value: Collection, reading: Reading, need: Use, asker: str) -> Any:
    """The objects with the fields that a function reads, as momenta where it computes with them.

    Raises `PathError` where vector is not installed, or the objects have no momenta.
    """
    import awkward as ak

    made = value.record(reading.wanted(need, value))
    if not need.attributes & {SUM, *METHODS}:
        return made
    try:
        from vector.backends.awkward import behavior
    except ImportError:
        raise PathError(
            f"{asker}: sums and distances of objects need vector: pip install 'hepnb[vector]'"
        ) from None
    if not {"pt", "phi"} <= set(ak.fields(made)) and not {"px", "py"} <= set(ak.fields(made)):
        return made
    return ak.Array(made.layout, with_name="Momentum4D", behavior=behavior)
