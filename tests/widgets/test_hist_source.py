"""What the explorer takes, how each is written, and how one that fills or is large is shown."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boost_histogram as bh
import hist
import numpy as np
import pytest

from hepnb.histograms import H5Hist
from hepnb.histograms.stopping import Stopped, stoppable
from hepnb.widgets import HistExplorer
from hepnb.widgets.hist_whole import MOST_BYTES


def filled(**keys: Any) -> hist.Hist[Any]:
    h: Any = hist.Hist.new.Reg(4, 0, 1, name="x").StrCat(["a", "b"], name="c").Int64(**keys)
    return h.fill(x=[0.1, 0.6, 0.6], c=["a", "b", "b"])


class Uhi:
    """Only the serialization protocol of the Unified Histogram Interface."""

    def _to_uhi_(self) -> dict[str, Any]:
        return filled()._to_uhi_()


class Uproot:
    """As uproot's histograms are converted."""

    def _to_boost_histogram_(self) -> Any:
        return bh.Histogram(filled())


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (filled, 'h.project("x")'),
        (lambda: bh.Histogram(filled()), 'hist.Hist(h).project("x")'),
        (Uproot, 'hist.Hist(h).project("x")'),
        (Uhi, 'hist.Hist(h._to_uhi_()).project("x")'),
        (lambda: H5Hist.from_hist(filled()), 'h.project("x")'),
        (lambda: [filled(name="a"), filled(name="b")], 'h[0].project("x")'),
        (lambda: {"a": filled(), "b": filled()}, 'h["a"].project("x")'),
    ],
)
def test_whatever_holds_a_histogram_is_shown_and_written(source: Any, code: str) -> None:
    h = source()
    explorer = HistExplorer(h)
    assert explorer.code == code
    assert eval(code, {"h": h, "hist": hist}).values().tolist() == [1, 0, 2, 0]
    assert explorer.selected.values().tolist() == [1, 0, 2, 0]
    assert explorer.whole["version"] == 1


def test_histograms_of_a_list_go_by_name_or_else_by_number() -> None:
    assert HistExplorer([filled(name="a"), filled(name="b")]).frame["names"] == ["a", "b"]
    assert HistExplorer([filled(name="a"), filled(name="a")]).frame["names"] == ["0: a", "1: a"]
    assert HistExplorer([filled(), filled()]).frame["names"] == ["0", "1"]


class Server:
    """A histogram kept elsewhere, as `RemoteHist` is seen."""

    def __init__(self) -> None:
        self.h, self.version, self.asked, self.waiting = filled(), 0, 0, 1
        self.axes, self.storage_type, self.kind = self.h.axes, self.h.storage_type, self.h.kind

    def snapshot(self) -> hist.Hist[Any]:
        self.asked += 1
        return self.h.copy()

    def __getitem__(self, index: Any) -> Any:
        return self.snapshot()[index]

    def project(self, *axes: Any) -> Any:
        return self.snapshot().project(*axes)

    def refresh(self) -> bool:
        if not self.waiting:
            return False
        self.waiting -= 1
        self.h.fill(x=[0.9], c=["a"])
        self.version += 1
        return True


def test_a_histogram_on_a_server_is_asked_for_once_and_again_when_it_grew() -> None:
    server = Server()
    explorer = HistExplorer(server)
    explorer.view = {"c": "overlay"}
    _ = explorer.selected, explorer.code
    first = server.asked
    deadline = time.monotonic() + 10
    while explorer.state["seq"] < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert first == 1
    assert server.asked == 2
    assert explorer.selected.values().sum() == 4
    explorer.close()


def test_contents_that_a_cell_changed_are_sent_with_the_next_view() -> None:
    h = filled()
    explorer = HistExplorer(h)
    h.fill(x=[0.1], c=["a"])
    explorer.view = {"c": {"as": "pick", "items": ["a"]}}
    assert explorer._pump.join(5)
    assert explorer.state["whole"] == explorer.whole["version"] == 2
    assert sum(explorer.whole["fields"][0]["data"]) == 4


class Filling(Server):
    """A live histogram of 0.3 MB, which grows at the first three looks."""

    snapshot: Any = None  # it is not on a server

    def __init__(self) -> None:
        super().__init__()
        self.h = hist.Hist.new.Reg(40_000, 0, 1, name="x").Double()
        self.axes, self.storage_type, self.waiting = self.h.axes, self.h.storage_type, 3
        self.looked: list[float] = []

    def __getitem__(self, index: Any) -> Any:
        return self.h[index]

    def to_hist(self) -> Any:
        return self.h

    def refresh(self) -> bool:
        self.looked.append(time.monotonic())
        if not self.waiting:
            return False
        self.waiting -= 1
        self.h.fill([0.5])
        self.version += 1
        return True


def test_a_larger_one_that_fills_is_sliced_here_until_it_rests() -> None:
    filling = Filling()
    explorer = HistExplorer(filling, view={"x": {"as": "x", "range": [0.4, 0.6]}})
    explorer.comm.take()
    deadline = time.monotonic() + 20
    sent: list[dict[str, Any]] = []
    while not any("whole" in state for state in sent) and time.monotonic() < deadline:
        sent += [m["state"] for m in explorer.comm.take() if m.get("method") == "update"]
        time.sleep(0.01)
    states = [state["state"] for state in sent]
    assert [state["whole"] for state in states[:3]] == [0, 0, 0]
    assert all(state["slice"]["values"] for state in states[:3])
    assert states[-1]["whole"] == explorer.whole["version"]
    assert explorer.whole["fields"][0]["type"] == "u1"
    assert {str(state["view"]["x"]["range"]) for state in states} == {"[0.4, 0.6]"}
    assert min(np.diff(filling.looked)) > 0.2  # four times a second at most
    explorer.close()


@pytest.fixture
def large(tmp_path: Path) -> Iterator[H5Hist]:
    """40 blocks of 0.5 MB on disk: more than is sent to the browser."""
    with H5Hist(
        hist.axis.StrCategory([], growth=True, name="c"),
        hist.axis.Regular(250, 0, 1, name="x"),
        hist.axis.Regular(250, 0, 1, name="y"),
        path=tmp_path / "store",
        name="large",
    ) as h:
        rng = np.random.default_rng(1)
        for i in range(40):
            x, y = rng.uniform(size=(2, 1000))
            h.fill(c=np.full(1000, f"c{i}"), x=x, y=y)
        yield h


def test_a_reduction_that_nobody_wants_stops_between_two_blocks(large: H5Hist) -> None:
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(Stopped), stoppable(stop):
        large.project("x")
    assert len(asked) == 4
    assert large.project("x").sum(flow=True) == 40_000


def test_the_newest_view_stops_the_one_that_is_being_read(
    large: H5Hist, monkeypatch: pytest.MonkeyPatch
) -> None:
    explorer = HistExplorer(large)
    assert large.axes["c"].size * 252 * 252 * 8 > MOST_BYTES
    assert explorer.state["whole"] == 0
    blocks: list[float] = []
    reached, go = threading.Event(), threading.Event()
    from hepnb.histograms.slabs import DensePlan

    reduce = DensePlan.reduce

    def gated(self: Any, *args: Any) -> Any:
        blocks.append(0)
        if len(blocks) == 3:
            reached.set()
            assert go.wait(20)
        return reduce(self, *args)

    monkeypatch.setattr(DensePlan, "reduce", gated)
    explorer.comm.take()
    old = {"id": "old", "kind": "view", "view": {"y": {"as": "range", "range": [0, 0.5]}}}
    new = {"id": "new", "kind": "view", "view": {"y": {"as": "bin", "bin": 7}}}
    explorer._handle_custom_msg(old, [])
    assert reached.wait(20)
    explorer._handle_custom_msg(new, [])
    go.set()
    sent: list[dict[str, Any]] = []
    answers: dict[str, Any] = {}
    deadline = time.monotonic() + 30
    while len(answers) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
        sent += explorer.comm.take()
        answers = {m["content"]["id"]: m["content"] for m in sent if m.get("method") == "custom"}
    states = [m["state"]["state"] for m in sent if "state" in m.get("state", {})]
    assert answers["old"]["result"] == "superseded"
    assert answers["new"]["result"] == "drawn"
    assert [state["view"]["y"]["as"] for state in states] == ["bin"]
    assert len(blocks) < 40 + 10  # all of the new one, a few of the old
    explorer.close()
