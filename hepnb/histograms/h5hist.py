"""`H5Hist`: a histogram made, filled and indexed like `hist.Hist`, that need not fit into memory."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import boost_histogram as bh
import hist

from ..errors import StoreError, one_line
from .adding import FullBlocks, check_alike, in_batches, merged_signature
from .assignment import assigned
from .blocks import Blocks
from .cells import cell_of, storage_name
from .construction import ingredients
from .contribution import Contribution
from .export import export_file
from .growing import GrowingHome
from .homes import DiskHome, Home, new_home
from .mapping import BlockMap
from .memory import bytes_of
from .reading import HistReading
from .refusal import HistTypeError, HistValueError
from .results import plain
from .signature import Signature, check_id
from .store import Store

__all__ = ["H5Hist", "HistContribution"]

_NAMELESS = "histogram"
T = TypeVar("T")


class H5Hist(HistReading):
    """A histogram in a directory (`path`), or in memory without one.

    Category axes split it into one dense block per tuple of categories and may grow without limit;
    the other axes are fixed (in memory they may grow too). An index reads only what it needs and
    gives an in-memory `hist.Hist`, of at most `memory` ("512 MB"). In a directory, that bounds what
    a fill and a contribution hold, too.

    >>> import hist
    >>> h = H5Hist(hist.axis.Regular(4, 0, 4, name="x"), storage="Weight", name="m")
    >>> h.fill(x=[0.5, 1.5, 1.6], weight=[1, 2, 3])
    H5Hist('m': x 4; Weight, in memory, 1 contribution)
    >>> h[hist.loc(1.0)]
    WeightedSum(value=5, variance=13)
    >>> H5Hist.new.Reg(4, 0, 4, name="x").StrCat([], growth=True, name="c").Int64().ndim
    2
    """

    def __init__(
        self,
        *axes: Any,
        storage: Any = None,
        name: str | None = None,
        label: str | None = None,
        metadata: Any = None,
        data: Any = None,
        path: str | os.PathLike[str] | None = None,
        memory: str | int | None = None,
    ) -> None:
        facts = {"name": name, "label": label, "metadata": metadata}
        full = _full(axes, storage, data)
        if full is not None:
            full.__dict__.update({k: v for k, v in facts.items() if v is not None})
            made = type(self).from_hist(full, path=path, memory=memory)
            self._begin(made._home, made._budget)
            return
        axes_given, storage = ingredients(axes, storage)
        signature = Signature.from_axes(
            name or _NAMELESS, axes_given, storage, metadata=facts, in_memory=path is None
        )
        budget = bytes_of(memory)
        self._begin(new_home(signature, path, budget), budget)

    def _begin(self, home: Home, budget: int | None = None) -> None:
        self._home, self._budget = home, budget

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        name: str | None = None,
        *,
        mode: Literal["a", "r"] = "a",
        memory: str | int | None = None,
    ) -> H5Hist:
        """Open a histogram of the store in `path` (`name` may be left out if it has one only).

        Reading needs no lock. The first fill makes this process the store's writer; StoreError
        with the holder's pid and host when there is another. With `mode="r"` it is never filled.
        """
        store = Store.open(path)
        if name is None and len(store.names) != 1:
            raise StoreError(
                f"{path} holds {len(store.names)} histograms: {', '.join(store.names)}"
            )
        if mode not in ("a", "r"):
            raise HistValueError(f"mode={mode!r}: give 'a' to read and fill, 'r' to read only")
        found = store.hist(store.names[0] if name is None else name)
        budget = bytes_of(memory)
        home = DiskHome(store, found.signature, may_write=mode == "a", memory=budget)
        found._begin(home, budget)
        return found

    @classmethod
    def of_store(cls, store: Store, name: str) -> H5Hist:
        """The read-only histogram `name` of a view of a store."""
        made = cls.__new__(cls)
        made._begin(DiskHome(store, store.signatures[name], may_write=False))
        return made

    @classmethod
    def from_hist(
        cls,
        full: Any,
        *,
        path: str | os.PathLike[str] | None = None,
        memory: str | int | None = None,
    ) -> H5Hist:
        """A histogram with the axes, contents and metadata of a `hist.Hist`."""
        made = cls.__new__(cls)
        budget = bytes_of(memory)
        made._begin(new_home(_signature_of(full, path is None), path, budget), budget)
        made.add(full, f"hist-{uuid.uuid4().hex}")
        return made

    @classmethod
    def from_uhi(cls, data: Any, path: str | os.PathLike[str] | None = None) -> H5Hist:
        """A histogram with the axes and contents of a UHI dictionary (or of a `hist.Hist`)."""
        full = _full((data,), None, None)
        return cls.from_hist(data if full is None else full, path=path)

    @classmethod
    def _from_uhi_(cls, data: dict[str, Any], /) -> H5Hist:
        return cls.from_uhi(data)

    @classmethod
    def merge(
        cls,
        *histograms: Any,
        path: str | os.PathLike[str] | None = None,
        memory: str | int | None = None,
    ) -> H5Hist:
        """The sum of histograms (`H5Hist` or `hist.Hist`) of the same axes and storage.

        Categories of growing axes are put together. Block by block: the sum need not fit into
        memory.

        >>> h = H5Hist.new.Reg(2, 0, 2, name="x").Double().fill(x=[0.5, 1.5, 1.5])
        >>> H5Hist.merge(h, h).values().tolist()
        [2.0, 4.0]
        """
        sources = [h if isinstance(h, HistReading) else plain(h) for h in histograms]
        signature = merged_signature([_signature_of(h, True) for h in sources])
        made = cls.__new__(cls)
        budget = bytes_of(memory)
        made._begin(new_home(signature, path, budget), budget)
        for n, source in enumerate(sources):
            if signature.grows_dense:
                made.add(source)
            else:
                made._take(source, f"merge-{n}")
        return made

    def _take(self, source: Any, said: str) -> None:
        """Add a histogram in several contributions."""
        sent = 0

        def send(blocks: Blocks) -> None:
            nonlocal sent
            if sent:
                raise StoreError(f"{source!r} was folded while it was read; close it and try again")
            for part in in_batches(self.signature, blocks, self._home.new_contribution):
                self._home.contribute(part, f"{said}-{sent}")
                sent += 1

        _read(source, self.signature, send)

    # -- filling --------------------------------------------------------------------------------

    def fill(
        self,
        *args: Any,
        weight: Any = None,
        sample: Any = None,
        threads: int | None = None,  # noqa: ARG002
        **columns: Any,
    ) -> H5Hist:
        """Fill with one scalar or 1-D array per axis, by position or name; returns itself.

        Mean storages take what they average as `sample`, MultiCell takes weights of shape
        (entries, variations); `threads` is there for hist's sake. One fill is one atomic
        contribution; if refused, it changes nothing.
        """
        with self.contribution(uuid.uuid4().hex) as c:
            c.fill(*args, weight=weight, sample=sample, **columns)
        return self

    @contextlib.contextmanager
    def contribution(self, unique_id: str) -> Iterator[HistContribution]:
        """Any number of fills as one commit: all of them once, or none.

        An error inside commits nothing; an id that was contributed before changes nothing.

        >>> import hist
        >>> h = H5Hist(hist.axis.Regular(4, 0, 4, name="x"))
        >>> for _ in range(2):
        ...     with h.contribution("file-1") as c:
        ...         c.fill(x=[1, 2])
        >>> h.sum()
        2.0
        """
        check_id(unique_id)
        made = HistContribution(self.signature, self._home.new_contribution())
        yield made
        self._home.contribute(made.contents, unique_id)

    def was_contributed(self, unique_id: str) -> bool:
        """Whether a contribution of this id was committed."""
        return self._home.contributed(unique_id)

    def add(self, other: Any, unique_id: str | None = None) -> H5Hist:
        """Add all of a `hist.Hist` or `H5Hist` of the same axes, as one contribution; returns itself.

        Categories that are new to a growing axis are appended. A `unique_id` that was contributed
        before changes nothing.
        """
        source = other if isinstance(other, HistReading) else plain(other)
        check_alike(self.signature, _signature_of(source, True))

        def added(blocks: Blocks) -> Any:  # made anew where a fold makes it begin again
            made = self._home.new_contribution()
            made.add_blocks(self.signature, blocks)
            return made

        if isinstance(self._home, GrowingHome):
            made: Any = self._home.new_contribution()
            made.add_hist(self.signature, plain(source))
        else:
            made = _read(source, self.signature, added)
        self._home.contribute(made, unique_id or f"add-{uuid.uuid4().hex}")
        return self

    def __iadd__(self, other: Any) -> Self:
        self.add(other)
        return self

    def __setitem__(self, index: Any, value: Any) -> None:
        """Set bins as in `hist.Hist`; on disk this is a record of the journal, in its order.

        >>> h = H5Hist.new.Reg(4, 0, 4, name="x").Double()
        >>> h[1:3] = [5, 7]
        >>> h.values().tolist()
        [0.0, 5.0, 7.0, 0.0]
        """
        items = self._items(index)
        axes = self._home.read(self._axes_now)
        made = self._home.new_contribution()
        for piece in assigned(self.signature, axes, items, plain(value), self._budget):
            made.assign(self.signature.name, piece.key, piece.where, piece.numbers)
        self._home.contribute(made, f"set-{uuid.uuid4().hex}")

    # -- giving away ----------------------------------------------------------------------------

    @property
    def path(self) -> Path | None:
        """Its directory; None in memory."""
        return self._home.directory

    def export(self, file: str | os.PathLike[str]) -> Path:
        """Write it as one self-contained UHI file; returns the file's path (see `export_file`)."""
        return self._home.read(lambda b: export_file(Path(file), [(self.signature, b)]))

    @property
    def chunks(self) -> BlockMap:
        """Its blocks as a mutable mapping: what `hist.chunked.ChunkedHist(chunks=...)` takes."""
        return BlockMap(self._home, self.signature)

    # -- live -----------------------------------------------------------------------------------

    def refresh(self) -> bool:
        """See what was contributed since; False when nothing was."""
        return self._home.refresh()

    @property
    def version(self) -> int:
        """Grows whenever what this object shows has changed."""
        return self._home.version

    @property
    def sealed(self) -> bool:
        """Whether nothing more will come."""
        return self._home.sealed

    @property
    def committed(self) -> int:
        """Contributions committed."""
        return self._home.committed

    @property
    def folded(self) -> int:
        """Contributions folded into the packs on disk."""
        return self._home.folded

    def close(self) -> None:
        """End filling: fold, write the index, seal the store. Reading goes on to work."""
        self._home.close()

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
        axes = " x ".join(f"{ax.name or ax.label} {len(ax)}" for ax in self.axes)
        where = "in memory" if self.path is None else f"in {str(self.path)!r}"
        return (
            f"H5Hist({self.name!r}: {axes}; {self.signature.storage}, {where}, "
            f"{self.committed} contribution{'s' if self.committed != 1 else ''})"
        )


class HistContribution:
    """The fills of one `H5Hist.contribution`."""

    def __init__(self, signature: Signature, contents: Any = None) -> None:
        self._signature = signature
        if contents is None:
            contents = Contribution({signature.name: signature})
        self.contents: Contribution = contents  # or one for growing axes, which takes the same

    def fill(self, *args: Any, weight: Any = None, sample: Any = None, **columns: Any) -> None:
        """Fill by position or name; nothing is committed before the `with` block ends."""
        names = [ax.name for ax in self._signature.axes]
        if not args and all(names):
            self.contents.fill(self._signature.name, weight=weight, sample=sample, **columns)
            return
        rest = names[len(args) :]
        if "sample" in rest and sample is not None:  # an axis may have this name
            columns, sample = {**columns, "sample": sample}, None
        if len(args) > len(names) or sorted(rest) != sorted(columns):
            raise HistTypeError(
                f"histogram {self._signature.name!r} has the axes {names}: "
                f"{len(args)} values by position and {sorted(columns)} by name do not fit"
            )
        values = [*args, *(columns[n] for n in rest)]
        self.contents.fill_in_order(self._signature, values, weight, sample)


def _full(given: tuple[Any, ...], storage: Any, data: Any) -> Any:
    """The `hist.Hist` that is to be taken over, if this is what `H5Hist` was given."""
    try:
        if len(given) == 1 and storage is None and not isinstance(given[0], (str, tuple)):
            (only,) = given
            if isinstance(only, (bh.Histogram, Mapping)) or hasattr(only, "_to_uhi_"):
                return hist.Hist(plain(only), data=data)
        if data is None:
            return None
        axes, storage = ingredients(given, storage)
        return hist.Hist(*axes, storage=cell_of(storage_name(storage)).new(), data=data)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise HistValueError(f"no histogram can be made of this ({one_line(error)})") from None


def _signature_of(source: Any, in_memory: bool) -> Signature:
    """The signature of a histogram, of whichever kind."""
    if isinstance(source, HistReading):
        return source.signature
    if not isinstance(source, bh.Histogram):
        raise HistTypeError(f"{source!r:.60} is no histogram; give an H5Hist or a hist.Hist")
    facts = {k: v for k, v in source.__dict__.items() if k in ("name", "label", "metadata")}
    return Signature.from_axes(
        facts.get("name") or _NAMELESS,
        source.axes,
        source.storage,
        metadata=facts,
        in_memory=in_memory,
    )


def _read(source: Any, signature: Signature, what: Callable[[Blocks], T]) -> T:
    """Read the blocks of a histogram of whichever kind."""
    if isinstance(source, HistReading):
        return source._home.read(what)
    return what(FullBlocks(source, signature))
