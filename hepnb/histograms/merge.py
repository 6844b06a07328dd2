"""Adding stores up: a new store that holds what several hold together, each contribution once."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from ..errors import StoreError
from .contribution import Contribution
from .declaring import check_same
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
    number = 0

    def send(made: Contribution) -> Contribution:
        nonlocal number
        writer.append(made.encode(f"{said}-{number}", None, {}))
        number += 1
        if writer.tail_bytes > _RECORD_BYTES:
            writer.fold()
        return Contribution(writer.signatures)

    made = Contribution(writer.signatures)
    for name in snapshot.manifest.signatures:
        signature, blocks, size = writer.signatures[name], snapshot.blocks(name), 0
        for key in blocks.keys():  # noqa: SIM118 (a method of Blocks, not of a dict)
            numbers = blocks.read(key, 0, signature.bins)
            made.add_block(signature, key, numbers, blocks.weighted())
            size += sum(part.nbytes for part in numbers.values())
            if size > _RECORD_BYTES:
                made, size = send(made), 0
    for table in snapshot.tables():
        made.table(table, snapshot.table(table))
    send(made)
