"""How names of a path meet the branches of a file: `Muon.pt` is `Muon_pt`, `nMuon` counts `Muon`.

NanoAOD (`Muon_pt`, counter `nMuon`) and flat ntuples (`lep_pt`, counter `lep_n`) are read alike: the
branches `X_*` are the fields of collection `X`. A branch that carries the bare name is a plain column.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ..errors import PathError, nearest
from .usage import Use

__all__ = ["Reading", "fields_of", "resolve", "resolve_all"]


@dataclass(frozen=True)
class Reading:
    """How one name is read: a plain branch, or a collection with some fields (and its counter)."""

    name: str
    plain: bool
    fields: tuple[str, ...] = ()
    counter: str | None = None

    @property
    def branches(self) -> tuple[str, ...]:
        """The branches to read."""
        if self.plain:
            return (self.name,)
        return tuple(f"{self.name}_{f}" for f in self.fields) + (
            (self.counter,) if self.counter else ()
        )


def resolve_all(
    wanted: Mapping[str, Use], branches: Iterable[str], askers: Mapping[str, str]
) -> dict[str, Reading]:
    """The reading of every wanted name. Raises `PathError` with the nearest name for what is not there."""
    known = dict.fromkeys(branches)
    return {name: resolve(name, use, known, askers) for name, use in wanted.items()}


def resolve(
    name: str, use: Use, branches: Collection[str], askers: Mapping[str, str] | None = None
) -> Reading:
    """How `name` is read from a file with these branches; `askers` are in `Plan`."""
    askers = askers or {}
    asker = askers.get(name, "the path")
    available = fields_of(name, branches)
    direct = bool(use.fields & set(available))
    if name in branches and not direct:
        if use.fields - _attributes():
            raise PathError(
                f"{asker}: {name!r} is a plain branch without field {min(use.fields)!r}"
            )
        return Reading(name, True)
    counter = next((c for c in _counters(name) if c in branches), None)
    if not available and counter and not use.whole and not use.fields:
        return Reading(name, False, (), counter)
    if not available:
        raise PathError(f"{asker}: no column {name!r}{nearest(name, _candidates(branches))}")
    return _collection(name, use, available, branches, askers)


def _collection(
    name: str,
    use: Use,
    available: list[str],
    branches: Collection[str],
    askers: Mapping[str, str],
) -> Reading:
    for wanted in sorted(use.fields - set(available)):
        if wanted not in _attributes():
            asker = askers.get(f"{name}.{wanted}", askers.get(name, "the path"))
            hint = nearest(wanted, available)
            raise PathError(f"{asker}: {name!r} has no field {wanted!r}{hint}")
    everything = use.needs_all(available)
    fields = [f for f in available if everything or f in use.fields or f in use.hints]
    counter = next((c for c in _counters(name) if c in branches), None)
    if fields:
        return Reading(name, False, tuple(fields))
    if counter:
        return Reading(name, False, (), counter)
    return Reading(name, False, ("pt" if "pt" in available else available[0],))


def fields_of(name: str, branches: Iterable[str]) -> list[str]:
    """The fields that a collection of this name would have, without its counter."""
    prefix, counters = f"{name}_", _counters(name)
    return [
        b[len(prefix) :]
        for b in branches
        if b.startswith(prefix) and b != prefix and b not in counters
    ]


def _counters(name: str) -> tuple[str, ...]:
    return (f"n{name}", f"{name}_n", f"N{name}")


def _candidates(branches: Collection[str]) -> list[str]:
    """Everything a user may have meant: branches and the collections they make up."""
    return [*branches, *dict.fromkeys(b.split("_", 1)[0] for b in branches if "_" in b)]


def _attributes() -> set[str]:
    """Attributes every array has; a function may use them without meaning a field."""
    import awkward as ak
    import numpy as np

    return {a for a in (*dir(ak.Array), *dir(np.ndarray)) if not a.startswith("__")}
