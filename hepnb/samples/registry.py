"""What is known of each sample: files, checksums, upstream address, licence, size, tree.

Nothing is opened here. A new sample is one more entry of `SAMPLES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from .toy import toy_dimuon

__all__ = ["SAMPLES", "Entry", "Excerpt", "Source"]


@dataclass(frozen=True)
class Excerpt:
    """A file that is published only as the first `events` entries of a much larger one."""

    url: str
    events: int
    content: str
    """sha256 of the columns (`checksums.content`): the same whoever cuts the excerpt."""


@dataclass(frozen=True)
class Source:
    """One file of a sample.

    `path` is where it lies below `HEPNB_DATA_DIR` and below the cache, `size` in bytes, `sha256`
    that of the file as such, `origin` a plain address, or an `Excerpt` of something larger.
    """

    path: str
    size: int
    sha256: str
    origin: str | Excerpt


@dataclass(frozen=True)
class Entry:
    """One sample. `toy(file, events, seed)` makes a stand-in, `record` is the page that cites it."""

    name: str
    description: str
    tree: str
    events: int
    sources: tuple[Source, ...]
    record: str
    citation: str
    licence: str
    toy: Callable[[Path, int, int], Path]
    toy_version: int = 1


_DIMUON = Entry(
    name="dimuon",
    description="CMS 2012, real data: the first 100 000 events with muons of the reduced "
    "NanoAOD of Run2012B and Run2012C, trigger stream DoubleMuParked; GeV",
    tree="Events",
    events=100_000,
    sources=(
        Source(
            path="cms/dimuon/Run2012BC_DoubleMuParked_100k_open-data-example.root",
            size=3_568_384,
            sha256="d0ae49ec3c92b9fe19df6aace19fcc3c84fe77e830dcb16c4b8b31c0d38124c3",
            origin=Excerpt(
                url="https://opendata.cern.ch/eos/opendata/cms/derived-data/"
                "AOD2NanoAODOutreachTool/Run2012BC_DoubleMuParked_Muons.root",
                events=100_000,
                content="30dacd40f1c43c04c698e204b9ed9a944932ac00ef312ed1482cf1035eb2e9c5",
            ),
        ),
    ),
    record="https://opendata.cern.ch/record/12341",
    citation="S. Wunsch (2019), DoubleMuParked dataset from 2012 in NanoAOD format reduced on "
    "muons, CERN Open Data Portal, DOI:10.7483/OPENDATA.CMS.LVG5.QT81",
    licence="CC0-1.0",
    toy=toy_dimuon,
)

SAMPLES: Mapping[str, Entry] = MappingProxyType({entry.name: entry for entry in (_DIMUON,)})
"""Every sample by its name."""
