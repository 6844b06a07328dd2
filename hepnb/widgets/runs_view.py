"""`RunsView`: many runs in one table, of a user or of a scan; it looks again while it is seen.

The browser asks for news once a second while something runs (widgets_js/src/runs_view.ts), so a table
that nobody looks at costs the kernel nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import traitlets

from . import run_static
from ._pump import Pump
from ._wire import STATIC, LiveWidget, Message, sent_strictly
from .static_table import table

if TYPE_CHECKING:
    from ..runs import RunSet

__all__ = ["RunsView"]

Rows = Sequence[Mapping[str, Any]]
_ENDED = (*run_static.ENDED, "unreadable")


class RunsView(LiveWidget):
    """A live table of runs: parameters, state, progress, when and how long, size on disk.

    `look` gives the rows anew (the keys of `hn.runs()`, and `parameters`, a dict), `cancel` ends the run
    with an id, `attach` is the line by which another notebook finds them.

    >>> view = RunsView(list, lambda run: None, "Runs", "hn.runs()")
    >>> view
    Runs: none yet
    """

    _esm = STATIC / "runs_view.js"
    _css = STATIC / "runs_view.css"

    rows = traitlets.List(traitlets.Dict()).tag(sync=True, echo_update=False, to_json=sent_strictly)
    now = traitlets.Float().tag(sync=True, echo_update=False)
    title = traitlets.Unicode().tag(sync=True, echo_update=False)
    attach = traitlets.Unicode().tag(sync=True, echo_update=False)

    def __init__(
        self,
        look: Callable[[], Rows],
        cancel: Callable[[str], object],
        title: str,
        attach: str,
    ) -> None:
        self._look, self._cancel = look, cancel
        self._errands = Pump("hepnb-runs", self._failed)
        self._commands = Pump("hepnb-commands", self._failed)
        super().__init__(rows=_sent(look()), now=time.time(), title=title, attach=attach)

    @classmethod
    def of_scan(cls, runs: RunSet) -> RunsView:
        """The table of the runs of a scan."""

        def cancel(run: str) -> None:
            next(one for one in runs if one.id == run).cancel()

        return cls(runs.rows, cancel, f"Scan {runs.name}", f"hn.attach({runs.id!r})")

    def close(self) -> None:
        if "_commands" in self.__dict__:
            self._errands.stop()
            self._commands.stop()
        super().close()

    def _handlers(self) -> Mapping[str, Callable[[str, Message], None]]:
        return {**super()._handlers(), "rows": self._on_rows, "cancel": self._on_cancel}

    def _on_rows(self, request: str, _message: Message) -> None:
        self._errands.put(
            "rows",
            lambda: self._news(request),
            dropped=lambda: self._reply(request, error="superseded"),
        )

    def _news(self, request: str) -> None:
        try:
            rows = _sent(self._look())
        except Exception as error:  # noqa: BLE001 - the browser waits for an answer
            self._failed(error)
            self._reply(request, error=f"the runs cannot be read: {error}")
            return

        def show() -> None:
            self.now = time.time()
            self.rows = rows
            self.problem = ""

        self._pump.put("rows", show)
        self._reply(request, "here")

    def _on_cancel(self, request: str, message: Message) -> None:
        def work() -> None:
            try:
                self._cancel(str(message["run"]))
            except Exception as error:  # noqa: BLE001 - the browser waits for an answer
                self._reply(request, error=f"the run cannot be cancelled: {error}")
            else:
                self._news(request)

        self._commands.put(("cancel", request), work)

    def _static_html(self) -> str:
        names = [*{name: None for row in self.rows for name in row["parameters"]}]
        heads = ["state", "name", *names, "events", "id"]
        return table(self.title, heads, (map(str, _cells(row, names)) for row in self.rows))

    def _static_text(self) -> str:
        if not self.rows:
            return f"{self.title}: none yet"
        alive = sum(row["state"] not in _ENDED for row in self.rows)
        going = f", {alive} not ended yet (live view)" if alive else ""
        return f"{self.title}: {len(self.rows)}{going}"


def _sent(rows: Rows) -> list[dict[str, Any]]:
    return [{"parameters": {}, **row} for row in rows]


def _cells(row: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    done = row["events"] if row["state"] in _ENDED else "not ended yet"
    values = [row["parameters"].get(name, "") for name in names]
    return [row["state"], row["name"], *values, done, row["id"]]
