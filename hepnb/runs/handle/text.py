"""A run in plain words: for terminals, for `%hepanalysis`, for logs. No widgets, no colours."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from ...errors import RunError, nearest
from .client import ENDED

if TYPE_CHECKING:
    from ..scans.run_set import RunSet
    from .run import Run

__all__ = [
    "bar_in_terminal",
    "cancel",
    "follow",
    "level_name",
    "log_lines",
    "log_text",
    "progress_bar",
    "progress_line",
    "status_text",
]

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

_LEAVES = 12
_LOOK_EVERY = 0.1


class _Followed(Protocol):
    """A run, or the runs of a scan, to whoever waits for the end."""

    @property
    def name(self) -> str:
        """What it is called."""

    def snapshot(self) -> Mapping[str, Any]:
        """How it stands: its state and its progress."""


def progress_line(snapshot: Mapping[str, Any]) -> str:
    """State, share, events, rate, remaining time and what holds it up, in one line.

    The share is that of the bar: it counts what is lost, and what is under way in chunks that are not
    committed.

    >>> progress = {"events": 1200, "events_total": 5000, "events_lost": 0, "files_failed": 0}
    >>> progress_line({"state": "running", "progress": progress | {"rate": 12e3, "eta": 3.2}})
    'running   24 %  1,200 of 5,000 events, 12,000 events/s, about 3 s left'

    Until every file is open the total is what the opened files let expect:

    >>> progress |= {"events_total": None, "events_expected": 4800.0, "rate": None, "eta": None}
    >>> progress_line({"state": "running", "progress": progress})
    'running   25 %  1,200 of about 4,800 events'
    >>> progress_line({"state": "running", "progress": progress | {"events_under_way": 2400.0}})
    'running   75 %  1,200 of about 4,800 events, 2,400 under way'

    Of a scan it is also told how many runs have ended:

    >>> progress_line({"state": "running", "progress": progress | {"runs": 9, "done": 2, "failed": 1}})
    'running   25 %  3 of 9 runs ended, 1 run(s) FAILED, 1,200 of about 4,800 events'
    """
    progress = snapshot["progress"]
    done, total = progress["events"], progress["events_total"]
    lost, under_way = progress["events_lost"], _under_way(progress)
    expected = progress.get("events_expected") if total is None else total
    share = f"{100 * int(done + lost + under_way) // round(expected):4d} %  " if expected else "  "
    about = "about " if total is None else ""
    said = _runs(progress) if "runs" in progress else []
    said.append(
        f"{done:,} of {about}{expected:,.0f} events" if expected is not None else f"{done:,} events"
    )
    if under_way >= 1:
        said.append(f"{int(under_way):,} under way")
    if snapshot["state"] in ("starting", "running", "paused"):
        if progress["rate"]:
            said.append(f"{progress['rate']:,.0f} events/s")
        if progress["eta"] is not None:
            said.append(f"about {_duration(progress['eta'])} left")
    if progress["files_failed"]:
        said.append(f"{progress['files_failed']} file(s) FAILED")
    if lost:
        said.append(f"{lost:,} events LOST")
    if snapshot.get("problem"):
        said.append(snapshot["problem"])
    return f"{snapshot['state']} {share}{', '.join(said)}"


def _runs(progress: Mapping[str, Any]) -> list[str]:
    """How many runs of a scan have ended, and how many of these badly."""
    ended = sum(progress.get(state, 0) for state in ENDED)
    bad = [state for state in ("failed", "lost") if progress.get(state)]
    return [
        f"{ended:,} of {progress['runs']:,} runs ended",
        *(f"{progress[state]:,} run(s) {state.upper()}" for state in bad),
    ]


def _under_way(progress: Mapping[str, Any]) -> float:
    return float(progress.get("events_under_way", 0))  # which an older hepnb did not tell


def follow(run: _Followed, stream: TextIO | None) -> None:
    """Wait for the end of a run, or scan; a terminal is shown a bar that moves, a file the last line."""
    with progress_bar(run, stream) as show:
        while show() not in ENDED:
            time.sleep(_LOOK_EVERY)
    if stream is not None and not stream.isatty():
        stream.write(f"{progress_line(run.snapshot())}\n")
        stream.flush()


@contextmanager
def progress_bar(run: _Followed, stream: TextIO | None) -> Iterator[Callable[[], str]]:
    """A bar, where the stream is a terminal; call what comes to look again, and move it: it gives the state."""
    if stream is None or not stream.isatty():
        yield lambda: str(run.snapshot()["state"])
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    said = TextColumn("{task.description}", markup=False)
    name = TextColumn("{task.fields[name]}", markup=False)
    console = Console(file=stream)
    with Progress(name, BarColumn(bar_width=24), said, console=console, auto_refresh=False) as bar:
        task = bar.add_task("", total=None, name=run.name)

        def show() -> str:
            snapshot = run.snapshot()
            progress = snapshot["progress"]
            total = progress["events_total"] or progress["events_expected"]
            done = progress["events"] + progress["events_lost"] + _under_way(progress)
            line = " ".join(progress_line(snapshot).split())
            bar.update(task, total=total, completed=done, description=line, refresh=True)
            return str(snapshot["state"])

        show()
        try:
            yield show
        finally:
            show()


def bar_in_terminal(run: _Followed) -> AbstractContextManager[Callable[[], str]]:
    """The bar of a script, or of IPython, that waits: on the standard error, for what goes on."""
    return progress_bar(run, None if run.snapshot()["state"] in ENDED else sys.stderr)


def status_text(snapshot: Mapping[str, Any]) -> str:
    """Which run, how far it is, what was lost and why: a few lines."""
    lines = [f"{snapshot['name']} ({snapshot['id']})", f"  {progress_line(snapshot)}"]
    if snapshot["error"]:
        error = snapshot["error"]
        where = f" in chunk {error['chunk']}" if error["chunk"] else ""
        lines.append(f"  {error['title']}{where}")
        lines.extend(f"    {line}" for line in error["traceback"].splitlines()[-_LEAVES:])
    lines.extend(
        f"  {row['file']}: {row['status']}: {row['reason']}"
        for row in snapshot["files"]
        if row["status"] in ("failed", "skipped")
    )
    lines.append(f"  {snapshot['directory']}")
    return "\n".join(lines)


def cancel(run: Run | RunSet) -> str:
    """Cancel a run, and say what came of it: one that has ended cannot be cancelled."""
    if run.status in ENDED:
        return f"run {run.id} is {run.status} already: there is nothing to cancel"
    run.cancel()
    return f"run {run.id}: cancelled; what is committed stays"


def level_name(text: str | None) -> str | None:
    """The log level that is meant, or None for all. Raises RunError where there is none such.

    >>> level_name("warning")
    'WARNING'
    """
    level = text.upper() if text else None
    if level is not None and level not in _LEVELS:
        raise RunError(
            f"no log level {text!r}{nearest(level, _LEVELS)}; it is one of {', '.join(_LEVELS)}"
        )
    return level


def log_text(run: Run, count: int, level: str | None = None) -> str:
    """The last `count` records of a run's log, of one level or of all."""
    records = run.log_page(-count, count, [level] if level else None)["records"]
    nothing = f"run {run.id} has said nothing{f' of level {level}' if level else ''} yet"
    return "\n".join(log_lines(records)) or nothing


def log_lines(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """One line per record: time, level, worker, logger, text, how often it was repeated."""
    return [_log_line(record) for record in records]


def _log_line(record: Mapping[str, Any]) -> str:
    clock = time.strftime("%H:%M:%S", time.localtime(record["time"]))
    worker = f"worker {record['worker']}" if record["worker"] is not None else "run"
    times = f"  ({record['repeat']} times)" if record["repeat"] > 1 else ""
    text = record["text"].rstrip()
    return f"{clock} {record['level']:<8} {worker:<9} {record['logger']}: {text}{times}"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
