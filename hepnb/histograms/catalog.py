"""Where each folded block stands: the pack and slot of its newest version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..errors import StoreError
from .packs import PackFiles, Piece
from .record import Key
from .signature import Signature

__all__ = ["Catalog"]


@dataclass(frozen=True)
class Catalog:
    """The blocks of a list of packs, oldest first; of a block in several packs the last one counts."""

    packs: tuple[str, ...]
    blocks: Mapping[str, Mapping[Key, tuple[str, int]]]
    slots: Mapping[str, Mapping[str, int]]

    @classmethod
    def of(
        cls, files: PackFiles, packs: Sequence[str], signatures: Mapping[str, Signature]
    ) -> Catalog:
        """Read the keys of all packs; PackGoneError when one was replaced meanwhile."""
        blocks: dict[str, dict[Key, tuple[str, int]]] = {name: {} for name in signatures}
        slots: dict[str, dict[str, int]] = {}
        for pack in packs:
            found = files.keys(pack)
            slots[pack] = {name: len(keys) for name, keys in found.items()}
            for name, keys in found.items():
                if name not in signatures:
                    raise StoreError(
                        f"pack {pack} holds {name!r}, which the manifest does not know"
                    )
                for slot, key in enumerate(keys):
                    blocks[name][key] = (pack, slot)
        return cls(tuple(packs), blocks, slots)

    def live(self, pack: str) -> Iterator[tuple[str, Key]]:
        """The blocks whose newest version is in this pack."""
        for name in self.slots[pack]:
            for key, (home, _) in self.blocks[name].items():
                if home == pack:
                    yield name, key


def pieces_of(files: PackFiles, packs: Sequence[str]) -> dict[str, list[tuple[str, Piece]]]:
    """Per table its pieces in row order, each with its pack."""
    out: dict[str, list[tuple[str, Piece]]] = {}
    for pack in packs:
        for piece in files.pieces(pack):
            out.setdefault(piece.table, []).append((pack, piece))
    for pieces in out.values():
        pieces.sort(key=lambda p: p[1].start)
    return out
