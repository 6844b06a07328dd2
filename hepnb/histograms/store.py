"""Reading a store: any number of readers, while a writer fills and folds.

A reader keeps one snapshot; `refresh` takes a newer one. Nothing is locked, nothing unpickled, and
nothing outside the directory is followed, so a store that is not yours is safe to open.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

from ..errors import StoreError, nearest
from ..given import given_path
from .catalog import Catalog
from .ledger import Entry, entry_of, read_ledger
from .manifest import Manifest, stamp_of
from .packs import PackFiles
from .refusal import HistKeyError, PackGoneError
from .signature import Signature
from .snapshot import Snapshot
from .tail import Pending, Tail
from .wal import NOTE

if TYPE_CHECKING:
    from .h5hist import H5Hist

__all__ = ["Store"]

T = TypeVar("T")
_TRIES = 100
LIVE_BLOCKS = 1 << 20  # so many blocks of records that are not folded does a view keep in mind


class Store:
    """A read-only view of the store in a directory: `Store.open(directory)`."""

    def __init__(self, directory: Path) -> None:
        """Use `Store.open`."""
        self.directory = directory
        self.version = 0
        self._lock = threading.RLock()
        self._stamp: tuple[int, int, int] | None = None
        self._files: PackFiles | None = None
        self._tail: Tail | None = None
        self._snapshot: Snapshot
        self.refresh()

    @classmethod
    def open(cls, directory: str | os.PathLike[str]) -> Store:
        """Open a store; StoreError when there is none, or it is damaged, foreign or newer."""
        return cls(given_path(directory, "a store's directory", StoreError))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the histograms."""
        return tuple(self.signatures)

    @property
    def signatures(self) -> Mapping[str, Signature]:
        """The histograms' signatures."""
        return self._snapshot.manifest.signatures

    @property
    def meta(self) -> Mapping[str, Any]:
        """What the store was created with."""
        return self._snapshot.manifest.meta

    @property
    def sealed(self) -> bool:
        """Whether its writer has said that nothing more will come."""
        return self._snapshot.manifest.sealed

    @property
    def committed(self) -> int:
        """Contributions seen by this view, which keeps a bounded part of a long journal in mind."""
        return self._snapshot.committed

    @property
    def folded(self) -> int:
        """Contributions that are folded into packs."""
        return self._snapshot.manifest.contributions

    def hist(self, name: str) -> H5Hist:
        """A read-only histogram of this view; HistKeyError with the nearest name."""
        from .h5hist import H5Hist

        if name not in self.signatures:
            raise HistKeyError(
                f"{self.directory}: no histogram {name!r}{nearest(name, self.names)}"
            )
        return H5Hist.of_store(self, name)

    def table(self, name: str) -> dict[str, np.ndarray[Any, Any]]:
        """The columns of a table, rows in the order of the contributions."""
        return self.read(lambda snapshot: snapshot.table(name))

    def ledger(self) -> Iterator[Entry]:
        """(id, order, meta) of all records; notes have the id "" and the order None."""
        snapshot = self._snapshot
        yield from read_ledger(self.directory, snapshot.manifest.ledger_bytes)
        waiting = [*snapshot.records, *snapshot.notes]
        yield from map(entry_of, sorted(waiting, key=lambda p: p.position))

    def export(self, file: str | os.PathLike[str]) -> Path:
        """Write one self-contained UHI file, one group per histogram; see `export_file`."""
        from .export import export_file

        return self.read(
            lambda s: export_file(
                Path(file), [(g, s.blocks(n)) for n, g in self.signatures.items()]
            )
        )

    def refresh(self) -> bool:
        """See what was written since; False (and a few file stats) when nothing was."""
        with self._lock:
            for _ in range(_TRIES):
                try:
                    changed = self._refresh_once()
                except PackGoneError as gone:
                    reason = gone
                    self._tail = None
                    continue
                except BaseException:
                    self._tail = None  # it may have read on: start again next time
                    raise
                self.version += changed
                return changed
        raise StoreError(str(reason))

    def read(self, what: Callable[[Snapshot], T]) -> T:
        """Read from the snapshot; from a newer one when a fold has taken its packs away."""
        for _ in range(_TRIES):
            try:
                return what(self._snapshot)
            except PackGoneError as gone:
                reason = gone
                with self._lock:
                    self._tail = None
                    self.refresh()
        raise StoreError(str(reason))

    def close(self) -> None:
        """Close the files; the view stays usable and opens them again when needed."""
        if self._files is not None:
            self._files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "sealed" if self.sealed else "open"
        return (
            f"Store({str(self.directory)!r}: {len(self.names)} histograms, "
            f"{self.committed} contributions, {self.folded} folded, {state})"
        )

    def _refresh_once(self) -> bool:
        old = self._snapshot if self._tail is not None else None
        manifest, catalog = (old.manifest, old.catalog) if old else (None, None)
        if manifest is None or stamp_of(self.directory) != self._stamp:
            manifest, stamp = Manifest.load_stamped(self.directory)
            if self._files is None:
                self._files = PackFiles(self.directory, manifest.signatures)
            self._files.know(manifest.signatures)
            if old is None:
                catalog = Catalog.of(self._files, manifest.packs, manifest.signatures)
            else:
                catalog = old.catalog.grown(self._files, manifest.packs, manifest.signatures)
            self._stamp = stamp
        assert self._files is not None and catalog is not None
        records: list[Pending] = []
        tail = self._tail
        if tail is None or old is None or tail.position[0] < manifest.wal_first:
            tail = Tail(self.directory, manifest.wal_first, manifest.signatures)
        else:
            tail.know(manifest.signatures)
            records = [*old.records, *old.notes]
        # what waits behind the cap is seen as soon as the writer has folded some
        room = LIVE_BLOCKS - sum(p.weight for p in records if (p.order or 0) >= manifest.frontier)
        fresh = tail.advance(math.inf if manifest.sealed else room)
        if old is not None and manifest is old.manifest and not fresh:
            return False
        records += fresh
        if old is not None and manifest is not old.manifest:
            self._files.forget([p for p in old.manifest.packs if p not in manifest.packs])
        self._tail = tail
        self._snapshot = Snapshot(
            manifest,
            catalog,
            self._files,
            sorted(
                (p for p in records if p.order is not None and p.order >= manifest.frontier),
                key=lambda p: p.order or 0,
            ),
            [p for p in records if p.kind == NOTE and p.position >= manifest.notes],
        )
        return True
