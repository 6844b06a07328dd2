"""Cross references: an index branch of one collection says which object of another one is meant.

`Electron_jetIdx` makes `Electron.jet`, `Jet_muonIdx1` and `Jet_muonIdx2` make `Jet.muon1`, `Jet.muon2` and the
list of both, `Jet.muons`. -1, and a place where the other collection has nothing, is a missing object.
Indices that are lists, and the links of ATLAS's AOD with their keys, work in the same way; a link that may
lead into several containers is followed into the one that is named: `AnalysisPhotons.TruthLink_TruthElectrons`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from ...errors import PathError, nearest
from .containers import keys_of

if TYPE_CHECKING:
    import numpy as np

    from .flat import Lists

__all__ = ["Link", "Reference", "linked", "reference_into", "references", "why_no_link"]

_INDEX = re.compile(
    r"^(?P<source>[A-Za-z0-9]+)_(?P<target>[A-Za-z0-9]+?)Idx(?P<rest>G|[A-Z0-9]?\w*)$"
)
_ATLAS = re.compile(r"^(?P<source>\w+?)_(?P<field>[A-Za-z]+(?:Link|Particle))Idx$")
_INTO = re.compile(r"^(?P<link>[A-Za-z0-9]+)_(?P<target>\w+)$")
_TARGETS = {
    "AnalysisElectrons_TruthLink": "TruthElectrons",
    "AnalysisPhotons_TruthLink": "TruthPhotons",
    "AnalysisMuons_TruthLink": "TruthMuons",
    "AnalysisTauJets_vertexLink": "PrimaryVertices",
    "AnalysisTauJets_truthJetLink": "AntiKt4TruthDressedWZJets",
    "AnalysisJets_btaggingLink": "BTagging_AntiKt4EMPFlow",
    "AnalysisMuons_inDetTrackParticleLink": "InDetTrackParticles",
    "AnalysisMuons_combinedTrackParticleLink": "CombinedMuonTrackParticles",
    "AnalysisMuons_extrapolatedMuonSpectrometerTrackParticleLink": "ExtrapolatedMuonTrackParticles",
    "AnalysisMuons_muonSpectrometerTrackParticleLink": "MuonSpectrometerTrackParticles",
    "GSFTrackParticles_originalTrackParticle": "InDetTrackParticles",
}
"""Where a link of PHYSLITE leads if nothing is said; what leads elsewhere in some events is missing there."""


@dataclass(frozen=True)
class Reference:
    """`collection.name` is an object of `target` (or a list of them), by the fields `indices`.

    Links of ATLAS lead to `target` where their key is one of `keys`: it is in the field `key`, or of
    lists of links beside each index.
    """

    collection: str
    name: str
    indices: tuple[str, ...]
    target: str
    key: str = ""
    keys: tuple[int, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of the collection that are read for it."""
        return (*self.indices, self.key) if self.key else self.indices


@dataclass(frozen=True)
class Link:
    """A reference with the fields of its target that are used, and their own references."""

    reference: Reference
    fields: tuple[str, ...]
    links: tuple[Link, ...] = ()

    @property
    def name(self) -> str:
        """What it is called."""
        return self.reference.name


def references(branches: Iterable[str]) -> tuple[Reference, ...]:
    """Every reference between collections of a file with these branches, in its order.

    >>> for r in references(["nJet", "Jet_pt", "Jet_muonIdx1", "Jet_muonIdx2", "nMuon", "Muon_pt"]):
    ...     print(r.collection, r.name, r.indices, r.target)
    Jet muon1 ('muonIdx1',) Muon
    Jet muon2 ('muonIdx2',) Muon
    Jet muons ('muonIdx1', 'muonIdx2') Muon
    """
    return _references(tuple(branches))


@lru_cache(maxsize=16)
def _references(branches: tuple[str, ...]) -> tuple[Reference, ...]:
    known = set(branches)
    names = {b.partition("_")[0] for b in branches if "_" in b}
    targets = {name.lower(): name for name in sorted(names)}
    found: list[Reference] = []
    for branch in branches:
        match = _INDEX.match(branch)
        if match and match["target"].lower() in targets:
            rest = "" if match["rest"] == "G" else match["rest"]
            target = targets[match["target"].lower()]
            field = branch.partition("_")[2]
            found.append(Reference(match["source"], match["target"] + rest, (field,), target))
        elif atlas := _of_atlas(branch, known):
            found.append(atlas)
    found += _lists(found)
    return tuple(r for r in found if f"{r.collection}_{r.name}" not in known or r.key)


def _lists(found: Sequence[Reference]) -> list[Reference]:
    """`muons` for `muon1`, `muon2`, ..."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for r in found:
        if r.name[-1].isdigit() and r.indices[0].rpartition("Idx")[2].isdigit():
            stem = r.indices[0].rpartition("Idx")[0]
            groups.setdefault((r.collection, stem, r.target), []).append(r.indices[0])
    return [
        Reference(collection, f"{stem}s", tuple(indices), target)
        for (collection, stem, target), indices in groups.items()
        if len(indices) > 1
    ]


def _of_atlas(branch: str, known: set[str]) -> Reference | None:
    match = _ATLAS.match(branch)
    if match is None or f"{branch.removesuffix('Idx')}Key" not in known:
        return None
    target = _TARGETS.get(branch.removesuffix("Idx"))
    if target is None or not any(b.startswith(f"{target}_") for b in known):
        return None
    field = match["field"]
    indices = (f"{field}Idx",)
    return Reference(match["source"], field, indices, target, f"{field}Key", keys_of(target))


def reference_into(collection: str, name: str, branches: Collection[str]) -> Reference | None:
    """What `collection.LINK_CONTAINER` means in a file with these branches, if it has both.

    >>> branches = ["A_bLinkIdx", "A_bLinkKey", "A_cLinks", "B_pt"]
    >>> reference_into("A", "bLink_B", branches).indices, reference_into("A", "cLinks_B", branches).indices
    (('bLinkIdx',), ('cLinks',))
    """
    match = _INTO.match(name)
    if match is None or not any(b.startswith(f"{match['target']}_") for b in branches):
        return None
    link, target = match["link"], match["target"]
    if {f"{collection}_{link}Idx", f"{collection}_{link}Key"} <= set(branches):
        return Reference(collection, name, (f"{link}Idx",), target, f"{link}Key", keys_of(target))
    if link.endswith("Links") and f"{collection}_{link}" in branches:
        return Reference(collection, name, (link,), target, keys=keys_of(target))
    return None


def why_no_link(collection: str, name: str, branches: Collection[str]) -> str:
    """What to write instead of a link whose container its name does not tell; nothing if it is none."""
    link, _, target = name.partition("_")
    if f"{collection}_{link}Key" not in branches and not (
        link.endswith("Links") and f"{collection}_{link}" in branches
    ):
        return ""
    known = target or _TARGETS.get(f"{collection}_{link}")
    if known:
        containers = dict.fromkeys(b.partition("_")[0] for b in branches if "_" in b)
        return f": the link leads into {known!r}, which this file lacks{nearest(known, containers)}"
    return f": the link may lead into several containers; say into which: {collection}.{link}_CONTAINER"


def linked(value: Any, links: Sequence[Link], find: Callable[[str], Any]) -> Any:
    """A collection with its references as fields; `find` gives another collection of the same rows.

    Raises `PathError` where one of the two is no collection.
    """
    from .source import Collection

    for link in links:
        if not isinstance(value, Collection):
            where = f"{link.reference.collection}.{link.name}"
            raise PathError(f"{where}: a reference needs a collection, one list per event")
    return value.with_lazy({link.name: partial(_content, value, link, find) for link in links})


def _content(value: Any, link: Link, find: Callable[[str], Any]) -> Any:
    """The objects that a reference leads to, beside the objects that it belongs to."""
    import awkward as ak
    import numpy as np

    from .source import Collection

    reference = link.reference
    target = find(reference.target)
    if not isinstance(target, Collection):
        where = f"{reference.collection}.{link.name}"
        raise PathError(f"{where}: {reference.target!r} has no list of objects per event")
    record = target.contents(link.fields)
    further = {sub.name: _content(target, sub, find) for sub in link.links}
    record = ak.contents.RecordArray(
        [*record.contents, *further.values()], [*link.fields, *further], length=record.length
    )
    rows, lists = value.lists.rows, target.lists
    indices = [value.contents([name]).content(name) for name in reference.indices]
    if len(indices) == 1 and indices[0].is_list:
        return _listed(indices[0], rows, lists, record, reference.keys)
    there = np.ones(len(rows), dtype=bool)
    if reference.key:
        keys = value.contents([reference.key]).content(reference.key).data
        there = np.isin(np.asarray(keys), reference.keys)
    first, counts = lists.offsets[:-1][rows], lists.counts[rows]
    places = []
    for index in indices:
        local = np.asarray(index.data).astype(np.int64)
        places.append(np.where(there & (local >= 0) & (local < counts), local + first, -1))
    if len(places) == 1:
        return ak.contents.IndexedOptionArray.simplified(ak.index.Index64(places[0]), record)
    table = np.stack(places, axis=1)
    made = np.zeros(len(table) + 1, np.int64)
    np.cumsum((table >= 0).sum(axis=1), out=made[1:])
    return ak.contents.ListOffsetArray(ak.index.Index64(made), _chosen(record, table[table >= 0]))


def _listed(index: Any, rows: np.ndarray, lists: Lists, record: Any, keys: tuple[int, ...]) -> Any:
    import awkward as ak
    import numpy as np

    inside = index.to_ListOffsetArray64(True)
    inner = np.asarray(inside.offsets)
    content = inside.content[: inner[-1]]
    of_atlas = content.is_record
    index = content.content("m_persIndex") if of_atlas else content
    local = np.asarray(index.data).astype(np.int64)
    each = np.repeat(rows, np.diff(inner))
    there = (local >= 0) & (local < lists.counts[each])
    if of_atlas:
        there &= np.isin(np.asarray(content.content("m_persKey").data), keys)
    made = np.concatenate([[0], np.cumsum(there)])[inner]
    chosen = (local + lists.offsets[:-1][each])[there]
    return ak.contents.ListOffsetArray(ak.index.Index64(made), _chosen(record, chosen))


def _chosen(record: Any, places: np.ndarray) -> Any:
    import awkward as ak

    return ak.to_layout(ak.Array(record)[places])
