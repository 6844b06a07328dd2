"""RunView: the newest state in one trait, requests answered, nothing vanishes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import hepnb as hn
from hepnb.widgets import CollectionsView, LogView, ProgressView, RunView, StatisticsView
from hepnb.widgets._wire import answer_where_asked


def ask(view: RunView, content: object) -> list[dict[str, Any]]:
    """Send a message as the browser does; the answers to it."""
    view.comm.take()
    view._handle_custom_msg(content, [])
    for pump in (view._errands, view._commands, view._pump):
        assert pump.join(5)
    return [m["content"] for m in view.comm.take() if m.get("method") == "custom"]


def test_the_state_is_there_from_the_start_and_follows(run: Any) -> None:
    view = RunView(run)
    assert view.state["seq"] == 12
    run.tell(state="done")
    assert view._pump.join(5)
    assert view.state["state"] == "done"
    updates = [m for m in view.comm.take() if m.get("method") == "update"]
    assert [u["state"]["state"]["seq"] for u in updates] == [13]


def test_a_burst_is_sent_at_most_ten_times_a_second_and_the_last_one_always(run: Any) -> None:
    view = RunView(run)
    view.comm.take()
    start = time.monotonic()
    while time.monotonic() - start < 0.55:
        run.tell()
        time.sleep(0.001)
    run.tell(state="done")
    assert view._pump.join(5)
    updates = [m for m in view.comm.take() if m.get("method") == "update"]
    assert len(updates) <= 8
    assert updates[-1]["state"]["state"]["state"] == "done"
    assert updates[-1]["state"]["state"]["seq"] == run.now["seq"]


def test_all_states_are_written_by_one_thread(run: Any) -> None:
    view = RunView(run)
    writers = set()
    view.observe(lambda _: writers.add(threading.current_thread().name), names="state")
    threads = [threading.Thread(target=run.tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert view._pump.join(5)
    assert writers == {"hepnb-RunView"}


def test_cancel_reaches_the_run_even_while_a_page_is_being_searched(run: Any) -> None:
    view = RunView(run)
    gate = threading.Event()
    view._errands.put("slow", lambda: (gate.wait(5), None)[1])
    view._handle_custom_msg({"id": "v-1", "kind": "cancel"}, [])
    assert view._commands.join(5)
    assert run.cancelled == 1
    gate.set()


def test_what_fails_is_answered_and_what_cannot_be_answered_is_shown(run: Any) -> None:
    def refuse() -> None:
        raise hn.HepnbError("the supervisor is gone")

    run.cancel = refuse
    view = RunView(run)
    (answer,) = ask(view, {"id": "v-1", "kind": "cancel"})
    assert answer == {
        "id": "v-1",
        "ok": False,
        "error": "the run cannot be cancelled: the supervisor is gone",
    }
    (unknown,) = ask(view, {"id": "v-2", "kind": "explode"})
    assert not unknown["ok"]
    ask(view, "nonsense")
    assert "'id'" in view.problem


def test_parts_alone(run: Any) -> None:
    parts = {
        ProgressView: ["progress"],
        CollectionsView: ["collections"],
        LogView: ["log"],
        StatisticsView: ["statistics", "files"],
    }
    assert {view: view(run).parts for view in parts} == parts


def test_closing_stops_watching(run: Any) -> None:
    view = RunView(run)
    view.close()
    assert run.watchers == []


def test_something_else_than_a_run_is_refused() -> None:
    with pytest.raises(hn.HepnbError, match=r"LogView needs a run .* not str"):
        LogView("20261121-dimuon")  # type: ignore[arg-type]


def test_a_click_goes_to_the_shell_it_was_sent_to() -> None:
    class Routing:
        def _reply_subshell_for(self, _data: object, _default: object) -> str:
            return "main"

    comm = Routing()
    answer_where_asked(comm)
    assert comm._reply_subshell_for({}, "subshell-1") == "subshell-1"
    answer_where_asked(object())  # other kernels have no such hook


def test_static_forms_need_no_kernel(make_run: Callable[..., Any]) -> None:
    run = make_run(state="done", ended=1_700_000_083.0)
    view = RunView(run)
    data, _ = view._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == (
        "RunView of run 'dimuon': done, 1\u2009204\u2009000 of 5\u2009000\u2009000 events, 1 file\n"
        "LOST: 1 file failed, 61\u2009540 events not counted"
    )
    html = data["text/html"]
    assert "<script" not in html
    assert "background:#c62828;height:100%;width:1.2%" in html  # the part of the bar that is lost
    assert "20261121" not in html  # the same run again gives the same page
    for word in ("Muon", "exactly two muons", "truncated: basket 7", "✓ done"):
        assert word in html
    assert RunView(run)._repr_mimebundle_()[0]["text/html"] == html


def test_the_text_of_a_run_that_goes_on_is_always_the_same(run: Any) -> None:
    view = RunView(run)
    before = repr(view)
    run.tell(progress={**run.now["progress"], "events": 4_000_000})
    assert repr(view) == before == "RunView of run 'dimuon': not ended yet (live view)"


def test_a_failure_of_no_chunk_is_said_without_one(make_run: Callable[..., Any]) -> None:
    error = {"title": "1 of 2 files could not be used", "traceback": "", "chunk": ""}
    shown, _ = RunView(make_run(state="failed", error=error))._repr_mimebundle_()
    assert shown["text/plain"].endswith("\n1 of 2 files could not be used")
    assert "<b>1 of 2 files could not be used</b></div>" in shown["text/html"]
    assert "<pre>" not in shown["text/html"]


def test_texts_of_a_run_are_never_markup(make_run: Callable[..., Any]) -> None:
    evil = "</pre><script>alert(1)</script>"
    error = {"title": evil, "traceback": evil, "chunk": evil}
    view = RunView(make_run(name=evil, state="failed", error=error))
    html = view._repr_mimebundle_()[0]["text/html"]
    assert "<script" not in html
    assert "&lt;script&gt;" in html
