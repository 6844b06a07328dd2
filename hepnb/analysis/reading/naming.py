"""Kinds of files: how their branches are called in a path, and which unit their momenta have.

A path knows one convention, NanoAOD's: `Muon_pt` is the field `pt` of the collection `Muon`, and
`Electron_jetIdx` refers to a `Jet`. Files of other kinds have their branches renamed to it here,
once, when they are opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...errors import DataError, nearest

__all__ = ["SCHEMAS", "Leaf", "Schema", "schema_of"]

_NOT_A_NAME = re.compile(r"\W+")
_AUX = re.compile(r"^(?P<container>\w+)AuxDyn\.(?P<field>.+)$")
_LINK = {"m_persIndex": "Idx", "m_persKey": "Key"}
_LHCB = re.compile(r"_(PX|PE|ENDVERTEX_CHI2|IPCHI2_OWNPV|OWNPV_X)$")


@dataclass(frozen=True)
class Leaf:
    """A branch that can be read: its own name, and the way to it in the file."""

    name: str
    path: str


@dataclass(frozen=True)
class Schema:
    """A kind of file; `unit` is that of its energies and momenta where the kind fixes it."""

    name: str
    unit: str | None = None

    def names(self, leaves: Iterable[Leaf]) -> dict[str, str]:
        """Name in a path -> way in the file. A name that another branch has is not given twice."""
        leaves = list(leaves)
        taken = {leaf.name for leaf in leaves}
        found: dict[str, str] = {}
        for leaf in leaves:
            name = self._name(leaf.name)
            if name is not None:
                clash = name in found or (name != leaf.name and name in taken)
                found[leaf.name if clash else name] = leaf.path
        return found

    def _name(self, branch: str) -> str | None:
        if self.name == "physlite":
            match = _AUX.match(branch)
            if match is None:
                return None
            field, _, part = match["field"].partition(".")
            return _NOT_A_NAME.sub("_", f"{match['container']}_{field}{_LINK.get(part, part)}")
        return _NOT_A_NAME.sub("_", branch).rstrip("_") or branch


SCHEMAS: Mapping[str, Schema] = {
    schema.name: schema
    for schema in (
        Schema("nanoaod", "GeV"),
        Schema("physlite", "MeV"),
        Schema("lhcb", "MeV"),
        Schema("flat"),
    )
}


def schema_of(branches: Sequence[str], asked: str | None = None) -> Schema:
    """The kind of a file with these branches, or the one that was asked for.

    >>> [schema_of(b).name for b in (["run", "nMuon", "Muon_pt"], ["lep_n", "lep_pt"], ["muplus_PX"])]
    ['nanoaod', 'flat', 'lhcb']
    >>> schema_of(["AnalysisMuonsAuxDyn.pt"]).name
    'physlite'

    Raises `DataError` for a kind that there is not.
    """
    if asked is not None:
        if asked not in SCHEMAS:
            raise DataError(
                f"no schema {asked!r}{nearest(asked, SCHEMAS) or f'; there are {_known()}'}"
            )
        return SCHEMAS[asked]
    known = set(branches)
    if any("AuxDyn." in branch for branch in branches):
        return SCHEMAS["physlite"]
    if any(f"n{branch.partition('_')[0]}" in known for branch in branches if "_" in branch):
        return SCHEMAS["nanoaod"]
    if any(_LHCB.search(branch) for branch in branches):
        return SCHEMAS["lhcb"]
    return SCHEMAS["flat"]


def _known() -> str:
    return ", ".join(SCHEMAS)
