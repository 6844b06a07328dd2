"""Where the explorer takes histograms from, and how each is written in Python.

A `hist.Hist`, a `boost_histogram.Histogram`, a live `H5Hist`, a `RemoteHist`, whatever else can be
made a `hist.Hist` (uproot's histograms, objects of the Unified Histogram Interface), dicts and
lists of those, or a run.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import boost_histogram as bh
import hist
import numpy as np

from ..errors import HepnbError
from .hist_whole import bytes_of

__all__ = ["Source", "sources"]


class Source:
    """One histogram: the object, its name among others, and its Python expression."""

    def __init__(self, name: str, base: str, histogram: Any) -> None:
        self.name = name
        self.histogram = histogram
        self.base, self._indexed = _indexed(base, histogram)
        self._refreshes = callable(getattr(histogram, "refresh", None))
        self._held: Any = None  # of a histogram on a server: what it was at the last look

    @property
    def indexed(self) -> Any:
        """The object that takes UHI indices with hist's shortcuts."""
        if not callable(getattr(self.histogram, "snapshot", None)):
            return self._indexed
        if self._held is None:
            self._held = self.histogram.snapshot()
        return self._held

    @cached_property
    def title(self) -> str:
        """Its label, its name, or those of its axes."""
        label = getattr(self.histogram, "label", None) or getattr(self.histogram, "name", None)
        axes = " × ".join(str(a.label or a.name) for a in self.indexed.axes if a.label or a.name)
        return str(label or self.name or axes or "histogram")

    @property
    def live(self) -> bool:
        """Whether more may come: it can be refreshed, and was not sealed."""
        return self._refreshes and not getattr(self.histogram, "sealed", False)

    @property
    def state(self) -> dict[str, object]:
        """For the badge: `live` is "filling", "complete" or ""; contributions where counted."""
        word = ("filling" if self.live else "complete") if self._refreshes else ""
        counts = {k: getattr(self.histogram, k, None) for k in ("committed", "folded")}
        return {"live": word, **{k: v for k, v in counts.items() if isinstance(v, int)}}

    @property
    def size(self) -> float:
        """Bytes that its numbers take in memory."""
        return bytes_of(self.indexed)

    @property
    def mark(self) -> object:
        """Another one whenever the contents are others."""
        h = self.indexed
        if not isinstance(h, bh.Histogram):
            return getattr(h, "version", None)
        numbers = np.ascontiguousarray(np.asarray(h.view(flow=True)).T)  # as they lie in memory
        return h.axes.extent, zlib.crc32(numbers.view(np.uint8).data)

    def whole(self) -> Any:
        """All of it as a `hist.Hist`."""
        h = self.indexed
        return h if isinstance(h, bh.Histogram) else h.to_hist()

    def refresh(self) -> bool:
        """Look for newer contents; True if there are any."""
        changed = bool(self.histogram.refresh()) if self.live else False
        if changed:
            self._held = None
        return changed


def sources(h: Any, name: str | None) -> tuple[Source, ...]:
    """The histograms of whatever `HistExplorer` was given."""
    if isinstance(h, Mapping):
        base = name or "h"
        found = [Source(str(k), f"{base}[{k!r}]", v) for k, v in h.items()]
    elif isinstance(h, Sequence) and not isinstance(h, str | bytes):
        base = name or "h"
        found = [Source(said, f"{base}[{i}]", v) for i, (said, v) in enumerate(_named(h))]
    elif hasattr(h, "histograms") and callable(getattr(h, "hist", None)):
        base = name or "run"
        found = [Source(k, f"{base}.hist({k!r})", h.hist(k)) for k in h.histograms]
    else:
        found = [Source("", name or "h", h)]
    if not found:
        raise HepnbError("HistExplorer: there is no histogram to show")
    return tuple(found)


def _named(histograms: Sequence[Any]) -> list[tuple[str, Any]]:
    """The histograms of a list by their own names where each has another, else by number."""
    names = [str(getattr(h, "name", None) or getattr(h, "label", None) or "") for h in histograms]
    if len(set(names)) < len(names) or "" in names:
        names = [f"{i}: {said}" if said else str(i) for i, said in enumerate(names)]
    return list(zip(names, histograms, strict=True))


def _indexed(base: str, h: Any) -> tuple[str, Any]:
    """The expression and the object that take an index."""
    if isinstance(h, hist.BaseHist):
        return base, h
    if isinstance(h, bh.Histogram) or hasattr(h, "_to_boost_histogram_"):
        return f"hist.Hist({base})", hist.Hist(h)
    if all(hasattr(h, needed) for needed in ("axes", "__getitem__", "project")):
        return base, h
    if hasattr(h, "_to_uhi_"):
        return f"hist.Hist({base}._to_uhi_())", hist.Hist(h._to_uhi_())
    raise HepnbError(
        f"HistExplorer: {base} is no histogram but {type(h).__name__}; give a hist.Hist, "
        "boost_histogram.Histogram, H5Hist, RemoteHist, a dict or list of them, or a run",
    )
