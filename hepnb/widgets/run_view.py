"""`RunView`: a run as it happens, and its parts alone.

Two traits hold the run's newest snapshot (docs/protocol.md): `schema` what the files say of their
columns, which is large and hardly changes, `state` all the rest. Lines of the log and the wish to
cancel are requests. The browser's half is widgets_js/src/run_view.ts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import traitlets

from ..errors import HepnbError
from . import run_static
from ._pump import Pump
from ._wire import STATIC, LiveWidget, Message, sent_strictly
from .log_pages import LogPages, brief
from .runs_view import RunsView

if TYPE_CHECKING:
    import pandas as pd

    from ..runs import RunSet

__all__ = [
    "CollectionsView",
    "LogView",
    "ProgressView",
    "RunView",
    "StatisticsView",
    "Watched",
]

_NO_NEWS = 5.0  # seconds after which a state is sent though only the time has changed
_LAST_WORD = 2.0  # seconds that the last state may take on its way
_OF_LOGS = (
    *("v", "seq", "id", "name", "directory", "state"),
    *("error", "now", "started", "ended", "log"),
)
_LAST_LINES = 40  # of the log, in the state of a run that ended: there is no kernel for ever


class Watched(Protocol):
    """What a view needs of a run."""

    @property
    def directory(self) -> Path: ...

    def snapshot(self) -> dict[str, Any]: ...

    def watch(self, callback: Callable[[dict[str, Any]], None], /) -> Callable[[], None]: ...

    def cancel(self) -> object: ...


class RunView(LiveWidget):
    """The live dashboard of a run: progress, collections, log, statistics and files.

    It follows the run by itself, and shows its last state again after a page reload. `run` is what
    `path.start(...)` and `hn.attach(id)` return; a notebook shows it like this anyway.

    Raises `HepnbError` for anything else.

    >>> RunView(3)
    Traceback (most recent call last):
    ...
    hepnb.errors.HepnbError: RunView needs a run (path.start(...) or hn.attach(id)), not int
    """

    _esm = STATIC / "run_view.js"
    _css = STATIC / "run_view.css"

    state = traitlets.Dict().tag(sync=True, echo_update=False, to_json=sent_strictly)
    schema = traitlets.Dict().tag(sync=True, echo_update=False)
    parts = traitlets.List(traitlets.Unicode()).tag(sync=True, echo_update=False)

    _pace = 0.1  # seconds between two states: a server drops messages that come too fast
    _parts: tuple[str, ...] = ("progress", "collections", "log", "statistics", "files")

    def __init__(self, run: Watched) -> None:
        if not callable(getattr(run, "watch", None)):
            raise HepnbError(
                f"{type(self).__name__} needs a run (path.start(...) or hn.attach(id)), "
                f"not {type(run).__name__}",
            )
        self._run = run
        self._sent = 0.0
        self._errands = Pump("hepnb-log-pages", self._failed)  # may be slow
        self._commands = Pump("hepnb-commands", self._failed)  # must not wait for a page
        self._logs = LogPages(Path(run.directory) / "log", self._errands, self._reply)
        schema, state = self._parted(run.snapshot())
        super().__init__(state=state, schema=schema, parts=list(self._parts))
        self._unwatch = run.watch(self._arrived)

    def close(self) -> None:
        if "_unwatch" in self.__dict__:
            self._unwatch()
            self._errands.stop()
            self._commands.stop()
        super().close()

    def _arrived(self, snapshot: dict[str, Any]) -> None:
        """From the run's thread: keep the newest, send it when its time has come."""
        ended = snapshot["state"] in run_static.ENDED
        wait = 0.0 if ended else max(0.0, self._sent + self._pace - time.monotonic())
        self._pump.put("state", lambda: self._show(snapshot), after=wait)
        if ended:
            # Whoever waits for the run waits for this: a notebook may be saved right after.
            self._pump.join(_LAST_WORD)

    def _show(self, snapshot: dict[str, Any]) -> None:
        if snapshot["seq"] < self.state.get("seq", 0):
            return
        schema, state = self._parted(snapshot)
        news = {key for key, value in state.items() if self.state.get(key) != value}
        if (
            news - {"seq", "now"}
            or schema != self.schema
            or time.monotonic() - self._sent > _NO_NEWS
        ):
            self._sent = time.monotonic()
            if schema != self.schema:
                self.schema = schema
            self.state = state

    def _parted(self, snapshot: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The schema, which runs of an older hepnb have not, and the rest that is shown.

        The lines of the log are left out, till the end: the browser asks for those it shows.
        """
        log = {key: snapshot["log"][key] for key in ("total", "counts")}
        if snapshot["state"] in run_static.ENDED:
            log["last"] = brief(snapshot["log"]["tail"][-_LAST_LINES:])
        state = {**snapshot, "log": log}
        schema = state.pop("schema", {})
        return schema, state

    def _handlers(self) -> Mapping[str, Callable[[str, Message], None]]:
        return {**super()._handlers(), **self._logs.handlers, "cancel": self._on_cancel}

    def _on_cancel(self, request: str, _message: Message) -> None:
        def work() -> None:
            try:
                self._run.cancel()
            except Exception as error:  # noqa: BLE001 - the browser waits for an answer
                self._reply(request, error=f"the run cannot be cancelled: {error}")
            else:
                self._reply(request, "cancelling")

        self._commands.put(("cancel", request), work)

    def _static_html(self) -> str:
        return run_static.html(self._run.snapshot(), self._parts)

    def _static_text(self) -> str:
        return run_static.text(self._run.snapshot(), type(self).__name__)


class ProgressView(RunView):
    """Progress of a run: events, rate, remaining time with its uncertainty, and what each worker does.

    Of a `RunSet` it is the live table of the runs, their parameters and states, a `RunsView`.
    """

    _parts = ("progress",)

    def __new__(cls, run: Watched | RunSet) -> Any:
        if callable(getattr(run, "rows", None)):
            return RunsView.of_scan(cast("RunSet", run))
        return super().__new__(cls)


class CollectionsView(RunView):
    """Collections of a run: objects per event, now and through the run, their fields and references."""

    _parts = ("collections",)

    def to_frame(self) -> pd.DataFrame:
        """The collections as `run.collections.to_frame()` gives them."""
        from ..runs.handle.views import Collections

        return Collections(self._run.snapshot()["collections"]).to_frame()


class LogView(RunView):
    """The log of a run, whatever its length: levels, sources, search, the tail as it comes.

    Keys, where the lines have the focus: arrows, PageUp, PageDown, Home and End move, with Shift
    they select, Ctrl+C copies, Enter opens a long message, `/` goes to the search.

    >>> LogView("dimuon")
    Traceback (most recent call last):
    ...
    hepnb.errors.HepnbError: LogView needs a run (path.start(...) or hn.attach(id)), not str
    """

    _pace = 0.5
    _parts = ("log",)

    def _parted(self, snapshot: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Only what this view shows: a run that goes on fast would fill the line with the rest."""
        state = super()._parted(snapshot)[1]
        shown = {key: state[key] for key in _OF_LOGS if key in state}
        lost = {key: state["progress"][key] for key in ("files_failed", "events_lost")}
        return {}, {**shown, "progress": lost}


class StatisticsView(RunView):
    """Time and memory per module and phase, the cutflow, and the ledger of files."""

    _parts = ("statistics", "files")

    def to_frame(self) -> pd.DataFrame:
        """Modules and phases as `run.statistics.to_frame()` gives them; `run.cutflow` and `run.files`
        have the same method."""
        from ..runs.handle.views import Costs

        return Costs(self._run.snapshot()["statistics"]).to_frame()
