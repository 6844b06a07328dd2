"""The lookups of a card: tables in files, told to the path by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lookups import LumiMask, lookup
from .nodes import Mapping, Node
from .templates import refuse_unknown

if TYPE_CHECKING:
    from .building import Builder

__all__ = ["add_lookup"]


def add_lookup(builder: Builder, name: str, node: Node) -> None:
    """Tell the path the table that one entry of `lookups:` names; its file begins at the card's folder."""
    said = dict(node.items()) if isinstance(node, Mapping) else {"file": node}
    place = said.get("file") or said["lumi_mask"]
    text = builder.text(place)
    refuse_unknown(text, place, builder.parameters)
    file = str(builder.folder / text)
    for key, part in said.items():
        if "lumi_mask" in said and key != "lumi_mask":
            raise part.error(f"lookup {name!r}: a lumi_mask has no {key}; remove it")
    words = {key: part.plain for key, part in said.items() if key in ("outside", "what")}
    with place.blamed():
        table = LumiMask(file) if "lumi_mask" in said else lookup(file, **words)
    builder.path.lookup(name, table)
