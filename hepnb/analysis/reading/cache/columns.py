"""The cache as a folder of pieces: found by file and entries, written whole or not at all, kept small.

Any number of processes may use it at once. A piece appears under its name by a rename, and it is
never changed; those that were not used for longest go first when all take more than the limit.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ....whole import PART
from .piece import Damaged, Piece, packed, write_piece

__all__ = ["CachedFile", "ColumnCache"]

_NAME = re.compile(r"^(\d+)-(\d+)-[0-9a-f]+\.cols$")
_AFTER = 0.9  # of the limit, when it is made smaller
_ABANDONED = 3600.0  # s after which a part that nobody finished is removed
_BROKEN = (Damaged, ValueError, KeyError, TypeError, IndexError, AttributeError)


class ColumnCache:
    """The pieces below `folder`, which take `limit` bytes at most (for a moment a little more)."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder, self.limit = folder, limit
        self._unchecked = limit  # so that the first piece of a process looks at the whole
        self._usable: bool | None = None

    def file(self, identity: Sequence[object]) -> CachedFile:
        """What is kept of one file; `identity` is all that tells it from others and earlier ones."""
        return CachedFile(self, repr(tuple(identity)))

    def prepare(self) -> bool:
        """Make the folder; whether it can be used: it is the user's own and nobody else may write."""
        if self._usable is None:
            try:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                found = self.folder.stat()
                mine = found.st_uid == os.getuid()
                self._usable = mine and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            except OSError:
                self._usable = False
        return self._usable

    def put(self, folder: Path, start: int, stop: int, piece: Any) -> None:
        """Write a piece, or leave it: a full disk harms nobody."""
        size = piece[2]
        if not self.prepare() or size > self.limit // 4:
            return
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not write_piece(folder, f"{start}-{stop}-{os.urandom(8).hex()}", piece):
                return
        except OSError:
            return
        self._unchecked += size
        if self._unchecked > self.limit // 20:
            self._unchecked = 0
            self.trim()

    def trim(self, limit: int | None = None) -> None:
        """Remove what was not used for longest until all fits; one process at a time does so."""
        limit = self.limit if limit is None else limit
        with self._alone() as alone:
            if not alone:
                return
            pieces = sorted(self._pieces())
            size = sum(piece[1] for piece in pieces)
            if size <= limit:
                return
            for _, bytes_, path in pieces:
                if size <= limit * _AFTER:
                    break
                with contextlib.suppress(OSError):
                    path.unlink()
                    size -= bytes_
            self._sweep()

    def clear(self) -> tuple[int, int]:
        """Remove everything; how many pieces and bytes that were."""
        before = self.usage()
        if before[0]:
            self.trim(-1)
        return before

    def usage(self) -> tuple[int, int]:
        """Pieces, and the bytes they take."""
        sizes = [size for _, size, _ in self._pieces()]
        return len(sizes), sum(sizes)

    def _pieces(self) -> Iterator[tuple[float, int, Path]]:
        """When each was used last, its bytes, where it is; parts that nobody finished go on the way."""
        for path in self.folder.glob("*/*"):
            with contextlib.suppress(OSError):
                found = path.stat()
                if _NAME.match(path.name):
                    yield found.st_mtime, found.st_size, path
                elif path.suffix == PART and time.time() - found.st_mtime > _ABANDONED:
                    path.unlink()

    def _sweep(self) -> None:
        for folder in self.folder.glob("*/"):
            with contextlib.suppress(OSError):
                folder.rmdir()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[bool]:
        try:
            descriptor = os.open(self.folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
        except OSError:
            yield False
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
        finally:
            os.close(descriptor)


class CachedFile:
    """What the cache has of one file: columns of ranges of entries, whatever chunks asked for them."""

    def __init__(self, cache: ColumnCache, identity: str) -> None:
        self._cache, self._identity = cache, identity
        self._folder = cache.folder / hashlib.sha256(identity.encode()).hexdigest()[:32]
        self._known: dict[Path, tuple[int, int]] | None = None
        self._open: dict[Path, Piece] = {}
        self._part: tuple[Path | None, dict[str, Any]] = (None, {})

    def find(self, columns: Sequence[str], start: int, stop: int) -> dict[str, Any]:
        """Layouts of those columns that the cache has on all of these entries."""
        if start == stop or not self._cache.prepare():
            return {}
        plans: dict[str, list[tuple[Piece, int, int]]] = {}
        near = list(self._near(start, stop))
        for name in columns:
            plan = _cover([piece for piece in near if name in piece.columns], start, stop)
            if plan:
                plans[name] = plan
        loaded: dict[str, list[Any]] = {name: [] for name in plans}
        for piece in near:
            mine = {n: p for n, steps in plans.items() for p in steps if p[0] is piece}
            for name, layout in self._load(piece, mine).items():
                loaded[name].append(layout)
        return {
            name: _joined(parts) for name, parts in loaded.items() if len(parts) == len(plans[name])
        }

    def keep(self, columns: Mapping[str, Any], start: int, stop: int) -> None:
        """Keep layouts of these entries, as they were read."""
        if start < stop and columns:
            piece = packed(self._identity, start, stop, columns)
            self._cache.put(self._folder, start, stop, piece)

    def _near(self, start: int, stop: int) -> Iterator[Piece]:
        """The pieces that share entries with a range, by where they begin."""
        if self._known is None:
            self._known = dict(self._listed())
        for path, (first, last) in list(self._known.items()):
            if first >= stop or last <= start:
                continue
            if path not in self._open:
                try:
                    self._open[path] = Piece(path, self._identity, first, last)
                except (OSError, *_BROKEN) as error:
                    self._drop(path, error)
                    continue
            yield self._open[path]

    def _listed(self) -> Iterator[tuple[Path, tuple[int, int]]]:
        found = []
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if match := _NAME.match(path.name):
                    found.append((int(match[1]), -int(match[2]), path))
        for first, last, path in sorted(found):
            yield path, (first, -last)

    def _load(self, piece: Piece, wanted: Mapping[str, tuple[Piece, int, int]]) -> dict[str, Any]:
        """The parts of a piece that are wanted; of a larger piece the whole is kept for the next chunk."""
        if not wanted:
            return {}
        path, kept = self._part
        if path != piece.path:
            kept = {}
        try:
            kept = kept | piece.load([name for name in wanted if name not in kept])
        except (OSError, *_BROKEN) as error:
            self._drop(piece.path, error)
            return {}
        whole = all(part[1:] == (piece.start, piece.stop) for part in wanted.values())
        self._part = (None, {}) if whole else (piece.path, kept)
        return {
            name: kept[name][first - piece.start : last - piece.start]
            for name, (_, first, last) in wanted.items()
        }

    def _drop(self, path: Path, error: Exception) -> None:
        """A piece that is gone or is not what was written: it is read from the file again."""
        self._open.pop(path, None)
        if self._known is not None:
            self._known.pop(path, None)
        if not isinstance(error, OSError):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def _cover(pieces: Sequence[Piece], start: int, stop: int) -> list[tuple[Piece, int, int]]:
    """The ranges of pieces that make up a range; none where there are gaps. Pieces come in order."""
    chosen = []
    at = start
    while at < stop:
        fitting = [p for p in pieces if p.start <= at < p.stop]
        if not fitting:
            return []
        best = max(fitting, key=lambda p: p.stop)
        chosen.append((best, at, min(best.stop, stop)))
        at = best.stop
    return chosen


def _joined(layouts: Sequence[Any]) -> Any:
    import awkward as ak

    if len(layouts) == 1:
        return layouts[0]
    return ak.concatenate([ak.Array(layout) for layout in layouts], highlevel=False)
