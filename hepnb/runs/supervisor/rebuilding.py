"""A run as its journal has it: what a supervisor does first when it takes up the run of another.

The plan is cut anew from the journaled facts of the files, and gives the same chunks with the same
orders. Chunks that the journal holds are counted and not run again; lost ones stay lost; deaths of
earlier lives count. Nothing is taken from elsewhere: the last snapshot may be older than the journal.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...errors import StoreError

if TYPE_CHECKING:
    from ...histograms import Entry, Signature, StoreWriter
    from ..directory import RunDirectory
    from ..plan import Chunk
    from ..spec import RunSpec
    from .supervisor import Supervisor

__all__ = ["open_store", "rebuild"]

_NUMBERS_APART = 1_000_000


def open_store(
    directory: RunDirectory, spec: RunSpec, signatures: Mapping[str, Signature]
) -> StoreWriter:
    """The run's store, made or taken up, and locked. StoreError where another process has it."""
    from ...histograms import StoreWriter

    if (directory.path / "manifest").exists():
        return StoreWriter.open(directory.path)
    meta = {"run": directory.id, "name": spec.name}
    return StoreWriter.create(directory.path, signatures, meta=meta)


def rebuild(run: Supervisor) -> None:
    """Bring a new supervisor to where the journal ends, and journal that a life begins.

    Raises StoreError where the journal is that of another plan.
    """
    workers: dict[int, int] = {}
    notes = [entry.meta for entry in run.store.ledger() if entry.order is None]
    began = max((n for n, note in enumerate(notes) if note["k"] == "reused"), default=0)
    for number, note in enumerate(notes):
        # Of an earlier run whose chunks were taken over, only what its files are counts here.
        if number >= began or note["k"] in ("opened", "schema"):
            _read_note(run, note, workers)
    chunks = list(run.plan.cut())
    for entry in run.store.ledger():
        if entry.order is not None:
            _settle(run, chunks, entry, workers)
    for note in notes[began:]:
        if note["k"] == "left":
            run.commits.settled.add(note["order"])
            run.plan.lost(chunks[note["order"]], note["why"])
    run.leases.add(chunk for chunk in chunks if chunk.order not in run.commits.settled)
    _fill_window(run)
    if run.lives:
        run.reporter.go_on_from(_last_number(run.directory))
        open_chunks = len(chunks) - len(run.commits.settled)
        run.log.add(
            f"resumed: {run.reporter.tally.chunks} chunks are counted, {open_chunks} of those "
            "known are still to do",
            logger="hepnb",
        )
    elif began:
        taken = run.reporter.tally.chunks
        run.log.add(f"{taken} chunks are those of run {notes[began]['run']}", logger="hepnb")
    run.lives += 1
    run.commits.note(
        {"k": "life", "time": time.time(), "pid": os.getpid(), "host": socket.gethostname()}
    )


def _read_note(run: Supervisor, note: Mapping[str, Any], workers: dict[int, int]) -> None:
    kind = note["k"]
    if kind == "life":
        run.started = min(run.started, note["time"])
        run.lives += 1
    elif kind == "opened":
        facts = {name: note[name] for name in ("uuid", "tree", "entries", "size")}
        run.plan.opened(
            note["file"],
            **facts,
            clusters=tuple(note["clusters"]),
            sumw=note.get("sumw"),
            own_sums=note.get("own_sums"),
            skipped=note.get("skipped", ""),
        )
    elif kind == "file":
        run.plan.not_opened(note["file"], note["reason"])
    elif kind == "schema":
        run.reporter.schema.add(note["schema"])
    elif kind == "end":
        run.outcome, run.error = note["outcome"], note["error"]
    elif kind == "attempt":
        workers |= dict.fromkeys(note["orders"], note["worker"])
    elif kind == "lost":
        run.crew.remember(note)


def _settle(run: Supervisor, chunks: list[Chunk], entry: Entry, workers: dict[int, int]) -> None:
    """A chunk that the journal holds: counted, or lost for ever."""
    order = entry.order or 0
    if order >= len(chunks) or chunks[order].id != entry.id:
        raise StoreError(
            f"{run.directory.path}: its journal holds {entry.id!r}, which is no chunk of this run: "
            "it cannot be resumed; start it anew"
        )
    chunk = chunks[order]
    run.commits.settled.add(order)
    run.plan.started(chunk)
    if entry.meta["k"] == "chunk":
        run.plan.finished(chunk)
        run.reporter.count(chunk, entry.meta)
        if seat := run.crew.seats.get(workers.get(order, 0)):
            seat.events += chunk.events
            seat.chunks += 1
    else:
        run.plan.lost(chunk, entry.meta["why"])


def _fill_window(run: Supervisor) -> None:
    """Contributions that wait for the fold bound what is leased, as before."""
    frontier = run.store.frontier
    waiting = [order for order in run.commits.settled if order >= frontier]
    journal = sum(file.stat().st_size for file in (run.directory.path / "wal").iterdir())
    for order in waiting:
        run.leases.committed(order, journal // len(waiting), frontier)


def _last_number(directory: RunDirectory) -> int:
    """A snapshot number that no earlier life has reached: the last one kept is two seconds old."""
    try:
        return int((directory.last_snapshot() or {"seq": 0})["seq"]) + _NUMBERS_APART
    except (ValueError, LookupError, TypeError):
        return _NUMBERS_APART
