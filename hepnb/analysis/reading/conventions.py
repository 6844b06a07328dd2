"""How names of a path meet the branches of a file: `Muon.pt` is `Muon_pt`, `nMuon` counts `Muon`.

NanoAOD (`Muon_pt`, counter `nMuon`) and flat ntuples (`lep_pt`, counter `lep_n`) are read alike: the
branches `X_*` are the fields of collection `X`. A branch that carries the bare name is a plain column.
A reference to another collection (see `references`) reads as a field: `Electron.jet.pt`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...errors import MissingColumn, PathError, nearest
from ..columns.references import Link, Reference, reference_into, references, why_no_link
from ..language.usage import EVERYTHING, Use

if TYPE_CHECKING:
    from ..columns import source

__all__ = ["Reading", "counter_of", "fields_of", "resolve", "resolve_all"]

_DEEPEST = 4


@dataclass(frozen=True)
class Reading:
    """How one name is read: a plain branch, or a collection with some fields (and its counter).

    `links` are its references to other collections that are used; those have readings of their own.
    """

    name: str
    plain: bool
    fields: tuple[str, ...] = ()
    counter: str | None = None
    links: tuple[Link, ...] = ()

    @property
    def branches(self) -> tuple[str, ...]:
        """The branches to read."""
        if self.plain:
            return (self.name,)
        counter = (self.counter,) if self.counter else ()
        return (*(f"{self.name}_{f}" for f in self.contents), *counter)

    @property
    def contents(self) -> tuple[str, ...]:
        """The fields to read: those that are used, and the indices of references."""
        indices = (f for link in self.links for f in link.reference.fields)
        return tuple(dict.fromkeys((*self.fields, *indices)))

    @property
    def known(self) -> set[str]:
        """Its fields and the names of its references."""
        return {*self.fields, *(link.name for link in self.links)}

    def wanted(self, need: Use, there: source.Collection) -> tuple[str, ...]:
        """The fields and references that a need asks for, of all only those that are there."""
        whole = need.needs_all(self.known)
        links = (k.name for k in self.links if k.name in need.fields | need.hints)
        rest = (there.has(f) if whole else f in need.hints for f in self.fields)
        named = (f for f, also in zip(self.fields, rest, strict=True) if also or f in need.fields)
        return (*named, *links)


def resolve_all(
    wanted: Mapping[str, Use], branches: Iterable[str], askers: Mapping[str, str]
) -> dict[str, Reading]:
    """The reading of every wanted name. Raises `PathError` with the nearest name for what is not there."""
    known = dict.fromkeys(branches)
    links: dict[str, dict[str, Reference]] = {}
    for reference in references(known):
        links.setdefault(reference.collection, {})[reference.name] = reference
    uses = {name: deepcopy(use) for name, use in wanted.items()}
    asked = dict(askers)
    found: dict[str, tuple[Link, ...]] = {}
    for name, use in wanted.items():
        asker = askers.get(name, "the path")
        found[name] = tuple(_links(name, use, links, known, uses, asked, asker, 0))
    made = {}
    for name, use in uses.items():
        made[name] = resolve(name, use, known, asked, _followed(name, use, links, known))
        made[name] = replace(made[name], links=found.get(name, ()))
    return made


def _followed(
    name: str, use: Use, links: Mapping[str, Mapping[str, Reference]], branches: Collection[str]
) -> Mapping[str, Reference]:
    """The references of a collection, with those of a use that name the container they lead into."""
    known = links.get(name, {})
    into = {
        field: reference
        for field in sorted((use.fields | use.hints) - set(known))
        if (reference := reference_into(name, field, branches))
    }
    return {**known, **into}


def _links(
    name: str,
    use: Use,
    links: Mapping[str, Mapping[str, Reference]],
    branches: Collection[str],
    uses: dict[str, Use],
    askers: dict[str, str],
    asker: str,
    depth: int,
) -> Iterable[Link]:
    """The references of a collection that a use follows; the uses of their targets are added to `uses`."""
    for link, reference in _followed(name, use, links, branches).items():
        if link not in use.fields | use.hints or depth > _DEEPEST:
            continue
        inner = Use(hints={chain[1] for chain in use.chains if chain[0] == link and len(chain) > 1})
        inner.chains = {chain[1:] for chain in use.chains if chain[0] == link and len(chain) > 2}
        target = reference.target
        available = fields_of(target, branches)
        further = set(_followed(target, inner, links, branches))
        whole = EVERYTHING in inner.hints or any(chain[-1] == link for chain in use.escapes)
        inner.hints.discard(EVERYTHING)
        for wrong in sorted(inner.hints - set(available) - further - _attributes()):
            mend = why_no_link(target, wrong, branches) or nearest(wrong, available)
            raise MissingColumn(f"{asker}: {target!r} ({name}.{link}) has no field {wrong!r}{mend}")
        fields = [f for f in available if whole or f in inner.hints]
        fields = fields or ["pt" if "pt" in available else available[0]]
        total = uses.setdefault(target, Use())
        total.fields |= set(fields)
        askers.setdefault(target, asker)
        below = tuple(_links(target, inner, links, branches, uses, askers, asker, depth + 1))
        total.fields |= {field for sub in below for field in sub.reference.fields}
        yield Link(reference, tuple(fields), below)


def resolve(
    name: str,
    use: Use,
    branches: Collection[str],
    askers: Mapping[str, str] | None = None,
    links: Mapping[str, Reference] | None = None,
) -> Reading:
    """How `name` is read from a file with these branches; `askers` are in `Plan`, `links` its references."""
    askers = askers or {}
    asker = askers.get(name, "the path")
    available = fields_of(name, branches)
    direct = bool(use.fields & set(available))
    if name in branches and not direct:
        if wrong := use.fields - _attributes():
            raise PathError(f"{asker}: {name!r} is a plain branch without field {min(wrong)!r}")
        return Reading(name, True)
    counter = counter_of(name, branches)
    if not available and counter and not use.whole and not use.fields:
        return Reading(name, False, (), counter)
    if not available:
        raise MissingColumn(f"{asker}: no column {name!r}{nearest(name, _candidates(branches))}")
    return _collection(name, use, available, branches, askers, links or {})


def _collection(
    name: str,
    use: Use,
    available: list[str],
    branches: Collection[str],
    askers: Mapping[str, str],
    links: Mapping[str, Reference],
) -> Reading:
    for wanted in sorted(use.fields - set(available) - set(links)):
        if wanted not in _attributes():
            asker = askers.get(f"{name}.{wanted}", askers.get(name, "the path"))
            hint = why_no_link(name, wanted, branches) or nearest(wanted, [*available, *links])
            raise MissingColumn(f"{asker}: {name!r} has no field {wanted!r}{hint}")
    for first, *rest in sorted(use.chains):
        if rest and first in available and (hint := why_no_link(name, first, branches)):
            asker = askers.get(f"{name}.{first}", askers.get(name, "the path"))
            raise MissingColumn(f"{asker}: {name}.{first} has no field {rest[0]!r}{hint}")
    everything = use.needs_all({*available, *links})
    fields = [f for f in available if everything or f in use.fields or f in use.hints]
    counter = counter_of(name, branches)
    if fields:
        return Reading(name, False, tuple(fields))
    if use.fields & set(links):
        return Reading(name, False)
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


def counter_of(name: str, branches: Collection[str]) -> str | None:
    """The branch that counts the objects of a collection of this name, if there is one."""
    return next((counter for counter in _counters(name) if counter in branches), None)


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
