"""`H5Hist`: a histogram made, filled and indexed like `hist.Hist`, that need not fit into memory."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import boost_histogram as bh
import hist
import numpy as np

from ..errors import StoreError
from .blocks import Blocks
from .contribution import Contribution
from .export import export_file
from .homes import DiskHome, Home, MemoryHome
from .indexing import AxisPlan, plan_axis, split_index
from .mapping import BlockMap
from .reduction import reduce_blocks
from .refusal import HistTypeError, HistValueError
from .signature import Signature, relabelled
from .store import Store
from .writer import StoreWriter

__all__ = ["H5Hist", "HistContribution"]

Array = np.ndarray[Any, Any]
T = TypeVar("T")
_NAMELESS = "histogram"


class H5Hist:
    """A histogram in a directory (`path`), or in memory without one.

    Category axes split it into one dense block per tuple of categories and may grow without limit;
    the other axes are fixed. An index reads only what it needs and gives an in-memory `hist.Hist`.

    >>> import hist
    >>> h = H5Hist(hist.axis.Regular(4, 0, 4, name="x"), storage="Weight", name="m")
    >>> h.fill(x=[0.5, 1.5, 1.6], weight=[1, 2, 3])
    H5Hist('m': x 4; Weight, in memory, 1 contribution)
    >>> h[hist.loc(1.0)]
    WeightedSum(value=5, variance=13)
    """

    def __init__(
        self,
        *axes: Any,
        storage: Any = "Double",
        name: str | None = None,
        label: str | None = None,
        path: str | os.PathLike[str] | None = None,
    ) -> None:
        signature = Signature.from_axes(
            name or _NAMELESS, axes, storage, metadata={"name": name, "label": label}
        )
        self._begin(signature, _new_home(signature, path))

    def _begin(self, signature: Signature, home: Home) -> None:
        self._signature, self._home = signature, home

    @classmethod
    def open(cls, path: str | os.PathLike[str], name: str | None = None) -> H5Hist:
        """Open a histogram of the store in `path` (`name` may be left out if it has one only).

        Reading needs no lock. The first fill makes this process the store's writer; StoreError
        with the holder's pid and host when there is another.
        """
        store = Store.open(path)
        if name is None and len(store.names) != 1:
            raise StoreError(
                f"{path} holds {len(store.names)} histograms: {', '.join(store.names)}"
            )
        found = store.hist(store.names[0] if name is None else name)
        found._home = DiskHome(store, found._signature, may_write=True)
        return found

    @classmethod
    def of_store(cls, store: Store, name: str) -> H5Hist:
        """The read-only histogram `name` of a view of a store."""
        made = cls.__new__(cls)
        signature = store.signatures[name]
        made._begin(signature, DiskHome(store, signature, may_write=False))
        return made

    @classmethod
    def from_uhi(cls, data: Any, path: str | os.PathLike[str] | None = None) -> H5Hist:
        """A histogram with the axes and contents of a UHI dictionary (or of a `hist.Hist`)."""
        full: Any = hist.Hist(data)
        made = cls(
            *full.axes,
            storage=full.storage_type.__name__,
            name=full.name,
            label=full.label,
            path=path,
        )
        made._home.contribute(made._contribution_of(full), f"uhi-{uuid.uuid4().hex}")
        return made

    # -- filling --------------------------------------------------------------------------------

    def fill(self, *args: Any, weight: Any = None, **columns: Any) -> H5Hist:
        """Fill with one scalar or 1-D array per axis, by position or name; returns itself.

        One fill is one atomic contribution. A fill that is refused changes nothing.
        """
        with self.contribution(uuid.uuid4().hex) as c:
            c.fill(*args, weight=weight, **columns)
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
        made = HistContribution(self._signature)
        yield made
        self._home.contribute(made.contents, unique_id)

    def _contribution_of(self, full: Any) -> Contribution:
        made = Contribution({self._signature.name: self._signature})
        made.add_hist(self._signature, full)
        return made

    # -- what it is -----------------------------------------------------------------------------

    @property
    def name(self) -> str | None:
        """Its name."""
        return self._signature.metadata.get("name")

    @property
    def label(self) -> str | None:
        """Its label."""
        return self._signature.metadata.get("label")

    @property
    def signature(self) -> Signature:
        """Its axes, storage and metadata, without contents."""
        return self._signature

    @property
    def axes(self) -> Any:
        """The axes, as `hist.Hist.axes`; category axes with the categories seen so far."""
        return hist.axis.NamedAxesTuple(self._read(self._axes_now))

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._signature.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Bins per axis, without flow bins."""
        return tuple(len(ax) for ax in self.axes)

    @property
    def size(self) -> int:
        """Number of bins, flow bins included."""
        return int(np.prod([ax.extent for ax in self.axes], dtype=np.int64))

    @property
    def storage_type(self) -> Any:
        """The hist storage class: Double, Int64 or Weight."""
        return type(self._signature.new_storage())

    @property
    def kind(self) -> bh.Kind:
        """Always `Kind.COUNT`."""
        return bh.Kind.COUNT

    @property
    def path(self) -> Path | None:
        """Its directory; None in memory."""
        return self._home.directory

    # -- reading --------------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> Any:
        """UHI indexing as in `hist.Hist`, with the same rules for flow bins; gives a `hist.Hist`.

        Raises a StoreError that is also the IndexError, KeyError, TypeError or ValueError that
        `hist.Hist` would raise.
        """
        names = [ax.name for ax in self._signature.axes]
        items = split_index(index, names, self._said)
        return self._read(lambda blocks: self._reduce(blocks, items))

    def to_hist(self) -> Any:
        """All of it as an in-memory `hist.Hist`."""
        return self[...] if self.ndim else self._read(lambda b: self._reduce(b, []))

    def project(self, *axes: int | str) -> Any:
        """The histogram over these axes only, in this order, flow bins of the others included."""
        at = [self._signature.position(a) if isinstance(a, str) else a for a in axes]
        for a in at:
            if not 0 <= a < self.ndim:
                raise HistValueError(f"{self._said} has no axis {a}, only 0 to {self.ndim - 1}")
        if len(set(at)) < len(at):
            raise HistValueError(f"{self._said}: project names an axis twice")
        found = self[tuple(slice(None) if i in at else sum for i in range(self.ndim))]
        rising = sorted(at)
        return found.project(*(rising.index(a) for a in at)) if at != rising else found

    def sum(self, flow: bool = False) -> Any:
        """The sum of all bins: float, or WeightedSum for Weight storage."""
        whole = self[(sum if flow else slice(0, len, sum),) * self.ndim]
        return whole if isinstance(whole, bh.accumulators.WeightedSum) else float(whole)

    def view(self, flow: bool = False) -> Any:
        """The contents as `hist.Hist.view` gives them (a copy)."""
        return self.to_hist().view(flow=flow)

    def values(self, flow: bool = False) -> Array:
        """The sums of weights: shape `shape`, with flow bins if asked."""
        return np.asarray(self.to_hist().values(flow=flow))

    def variances(self, flow: bool = False) -> Array | None:
        """The sums of squared weights; None for Double storage filled with weights."""
        found = self.to_hist().variances(flow=flow)
        return None if found is None else np.asarray(found)

    def counts(self, flow: bool = False) -> Array:
        """The (effective) number of entries per bin."""
        return np.asarray(self.to_hist().counts(flow=flow))

    def export(self, file: str | os.PathLike[str]) -> Path:
        """Write it as one self-contained UHI file; returns the file's path (see `export_file`)."""
        return self._read(lambda b: export_file(Path(file), [(self._signature, b)]))

    def _to_uhi_(self) -> dict[str, Any]:
        found: dict[str, Any] = self.to_hist()._to_uhi_()
        return found

    @property
    def chunks(self) -> BlockMap:
        """Its blocks as a mutable mapping: what `hist.chunked.ChunkedHist(chunks=...)` takes."""
        return BlockMap(self._home, self._signature)

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
            f"H5Hist({self.name!r}: {axes}; {self._signature.storage}, {where}, "
            f"{self.committed} contribution{'s' if self.committed != 1 else ''})"
        )

    # -- inside ---------------------------------------------------------------------------------

    @property
    def _said(self) -> str:
        return f"histogram {self._signature.name!r}"

    def _read(self, what: Callable[[Blocks], T]) -> T:
        return self._home.read(what)

    def _axes_now(self, blocks: Blocks) -> tuple[Any, ...]:
        axes = list(self._signature.axes)
        for i, labels in zip(self._signature.category_axes, blocks.labels(), strict=True):
            axes[i] = relabelled(axes[i], labels)
        return tuple(axes)

    def _reduce(self, blocks: Blocks, items: list[Any]) -> Any:
        plans: list[AxisPlan] = []
        for i, (ax, item) in enumerate(zip(self._axes_now(blocks), items, strict=True)):
            plans.append(plan_axis(ax, item, f"{self._said}: axis {ax.name or i!r}"))
        return reduce_blocks(blocks, self._signature, plans)


class HistContribution:
    """The fills of one `H5Hist.contribution`."""

    def __init__(self, signature: Signature) -> None:
        self._signature = signature
        self.contents = Contribution({signature.name: signature})

    def fill(self, *args: Any, weight: Any = None, **columns: Any) -> None:
        """Fill by position or name; nothing is committed before the `with` block ends."""
        names = [ax.name for ax in self._signature.axes]
        if not args and all(names):
            self.contents.fill(self._signature.name, weight=weight, **columns)
            return
        rest = names[len(args) :]
        if len(args) > len(names) or sorted(rest) != sorted(columns):
            raise HistTypeError(
                f"histogram {self._signature.name!r} has the axes {names}: "
                f"{len(args)} values by position and {sorted(columns)} by name do not fit"
            )
        values = [*args, *(columns[n] for n in rest)]
        self.contents.fill_in_order(self._signature, values, weight)


def _new_home(signature: Signature, path: str | os.PathLike[str] | None) -> Home:
    if path is None:
        return MemoryHome(signature)
    writer = StoreWriter.create(path, {signature.name: signature})
    return DiskHome(Store.open(path), signature, may_write=True, writer=writer)
