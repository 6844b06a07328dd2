"""The one writer of a store: takes contributions exactly once, and folds them.

*Accepted* means appended to the journal: it survives the death of this process. *Durable* means
synced (`sync`): it survives the death of the machine. Folding may run in a thread while other
threads append.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..errors import StoreError
from .body import Body
from .catalog import Catalog
from .durable import Buffer, disk_faults, sync_directory
from .fold import (
    COMPACT,
    FOLDING,
    SEALING,
    Folded,
    Tidiness,
    fold_records,
    grown_labels,
    manifest_after,
    remove_packs,
)
from .journal import ROTATE_AT_FOLD, Journal
from .known import Known
from .ledger import Entry, Ledger, entry_of, read_ledger
from .lock import StoreLock
from .manifest import Manifest
from .packs import PackFiles
from .record import Record, check, write_body
from .signature import Signature
from .tail import Pending
from .uhi_index import write_index
from .wal import CONTRIBUTION, NOTE, TOMBSTONE

__all__ = ["StoreWriter"]


class StoreWriter:
    """Write a store: `StoreWriter.create(directory, signatures)` or `StoreWriter.open(directory)`.

    >>> import hist, tempfile
    >>> from hepnb.histograms import Contribution, Signature, Store
    >>> s = {"m": Signature.from_axes("m", [hist.axis.Regular(4, 0, 4, name="x")])}
    >>> directory = tempfile.mkdtemp()
    >>> with StoreWriter.create(directory, s) as writer:
    ...     c = Contribution(s)
    ...     c.fill("m", x=[0.5, 1.5])
    ...     record = c.encode("chunk-0", 0, {})
    ...     writer.append(record), writer.append(record), writer.fold()
    (True, False, True)
    >>> Store.open(directory).hist("m").values().tolist()
    [1.0, 1.0, 0.0, 0.0]
    """

    def __init__(self, directory: Path, lock: StoreLock, manifest: Manifest) -> None:
        """Use `create` or `open`."""
        with disk_faults("sync", directory):
            sync_directory(directory)  # this manifest before its forerunner's packs go
        self.directory = directory
        self.lock = lock
        self._manifest = manifest
        self._lock = threading.RLock()
        self._folding = threading.Lock()
        there = {entry.name for entry in os.scandir(directory / "packs")}
        remove_packs(directory, there - {*manifest.packs})  # a killed writer left them behind
        self._files = PackFiles(directory, manifest.signatures)
        self._catalog = Catalog.of(self._files, manifest.packs, manifest.signatures)
        self._next_pack = 1 + max((int(p[:8]) for p in manifest.packs), default=0)
        self._garbage: list[str] = []
        self._tidied: tuple[Tidiness, tuple[str, ...]] | None = None
        self._ledger = Ledger(directory, manifest.ledger_bytes)
        self._known = Known(directory, self._files, manifest)
        self._journal = Journal(directory, manifest)
        for pending in self._journal.pending.values():
            self._known.add(pending.record)
        self._closed = self._broken = False

    @classmethod
    def create(
        cls,
        directory: str | os.PathLike[str],
        signatures: Mapping[str, Signature],
        meta: Mapping[str, Any] | None = None,
    ) -> StoreWriter:
        """Make a store in `directory` (mode 0700; other files there are left alone).

        `meta` is JSON-able and kept in the manifest. StoreError when a store is there already.
        """
        path = Path(directory)
        with disk_faults("create", path):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.chmod(0o700)
        lock = StoreLock(path)
        try:
            if (path / "manifest").exists():
                raise StoreError(
                    f"{path} holds a store already; open it, or choose another directory"
                )
            with disk_faults("create", path):
                for room in ("wal", "packs"):
                    (path / room).mkdir(mode=0o700, exist_ok=True)
            manifest = Manifest(dict(signatures), dict(meta or {}))
            manifest = replace(manifest, labels=grown_labels(manifest.signatures, {}, ()))
            manifest.save(path)
            writer = cls(path, lock, manifest)
            write_index(path, manifest, writer._catalog)
        except BaseException:
            lock.release()
            raise
        return writer

    @classmethod
    def open(cls, directory: str | os.PathLike[str]) -> StoreWriter:
        """Go on with the store in `directory`; StoreError names the writer that holds it."""
        path = Path(directory)
        Manifest.load(path)
        lock = StoreLock(path)
        try:
            return cls(path, lock, Manifest.load(path))
        except BaseException:
            lock.release()
            raise

    # -- taking records -------------------------------------------------------------------------

    def append(self, record: Buffer | Body, checked: Record | None = None) -> bool:
        """Take one contribution (what `Contribution.encode` or `Contribution.body` made).

        It is checked first, unless it was (`checked`: what `record.check` gave). False when its id
        is there already: a success that changes nothing. An order of None becomes the next free
        one. Raises StoreError when it does not fit or the disk fails; the store is as before.
        """
        body = record if isinstance(record, Body) else Body.of(record)
        return self._take(CONTRIBUTION, checked or check(body, self.signatures), body)

    def tombstone(self, id: str, order: int, meta: Mapping[str, Any] | None = None) -> bool:
        """Say that `order` will never come, so that folding goes past it; False if `id` is known."""
        record = Record(id, order, dict(meta or {}))
        return self._take(TOMBSTONE, record, Body.of(write_body(record)))

    def note(self, meta: Mapping[str, Any]) -> None:
        """Keep `meta` in the journal and the ledger; it has no id and no order."""
        record = Record("", None, dict(meta))
        self._take(NOTE, record, Body.of(write_body(record)))

    def _take(self, kind: int, record: Record, body: Body) -> bool:
        with self._lock:
            self._check_open()
            if kind != NOTE and record.id in self._known.ids:
                return False
            order = None if kind == NOTE else self._journal.order_of(record, self.frontier)
            self._known.check(record)
            if self._manifest.sealed:
                self._replace(replace(self._manifest, sealed=False))
            self._journal.append(kind, order, record, body)
            if kind != NOTE:
                self._known.add(record)
        return True

    # -- what is there --------------------------------------------------------------------------

    @property
    def signatures(self) -> Mapping[str, Signature]:
        """The histograms of this store."""
        return self._manifest.signatures

    @property
    def meta(self) -> Mapping[str, Any]:
        """What `create` was given."""
        return self._manifest.meta

    @property
    def frontier(self) -> int:
        """Every order below this one is folded."""
        return self._manifest.frontier

    @property
    def folded(self) -> int:
        """Contributions that are folded."""
        return self._manifest.contributions

    @property
    def committed(self) -> int:
        """Contributions that were accepted, folded or not."""
        with self._lock:
            waiting = sum(p.kind == CONTRIBUTION for p in self._journal.pending.values())
            return self._manifest.contributions + waiting

    @property
    def tail_bytes(self) -> int:
        """Bytes in the journal segment being written: a measure for when to fold."""
        return self._journal.position[1]

    @property
    def tail_records(self) -> int:
        """Records accepted and not folded."""
        return len(self._journal.pending)

    @property
    def tail_blocks(self) -> int:
        """About how many blocks these have, each of which takes memory."""
        return self._journal.weight

    def contributed(self, id: str) -> bool:
        """Whether a contribution or tombstone of this id was accepted."""
        return id in self._known.ids

    def orders(self) -> set[int]:
        """All orders that are committed or tombstoned."""
        with self._lock:
            return set(range(self.frontier)) | set(self._journal.pending)

    def ledger(self) -> Iterator[Entry]:
        """(id, order, meta) of every record: the folded ones, then the journal's by arrival.

        Notes have the id "" and the order None.
        """
        with self._lock:
            end = self._manifest.ledger_bytes
            waiting = self._journal.waiting
        yield from read_ledger(self.directory, end)
        yield from map(entry_of, waiting)

    # -- durable and folded ---------------------------------------------------------------------

    def sync(self) -> None:
        """Make everything accepted so far durable."""
        with self._lock:
            self._check_open()
            self._journal.sync()

    def fold(self) -> bool:
        """Fold the records from the frontier up to the first gap; False when there are none."""
        return self._fold(last=False)

    def compact(self) -> None:
        """Fold what can be folded, and rewrite packs that are small or hold superseded blocks.

        Afterwards the store holds each block once (and at most a tenth more), in at most one file
        per 64 MB and one more. Old and new packs are on disk together until then.
        """
        while self._fold(last=True, tidiness=COMPACT):
            pass
        with self._folding, self._lock:
            self._tidy_up(self._manifest.sealed)

    def _fold(self, *, last: bool, tidiness: Tidiness = FOLDING) -> bool:
        with self._folding:
            with self._lock:
                self._check_open()
                journal, before = self._journal, self._manifest
                records = journal.ready(before.frontier)
                notes = list(journal.notes)
                if not (records or (last and (notes or self._tidied != (tidiness, before.packs)))):
                    return False
                if journal.position[1] >= ROTATE_AT_FOLD:
                    journal.rotate()
                position, wal_first = journal.position, journal.first_needed(records)
            journal.sync()  # the manifest will name this position
            labels = grown_labels(self.signatures, before.labels, records)
            folded = fold_records(
                self.directory,
                self._catalog,
                self._files,
                self.signatures,
                records,
                labels,
                self._next_pack,
                tidiness,
            )
            self._tidied = tidiness, folded.packs
            if not (records or notes or folded.dropped):
                return False
            self._next_pack += len(folded.new)
            manifest = manifest_after(before, folded, records, labels)
            manifest = replace(manifest, wal_first=wal_first, notes=position)
            self._publish(manifest, folded, [*notes, *records])
            write_index(self.directory, self._manifest, self._catalog)
            return True

    def _publish(self, manifest: Manifest, folded: Folded, entries: list[Pending]) -> None:
        """Ledger, then manifest, then forget: a kill between any two of these loses nothing."""
        before = self._manifest
        try:
            with disk_faults("sync", self.directory / "packs"):
                sync_directory(self.directory / "packs")
            manifest = replace(manifest, ledger_bytes=self._ledger.extend(entries))
            catalog = self._catalog.grown(self._files, manifest.packs, self.signatures)
            manifest.save(self.directory)
        except BaseException:
            self._broken = True  # until it is known which manifest the disk holds
            if Manifest.load(self.directory).generation == before.generation:
                self._ledger.cut(before.ledger_bytes)
                self._files.forget(list(folded.new))
                remove_packs(self.directory, folded.new)
                self._broken = False
            raise
        with self._lock:
            self._manifest, self._catalog = manifest, catalog
            self._journal.forget(entries, manifest)
        # plain HDF5 readers may still follow the last index.h5: its packs live one fold longer
        self._remove_garbage()
        self._garbage = list(folded.dropped)
        self._files.forget(folded.dropped)

    def seal(self) -> None:
        """Fold what can be folded, mark the store complete, write its index, and close it.

        Records behind a gap in the orders stay in the journal and are seen by readers.
        """
        indexed = False
        while self._fold(last=True, tidiness=SEALING):
            indexed = True
        with self._folding, self._lock:
            self._check_open()
            self._tidy_up(sealed=True)
            if not indexed:
                write_index(self.directory, self._manifest, self._catalog)
        self.close()

    def revise(self, change: Callable[[Manifest], Manifest]) -> None:
        """Replace the manifest, durably, by `change` of it; waits for a fold that is going on.

        `change` may add histograms, or give back what it was given; packs, ledger and journal must stay as they are.
        """
        with self._folding, self._lock:
            self._check_open()
            manifest = change(self._manifest)
            if manifest is self._manifest:
                return
            self._replace(manifest)
            self._files.know(manifest.signatures)
            self._catalog = self._catalog.grown(self._files, manifest.packs, manifest.signatures)

    def _replace(self, manifest: Manifest) -> None:
        """Put a manifest in force that needs the same packs, ledger and journal."""
        manifest = replace(manifest, generation=self._manifest.generation + 1)
        manifest.save(self.directory)
        self._manifest = manifest

    def _tidy_up(self, sealed: bool) -> None:
        """Give up the journal's folded records, and the packs that the last fold replaced."""
        manifest = replace(self._manifest, sealed=sealed)
        if not self._journal.waiting and self._journal.position[1]:
            self._journal.rotate()
            at = self._journal.position
            manifest = replace(manifest, wal_first=at[0], notes=at)
        self._replace(manifest)
        self._journal.forget((), self._manifest)
        self._remove_garbage()

    def close(self) -> None:
        """Sync and let go. What was accepted stays in the journal until the next writer folds it."""
        with self._folding, self._lock:
            if self._closed:
                return
            self._closed = True
            try:
                self._journal.close()
            finally:
                self._ledger.close()
                self._files.close()
                self.lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._broken:
            raise StoreError(
                f"{self.directory}: the disk failed while the manifest was replaced; open it again"
            )
        if self._closed:
            raise StoreError(f"the writer of {self.directory} is closed; StoreWriter.open it again")

    def _remove_garbage(self) -> None:
        remove_packs(self.directory, self._garbage)
        self._garbage = []
