"""Where an `H5Hist` lives: in memory, or in a store that it reads and perhaps writes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ..errors import DiskError, StoreError
from ..given import given_path
from .blocks import Blocks, MemoryBlocks
from .contribution import Contribution
from .growing import GrowingHome
from .memory import held_by_contribution
from .record import parse
from .refusal import HistTypeError
from .signature import Signature
from .store import Store
from .writer import StoreWriter

__all__ = ["DiskHome", "Home", "MemoryHome", "new_home"]

T = TypeVar("T")
FOLD_BYTES = 32 << 20
FOLD_RECORDS = 1000
FOLD_BLOCKS = 1 << 16


class Home(Protocol):
    """What an `H5Hist` needs of the place where it lives."""

    @property
    def signature(self) -> Signature: ...
    @property
    def version(self) -> int: ...
    @property
    def directory(self) -> Path | None: ...
    @property
    def sealed(self) -> bool: ...
    @property
    def committed(self) -> int: ...
    @property
    def folded(self) -> int: ...
    def read(self, what: Callable[[Blocks], T]) -> T: ...
    def new_contribution(self) -> Any: ...
    def contribute(self, contents: Any, unique_id: str, /) -> bool: ...
    def contributed(self, unique_id: str) -> bool: ...
    def refresh(self) -> bool: ...
    def close(self) -> None: ...


class MemoryHome:
    """One histogram in memory."""

    directory: Path | None = None
    folded = 0

    def __init__(self, signature: Signature) -> None:
        self.signature = signature
        self._blocks = MemoryBlocks(signature)
        self._ids: set[str] = set()
        self.version = 0
        self.sealed = False

    @property
    def committed(self) -> int:
        """Contributions made."""
        return len(self._ids)

    def read(self, what: Callable[[Blocks], T]) -> T:
        """Read the blocks."""
        return what(self._blocks)

    def new_contribution(self) -> Contribution:
        """An empty contribution to this histogram."""
        return Contribution({self.signature.name: self.signature})

    def contribute(self, contents: Contribution, unique_id: str) -> bool:
        """Add once."""
        if unique_id in self._ids:
            return False
        if self.sealed:
            raise StoreError("this histogram is closed; make a new one to fill")
        body = contents.body(unique_id, None, {})
        record = parse(body, {self.signature.name: self.signature})
        for entry in record.blocks:
            entry.add_into(body.read, self._blocks.writable(entry.key), 0)
            if entry.weighted:
                self._blocks.mark_weighted()
        self._ids.add(unique_id)
        self.version += 1
        return True

    def contributed(self, unique_id: str) -> bool:
        """Whether this id was contributed."""
        return unique_id in self._ids

    def refresh(self) -> bool:
        """Nothing comes from elsewhere."""
        return False

    def close(self) -> None:
        """Fill no more."""
        self.sealed = True


class DiskHome:
    """One histogram of a store: read through a view, written through the store's one writer."""

    def __init__(
        self,
        store: Store,
        signature: Signature,
        *,
        may_write: bool,
        writer: StoreWriter | None = None,
        memory: int | None = None,
    ) -> None:
        self._store, self.signature = store, signature
        self._may_write, self._writer, self._memory = may_write, writer, memory

    @property
    def directory(self) -> Path | None:
        """The store's directory."""
        return self._store.directory

    @property
    def version(self) -> int:
        """The view's version."""
        return self._store.version

    @property
    def sealed(self) -> bool:
        """Whether the store is sealed."""
        return self._store.sealed

    @property
    def committed(self) -> int:
        """Contributions to the store."""
        self._follow()
        return self._store.committed

    @property
    def folded(self) -> int:
        """Contributions folded."""
        self._follow()
        return self._store.folded

    def read(self, what: Callable[[Blocks], T]) -> T:
        """Read one snapshot; one's own fills are always in it."""
        self._follow()
        return self._store.read(lambda snapshot: what(snapshot.blocks(self.signature.name)))

    def new_contribution(self) -> Contribution:
        """An empty contribution to this histogram, of bounded memory."""
        return Contribution(
            {self.signature.name: self.signature},
            most=held_by_contribution(self._memory),
            directory=self.directory,
        )

    def contribute(self, contents: Contribution, unique_id: str) -> bool:
        """Append once, and fold when the journal has become long."""
        if not self._may_write:
            raise StoreError(
                f"this view of {self.directory} is read-only; H5Hist.open({str(self.directory)!r}, "
                f"{self.signature.name!r}) may fill"
            )
        if self._writer is None:
            self._writer = StoreWriter.open(self._store.directory)
        writer = self._writer
        taken = writer.append(contents.body(unique_id, None, {}))
        if (
            writer.tail_records >= FOLD_RECORDS
            or writer.tail_blocks >= FOLD_BLOCKS
            or writer.tail_bytes >= FOLD_BYTES
        ):
            with contextlib.suppress(DiskError):  # it is taken: the next fold, or fill, will tell
                writer.fold()
        return taken

    def contributed(self, unique_id: str) -> bool:
        """Whether the store knows this id."""
        if self._writer is not None:
            return self._writer.contributed(unique_id)
        self._store.refresh()
        return any(e.id == unique_id for e in self._store.ledger())

    def refresh(self) -> bool:
        """Take a newer snapshot."""
        return self._store.refresh()

    def close(self) -> None:
        """Seal the store if it was written here; close its files."""
        if self._writer is not None:
            self._writer.seal()
            self._writer = None
            self._store.refresh()
        self._store.close()

    def _follow(self) -> None:
        if self._writer is not None:
            self._store.refresh()


def new_home(signature: Signature, path: str | os.PathLike[str] | None, memory: int | None) -> Home:
    """A home for a new histogram: a new store in `path`, or in memory without."""
    if signature.grows_dense and path is not None:
        raise HistTypeError(
            f"histogram {signature.name!r} has an axis of numbers that grows: a block's bins are "
            "fixed on disk; leave out the path, or use a wider range"
        )
    if signature.grows_dense:
        return GrowingHome(signature)
    if path is None:
        return MemoryHome(signature)
    writer = StoreWriter.create(
        given_path(path, "path: the store", StoreError), {signature.name: signature}
    )
    return DiskHome(Store.open(path), signature, may_write=True, writer=writer, memory=memory)
