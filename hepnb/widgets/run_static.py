"""A run's snapshot as text and as a static page: what remains where no kernel answers.

Deterministic for a run that ended: no ids, times or rates, so a saved notebook does not change
when it is run again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from html import escape
from typing import Any

from .labels import number
from .static_table import table

__all__ = ["ENDED", "html", "text"]

ENDED = ("done", "failed", "cancelled", "lost")
_WORDS = {"starting": "◌ starting", "running": "▶ running", "done": "✓ done",
          "failed": "✗ failed", "cancelled": "■ cancelled", "lost": "? lost"}  # fmt: skip


def text(snapshot: Mapping[str, Any], view: str = "RunView") -> str:
    """A line or two. While the run goes on they hold no numbers.

    >>> text({"name": "dimuon", "state": "running"})
    "RunView of run 'dimuon': not ended yet (live view)"
    """
    head = f"{view} of run {snapshot['name']!r}"
    if snapshot["state"] not in ENDED:
        return f"{head}: not ended yet (live view)"
    progress = snapshot["progress"]
    lines = [f"{head}: {snapshot['state']}, {_plainly(progress)}"]
    lost = _lost(progress)
    if lost:
        lines.append(f"LOST: {lost}")
    if error := snapshot.get("error"):
        lines.append(
            f"{error['title']} (in {error['chunk']})" if error["chunk"] else error["title"]
        )
    return "\n".join(lines)


def _plainly(progress: Mapping[str, Any]) -> str:
    done, total = progress["events"], progress["events_total"]
    events = number(done) if total is None else f"{number(done)} of {number(total)}"
    return f"{events} events, {_files(progress['files'])}"


def _files(count: int) -> str:
    return f"{number(count)} file{'' if count == 1 else 's'}"


def _lost(progress: Mapping[str, Any]) -> str:
    parts = []
    if progress["files_failed"]:
        parts.append(f"{_files(progress['files_failed'])} failed")
    if progress["events_lost"]:
        parts.append(f"{number(progress['events_lost'])} events not counted")
    return ", ".join(parts)


def html(snapshot: Mapping[str, Any], parts: Collection[str]) -> str:
    """The snapshot as tables; every text escaped, no script, no style sheet."""
    state, progress = snapshot["state"], snapshot["progress"]
    out = [f"<div><b>{escape(snapshot['name'])}</b> {escape(_WORDS.get(state, state))}</div>"]
    if "progress" in parts:
        out.append(f"<div>{escape(_plainly(progress))}</div>")
        total = progress["events_total"]
        if total:
            shares = (("#3f6fd9", progress["events"]), ("#c62828", progress["events_lost"]))
            parts_of = (
                f'<div style="background:{colour};height:100%;width:{min(1.0, n / total):.1%}"></div>'
                for colour, n in shares
                if n or colour == shares[0][0]
            )
            out.append(
                '<div style="border:1px solid currentColor;display:flex;height:8px;max-width:32em">'
                f"{''.join(parts_of)}</div>",
            )
    if _lost(progress):
        out.append(f"<div><b>⚠ {escape(_lost(progress))}</b></div>")
    if error := snapshot.get("error"):
        where = f" in {escape(error['chunk'])}" if error["chunk"] else ""
        out.append(f"<div><b>{escape(error['title'])}</b>{where}</div>")
        if error["traceback"]:
            out.append(f"<pre>{escape(error['traceback'])}</pre>")
    if "collections" in parts and snapshot["collections"]:
        rows = [
            (
                c["name"],
                c["total"],
                f"{c['total'] / c['events']:.3f}" if c["events"] else "",
                f"{c['min']}-{c['max']}",
            )
            for c in snapshot["collections"]
        ]
        out.append(table("Collections", ("collection", "objects", "per event", "range"), rows))
    if "collections" in parts:
        out += _schema(snapshot.get("schema", {}))
    if "statistics" in parts:
        out += _cutflows(snapshot)
        if snapshot["statistics"]:
            calls = [
                (m["module"], m.get("phase", ""), m["calls"], m["events"])
                for m in snapshot["statistics"]
            ]
            out.append(table("Modules", ("module", "phase", "calls", "events"), calls))
    if "log" in parts and snapshot["log"]["counts"]:
        counts = sorted(snapshot["log"]["counts"].items())
        out.append(table("Log", ("level", "lines"), counts))
    if "files" in parts and snapshot["files"]:
        files = [
            (f["dataset"], f["file"], f["status"], f["events_done"], f["reason"])
            for f in snapshot["files"]
        ]
        out.append(table("Files", ("dataset", "file", "status", "events", "reason"), files))
    return f"<div>{''.join(out)}</div>"


def _schema(schema: Mapping[str, Any]) -> list[str]:
    """The fields that are read, as the files describe them, and which collection refers to which."""
    fields = [
        (f"{name}.{field['name']}", field["dtype"], field["unit"], field["doc"])
        for name, own in sorted(schema.get("collections", {}).items())
        for field in own
        if field["read"]
    ]
    links = [
        (f"{one['from']}.{one['field']}", one["to"])
        for one in schema.get("references", ())
        if {one["from"], one["to"]} <= schema["collections"].keys()
    ]
    out = []
    if fields:
        out.append(table("Fields read", ("field", "type", "unit", "description"), fields))
    if links:
        out.append(table("References", ("field", "refers to"), links))
    return out


def _cutflows(snapshot: Mapping[str, Any]) -> list[str]:
    """The cutflow of all, and of each dataset where there are several."""
    cuts = [cut["cut"] for cut in snapshot["cutflow"]]
    flows = {"": [[cut["raw"], cut["weighted"]] for cut in snapshot["cutflow"]]}
    flows |= snapshot.get("cutflows", {})
    out = []
    for dataset, flow in flows.items():
        first = flow[0][1] if flow else 0.0
        rows = [
            (cut, raw, f"{weighted:.6g}", f"{weighted / first:.4g}" if first else "")
            for cut, (raw, weighted) in zip(cuts, flow, strict=False)
        ]
        caption = f"Cutflow of {dataset}" if dataset else "Cutflow"
        if rows:
            out.append(table(caption, ("cut", "events", "weighted", "of all"), rows))
    return out
