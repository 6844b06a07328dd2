"""The reading half of an `H5Hist`: indexing, projections, arrays, arithmetic on results.

An index reads only the blocks and bins that it needs; what comes out is a `hist.Hist` in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import boost_histogram as bh
import hist
import numpy as np

from .blocks import Blocks
from .gather import gather, has_arrays
from .homes import Home
from .indexing import AxisPlan, kept, plan_axis, split_index, summed
from .reduction import build_hist, reduce_blocks
from .refusal import HistTypeError, HistValueError
from .results import Results
from .signature import Signature, relabelled

if TYPE_CHECKING:
    from .slicing import Lazy

__all__ = ["HistReading"]

Array = np.ndarray[Any, Any]


class HistReading(Results):
    """What can be read of the histogram in `_home`, within `_budget` bytes of memory per result."""

    _home: Home
    _budget: int | None = None

    # -- what it is -----------------------------------------------------------------------------

    @property
    def signature(self) -> Signature:
        """Its axes, storage and metadata, without contents."""
        return self._home.signature

    @property
    def name(self) -> str | None:
        """Its name."""
        return self.signature.metadata.get("name")

    @property
    def label(self) -> str | None:
        """Its label."""
        return self.signature.metadata.get("label")

    @property
    def metadata(self) -> Any:
        """Its metadata: text, a number or a boolean; None without."""
        return self.signature.metadata.get("metadata")

    @property
    def axes(self) -> Any:
        """The axes, as `hist.Hist.axes`; category axes with the categories seen so far."""
        return hist.axis.NamedAxesTuple(self._home.read(self._axes_now))

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.signature.axes)

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
        """The hist storage class, such as `hist.storage.Weight`."""
        return type(self.storage)

    @property
    def storage(self) -> Any:
        """A fresh storage of this kind, such as `hist.storage.Weight()`."""
        return self.signature.new_storage()

    @property
    def kind(self) -> bh.Kind:
        """`Kind.MEAN` for the mean storages, `Kind.COUNT` for all others."""
        return bh.Kind.MEAN if self.signature.cell.takes_sample else bh.Kind.COUNT

    # -- indexing -------------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> Any:
        """UHI indexing as in `hist.Hist`, with the same rules for flow bins; gives a `hist.Hist`.

        Arrays of bin numbers give an array. Raises a StoreError that is also the IndexError,
        KeyError, TypeError or ValueError that `hist.Hist` would raise.
        """
        items = self._items(index)
        if has_arrays(items):
            return self._home.read(
                lambda blocks: gather(blocks, self.signature, self._axes_now(blocks), items)
            )
        return self._reduced(lambda axes: self._plans(axes, items))

    @property
    def lazy(self) -> Lazy:
        """`h.lazy[...]` takes any index and gives an H5Hist that reads only what it is asked for.

        >>> from hepnb.histograms import H5Hist
        >>> h = H5Hist.new.Reg(4, 0, 4, name="x").StrCat(["a", "b"], name="c").Double()
        >>> h.fill(x=[0.5, 1.5, 1.6], c="a").lazy[0:2, :].project("x").values().tolist()
        [1.0, 2.0]
        """
        from .slicing import Lazy

        return Lazy(self)

    def to_hist(self) -> Any:
        """All of it as an in-memory `hist.Hist`."""
        return self._reduced(lambda axes: [kept(ax) for ax in axes])

    def project(self, *axes: int | str, flow: bool = True) -> Any:
        """The histogram over these axes only, in this order; `flow`: with flow bins of the others."""
        at = [self._position(a) for a in axes]
        if len(set(at)) < len(at):
            raise HistValueError(f"{self._said}: project names an axis twice")
        if not at:
            return self.project(0, flow=flow).project(flow=flow) if self.ndim else self.to_hist()
        found = self._reduced(
            lambda now: [kept(ax) if i in at else summed(ax, flow=flow) for i, ax in enumerate(now)]
        )
        rising = sorted(at)
        return found.project(*(rising.index(a) for a in at)) if at != rising else found

    @property
    def T(self) -> Any:
        """The axes in reverse order."""
        return self.project(*reversed(range(self.ndim)))

    def sum(self, flow: bool = False) -> Any:
        """The sum of all bins: a number, or the storage's accumulator."""
        if not self.ndim:
            return self.to_hist().sum(flow=flow)
        return self._reduced(lambda axes: [summed(ax, flow=flow) for ax in axes])

    def empty(self, flow: bool = False) -> bool:
        """Whether all bins are zero."""
        return bool(self.to_hist().empty(flow=flow))

    def integrate(self, axis: int | str, first: Any = None, last: Any = None) -> Any:
        """Sum over an axis, from `first` to `last`, or over a list of categories."""
        if isinstance(first, list):
            return self[{axis: first}].integrate(axis, 0, len)
        return self[{axis: slice(first, last, sum)}]

    # -- arrays ---------------------------------------------------------------------------------

    def view(self, flow: bool = False) -> Any:
        """The contents as `hist.Hist.view` gives them: a copy, not to be written to."""
        found = self.to_hist().view(flow=flow)
        found.flags.writeable = False
        return found

    def values(self, flow: bool = False) -> Array:
        """The sums of weights, or the means: shape `shape`, with flow bins if asked."""
        return np.asarray(self.to_hist().values(flow=flow))

    def variances(self, flow: bool = False) -> Array | None:
        """The variances of the values; None for Double storage filled with weights."""
        with np.errstate(all="ignore"):  # a mean of nothing has none
            found = self.to_hist().variances(flow=flow)
        return None if found is None else np.asarray(found)

    def counts(self, flow: bool = False) -> Array:
        """The (effective) number of entries per bin."""
        return np.asarray(self.to_hist().counts(flow=flow))

    def _to_uhi_(self) -> dict[str, Any]:
        if self.signature.cell.variations:
            raise HistTypeError(f"{self._said}: the UHI standard has no MultiCell; export() it")
        with np.errstate(all="ignore"):
            found: dict[str, Any] = self.to_hist()._to_uhi_()
        return found

    # -- inside ---------------------------------------------------------------------------------

    def _position(self, axis: int | str) -> int:
        at = self.signature.position(axis) if isinstance(axis, str) else axis
        if not isinstance(at, (int, np.integer)):
            raise HistTypeError(f"{self._said}: {at!r} is no axis; give its name or its number")
        if not 0 <= at < self.ndim:
            raise HistValueError(f"{self._said} has no axis {at}, only 0 to {self.ndim - 1}")
        return at

    def _items(self, index: Any) -> list[Any]:
        return split_index(index, [ax.name for ax in self.signature.axes], self._said)

    def _axes_now(self, blocks: Blocks) -> tuple[Any, ...]:
        axes = list(self.signature.axes)
        for i, labels in zip(self.signature.category_axes, blocks.labels(), strict=True):
            axes[i] = relabelled(axes[i], labels)
        return tuple(axes)

    def _plans(self, axes: Sequence[Any], items: Sequence[Any]) -> list[AxisPlan]:
        return [
            plan_axis(ax, item, f"{self._said}: axis {ax.name or i!r}")
            for i, (ax, item) in enumerate(zip(axes, items, strict=True))
        ]

    def _reduced(self, plans: Callable[[Sequence[Any]], Sequence[AxisPlan]]) -> Any:
        def read(blocks: Blocks) -> Any:
            made = plans(self._axes_now(blocks))
            return reduce_blocks(blocks, self.signature, made, self._budget)

        if self.ndim:
            return self._home.read(read)

        def point(blocks: Blocks) -> Any:
            held = list(blocks.keys())
            one = blocks.read((), 0, 1) if held else self.signature.cell.zeros(1)
            fields = {f: a.reshape(()) for f, a in one.items()}
            return build_hist(self.signature, (), fields, blocks.weighted())

        return self._home.read(point)
