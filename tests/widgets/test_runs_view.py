"""RunsView: a table of runs that is looked at anew while it is seen, sorted, cancelled, saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hepnb as hn
from hepnb.widgets import RunsView

NOW = 1_700_000_000.0
HOSTILE = "</script><img src=x onerror=alert(1)>"


def row(number: int, state: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"20261121-2238{number:02d}-dimuon-7f3a",
        "name": "dimuon",
        "state": state,
        "events": 1000 * number,
        "events_total": 50_000,
        "started": NOW + 60 * number,
        "ended": NOW + 60 * number + 30 if state in ("done", "failed") else None,
        "size": 12_345_678 * number,
        "directory": "/home/marie/runs",
        "parameters": {"pt": 20 + 5 * number, "iso": "loose"},
    } | changes


class Runs:
    """What a table looks at; the test changes it."""

    def __init__(self) -> None:
        self.rows = [
            row(1, "done", events=50_000),
            row(2, "failed", files_failed=2, events_lost=31),
            row(3, "running", events=24_000),
            row(4, "paused"),
            row(5, "waiting", events=0, events_total=None, size=0, name=HOSTILE),
        ]
        self.cancelled: list[str] = []
        self.looks = 0

    def look(self) -> list[dict[str, Any]]:
        self.looks += 1
        return self.rows

    def cancel(self, run: str) -> None:
        if run.startswith("gone"):
            raise hn.HepnbError("run gone cannot be reached: it runs on another host")
        self.cancelled.append(run)
        for found in self.rows:
            if found["id"] == run:
                found["state"] = "cancelled"

    def view(self) -> RunsView:
        return RunsView(self.look, self.cancel, "Scan of dimuon", "hn.attach('scan')")


def ask(view: RunsView, content: dict[str, Any]) -> list[dict[str, Any]]:
    """Send a message as the browser does; the answers to it."""
    view.comm.take()
    view._handle_custom_msg(content, [])
    for pump in (view._errands, view._commands, view._pump):
        assert pump.join(5)
    return [m["content"] for m in view.comm.take() if m.get("method") == "custom"]


def test_it_looks_when_it_is_asked_and_never_else() -> None:
    runs = Runs()
    view = runs.view()
    assert runs.looks == 1
    runs.rows = [row(1, "done")]
    assert ask(view, {"id": "a", "kind": "rows"}) == [{"id": "a", "ok": True, "result": "here"}]
    assert [r["state"] for r in view.rows] == ["done"]
    assert runs.looks == 2


def test_a_run_is_cancelled_by_its_id_and_a_refusal_is_told() -> None:
    runs = Runs()
    view = runs.view()
    assert ask(view, {"id": "a", "kind": "cancel", "run": runs.rows[2]["id"]})[0]["ok"]
    assert view.rows[2]["state"] == "cancelled"
    (answer,) = ask(view, {"id": "b", "kind": "cancel", "run": "gone"})
    assert "runs on another host" in answer["error"]


def test_runs_that_cannot_be_read_are_told_until_they_can() -> None:
    runs = Runs()
    view = runs.view()
    good, runs.rows = runs.rows, [None]  # type: ignore[list-item]
    (answer,) = ask(view, {"id": "a", "kind": "rows"})
    assert "cannot be read" in answer["error"]
    assert view.problem
    runs.rows = good
    assert ask(view, {"id": "b", "kind": "rows"})[0]["ok"]
    assert view.problem == ""


def test_a_saved_page_has_the_table_and_no_markup_of_others() -> None:
    view = Runs().view()
    page = view._repr_mimebundle_()[0]["text/html"]
    assert "<th>pt</th><th>iso</th>" in page
    assert "<td>done</td><td>dimuon</td><td>25</td><td>loose</td><td>50000</td>" in page
    assert "&lt;img" in page
    assert "<img" not in page
    assert "not ended yet" in page
    assert repr(view) == "Scan of dimuon: 5, 3 not ended yet (live view)"


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_runs_on_a_page(bare: Callable[..., Any], artifacts: Path, theme: str) -> None:
    runs = Runs()
    on = bare(runs.view(), theme, 1250)
    table = on.page.get_by_role("table")
    assert on.page.get_by_role("status").first.inner_text() == (
        "1 running, 1 paused, 1 waiting, 1 done, 1 failed"
    )
    cells = table.locator("tbody tr").nth(1).locator("th, td").all_inner_texts()
    assert cells[:6] == ["✗ failed", "dimuon", "30", "loose", "4.0 %", "2000"]
    assert cells[6] == "⚠ 2 files failed, 31 events lost"
    assert cells[8:10] == ["30 s", "24.7\u2009MB"]
    assert cells[11] == "20261121-223802-dimuon-7f3a"
    assert HOSTILE in table.inner_text()
    assert on.violations() == []
    on.page.screenshot(path=artifacts / f"runs-{theme}.png", full_page=True)


@pytest.mark.browser
def test_heads_sort_by_what_the_cells_mean(bare: Callable[..., Any]) -> None:
    on = bare(Runs().view(), width=1250)

    def events() -> list[str]:
        cells = on.page.locator("tbody tr td:nth-child(6)").all_inner_texts()
        return [cell.replace("\u2009", "") for cell in cells]

    head = on.page.get_by_role("columnheader", name="events")
    head.get_by_role("button").focus()
    on.page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert events() == ["50000", "24000", "4000", "2000", "0"]
    on.page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert events() == ["0", "2000", "4000", "24000", "50000"]


@pytest.mark.browser
def test_news_come_by_themselves_and_keep_the_order(bare: Callable[..., Any]) -> None:
    runs = Runs()
    on = bare(runs.view(), width=1250)
    on.page.get_by_role("columnheader", name="state").get_by_role("button").click()
    runs.rows[2] = row(3, "done", events=50_000)
    on.page.wait_for_function("() => window.link.outbox.length > 0")
    on.settle()
    states = on.page.locator("tbody tr th").all_inner_texts()
    assert [s.split()[1] for s in states] == ["done", "done", "failed", "paused", "waiting"]


@pytest.mark.browser
def test_cancelling_asks_first(bare: Callable[..., Any]) -> None:
    runs = Runs()
    on = bare(runs.view(), width=1250)
    cancels = on.page.get_by_role("button", name="Cancel")
    assert cancels.count() == 3  # running, paused, waiting
    cancels.first.click()
    assert runs.cancelled == []
    on.page.get_by_role("button", name="Really cancel?").click()
    on.settle()
    assert runs.cancelled == [runs.rows[2]["id"]]
    assert on.page.get_by_role("button", name="Cancel").count() == 2


@pytest.mark.browser
def test_a_dead_kernel_is_said_with_the_way_back(bare: Callable[..., Any]) -> None:
    on = bare(Runs().view(), width=1250)
    on.page.evaluate("() => window.link.die()")
    told = on.page.get_by_role("alert").filter(has_text="Kernel gone")
    told.wait_for()
    assert "the runs do not need it" in told.inner_text()
    assert told.locator("code").inner_text() == "hn.attach('scan')"


def test_the_runs_of_a_user_show_themselves(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("HEPNB_STATE_DIR", str(tmp_path))
    data, _ = hn.runs()._repr_mimebundle_()
    assert data["text/plain"] == "Your runs: none yet"
