"""Is a store whole? Checksums, packs, ledger and journal, looked at without changing anything."""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import h5py
from isal.isal_zlib import crc32

from ..errors import StoreError
from .catalog import Catalog, pieces_of
from .manifest import Manifest
from .packs import PackFiles
from .record import parse, validate
from .refusal import PackGoneError
from .tail import Tail
from .wal import CONTRIBUTION, NOTE, Segment, end_of, segment_path, segments

__all__ = ["problems_of"]

_PIECE = 1 << 24
_TRIES = 10


def problems_of(directory: Path) -> list[str]:
    """What is wrong with the store in `directory`, one line each; empty when it is whole.

    A writer may be filling it. A torn end of the journal is no problem: nobody was told of it.
    """
    for _ in range(_TRIES):
        before = Manifest.load(directory)
        try:
            found = [*_packs(directory, before), *_ledger(directory, before)]
            found += _journal(directory, before)
        except PackGoneError as gone:
            found = [str(gone)]
        except StoreError as error:
            found = [str(error)]
        if not found or Manifest.load(directory).generation == before.generation:
            return found  # else a fold went by: look again
    return found


def _packs(directory: Path, manifest: Manifest) -> Iterator[str]:
    sound = True
    for pack in manifest.packs:
        path = directory / "packs" / pack
        try:
            if not stat.S_ISREG(path.lstat().st_mode):
                raise StoreError(f"{path} is not a plain file")
            crc = _checksum(path)
        except FileNotFoundError:
            crc = None
        if crc is None or crc != manifest.checksums.get(pack, crc):
            sound = False
            yield f"{path} {'is missing' if crc is None else 'is damaged: its checksum differs'}"
    if not sound:
        return
    files = PackFiles(directory, manifest.signatures)
    try:
        catalog = Catalog.of(files, manifest.packs, manifest.signatures)
        for name, blocks in catalog.blocks.items():
            for pack, slot in {pack: (pack, slot) for pack, slot in blocks.values()}.values():
                files.read(pack, name, slot, 0, 1)
        for table, pieces in pieces_of(files, manifest.packs).items():
            row = 0
            for _, piece in pieces:
                if piece.start != row:
                    yield f"{directory}: table {table!r} lacks rows {row} to {piece.start}"
                row = piece.start + piece.rows
    finally:
        files.close()
    try:
        with h5py.File(directory / "index.h5", "r", locking=False):
            pass
    except OSError as error:
        yield f"{directory / 'index.h5'} cannot be read ({error}); `hepnb hist compact` writes it anew"


def _checksum(path: Path) -> int:
    crc = 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            crc = crc32(piece, crc)
    return crc


def _ledger(directory: Path, manifest: Manifest) -> Iterator[str]:
    if manifest.ledger_bytes == 0:
        if manifest.frontier:
            yield f"{directory / 'ledger'}: {manifest.frontier} orders are folded, none is in it"
        return
    try:
        segment = Segment(directory / "ledger")
    except OSError as error:
        yield f"{directory / 'ledger'} cannot be read: {error.strerror}"
        return
    kinds: Counter[int] = Counter()
    orders: Counter[int] = Counter()
    ids: Counter[str] = Counter()
    end = 0
    for frame in segment.frames(0, min(manifest.ledger_bytes, segment.size())):
        record = parse(segment.body(frame), {})
        kinds[frame.kind] += 1
        if frame.order is not None:
            orders[frame.order] += 1
            ids[record.id] += 1
        end = frame.end
    said = f"{directory / 'ledger'}"
    if end != manifest.ledger_bytes:
        yield f"{said} is damaged at byte {end} of {manifest.ledger_bytes}"
        return
    if sorted(orders.elements()) != list(range(manifest.frontier)):
        yield f"{said}: its orders are not 0 to {manifest.frontier - 1}, each once"
    if kinds[CONTRIBUTION] != manifest.contributions:
        yield f"{said} has {kinds[CONTRIBUTION]} contributions, the manifest {manifest.contributions}"
    yield from (f"{said}: id {i!r} is there {n} times" for i, n in ids.items() if n > 1)


def _journal(directory: Path, manifest: Manifest) -> Iterator[str]:
    there = [n for n in segments(directory) if n >= manifest.wal_first]
    for number in there:
        path = segment_path(directory, number)
        segment = Segment(path, number)
        end = end_of(segment)
        torn = end < segment.size()
        if torn and (number != there[-1] or segment.holds_frames(end + 1)):
            yield f"{path} is damaged at byte {end}: whole records lie behind"
    orders: Counter[int] = Counter()
    for pending in Tail(directory, manifest.wal_first, manifest.signatures).advance():
        validate(pending.record, pending.segment.body(pending.frame))
        if pending.kind != NOTE and pending.order is not None:
            orders[pending.order] += pending.order >= manifest.frontier
    yield from (
        f"{directory}: order {o} is in the journal {n} times" for o, n in orders.items() if n > 1
    )
