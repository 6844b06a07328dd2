"""`hn.plan`: what a run would read, cut, fill and keep, before anything runs.

The path is checked and the first files are opened, as a worker would; nothing is written. Files that
are not opened are taken to be like those that were.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from ...analysis.reading.generated import CHUNK, events_generated
from ...errors import DataError, HepnbError, MissingColumn, RunError
from ..handle.views import Record, Table
from ..job import HasProgram, MakesEvents
from ..plan import entry_ranges
from ..spec import FileSpec
from .budget import BUDGET, bytes_in_supervisor, in_words, needs_of_chunk, refuse_above
from .launch import in_parts
from .preparing import Inputs, Prepared, prepare

if TYPE_CHECKING:
    from ...analysis import Program
    from ...histograms import Signature
    from ..job import Freezes

__all__ = ["Preview", "plan"]

_OPENED = 50
_SHOWN = 12


@dataclass(frozen=True)
class Preview:
    """What `hn.plan` found: it prints as a page, its tables can be looked at one by one.

    `files`: events, chunks and bytes of each file that was opened, and why one cannot be used;
    `columns`: the branches that will be read, with bytes on disk and unpacked; `histograms`: bins of
    one block, how many blocks are expected, bytes; `totals`: all of it together, in bytes, with the
    files that were not opened counted like the others.
    """

    name: str
    files: Table
    columns: Table
    histograms: Table
    tables: tuple[str, ...]
    totals: Record

    def __repr__(self) -> str:
        return "\n".join(_lines(self))


def plan(path: Freezes, data: Any, **settings: Any) -> Preview:
    """Say what `path.start(data, ...)` would do: files, columns, chunks, bins and bytes.

    Takes the keywords of `path.start`. Raises what `path.start` would raise for a path, data or
    settings that make no sense, and RunError where a worker would need more memory for a chunk (its
    columns unpacked, its weights, and what it adds to histograms till that is sent) than `memory=`, or
    2 GB, with the largest causes. Events of `generated://1000` are counted, for a path or for the
    `hn.adapt.generator` that makes them.

    >>> import tempfile, hepnb as hn
    >>> from hepnb.samples import toy_dimuon
    >>> path = hn.Path("counts")
    >>> path.hist("n", n="count(Muon): 0, 5, int", by=["dataset"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = hn.plan(path, toy_dimuon(f"{folder}/toy.root", events=1000), chunk=300)
    >>> found.totals["chunks"], found.histograms[0]["bins"]
    (4, 7)
    """
    inputs, prepared = _prepared(path, data, settings)
    program = _program(prepared)
    looked = [_look(file, prepared) for file in inputs.files[:_OPENED]]
    histograms = Table(_histogram_row(s) for s in _signatures(prepared))
    files = Table(row for row, _ in looked)
    columns = _columns([columns for _, columns in looked])
    totals = _totals(inputs, prepared, files, columns, histograms)
    needs = needs_of_chunk(columns, histograms, totals, len(prepared.datasets))
    totals["worker_bytes"] = sum(needs.values())
    totals["supervisor_bytes"] = bytes_in_supervisor(histograms, totals, len(prepared.datasets))
    refuse_above(needs, prepared.spec.settings.memory or BUDGET)
    return Preview(
        name=prepared.spec.name,
        files=files,
        columns=columns,
        histograms=histograms,
        tables=program.tables,
        totals=totals,
    )


def _prepared(path: Freezes, data: Any, settings: Mapping[str, Any]) -> tuple[Inputs, Prepared]:
    chosen = in_parts(settings)
    meant = path.datasets_of(data) if isinstance(path, MakesEvents) else data
    inputs = Inputs.of(meant, allow_duplicates=bool(chosen.get("allow_duplicates")))
    made = prepare(path, inputs, **chosen)
    read = replace(inputs, files=tuple(f for f in inputs.files if not _is_generated(f)))
    if read.files:
        read.check(made.job)
    return inputs, made


def _is_generated(file: FileSpec) -> bool:
    return events_generated(file.path) is not None


def _program(prepared: Prepared) -> Program:
    """What is planned. Raises RunError for what is no path."""
    from ...analysis import Program

    job = prepared.job
    if isinstance(job, HasProgram):
        return job.program
    if not isinstance(job, Program):
        raise RunError(f"hn.plan knows paths only; {job.name!r} is none: just start it")
    return job


def _look(file: FileSpec, prepared: Prepared) -> tuple[dict[str, Any], dict[str, Any]]:
    """A row of the table of files, and bytes (on disk, unpacked) of each branch to be read."""
    from ...analysis import open_events

    row: dict[str, Any] = {
        "dataset": file.dataset,
        "file": file.path,
        "events": None,
        "chunks": None,
        "largest": None,
        "branches": None,
        "bytes": None,
        "skipped": False,
        "problem": "",
    }
    (dataset,) = (d for d in prepared.datasets if d.name == file.dataset)
    if (generated := events_generated(file.path)) is not None:
        # Which columns there will be is known once a function has made them; none is read.
        cut = _cut(generated, prepared.spec.chunk or CHUNK)
        return row | cut | {"events": generated, "branches": 0, "bytes": 0}, {}
    try:
        with open_events(file.path, file.tree, dataset) as events:
            wanted = _program(prepared).columns(events.branches, dataset)
            row |= _cut(events.entries, prepared.spec.chunk, events.clusters)
            row |= {
                "events": events.entries,
                "branches": len(events.branches),
                "bytes": _size(file.path),
            }
            return row, {name: events.size_of(name) for name in wanted}
    except HepnbError as error:
        skipped = isinstance(error, MissingColumn) and dataset.missing == "skip"
        return row | {"skipped": skipped, "problem": str(error).removeprefix(f"{file.path}: ")}, {}


def _cut(entries: int, chunk: int | None, clusters: Sequence[int] = ()) -> dict[str, int]:
    """How many chunks there will be, and the events of the largest."""
    sizes = [stop - start for start, stop in entry_ranges(entries, chunk, clusters)]
    return {"chunks": len(sizes), "largest": max(sizes, default=0)}


def _size(path: str) -> int | None:
    """The size of a local file [bytes]."""
    try:
        return FilePath(path).stat().st_size
    except OSError:
        return None


def _columns(found: Sequence[Mapping[str, tuple[int | None, int | None]]]) -> Table:
    """The branches of all opened files together."""
    sizes: dict[str, list[tuple[int | None, int | None]]] = {}
    for one in found:
        for name, size in one.items():
            sizes.setdefault(name, []).append(size)
    return Table(
        {"branch": name, "bytes": _sum(a for a, _ in all_), "unpacked": _sum(b for _, b in all_)}
        for name, all_ in sizes.items()
    )


def _signatures(prepared: Prepared) -> list[Signature]:
    from ...histograms import Signature

    return [Signature.from_dict(dict(form)) for form in prepared.spec.signatures.values()]


def _histogram_row(signature: Signature) -> dict[str, Any]:
    """Bins and bytes of a histogram, with as many blocks as categories are known to be filled."""
    blocks = math.prod(_categories(signature, i) for i in signature.category_axes)
    block = signature.bins * len(signature.fields) * signature.dtype.itemsize
    return {
        "name": signature.name,
        "axes": " x ".join(_axis(signature, i) for i in range(len(signature.axes))),
        "storage": signature.storage,
        "bins": signature.bins * blocks,
        "blocks": blocks,
        "by_dataset": "dataset" in [signature.axes[i].name for i in signature.category_axes],
        "bytes": block * blocks,
    }


def _categories(signature: Signature, axis: int) -> int:
    """How many categories an axis has by now, or one at least."""
    return max(1, len(signature.uhi["axes"][axis]["categories"]))


def _axis(signature: Signature, axis: int) -> str:
    """An axis in a word, such as `dataset 2`; flow bins are counted."""
    ax = signature.axes[axis]
    if axis not in signature.category_axes:
        return f"{ax.name or axis} {ax.extent}"
    open_ended = ax.traits.growth and ax.name not in ("dataset", "variation")
    return f"{ax.name or axis} {_categories(signature, axis)}{'+' * open_ended}"


def _totals(
    inputs: Inputs, prepared: Prepared, files: Table, columns: Table, histograms: Table
) -> Record:
    usable = [row for row in files if not row["problem"]]
    if not usable:
        raise DataError(f"{files[0]['file']}: {files[0]['problem']}")
    rest = len(inputs.files) - len(files)
    grown = 1 + rest / len(files)
    events = sum(row["events"] for row in usable)
    unpacked = _sum(row["unpacked"] for row in columns)
    largest = max(row["largest"] for row in usable)
    return Record(
        {
            "files": len(inputs.files),
            "files_opened": len(files),
            "files_failed": sum(bool(row["problem"]) and not row["skipped"] for row in files),
            "files_skipped": sum(row["skipped"] for row in files),
            "events": round(events * grown),
            "events_generated": sum(events_generated(f.path) or 0 for f in inputs.files),
            "chunks": round(sum(row["chunks"] for row in usable) * grown),
            "chunk_events": largest,
            "branches": len(columns),
            "branches_of": max(row["branches"] for row in usable),
            "bytes_read": _grown(_sum(row["bytes"] for row in columns), grown),
            "bytes_of": _grown(_sum(row["bytes"] for row in usable), grown),
            "bytes_unpacked": _grown(unpacked, grown),
            "chunk_bytes": None
            if unpacked is None or not events
            else round(unpacked / events * largest),
            "bins": sum(row["bins"] for row in histograms),
            "histogram_bytes": sum(row["bytes"] for row in histograms),
            "weights": _weights(prepared),
            "workers": prepared.spec.workers,
        }
    )


def _weights(prepared: Prepared) -> int:
    """How many values an event has of the weights that see all events, variations included."""
    from ...analysis.steering.steps import Weight

    seen = [s for s in _program(prepared).steps if isinstance(s, Weight) and not s.level]
    if all(dataset.kind == "data" for dataset in prepared.datasets):
        return len(seen)
    return sum(1 + len(step.variations) + step.count for step in seen)


def _sum(values: Any) -> int | None:
    """The sum, or None where any is unknown."""
    found = list(values)
    return None if None in found else sum(found)


def _grown(value: int | None, factor: float) -> int | None:
    return None if value is None else round(value * factor)


# -- in words -------------------------------------------------------------------------------------


def _lines(found: Preview) -> list[str]:
    t = found.totals
    about = "about " if t["files"] > t["files_opened"] else ""
    opened = f" (the first {t['files_opened']} were opened)" if about else ""
    read, of, unpacked, chunk, kept = (
        in_words(t[key])
        for key in ("bytes_read", "bytes_of", "bytes_unpacked", "chunk_bytes", "histogram_bytes")
    )
    said = {
        "files": f"{t['files']}, with {about}{t['events']:,} events{opened}",
        "reads": f"{t['branches']} of {t['branches_of']:,} branches: {about}{read} of {of}, "
        f"{unpacked} unpacked"
        if t["branches_of"]
        else "nothing: a function makes the events",
        "chunks": f"{about}{t['chunks']:,}, of at most {t['chunk_events']:,} events, "
        f"{chunk} unpacked, for {t['workers']} worker{'s' if t['workers'] > 1 else ''}"
        f" of about {in_words(t['worker_bytes'])} each beside the libraries"
        f"{' and the events that are made' * bool(t['events_generated'])}, "
        f"and {in_words(t['supervisor_bytes'])} in the supervisor",
        "histograms": f"{len(found.histograms)}, with {t['bins']:,} bins: at most {kept} on disk "
        "before compression",
    }
    lines = [f"plan of {found.name!r}; nothing was started"]
    lines += [f"  {what:<11} {text}" for what, text in said.items()]
    lines += _indented(found.histograms, ("name", "axes", "storage", "bins", "bytes"))
    if found.tables:
        lines.append(f"  tables      {', '.join(found.tables)}: as many rows as pass")
    if t["branches_of"]:
        lines.append(f"  branches    {_named([row['branch'] for row in found.columns])}")
    problems = [row for row in found.files if row["problem"]]
    for word, skipped in (("CANNOT BE USED", False), ("SKIPPED", True)):
        bad = [row for row in problems if row["skipped"] is skipped]
        if bad:
            lines.append(f"  {word}: {len(bad)} file{'s' if len(bad) > 1 else ''}")
            lines += [f"    {row['file']}: {row['problem']}" for row in bad[:_SHOWN]]
    return lines


def _indented(rows: Table, columns: Sequence[str]) -> list[str]:
    shown = Table(
        {c: in_words(row[c]) if c == "bytes" else row[c] for c in columns} for row in rows
    )
    return [f"    {line}" for line in repr(Table(shown[:_SHOWN])).splitlines()] if rows else []


def _named(names: Sequence[str]) -> str:
    more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more if names else "none: only the number of events"
