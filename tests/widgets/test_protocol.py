"""What kernel and browser say to each other is what docs/protocol.md says, seen from both sides."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import hist
import pytest

import hepnb as hn
from hepnb.widgets import HistExplorer, RunView
from hepnb.widgets._wire import LiveWidget
from hepnb.widgets.path_view import PathView
from hepnb.widgets.runs_view import RunsView

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "protocol.md").read_text().partition("## Between kernel and browser")[2]
SOURCES = "".join(file.read_text() for file in (PROJECT / "widgets_js" / "src").glob("*.ts"))
VIEWS = {
    "RunView and its parts": RunView,
    "RunsView": RunsView,
    "PathView": PathView,
    "HistExplorer": HistExplorer,
}
_LINES = '"levels": null, "worker": null, "chunk": null, "logger": null, "regex": false'


def rows(heading: str) -> list[list[str]]:
    """The cells of the table that begins with this heading."""
    table = PAGE[PAGE.index(f"| {heading} |") :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table]


def requests() -> list[dict[str, Any]]:
    """The messages as they are written there, with what `...` stands for."""
    made = []
    for cells in rows("message, browser to kernel"):
        text = cells[0].strip("| ").strip("`").replace("...which lines", _LINES)
        made.append(json.loads(text.replace("{...}", '{"x": "x"}').replace('"mass"', '""')))
    return made


def view_for(kind: str, run: Any) -> LiveWidget:
    if kind == "rows":
        return RunsView(list, str, "Runs", "hn.runs()")
    if kind in ("view", "look", "ping"):
        return HistExplorer(hist.Hist.new.Reg(4, 0, 1, name="x").Double())
    return RunView(run)


@pytest.mark.parametrize("request_", requests(), ids=lambda request: request["kind"])
def test_every_message_as_it_is_written_there_is_answered(
    request_: dict[str, Any], run: Any
) -> None:
    view: Any = view_for(request_["kind"], run)
    view.comm.take()
    view._handle_custom_msg(request_, [])
    for name in ("_errands", "_commands", "_pump"):
        pump = getattr(view, name, None)
        assert pump is None or pump.join(5)
    answers = [m["content"] for m in view.comm.take() if m.get("method") == "custom"]
    assert [(a["id"], a["ok"]) for a in answers] == [(request_["id"], True)]


def test_the_kernel_and_the_browser_know_these_messages_and_no_others(run: Any) -> None:
    written = {request["kind"] for request in requests()}
    views = [view_for(kind, run) for kind in ("rows", "view", "log")]
    assert written == {kind for view in views for kind in view._handlers()}
    asked = set(re.findall(r'\.request\(\s*"(\w+)"', SOURCES))
    assert written == asked


@pytest.mark.parametrize("title", VIEWS)
def test_the_traits_of_each_widget_are_those(title: str) -> None:
    (cell,) = (cells[1] for cells in rows("widget") if cells[0] == title)
    outside = re.sub(r"\([^()]*(\([^()]*\)[^()]*)*\)", "", cell)
    written = set(re.findall(r"`(\w+)`", outside))
    known = VIEWS[title].class_traits(sync=True)
    base = set(hn.widgets._wire.anywidget.AnyWidget.class_traits(sync=True))
    assert set(known) - base - {"problem"} == written - {"problem"}
    for trait in written:
        assert re.search(rf'"(change:)?{trait}"', SOURCES), f"the browser never reads {trait}"
