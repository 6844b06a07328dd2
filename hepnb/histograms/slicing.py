"""`h.lazy[...]`: the way from a histogram to a slice of it that is not made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boost_histogram as bh

from .gather import has_arrays
from .lazy import LazyHome
from .refusal import HistIndexError
from .signature import CATEGORY, Signature

if TYPE_CHECKING:
    from .reading import HistReading

__all__ = ["Lazy"]


class Lazy:
    """Takes an index and gives an out-of-core view of that part."""

    def __init__(self, source: HistReading) -> None:
        self._source = source

    def __getitem__(self, index: Any) -> Any:
        """An H5Hist of the bins that `index` means; what the index itself gives where that is small.

        That is a number when no axis is left, and an array for arrays of bin numbers. Three
        results are no histogram of blocks and are refused: a category picked twice, a Boolean
        axis cut to one bin, and an axis without bins.
        """
        from .h5hist import H5Hist

        source = self._source
        items = source._items(index)
        if has_arrays(items):
            return source[index]
        plans = source._home.read(lambda b: source._plans(source._axes_now(b), items))
        axes = [p.axis for p in plans if p.axis is not None]
        if not axes:
            return source[index]
        for ax in axes:
            if ax.size == 0 and not isinstance(ax, CATEGORY):
                raise HistIndexError(f"{source._said}: the slice has no bins; index it directly")
            if isinstance(ax, bh.axis.Boolean) and ax.size != 2:
                raise HistIndexError(
                    f"{source._said}: lazy cuts no Boolean axis; index it directly"
                )
            if isinstance(ax, CATEGORY) and len(set(ax)) < len(ax):
                raise HistIndexError(
                    f"{source._said}: lazy picks each category once; index it directly"
                )
        signature = Signature.from_axes(
            source.signature.name,
            axes,
            source.signature.storage,
            metadata=source.signature.metadata,
            in_memory=True,
        )
        home = LazyHome(
            source._home,
            lambda blocks: source._plans(source._axes_now(blocks), items),
            signature,
        )
        made = H5Hist.__new__(H5Hist)
        made._begin(home, source._budget)
        return made
