"""What a writer knows of all records that it ever took: their ids, and the columns of the tables."""

from __future__ import annotations

from pathlib import Path

from ..errors import StoreError
from .catalog import pieces_of
from .ledger import read_ledger
from .manifest import Manifest
from .packs import PackFiles
from .record import Record

__all__ = ["Known"]


class Known:
    """The ids of contributions and tombstones, and the columns of each table."""

    def __init__(self, directory: Path, files: PackFiles, manifest: Manifest) -> None:
        """Read those of the folded records."""
        folded = read_ledger(directory, manifest.ledger_bytes)
        self.ids = {entry.id for entry in folded if entry.order is not None}
        self._columns = {
            name: tuple(held[0][1].read())
            for name, held in pieces_of(files, manifest.packs).items()
        }

    def add(self, record: Record) -> None:
        """Know one more."""
        self.ids.add(record.id)
        for entry in record.tables:
            self._columns.setdefault(entry.name, tuple(n for n, _ in entry.columns))

    def check(self, record: Record) -> None:
        """Refuse rows of other columns than their table has."""
        for entry in record.tables:
            columns = tuple(n for n, _ in entry.columns)
            known = self._columns.get(entry.name, columns)
            if columns != known:
                raise StoreError(
                    f"record {record.id!r}: table {entry.name!r} has columns {list(columns)}, "
                    f"before {list(known)}"
                )
