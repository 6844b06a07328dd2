"""What a program declares and gives: its histograms, and the yield of one chunk. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from .fills import Fill
    from .skims import Skimmed
    from .statistics import StatisticsRow
    from .sums import OwnSums

__all__ = ["ChunkResult", "CutRow", "HistSpec"]

CutRow = tuple[str, int, float]


@dataclass(frozen=True)
class HistSpec:
    """A histogram as it will be stored: category axes first, then the axes that are filled.

    `own_sums`: it is filled with normalised weights, and so normalised by sums of its variations.
    """

    name: str
    axes: tuple[Any, ...]
    storage: str
    label: str
    by: tuple[str, ...]
    own_sums: bool = False


@dataclass(frozen=True)
class ChunkResult:
    """What one chunk gives.

    `fills` go into histograms that were declared; `hists` are whole `hist.Hist`s by name, which are
    added to those of the same name and need not be declared.
    `cutflow` has a row (cut, events, sum of weights) for all events and after each select, weighted
    by the weights declared above it; its first row is the sum of weights of the chunk. `cutflows` has
    the same for each variation of a column. `above` says of each cut in which other one's events it lies:
    that before it in its own path, for a sub-path that before it in the path.
    `collections` is name -> (events, objects, least, most per event), `sizes` name -> (events with
    no object, with one, ..., with 31 or more); `statistics` has a row for each step and phase;
    `skims` are the rows that go into files, by the name of the snapshot; `categories_overlap` counts
    events of exclusive categories that fit more than one label; `sumw` is the sum of the weights that
    normalise the dataset, where it is made of the events, `own_sums` those of normalised weights.
    """

    events: int
    fills: tuple[Fill, ...] = ()
    hists: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    skims: Mapping[str, Skimmed] = field(default_factory=dict)
    cutflow: tuple[CutRow, ...] = ()
    cutflows: Mapping[str, tuple[CutRow, ...]] = field(default_factory=dict)
    above: Mapping[str, str] = field(default_factory=dict)
    collections: Mapping[str, tuple[int, int, int, int]] = field(default_factory=dict)
    sizes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    statistics: tuple[StatisticsRow, ...] = ()
    categories_overlap: Mapping[str, int] = field(default_factory=dict)
    sumw: float | None = None
    own_sums: OwnSums | None = None
