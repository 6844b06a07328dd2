"""Folding: the journal's next records, strictly by order, become new versions of the blocks they touch.

A block's new version is its old one plus each record's numbers, one after the other, so its bits
depend on the set of records alone and not on when they arrived or how often was folded. Packs are
never changed: new ones are written, and old ones whose blocks have mostly moved are emptied into
the new ones, which bounds a store at about twice its live size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from .catalog import Catalog, pieces_of
from .durable import remove_file
from .manifest import Labels, Manifest
from .packs import PackFiles, PackPlan, Piece, write_pack
from .record import BlockEntry, Key
from .signature import Signature
from .tail import Pending
from .wal import CONTRIBUTION

__all__ = [
    "COMPACT",
    "FOLDING",
    "SEALING",
    "Folded",
    "Tidiness",
    "fold_records",
    "grown_labels",
    "manifest_after",
]

PACK_BYTES = 128 << 20
SMALL_BYTES = 64 << 20  # every other pack holds more, so there is at most one file per 64 MB
SMALL_PACKS = 8
PIECE_ROWS = 1 << 20  # of a table, that are read and written together
ROW_BYTES = 64  # a guess: eight columns

Array = np.ndarray[Any, Any]
Touched = dict[str, dict[Key, list[tuple[Pending, BlockEntry]]]]


@dataclass(frozen=True)
class Folded:
    """What a fold made: all packs now, the new ones with their CRC-32, those no longer needed."""

    packs: tuple[str, ...]
    new: Mapping[str, int]
    dropped: tuple[str, ...]


@dataclass(frozen=True)
class Tidiness:
    """Which packs a fold empties: those less alive than `alive`, the small ones once there are `small`."""

    alive: float = 0.5
    small: int = SMALL_PACKS


FOLDING = Tidiness()
SEALING = Tidiness(small=2)
COMPACT = Tidiness(alive=0.9, small=2)


@dataclass
class _Work:
    """What must be written: blocks to make anew or move, and table rows."""

    blocks: dict[str, dict[Key, None]] = field(default_factory=dict)
    pieces: list[Piece] = field(default_factory=list)


def touched_blocks(records: Iterable[Pending]) -> Touched:
    """Per histogram and block, the records that add to it, in the order given."""
    out: Touched = {}
    for pending in records:
        for entry in pending.record.blocks:
            blocks = out.setdefault(entry.hist, {})
            blocks.setdefault(entry.key, []).append((pending, entry))
    return out


def grown_labels(
    signatures: Mapping[str, Signature], before: Mapping[str, Labels], records: Iterable[Pending]
) -> dict[str, Labels]:
    """The labels of all category axes after `records`, in order of first appearance."""
    ordered: dict[str, list[dict[str | int, None]]] = {}
    for name, signature in signatures.items():
        known = before.get(name) or tuple(
            tuple(signature.uhi["axes"][i]["categories"]) for i in signature.category_axes
        )
        ordered[name] = [dict.fromkeys(axis) for axis in known]
    for pending in records:
        for entry in pending.record.blocks:
            for axis, label in zip(ordered[entry.hist], entry.key, strict=True):
                if label is not None:
                    axis.setdefault(label)
    return {name: tuple(tuple(axis) for axis in axes) for name, axes in ordered.items()}


def fold_records(
    directory: Path,
    catalog: Catalog,
    files: PackFiles,
    signatures: Mapping[str, Signature],
    records: Sequence[Pending],
    labels: Mapping[str, Labels],
    first_number: int,
    tidiness: Tidiness,
) -> Folded:
    """Write the packs that hold the blocks and rows of `records` added to those of `catalog`.

    `labels` are those after `records`. Nothing that exists is changed; on any fault the new packs are removed.
    """
    touched = touched_blocks(p for p in records if p.kind == CONTRIBUTION)
    work = _Work({name: dict.fromkeys(keys) for name, keys in touched.items()})
    pieces = pieces_of(files, catalog.packs)
    work.pieces.extend(_new_pieces(pieces, records))
    dropped = _choose_dropped(catalog, signatures, work, pieces, tidiness)
    for name, key in catalog.live(dropped):
        work.blocks.setdefault(name, {}).setdefault(key)
    work.pieces.extend(p for held in pieces.values() for pack, p in held if pack in dropped)

    def fill(name: str, key: Key, lo: int, hi: int) -> Mapping[str, Array]:
        signature = signatures[name]
        home = catalog.blocks[name].get(key)
        if home is not None:
            out = files.read(home[0], name, home[1], lo, hi)
        else:
            out = {f: np.zeros(hi - lo, signature.dtype) for f in signature.fields}
        for pending, entry in touched.get(name, {}).get(key, ()):
            entry.add_into(pending.read, out, lo)
        return out

    new: dict[str, int] = {}
    try:
        for plan in _plans(work, signatures, labels):
            name = f"{first_number + len(new):08d}.h5"
            new[name] = write_pack(directory / "packs" / name, plan, signatures, fill)
    except BaseException:
        remove_packs(directory, new)
        raise
    kept = tuple(p for p in catalog.packs if p not in dropped)
    return Folded((*kept, *new), new, tuple(dropped))


def manifest_after(
    before: Manifest, folded: Folded, records: Sequence[Pending], labels: Mapping[str, Labels]
) -> Manifest:
    """The manifest of a store after this fold; the ends of ledger and journal are the writer's."""
    known = {**before.checksums, **folded.new}
    weighted = {b.hist for p in records for b in p.record.blocks if b.weighted}
    return replace(
        before,
        generation=before.generation + 1,
        packs=folded.packs,
        checksums={pack: known[pack] for pack in folded.packs if pack in known},
        frontier=before.frontier + len(records),
        contributions=before.contributions + sum(p.kind == CONTRIBUTION for p in records),
        labels=labels,
        weighted=tuple(sorted(weighted | set(before.weighted))),
    )


def remove_packs(directory: Path, packs: Iterable[str]) -> None:
    """Delete packs that no manifest names."""
    for pack in packs:
        remove_file(directory / "packs" / pack)


def _new_pieces(
    before: Mapping[str, Sequence[tuple[str, Piece]]], records: Iterable[Pending]
) -> list[Piece]:
    out = []
    rows = {name: held[-1][1].start + held[-1][1].rows for name, held in before.items()}
    named = set(before)
    for pending in records:
        for entry in pending.record.tables:
            if entry.rows == 0 and entry.name in named:
                continue  # one empty piece keeps the columns of a table without rows
            named.add(entry.name)
            start = rows.get(entry.name, 0)
            out.append(
                Piece(
                    entry.name,
                    start,
                    entry.rows,
                    lambda entry=entry, pending=pending: entry.read(pending.read),  # type: ignore[misc]
                )
            )
            rows[entry.name] = start + entry.rows
    return out


def _choose_dropped(
    catalog: Catalog,
    signatures: Mapping[str, Signature],
    work: _Work,
    pieces: Mapping[str, Sequence[tuple[str, Piece]]],
    tidiness: Tidiness,
) -> list[str]:
    """Packs to empty: those mostly superseded, and the small ones once there are many."""
    rows = dict.fromkeys(catalog.packs, 0)
    for held in pieces.values():
        for pack, piece in held:
            rows[pack] += max(piece.rows, 1) * ROW_BYTES
    live = dict(rows)
    total = dict(rows)
    for pack, slots in catalog.slots.items():
        total[pack] += sum(n * _block_bytes(signatures[name]) for name, n in slots.items())
    for name, keys in catalog.blocks.items():
        size, dirty = _block_bytes(signatures[name]), work.blocks.get(name, {})
        for key, (pack, _) in keys.items():
            if key not in dirty:
                live[pack] += size
    dropped = [p for p in catalog.packs if live[p] < tidiness.alive * total[p] or total[p] == 0]
    small = [p for p in catalog.packs if p not in dropped and total[p] < SMALL_BYTES]
    return dropped + (small if len(small) >= tidiness.small else [])


def _plans(
    work: _Work, signatures: Mapping[str, Signature], labels: Mapping[str, Labels]
) -> Iterable[PackPlan]:
    """Cut the work into packs of 64 to 128 MB, or one block where a block is larger."""
    blocks: dict[str, list[Key]] = {}
    pieces: list[Piece] = []
    size = 0
    for piece in _joined(work.pieces):
        if size > PACK_BYTES:
            yield PackPlan({}, pieces)
            pieces, size = [], 0
        pieces.append(piece)
        size += piece.rows * ROW_BYTES
    for name in signatures:
        each = _block_bytes(signatures[name])
        for key in _in_order(work.blocks.get(name, {}), labels[name]):
            if size and size + each > PACK_BYTES:
                yield PackPlan(blocks, pieces)
                blocks, pieces, size = {}, [], 0
            blocks.setdefault(name, []).append(key)
            size += each
    if blocks or pieces:
        yield PackPlan(blocks, pieces)


def _in_order(keys: Iterable[Key], labels: Labels) -> list[Key]:
    """The keys as their labels stand on the axes: neighbours are read together."""
    places: list[dict[str | int | None, int]] = [
        {None: len(axis), **{label: n for n, label in enumerate(axis)}} for axis in labels
    ]
    return sorted(keys, key=lambda k: [p[label] for p, label in zip(places, k, strict=True)])


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Neighbouring pieces of a table as one, up to `PIECE_ROWS`."""
    out: list[Piece] = []
    runs: list[list[Piece]] = []
    rows = 0
    for piece in sorted(pieces, key=lambda p: (p.table, p.start, p.rows)):
        last = runs[-1][-1] if runs else None
        follows = last and (last.table, last.start + last.rows) == (piece.table, piece.start)
        if follows and rows + piece.rows <= PIECE_ROWS:
            runs[-1].append(piece)
        else:
            runs.append([piece])
            rows = 0
        rows += piece.rows
    for run in runs:
        rows = sum(p.rows for p in run)

        def read(run: list[Piece] = run) -> Mapping[str, Array]:
            parts = [p.read() for p in run]
            return {c: np.concatenate([p[c] for p in parts]) for c in parts[0]}

        out.append(Piece(run[0].table, run[0].start, rows, read))
    return out


def _block_bytes(signature: Signature) -> int:
    return signature.bins * 8 * len(signature.fields)
