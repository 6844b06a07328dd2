"""What a reader sees of a store at one moment: the folded blocks, and the journal's records by order.

A snapshot never changes. Reading from it gives the same bits whatever order its records came in and
however many of them were folded: a block is its folded version plus each record, one after another.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import nearest
from .catalog import Catalog, pieces_of
from .fold import Touched, grown_labels, touched_blocks
from .manifest import Labels, Manifest
from .packs import PackFiles
from .record import Key
from .refusal import HistKeyError
from .signature import Signature
from .tail import Pending
from .wal import CONTRIBUTION

__all__ = ["Snapshot", "SnapshotBlocks"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Snapshot:
    """A manifest, the blocks it names, and the records behind it (contributions by order, notes)."""

    manifest: Manifest
    catalog: Catalog
    files: PackFiles
    records: Sequence[Pending]
    notes: Sequence[Pending]

    @cached_property
    def touched(self) -> Touched:
        """Which journal records add to which block."""
        return touched_blocks(self.records)

    @cached_property
    def labels(self) -> Mapping[str, Labels]:
        """The labels of all category axes, those of the journal included."""
        return grown_labels(self.manifest.signatures, self.manifest.labels, self.records)

    @property
    def committed(self) -> int:
        """Contributions, folded or not."""
        return self.manifest.contributions + sum(p.kind == CONTRIBUTION for p in self.records)

    def blocks(self, name: str) -> SnapshotBlocks:
        """The blocks of one histogram."""
        return SnapshotBlocks(self, self.manifest.signatures[name])

    def tables(self) -> list[str]:
        """The names of the tables."""
        folded = pieces_of(self.files, self.catalog.packs)
        return sorted({*folded, *(t.name for p in self.records for t in p.record.tables)})

    def table(self, name: str) -> dict[str, Array]:
        """A table's columns, rows in the order of the records; HistKeyError when there is none."""
        parts = list(self.rows(name))
        if not parts:
            raise HistKeyError(f"no table {name!r} (yet){nearest(name, self.tables())}")
        return {c: np.concatenate([p[c] for p in parts]) for c in parts[0]}

    def rows(self, name: str) -> Iterator[Mapping[str, Array]]:
        """The same, some rows after some rows."""
        for _, piece in pieces_of(self.files, self.catalog.packs).get(name, ()):
            yield piece.read()
        for pending in self.records:
            yield from (t.read(pending.read) for t in pending.record.tables if t.name == name)


class SnapshotBlocks:
    """The blocks of one histogram in a snapshot (see `blocks.Blocks`)."""

    def __init__(self, snapshot: Snapshot, signature: Signature) -> None:
        self._snapshot, self._signature = snapshot, signature
        self._folded = snapshot.catalog.blocks[signature.name]
        self._touched = snapshot.touched.get(signature.name, {})

    def labels(self) -> Labels:
        """The labels of each category axis, in order of first appearance."""
        return self._snapshot.labels[self._signature.name]

    def keys(self) -> Iterable[Key]:
        """The tuples of labels that have a block."""
        return ChainMap(self._touched, self._folded).keys()  # type: ignore[arg-type]

    def read(self, key: Key, lo: int, hi: int) -> Mapping[str, Array]:
        """Bins [lo, hi) of a block, one flat array per field."""
        home = self._folded.get(key)
        if home is not None:
            out = self._snapshot.files.read(home[0], self._signature.name, home[1], lo, hi)
        else:
            out = {f: np.zeros(hi - lo, self._signature.dtype) for f in self._signature.fields}
        for pending, entry in self._touched.get(key, ()):
            entry.add_into(pending.read, out, lo)
        return out

    def weighted(self) -> bool:
        """Whether any fill had weights."""
        name = self._signature.name
        return name in self._snapshot.manifest.weighted or any(
            e.weighted for entries in self._touched.values() for _, e in entries
        )
