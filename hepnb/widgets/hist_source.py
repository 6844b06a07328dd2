"""Where the explorer takes histograms from, and how each is written in Python.

A plain `hist.Hist`, a `boost_histogram.Histogram`, a live `H5Hist`, a dict of those, or a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boost_histogram as bh
import hist

from ..errors import HepnbError

__all__ = ["Source", "sources"]


@dataclass(frozen=True, eq=False)
class Source:
    """One histogram: the object, its name among others, and its Python expression."""

    name: str
    base: str
    histogram: Any

    @property
    def indexed(self) -> Any:
        """The object that takes UHI indices with hist's shortcuts."""
        h = self.histogram
        plain = isinstance(h, bh.Histogram) and not isinstance(h, hist.BaseHist)
        return hist.Hist(h) if plain else h

    @property
    def title(self) -> str:
        """Its label, its name, or those of its axes."""
        label = getattr(self.histogram, "label", None) or getattr(self.histogram, "name", None)
        axes = " × ".join(str(a.label or a.name) for a in self.indexed.axes if a.label or a.name)
        return str(label or self.name or axes or "histogram")

    @property
    def live(self) -> bool:
        """Whether more may come: it can be refreshed, and was not sealed."""
        refreshable = callable(getattr(self.histogram, "refresh", None))
        return refreshable and not getattr(self.histogram, "sealed", False)

    @property
    def state(self) -> dict[str, object]:
        """For the badge: `live` is "filling", "complete" or ""; contributions where counted."""
        refreshable = callable(getattr(self.histogram, "refresh", None))
        word = ("filling" if self.live else "complete") if refreshable else ""
        counts = {k: getattr(self.histogram, k, None) for k in ("committed", "folded")}
        return {"live": word, **{k: v for k, v in counts.items() if isinstance(v, int)}}

    def refresh(self) -> bool:
        """Look for newer contents; True if there are any."""
        return bool(self.histogram.refresh()) if self.live else False


def sources(h: Any, name: str | None) -> tuple[Source, ...]:
    """The histograms of whatever `HistExplorer` was given."""
    if isinstance(h, Mapping):
        base = name or "h"
        found = [Source(str(k), f"{base}[{k!r}]", v) for k, v in h.items()]
    elif hasattr(h, "histograms") and callable(getattr(h, "hist", None)):
        base = name or "run"
        found = [Source(k, f"{base}.hist({k!r})", h.hist(k)) for k in h.histograms]
    else:
        found = [Source("", name or "h", h)]
    if not found:
        raise HepnbError("HistExplorer: there is no histogram to show")
    return tuple(_checked(source) for source in found)


def _checked(source: Source) -> Source:
    h = source.histogram
    if not all(hasattr(h, needed) for needed in ("axes", "__getitem__", "project")):
        raise HepnbError(
            f"HistExplorer: {source.base} is no histogram but {type(h).__name__}; "
            "give a hist.Hist, boost_histogram.Histogram, H5Hist, a dict of them, or a run",
        )
    if isinstance(h, bh.Histogram) and not isinstance(h, hist.BaseHist):
        return Source(source.name, f"hist.Hist({source.base})", h)
    return source
