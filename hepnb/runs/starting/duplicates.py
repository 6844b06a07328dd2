"""`hn.find_duplicates`: the events that are in several streams or files of data, found by a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...errors import RunError
from ...given import given_names
from ..handle.views import Table
from .launch import start

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Duplicates", "find_duplicates"]

BY = ("run", "luminosityBlock", "event")


@dataclass(frozen=True)
class Duplicates:
    """What is twice: `table` has the copies by dataset, `dropped` their entries by file.

    The first copy in the order of datasets, files and entries is kept.
    """

    events: int
    table: Table
    dropped: dict[int, np.ndarray] = field(repr=False)

    def __repr__(self) -> str:
        copies = sum(map(len, self.dropped.values()))
        return f"{copies} copies among {self.events} events\n{self.table}"


def find_duplicates(data: Any, by: Sequence[str] = BY, **settings: Any) -> Duplicates:
    """Look for events with the same `by` (run, luminosity section, event number) in all of `data`.

    It reads these columns in a run of its own and waits for it; `settings` are those of `path.start`.
    It takes about 50 bytes of memory per event. Give the result to `hn.Unique`. Raises RunError where
    a file cannot be read: its events could be copies.

    >>> import tempfile, hepnb as hn
    >>> from hepnb.samples import toy_dimuon
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = toy_dimuon(f"{folder}/toy.root", events=100)
    ...     print(hn.find_duplicates(file, by=["sum(Muon.pt)", "nMuon"], engine="inline").events)
    100
    """
    import numpy as np

    from ...analysis import Path
    from ...analysis.lookups.unique import Places, copies_of, number_of
    from ...histograms import Store

    by = given_names(by, "find_duplicates: by", RunError)
    if not any(by):
        raise RunError("find_duplicates: by has no column; leave it out for run, section and event")
    path = Path("duplicates")
    path.add_module(Places())
    keys = {f"key_{number}": column for number, column in enumerate(by)}
    places = {name: name for name in Places.produces}
    path.table("events", {**keys, **places})
    run = start(path, data, **settings).wait()
    if run.status != "done" or run.progress["events_lost"] or run.progress["files_failed"]:
        raise RunError(f"run {run.id} could not read all of the data: see run.files ({run.error})")
    found = Store.open(run.directory).table("events")
    datasets, files, entries = (found[name] for name in places)
    copies = copies_of(np.stack([found[name] for name in keys]))
    rows = [
        {"dataset": row["dataset"], "copies": int((datasets[copies] == number).sum())}
        for row in run.datasets
        for number in [number_of(row["dataset"])]
    ]
    dropped = {int(f): entries[copies[files[copies] == f]] for f in np.unique(files[copies])}
    return Duplicates(len(entries), Table(rows), dropped)
