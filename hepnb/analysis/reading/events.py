"""One open ROOT file and its tree: the file handle a worker keeps, and one read per chunk.

Local files are read with plain seeks from the calling thread (no memory map, whose faults kill the
process when a file shrinks, and no thread pool). TTree and RNTuple look the same from here.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ...errors import DataError, nearest
from .defaults import Defaults
from .naming import Leaf, schema_of
from .rootfiles import REMOTE, find_tree, leaves_of, open_root, reason_of
from .schema import plain_type
from .units import Units

if TYPE_CHECKING:
    import awkward as ak

    from ..dataset import Dataset
    from .cache import CachedFile, ColumnCache

__all__ = ["EventFile", "decompress_fast", "open_events"]


def open_events(
    file: str | os.PathLike[str], tree: str | None = None, dataset: Dataset | None = None
) -> EventFile:
    """Open `file` and find its tree: the one named, else `Events`, else the only one there is.

    What `dataset` says of its files (schema, units) is heeded.

    A name that ends in `.parquet` or `.pq` is a Parquet file, which has no trees.

    Raises `DataError` in one line when the file is missing, a directory, not ROOT, truncated, or has
    no such tree. A tree without entries is not an error: its `entries` are 0.
    """
    path = os.fspath(file)
    if path.lower().endswith((".parquet", ".pq")):
        from .parquet import ParquetFile

        return ParquetFile(path, dataset)
    directory = open_root(path)
    try:
        found = find_tree(directory, path, tree)
        return EventFile(path, directory, found, dataset)
    except DataError:
        directory.close()
        raise
    except Exception as error:
        directory.close()
        raise DataError(f"{path}: unreadable ({reason_of(error)})") from error


def decompress_fast() -> None:
    """Let uproot decompress ZLIB in this process with isa-l, in half the time of the standard zlib.

    Called by workers; a process whose uproot is the user's own is left as it is. The bytes are the
    same. uproot's documented switch (`uproot.ZLIB.library`) does not reach its reader, which looks
    at the class below; where a version of uproot has no such class nothing changes.
    """
    import uproot.compression

    reader = getattr(uproot.compression, "_DecompressZLIB", None)
    if reader is not None and hasattr(reader, "library"):
        reader.library = "isal"


class EventFile:
    """An open tree: `path`, `uuid`, `tree`, `entries`, `branches`, and `read`.

    `clusters` are the entries at which all branches start a new piece on disk (first 0, last
    `entries`): chunks cut there decompress nothing twice. `branches` have the names that a path
    knows (see `naming`), and the numbers that `read` gives are in the unit that is wanted.
    """

    def __init__(
        self, path: str, directory: Any, tree: Any, dataset: Dataset | None = None
    ) -> None:
        self.path = path
        self.uuid = str(directory.file.uuid)
        self.tree = str(tree.name)
        self.entries = int(tree.num_entries)
        self._directory = directory
        self._tree = tree
        self._ntuple = not hasattr(tree, "branches")
        self._known: dict[str, Any] = {}
        self._name_columns(list(leaves_of(tree)), dataset)

    def _name_columns(self, leaves: list[Leaf], dataset: Dataset | None) -> None:
        """Give the columns their names and units, as the kind of file and the dataset have them."""
        self._cached: CachedFile | None = None
        schema = schema_of(
            [leaf.name for leaf in leaves], None if dataset is None else dataset.schema
        )
        self.schema = schema.name
        self._names = schema.names(leaves)
        declared = None if dataset is None else dataset.units
        wanted, columns = (None, None) if dataset is None else dataset.conversion
        if wanted and not (declared or schema.unit):
            raise DataError(f"{self.path}: convert={wanted!r} from which unit? Give units= as well")
        self.units = Units(declared or schema.unit, wanted, columns, declared is not None)
        own: tuple[str, ...] = tuple(self._names)
        if columns is not None and not any(map(self.units.holds, own)):
            called = ", ".join(map(repr, columns))
            hint = nearest(columns[0], own)
            raise DataError(f"{self.path}: convert: no column is called {called}{hint}")
        given = {} if dataset is None or isinstance(dataset.missing, str) else dataset.missing
        self._defaults = Defaults(given, own)
        self.branches = (*own, *self._defaults.values)

    @property
    def clusters(self) -> tuple[int, ...]:
        """Entries at which reading may start without decompressing a piece twice."""
        if self._ntuple:
            return (0, self.entries)
        offsets = {int(x) for x in self._tree.common_entry_offsets()}
        return (0, *sorted(offsets - {0, self.entries}), self.entries)

    @property
    def directory(self) -> Any:
        """The open ROOT directory, for those who read it in another way."""
        return self._directory

    @property
    def tree_path(self) -> str:
        """The tree's place in it."""
        return str(self._tree.object_path)

    @property
    def bytes_read(self) -> int:
        """How many bytes of the file were asked for so far, as they lie on the disk."""
        return int(self._directory.file.source.num_requested_bytes)

    @property
    def is_slow(self) -> bool:
        """Whether reading it takes much longer than computing: LZMA, or another machine's disk."""
        first = next(iter(getattr(self._tree, "branches", ())), None)
        kinds = {str(self._directory.file.compression), str(getattr(first, "compression", None))}
        return bool(REMOTE.match(self.path)) or any(kind.startswith("LZMA") for kind in kinds)

    def cache_in(self, cache: ColumnCache) -> None:
        """From now on keep decompressed columns there, and take from there what it has."""
        self._cached = cache.file([*self._marks(), self.tree, self.entries, self.schema])

    def _marks(self) -> list[object]:
        """What tells this file from others, and from what it was earlier."""
        import uproot

        marks: list[object] = [uproot.__version__, self.uuid]
        marks += [self._directory.file.fEND, self._directory.fDatimeM]
        if not REMOTE.match(self.path):
            found = FilePath(self.path).stat()
            marks += [found.st_size, found.st_mtime_ns]
        return marks

    def read(self, columns: Sequence[str], start: int, stop: int) -> ak.Array:
        """The branches `columns` of entries `start` to `stop`, as one flat record array.

        Returns an `ak.Array` of `stop - start` records with one field per branch. Raises `DataError`
        naming file, tree, entries and reason for a missing branch and for anything unreadable.
        """
        known = set(self.branches)
        for name in columns:
            if name not in known:
                hint = nearest(name, self.branches)
                raise DataError(f"{self.path}: tree {self.tree!r} has no branch {name!r}{hint}")
        if not 0 <= start <= stop <= self.entries:
            raise DataError(
                f"{self.path}: entries {start}-{stop} are not in tree {self.tree!r} of {self.entries} entries"
            )
        made = {n: self._defaults.make(n, self, start, stop) for n in self._defaulted(columns)}
        there = [name for name in columns if name not in made]
        found = self._cached.find(there, start, stop) if self._cached else {}
        missing = [name for name in there if name not in found]
        try:
            read = self._read(missing, start, stop)
        except MemoryError:
            raise
        except Exception as error:
            raise DataError(
                f"{self.path}: tree {self.tree!r}, entries {start}-{stop}: unreadable ({reason_of(error)})"
            ) from error
        new = {name: read.layout.content(name) for name in missing}
        if self._cached is not None:
            self._cached.keep(new, start, stop)
        made |= {name: self._converted(name, (found | new)[name]) for name in there}
        return _record([made[name] for name in columns], columns, stop - start)

    def _defaulted(self, columns: Sequence[str]) -> list[str]:
        return [name for name in columns if name in self._defaults.values]

    def _converted(self, name: str, layout: Any) -> Any:
        if self.units.converts and self.units.holds(name):
            return self.units.apply(layout)
        return layout

    def _read(self, columns: list[str], start: int, stop: int) -> ak.Array:
        if not columns:
            return _record([], [], stop - start)
        if REMOTE.match(self.path):
            return self._at_once(columns, start, stop)
        # From a local file, branch by branch: `arrays` looks through all branches for each call,
        # which for a NanoAOD file of a thousand branches costs more than the reading.
        contents = [self._piece(name, start, stop) for name in columns]
        return _record(contents, columns, stop - start)

    def _at_once(self, columns: list[str], start: int, stop: int) -> ak.Array:
        """All of them in one request."""
        ways = [self._names[name] for name in columns]
        last = {way.rpartition("/")[2] for way in ways}
        array = self._tree.arrays(
            filter_name=lambda name: name in last,
            entry_start=start,
            entry_stop=stop,
            array_cache=None,
        )
        contents = [self._part(array, way).layout for way in ways]
        return _record(contents, columns, stop - start)

    def _part(self, array: ak.Array, way: str) -> ak.Array:
        """A field of what was read; of an RNTuple the field of a record is inside it."""
        if not self._ntuple:
            return array[way.rpartition("/")[2]]
        for step in way.split("."):
            array = array[step]
        return array

    def _piece(self, name: str, start: int, stop: int) -> Any:
        """The layout of one branch; the branch object is looked up once."""
        branch = self._branch(name)
        return branch.array(entry_start=start, entry_stop=stop, array_cache=None).layout

    def _branch(self, name: str) -> Any:
        if name not in self._known:
            self._known[name] = self._tree[self._names[name]]
        return self._known[name]

    def size_of(self, column: str) -> tuple[int | None, int | None]:
        """Bytes of a branch on disk and unpacked; None where the file does not tell (RNTuple).

        Baskets that lie in the tree itself, as in small files, are packed with it, not each alone.
        """
        if self._defaulted([column]):
            return 0, 0
        if self._ntuple:
            return None, None
        branch = self._branch(column)
        inside = [int(basket.data.nbytes) for basket in branch.embedded_baskets]
        on_disk = None if any(inside) else int(branch.compressed_bytes)
        return on_disk, int(branch.uncompressed_bytes) + sum(inside)

    def total(self, tree: str, branch: str) -> float:
        """The sum of a branch of another tree of the file, with one number per row, such as `Runs`.

        Raises `DataError` naming file, tree and branch.
        """
        place = f"{self.path}: {tree}.{branch}"
        try:
            rows = self._directory[tree][branch].array(library="np")
            found = math.fsum(rows)
        except KeyError as error:
            raise DataError(f"{place}: not in this file ({reason_of(error)})") from None
        except (TypeError, ValueError, OverflowError):
            raise DataError(f"{place}: is not one number per row") from None
        if not math.isfinite(found):
            raise DataError(f"{place}: adds up to {found}")
        return found

    def totals(self, tree: str, prefix: str) -> dict[str, float]:
        """The sums of the branches of another tree that begin so, by the rest of their names.

        None where there is no such tree. Raises `DataError`.
        """
        try:
            names = list(self._directory[tree].keys())
        except KeyError:
            return {}
        return {n.removeprefix(prefix): self.total(tree, n) for n in names if n.startswith(prefix)}

    def about(self, column: str) -> tuple[str, str]:
        """The dtype of a branch's numbers, and the title that the file gives it (often empty)."""
        if self._defaulted([column]):
            value = self._defaults.values[column]
            return str(np.asarray(value).dtype), f"missing in this file: {value!r} instead"
        branch = self._branch(column)
        if self._ntuple:
            return plain_type(str(branch.typename)), str(branch.description)
        reading = branch.interpretation
        dtype = getattr(getattr(reading, "content", reading), "to_dtype", None)
        simple = dtype is not None and dtype.names is None
        return str(dtype) if simple else plain_type(branch.typename), str(branch.title)

    def close(self) -> None:
        """Close the file; closing twice does nothing."""
        self._directory.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"EventFile({self.path!r}, tree={self.tree!r}, entries={self.entries})"


def _record(contents: list[Any], columns: Sequence[str], length: int) -> ak.Array:
    import awkward as ak

    return ak.Array(ak.contents.RecordArray(contents, list(columns), length=length))
