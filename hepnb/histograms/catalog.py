"""Where each folded block stands: the pack and slot of its newest version."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
        return cls((), {}, {}).grown(files, packs, signatures)

    def grown(self, files: PackFiles, packs: Sequence[str], signatures: Iterable[str]) -> Catalog:
        """The catalog of a later list of packs: only the keys of the new ones are read.

        A fold gives no pack up before its blocks stand in a newer one, so the packs that both lists
        name come first, and what they still hold is known.
        """
        blocks = {name: self.blocks.get(name, {}) for name in signatures}
        fresh: dict[str, dict[Key, tuple[str, int]]] = {}  # copies: other views keep the old ones
        slots = {pack: self.slots[pack] for pack in packs if pack in self.slots}
        for pack in packs:
            if pack in slots:
                continue
            found = files.keys(pack)
            slots[pack] = {name: len(keys) for name, keys in found.items()}
            for name, keys in found.items():
                if name not in blocks:
                    raise StoreError(
                        f"pack {pack} holds {name!r}, which the manifest does not know"
                    )
                if name not in fresh:
                    fresh[name] = dict(blocks[name])
                fresh[name].update((key, (pack, slot)) for slot, key in enumerate(keys))
        return Catalog(tuple(packs), {**blocks, **fresh}, slots)

    def live(self, packs: Collection[str]) -> Iterator[tuple[str, Key]]:
        """The blocks whose newest version is in one of these packs."""
        chosen = set(packs)
        for name in {name for pack in chosen for name in self.slots[pack]}:
            for key, (home, _) in self.blocks[name].items():
                if home in chosen:
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
