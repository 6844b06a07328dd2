"""The reading half of an `H5Hist`: indexing, projections, arrays, arithmetic on results.

An index reads only the blocks and bins that it needs; what comes out is a `hist.Hist` in memory.
"""

from __future__ import annotations

import operator
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
from .signature import Signature, relabelled

if TYPE_CHECKING:
    from .slicing import Lazy

__all__ = ["HistReading", "plain"]

Array = np.ndarray[Any, Any]


class HistReading:
    """What can be read of the histogram in `_home`, within `_budget` bytes of memory per result."""

    _home: Home
    _budget: int | None = None
    __hash__ = None  # type: ignore[assignment] # equal by content, which changes

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
        return self._reduced(lambda axes: [summed(ax, flow=flow) for ax in axes])

    def empty(self, flow: bool = False) -> bool:
        """Whether all bins are zero."""
        return bool(self.to_hist().empty(flow=flow))

    def integrate(self, axis: int | str, first: Any = None, last: Any = None) -> Any:
        """Sum over an axis, from `first` to `last`, or over a list of categories."""
        at = self._position(axis)
        if isinstance(first, list):
            return self[{at: first}].integrate(at, 0, len)
        return self[{at: slice(first, last, sum)}]

    # -- arrays ---------------------------------------------------------------------------------

    def view(self, flow: bool = False) -> Any:
        """The contents as `hist.Hist.view` gives them (a copy)."""
        return self.to_hist().view(flow=flow)

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

    def density(self) -> Array:
        """The values over the widths of their bins and their total."""
        return np.asarray(self.to_hist().density())

    def to_numpy(self, flow: bool = False) -> tuple[Array, ...]:
        """The values and the edges of each axis, as `numpy.histogramdd` gives them."""
        found: tuple[Array, ...] = self.to_hist().to_numpy(flow=flow)
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self.view(), dtype)

    # -- results --------------------------------------------------------------------------------

    def sort(self, axis: int | str, key: Any = None, reverse: bool = False) -> Any:
        """A `hist.Hist` with the categories of an axis in another order."""
        return self.to_hist().sort(axis, key=key, reverse=reverse)

    def stack(self, axis: int | str) -> Any:
        """A `hist.Stack` of the histograms along an axis."""
        return self.to_hist().stack(axis)

    def profile(self, axis: int | str) -> Any:
        """The mean of an axis' values in the bins of the others."""
        return self.to_hist().profile(axis)

    def plot(self, *args: Any, **options: Any) -> Any:
        """Draw it as `hist.Hist.plot` does."""
        return self.to_hist().plot(*args, **options)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (HistReading, bh.Histogram)):
            return NotImplemented
        return bool(self.to_hist() == plain(other))

    @property
    def _hist(self) -> Any:
        """What boost-histogram compares and adds: so `hist.Hist == H5Hist` holds from both sides."""
        return self.to_hist()._hist

    def _to_uhi_(self) -> dict[str, Any]:
        if self.signature.cell.variations:
            raise HistTypeError(f"{self._said}: the UHI standard has no MultiCell; export() it")
        with np.errstate(all="ignore"):
            found: dict[str, Any] = self.to_hist()._to_uhi_()
        return found

    def _operated(self, other: Any, operation: Callable[[Any, Any], Any]) -> Any:
        return operation(self.to_hist(), plain(other))

    def __add__(self, other: Any) -> Any:
        return self._operated(other, operator.add)

    def __sub__(self, other: Any) -> Any:
        return self._operated(other, operator.sub)

    def __mul__(self, other: Any) -> Any:
        return self._operated(other, operator.mul)

    def __truediv__(self, other: Any) -> Any:
        return self._operated(other, operator.truediv)

    def __radd__(self, other: Any) -> Any:
        return self._operated(other, lambda a, b: b + a)

    def __rsub__(self, other: Any) -> Any:
        return self._operated(other, lambda a, b: b - a)

    def __rmul__(self, other: Any) -> Any:
        return self._operated(other, lambda a, b: b * a)

    def __rtruediv__(self, other: Any) -> Any:
        return self._operated(other, lambda a, b: b / a)

    # -- inside ---------------------------------------------------------------------------------

    @property
    def _said(self) -> str:
        return f"histogram {self.signature.name!r}"

    def _position(self, axis: int | str) -> int:
        at = self.signature.position(axis) if isinstance(axis, str) else axis
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
        return self._home.read(
            lambda b: build_hist(
                self.signature,
                (),
                {f: a.reshape(()) for f, a in b.read((), 0, 1).items()},
                b.weighted(),
            )
        )


def plain(other: Any) -> Any:
    """A histogram in memory, or `other` itself."""
    return other.to_hist() if isinstance(other, HistReading) else other
