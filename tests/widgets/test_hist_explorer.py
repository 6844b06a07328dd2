"""HistExplorer without a browser: views, messages, live histograms, static forms."""

from __future__ import annotations

import threading
import time
from typing import Any

import boost_histogram as bh
import hist
import numpy as np
import pytest

import hepnb as hn
from hepnb.widgets import HistExplorer
from hepnb.widgets.hist_slice import Slice


@pytest.fixture
def dimuon() -> hist.Hist[Any]:
    h = hist.Hist(
        hist.axis.Regular(60, 0, 120, name="mass", label=r"$m_{\mu\mu}$ [GeV]"),
        hist.axis.Variable([0, 10, 20, 60, np.inf], name="pt", label="$p_T$ [GeV]"),
        hist.axis.StrCategory([], growth=True, name="charge"),
        storage="Weight",
        label="dimuon mass",
    )
    rng = np.random.default_rng(1)
    charge = rng.choice(["opposite", "same"], 5000)
    h.fill(
        mass=rng.normal(91, 20, 5000),
        pt=rng.exponential(30, 5000),
        charge=charge,
        weight=rng.normal(1, 0.1, 5000),
    )
    return h


def ask(explorer: HistExplorer, *contents: dict[str, Any]) -> list[dict[str, Any]]:
    explorer.comm.take()
    for content in contents:
        explorer._handle_custom_msg(content, [])
    assert explorer._pump.join(5)
    return explorer.comm.take()


def numbers(explorer: HistExplorer) -> Slice:
    """What is drawn, wherever it was sliced."""
    return explorer._parts().sliced()


def floats(data: bytes) -> np.ndarray[Any, Any]:
    return np.frombuffer(data, dtype="<f8")


def test_code_selected_and_picture_say_the_same(dimuon: hist.Hist[Any]) -> None:
    explorer = HistExplorer(
        dimuon,
        view={
            "charge": {"as": "pick", "items": ["opposite"]},
            "pt": {"as": "range", "range": [20, None]},
        },
        name="z",
    )
    assert explorer.code == 'z[{"pt": slice(20j, len, sum), "charge": "opposite"}]'
    again = eval(explorer.code, {"z": dimuon})
    assert again == explorer.selected
    assert isinstance(explorer.selected, hist.Hist)
    np.testing.assert_array_equal(numbers(explorer).values[0], again.values(flow=True))
    np.testing.assert_array_equal(numbers(explorer).variances[0], again.variances(flow=True))
    assert explorer.state["code"] == explorer.code
    assert numbers(explorer).axes[0].width == 2


def test_a_moved_control_gives_one_atomic_update_and_an_answer(dimuon: hist.Hist[Any]) -> None:
    explorer = HistExplorer(dimuon)
    sent = ask(explorer, {"id": "v-1", "kind": "view", "view": {"pt": {"as": "bin", "bin": 1}}})
    updates = [m for m in sent if m.get("method") == "update"]
    assert len(updates) == 1
    (state,) = updates[0]["state"].values()  # the histogram itself is in the browser already
    assert state["code"] == 'h[{"pt": 10j, "charge": sum}]'
    assert state["seq"] == 2
    assert state["whole"] == explorer.whole["version"] == 1
    assert state["slice"] is None
    assert sent[-1]["content"] == {"id": "v-1", "ok": True, "result": "drawn"}
    assert explorer.view["pt"] == {"as": "bin", "bin": 1}


def test_the_newest_of_many_requests_wins_and_each_is_answered(dimuon: hist.Hist[Any]) -> None:
    explorer = HistExplorer(dimuon)
    gate = threading.Event()
    explorer._pump.put("busy", lambda: (gate.wait(5), None)[1])
    moves = [
        {"id": f"v-{n}", "kind": "view", "view": {"mass": {"as": "x", "range": [2 * n, 120]}}}
        for n in range(40)
    ]
    threading.Timer(0.2, gate.set).start()
    sent = ask(explorer, *moves)
    states = [m["state"]["state"] for m in sent if "state" in m.get("state", {})]
    answers = {m["content"]["id"]: m["content"] for m in sent if m.get("method") == "custom"}
    assert len(states) <= 2
    assert states[-1]["view"]["mass"]["range"] == [78.0, None]
    assert len(answers) == 40
    assert all(answer["ok"] for answer in answers.values())


def test_a_wrong_view_changes_nothing_and_is_said(dimuon: hist.Hist[Any]) -> None:
    explorer = HistExplorer(dimuon)
    before = explorer.code
    sent = ask(explorer, {"id": "v-1", "kind": "view", "view": {"pt": {"as": "bin", "bin": 99}}})
    assert "from 0 to 3, not 99" in explorer.problem
    assert not sent[-1]["content"]["ok"]
    with pytest.raises(hn.HepnbError, match="did you mean 'mass'"):
        explorer.view = {"mas": "x"}
    assert explorer._pump.join(5)
    assert "did you mean 'mass'" in explorer.problem
    assert explorer.code == before
    explorer.view = {"mass": "x"}
    assert explorer._pump.join(5)
    assert explorer.problem == ""


def test_a_view_set_in_python_moves_the_picture(dimuon: hist.Hist[Any]) -> None:
    explorer = HistExplorer(dimuon)
    explorer.view = {"charge": "overlay"}
    assert explorer.code == 'h.project("mass", "charge")'
    assert explorer.selected.ndim == 2
    assert explorer._pump.join(5)
    assert list(numbers(explorer).series) == list(dimuon.axes["charge"])
    assert HistExplorer(dimuon, view=explorer.view).code == explorer.code


def test_boost_histograms_are_shown_as_hist_sees_them() -> None:
    h = bh.Histogram(bh.axis.Regular(4, 0, 1), bh.axis.Regular(3, 0, 3))
    h.fill([0.1, 0.6], [0.5, 1.5])
    explorer = HistExplorer(h, view={"#0": {"as": "range", "range": [0.5, 1]}, "#1": "x"})
    assert explorer.code == "hist.Hist(h)[{0: slice(0.5j, len, sum)}]"
    assert eval(explorer.code, {"h": h, "hist": hist}).values().tolist() == [0, 1, 0]
    h.fill([0.6], [2.5])
    explorer.refresh()
    assert explorer._pump.join(5)
    assert explorer.state["whole"] == explorer.whole["version"] == 2
    assert sum(explorer.whole["fields"][0]["data"]) == 3
    assert numbers(explorer).values.tolist() == [[0, 0, 1, 1, 0]]


def test_a_dict_is_shown_one_at_a_time_each_with_its_own_view(dimuon: hist.Hist[Any]) -> None:
    other = hist.Hist.new.Reg(5, 0, 1, name="eta").Double()
    explorer = HistExplorer({"mass": dimuon, 'e"ta': other}, view={"pt": {"as": "bin"}})
    assert explorer.code == 'h["mass"][{"pt": 0, "charge": sum}]'.replace("0,", "0j,")
    explorer.shown = 'e"ta'
    assert eval(explorer.code, {"h": {'e"ta': other}}) == other
    explorer.shown = "mass"
    assert explorer.view["pt"] == {"as": "bin", "bin": 0}
    with pytest.raises(hn.HepnbError, match="no histogram 'mas'; did you mean 'mass'"):
        explorer.shown = "mas"


def test_a_histogram_that_cannot_be_shown_leaves_the_one_before(dimuon: hist.Hist[Any]) -> None:
    explorer = HistExplorer({"dimuon": dimuon, "none": bh.Histogram()})
    with pytest.raises(hn.HepnbError, match="no axes"):
        explorer.shown = "none"
    assert explorer.shown == "dimuon"
    assert "dimuon" in explorer.code


def test_a_run_is_a_dict_of_its_histograms(dimuon: hist.Hist[Any]) -> None:
    class Run:
        histograms = ("mass",)

        def hist(self, name: str) -> hist.Hist[Any]:
            assert name == "mass"
            return dimuon

    assert HistExplorer(Run()).code == 'run.hist("mass").project("mass")'


class Filling:
    """A histogram that fills, as H5Hist is seen: refresh, version, sealed."""

    def __init__(self, h: hist.Hist[Any]) -> None:
        self.h, self.waiting, self.sealed, self.committed, self.folded = h, [0.5], False, 1, 0
        self.looked: list[float] = []
        self.axes, self.kind, self.storage_type = h.axes, h.kind, h.storage_type

    @property
    def version(self) -> int:
        return self.committed

    def to_hist(self) -> hist.Hist[Any]:
        return self.h

    def __getitem__(self, index: object) -> Any:
        return self.h[index]

    def project(self, *axes: Any) -> Any:
        return self.h.project(*axes)

    def refresh(self) -> bool:
        self.looked.append(time.monotonic())
        if not self.waiting:
            return False
        self.h.fill(self.waiting.pop())
        self.committed += 1
        return True


def test_a_filling_histogram_is_followed_until_it_is_sealed() -> None:
    filling = Filling(hist.Hist.new.Reg(4, 0, 1, name="x").Int64())
    explorer = HistExplorer(filling, view={"x": {"as": "x", "range": [0.5, 1]}})
    assert explorer.state["live"] == "filling"
    deadline = time.monotonic() + 5
    while explorer.state["committed"] < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert explorer.state["whole"] == explorer.whole["version"] == 2
    assert list(explorer.whole["fields"][0]["data"]) == [0, 0, 0, 1, 0, 0]
    assert explorer.view["x"]["range"] == [0.5, None]
    filling.sealed = True
    assert explorer._pump.join(5)
    assert explorer.state["live"] == "complete"
    assert min(np.diff([0.0, *filling.looked])) > 0.2
    looked = len(filling.looked)
    time.sleep(0.6)
    assert len(filling.looked) == looked


def test_categories_that_come_later_join_an_overlay() -> None:
    h = hist.Hist(
        hist.axis.StrCategory([], growth=True, name="kind"), hist.axis.Regular(2, 0, 1, name="x")
    )
    explorer = HistExplorer(h, view={"kind": "overlay"})
    assert numbers(explorer).series == ()
    h.fill(kind=["b", "a"], x=[0.1, 0.9])
    explorer.refresh()
    assert explorer._pump.join(5)
    assert numbers(explorer).series == ("b", "a")
    assert explorer.frame["axes"][0]["items"] == ["b", "a"]


def test_the_look_is_checked_and_kept(dimuon: hist.Hist[Any]) -> None:
    explorer = HistExplorer(dimuon, look={"logy": True})
    assert explorer.look["logy"] is True
    ask(explorer, {"id": "v-1", "kind": "look", "look": {"errors": False}})
    assert (explorer.look["logy"], explorer.look["errors"]) == (True, False)
    (refused,) = ask(explorer, {"id": "v-2", "kind": "look", "look": "points"})
    assert "look must be a dict" in refused["content"]["error"]
    with pytest.raises(hn.HepnbError, match="look has no 'logyy'; did you mean 'logy'"):
        HistExplorer(dimuon, look={"logyy": True})


def test_something_else_than_a_histogram_is_refused() -> None:
    with pytest.raises(hn.HepnbError, match="h is no histogram but int"):
        HistExplorer(3)
    with pytest.raises(hn.HepnbError, match=r"h\[0\] is no histogram but int"):
        HistExplorer([1, 2, 3])
    with pytest.raises(hn.HepnbError, match="no histogram to show"):
        HistExplorer({})


def test_very_many_bins_are_thinned_and_nothing_is_lost_from_sight() -> None:
    h = hist.Hist.new.Reg(2_000_000, 0, 1, name="x").Double()
    h.fill(np.full(7, 0.123456))
    h.fill([-1, 2, 3])
    sent = HistExplorer(h).state
    assert sent["whole"] == 0
    values, low, sums = (floats(sent["slice"][k]) for k in ("values", "low", "sums"))
    assert (values[1:-1].max(), low[1:-1].max(), sums[1:-1].sum()) == (7, 0, 7)
    assert (values[0], values[-1]) == (1, 2)
    assert len(values) < 5000
    assert sent["slice"]["group"] == -(-2_000_000 // 4096)
    (axis,) = sent["slice"]["axes"]
    assert len(floats(axis["edges"])) == len(values) - 1


def test_very_many_cells_are_thinned_along_both_axes() -> None:
    h = hist.Hist.new.Reg(1500, 0, 1, name="x").Reg(1000, 0, 1, name="y", flow=False).Double()
    h.view(flow=True)[...] = np.arange(1502 * 1000).reshape(1502, 1000)
    sent = HistExplorer(h, view={"y": "y"}).state["slice"]
    assert sent["group"] == 3
    shape = [len(floats(axis["edges"])) - 1 for axis in sent["axes"]]
    assert shape == [500, 334]
    assert floats(sent["sums"]).sum() == h.sum(flow=True)
    highest = floats(sent["values"]).reshape(334, 502)
    assert highest[0, 0] == h.view(flow=True)[0, 2]
    assert highest[0, 1] == h.view(flow=True)[3, 2]


def test_means_and_unknown_errors_are_told_from_counts() -> None:
    profile = hist.Hist.new.Reg(3, 0, 3, name="x").Mean()
    profile.fill([0.5, 0.5, 1.5], sample=[1, 3, 5])
    explorer = HistExplorer(profile)
    assert numbers(explorer).kind == "mean"
    with pytest.raises(hn.HepnbError, match="means can be merged by a number"):
        explorer.view = {"x": {"as": "x", "rebin": [0, 1, 3]}}
    weighted = hist.Hist.new.Reg(3, 0, 3, name="x").Double()
    weighted.fill([0.5], weight=[2.5])
    assert numbers(HistExplorer(weighted)).variances is None
    assert HistExplorer(weighted).whole["known"] is False


def test_static_forms(dimuon: hist.Hist[Any]) -> None:
    explorer = HistExplorer(dimuon, view={"charge": "overlay"})
    data, _ = explorer._repr_mimebundle_()
    assert data["text/plain"].splitlines()[0] == 'HistExplorer: h.project("mass", "charge")'
    assert "in view" in data["text/plain"]
    html = data["text/html"]
    assert "<script" not in html
    assert "Events / 2 GeV" in html
    assert "<title>Histogram of dimuon mass</title>" in html
    assert (
        HistExplorer(dimuon, view={"charge": "overlay"})._repr_mimebundle_()[0]["text/html"] == html
    )


@pytest.mark.filterwarnings("ignore:List indexing selection is experimental")
def test_category_names_are_data() -> None:
    evil = "</script><script>alert('1')</script>"
    h = hist.Hist(
        hist.axis.StrCategory([evil, "b"], name="c"),
        hist.axis.Regular(2, 0, 1, name="x"),
        label=evil,
    )
    explorer = HistExplorer(h, view={"c": {"as": "overlay", "items": [evil]}})
    assert eval(explorer.code, {"h": h}) == explorer.selected
    html = explorer._repr_mimebundle_()[0]["text/html"]
    assert "<script" not in html
    assert "&lt;script&gt;" in html
