"""Adding stores up: a new store that holds what several hold together, each contribution once."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Sequence
from pathlib import Path

from ..errors import StoreError
from .adding import in_batches
from .contribution import Contribution
from .declaring import check_same
from .memory import held_by_contribution
from .signature import Signature
from .snapshot import Snapshot
from .store import Store
from .writer import StoreWriter

__all__ = ["merge_stores"]

_RECORD_BYTES = 32 << 20


def merge_stores(out: Path, sources: Sequence[Path]) -> Path:
    """Write the sum of the stores `sources` into a new store `out`; one block is in memory at a time.

    Histograms of one name must have the same axes and storage; tables are put one after the other.
    The ids of all contributions stay known: a store that shares one with another is refused, so
    nothing counts twice, now or in a later merge. StoreError names what does not fit.
    """
    stores = [Store.open(source) for source in sources]
    signatures: dict[str, Signature] = {}
    seen: dict[str, Path] = {}
    for store in stores:
        for name, signature in store.signatures.items():
            check_same(signatures.setdefault(name, signature), signature)
        for entry in store.ledger():
            if entry.order is not None and entry.id in seen:
                raise StoreError(
                    f"contribution {entry.id!r} is in {seen[entry.id]} and in {store.directory}; "
                    "leave one of them out, or it would count twice"
                )
            if entry.order is not None:
                seen[entry.id] = store.directory
    new = not out.exists()
    writer = StoreWriter.create(out, signatures, {"merged": [str(s.directory) for s in stores]})
    try:
        for number, store in enumerate(stores):
            store.read(lambda snapshot, n=number: _add(writer, snapshot, f"merge-{n}"))  # type: ignore[misc]
            writer.fold()
            order = writer.frontier  # all is folded: there is no gap
            for entry in store.ledger():
                if entry.order is None:
                    writer.note(entry.meta)
                else:
                    writer.tombstone(entry.id, order, entry.meta)
                    order += 1
            writer.fold()
        writer.seal()
    except BaseException:
        writer.close()
        if new:
            shutil.rmtree(out, ignore_errors=True)
        raise
    return out


def _add(writer: StoreWriter, snapshot: Snapshot, said: str) -> None:
    """Contribute all of a snapshot, some blocks per record."""
    sent = itertools.count()
    if writer.contributed(f"{said}-0"):
        raise StoreError("a source was folded while it was read; close it and try again")

    def new() -> Contribution:
        return Contribution(
            writer.signatures, most=held_by_contribution(None), directory=writer.directory
        )

    def send(made: Contribution) -> None:
        writer.append(made.body(f"{said}-{next(sent)}", None, {}))
        if writer.tail_bytes > _RECORD_BYTES:
            writer.fold()

    for name, signature in snapshot.manifest.signatures.items():
        for made in in_batches(signature, snapshot.blocks(name), new):
            send(made)
    for table in snapshot.tables():
        for rows in snapshot.rows(table):
            made = new()
            made.table(table, rows)
            send(made)
