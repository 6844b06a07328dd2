"""A Parquet file as a tree of events: its row groups are the clusters, records become collections."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left, bisect_right
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import DataError, one_line
from ..loop.skims import FACTS
from .events import EventFile
from .naming import Leaf
from .rootfiles import REMOTE

if TYPE_CHECKING:
    import awkward as ak

    from ..dataset import Dataset

__all__ = ["ParquetFile"]

_ENDS = 1 << 20
_INSIDE = ("list", "item", "element", "array", "bag")


class ParquetFile(EventFile):
    """As an `EventFile`; lists of records, such as awkward writes, are collections.

    Raises `DataError` where the file cannot be read, or pyarrow is not installed.
    """

    def __init__(self, path: str, dataset: Dataset | None = None) -> None:
        try:
            from pyarrow import parquet
        except ImportError:
            raise DataError(
                f"{path}: Parquet needs pyarrow: pip install 'hepnb[parquet]'"
            ) from None
        if REMOTE.match(path):
            raise DataError(f"{path}: Parquet is read from files of this machine: copy it first")
        self.path, self.tree = path, ""
        try:
            with Path(path).open("rb") as stream:
                head = stream.read(_ENDS)
                stream.seek(-min(_ENDS, Path(path).stat().st_size), 2)
                self.uuid = hashlib.sha256(head + stream.read()).hexdigest()[:32]
            self._file = parquet.ParquetFile(path, memory_map=False)
        except FileNotFoundError:
            raise DataError(f"{path}: no such file") from None
        except Exception as error:  # noqa: BLE001  pyarrow raises many
            raise DataError(f"{path}: not a Parquet file ({one_line(error)})") from None
        facts = self._file.metadata
        self.entries = int(facts.num_rows)
        sizes = (facts.row_group(i).num_rows for i in range(facts.num_row_groups))
        self._edges = [0, *accumulate(sizes)]
        schema = self._file.schema
        self._places = {schema.column(i).path: i for i in range(len(schema))}
        self._paths = {_plain(path): path for path in self._places}
        self._bytes = 0
        self._name_columns([Leaf(name, name) for name in self._paths], dataset)

    @property
    def clusters(self) -> tuple[int, ...]:
        """The first entry of each row group, and the end."""
        return tuple(dict.fromkeys((0, *self._edges, self.entries)))

    @property
    def bytes_read(self) -> int:
        """How many bytes of the columns were read, as they lie on the disk."""
        return self._bytes

    @property
    def is_slow(self) -> bool:
        """Never: its codecs are fast."""
        return False

    def _marks(self) -> list[object]:
        found = Path(self.path).stat()
        return ["parquet", self.uuid, found.st_size, found.st_mtime_ns]

    def _read(self, columns: list[str], start: int, stop: int) -> ak.Array:
        import awkward as ak

        contents = []
        if columns:
            first = max(bisect_right(self._edges, start) - 1, 0)
            groups = list(range(first, max(bisect_left(self._edges, stop), first)))
            paths = [self._paths[self._names[name]] for name in columns]
            table = self._file.read_row_groups(groups, columns=paths, use_threads=False)
            self._bytes += sum(self._size(path, groups)[0] for path in paths)
            array = ak.from_arrow(table)[start - self._edges[first] : stop - self._edges[first]]
            contents = [_field(array, self._names[name]) for name in columns]
        return ak.Array(ak.contents.RecordArray(contents, columns, length=stop - start))

    def _size(self, path: str, groups: list[int]) -> tuple[int, int]:
        place = self._places[path]
        found = [self._file.metadata.row_group(i).column(place) for i in groups]
        packed = sum(int(one.total_compressed_size) for one in found)
        return packed, sum(int(one.total_uncompressed_size) for one in found)

    def size_of(self, column: str) -> tuple[int | None, int | None]:
        """Bytes of a column on disk and unpacked."""
        if column in self._defaults.values:
            return 0, 0
        return self._size(self._paths[self._names[column]], list(range(len(self._edges) - 1)))

    def about(self, column: str) -> tuple[str, str]:
        """The dtype of a column's numbers; Parquet has no titles."""
        layout = self.read([column], 0, min(self.entries, 1)).layout.content(column)
        while hasattr(layout, "content"):
            layout = layout.content
        return str(getattr(layout, "dtype", "")), ""

    def _told(self) -> Any:
        """What a snapshot left here."""
        return json.loads((self._file.metadata.metadata or {}).get(FACTS, b"{}"))

    def totals(self, tree: str, prefix: str) -> dict[str, float]:
        """The sums that a snapshot left here under names that begin so, by the rest of the names."""
        try:
            found = dict(self._told()["trees"][tree])
            return {
                n.removeprefix(prefix): float(w) for n, w in found.items() if n.startswith(prefix)
            }
        except (KeyError, ValueError, TypeError):
            return {}

    def total(self, tree: str, branch: str) -> float:
        """A sum that a snapshot left here: there are no other trees. Raises `DataError`."""
        try:
            return float(self._told()["trees"][tree][branch])
        except (KeyError, ValueError, TypeError):
            raise DataError(
                f"{self.path}: {tree}.{branch}: a Parquet file has no other trees"
            ) from None

    def close(self) -> None:
        """Close the file; closing twice does nothing."""
        self._file.close()


def _plain(path: str) -> str:
    """`Muon.list.item.pt` is the field `Muon.pt`."""
    return ".".join(part for part in path.split(".") if part not in _INSIDE)


def _field(array: Any, name: str) -> Any:
    """The layout of a field; what may be missing but never is loses the option."""
    import awkward as ak

    for step in name.split("."):
        array = array[step]

    def present(part: Any, **_: Any) -> Any:
        if part.is_option and not ak.any(ak.is_none(ak.Array(part))):
            return ak.transform(present, part.to_packed().content, highlevel=False)
        return None

    return ak.transform(present, ak.to_layout(array), highlevel=False)
