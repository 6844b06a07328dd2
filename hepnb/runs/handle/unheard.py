"""What is known of a run that has not said anything yet: a snapshot made of its record alone."""

from __future__ import annotations

import time

from ..directory import RunDirectory
from ..schema import Schema
from ..spec import RunSpec
from .client import Snapshot

__all__ = ["unheard"]


def unheard(directory: RunDirectory, spec: RunSpec) -> Snapshot:
    """What is known of a run that has not said anything yet."""
    progress = dict.fromkeys(
        ("events", "events_lost", "events_under_way", "chunks", "bytes", "files", "files_failed"), 0
    )
    unknown = dict.fromkeys(
        ("events_total", "events_expected", "chunks_total", "rate", "eta", "eta_error")
    )
    return {
        "v": 1,
        "seq": 0,
        "id": directory.id,
        "name": spec.name,
        "state": "starting",
        "error": None,
        "problem": "",
        "directory": str(directory.path),
        "pid": None,
        "host": None,
        "now": time.time(),
        "started": spec.created,
        "ended": None,
        "resumed": 0,
        "progress": {**progress, **unknown, "files_total": len(spec.files)},
        "workers": [],
        "collections": [],
        "history": [],
        "schema": Schema().section,
        "statistics": [],
        "cutflow": [],
        "cutflows": {},
        "overlaps": {},
        "datasets": [],
        "files": [],
        "files_omitted": 0,
        "log": {"total": 0, "counts": {}, "tail": []},
        "histograms": {name: {"committed": 0, "folded": 0} for name in spec.signatures},
        "parameters": dict(spec.parameters),
    }
