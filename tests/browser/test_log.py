"""A million lines in a real JupyterLab: followed while they are printed, then any place of them.

Few rows at any time, the right lines everywhere, a small heap, little traffic, nothing but text.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hepnb as hn
from hepnb.samples import toy_dimuon

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

LINES = 1_000_000
FLOOD = """\
import os
import hepnb as hn

path = hn.Path("flood")

@path.define
def n(Muon):
    import awkward
    here = getattr(os, "printed", 0)
    os.printed = here + 50_000
    for first in range(here, here + 50_000, 1000):
        print("\\n".join(f"line {{n}} <script>document.title = 'owned'</script> x = {{n / 7:.6f}}"
            for n in range(first, first + 1000)), flush=True)
    return awkward.num(Muon.pt)

path.hist("n", n="n: 0, 9, int")
run = path.start({file!r}, workers=1, chunk=200)
view = hn.LogView(run)
view
"""

IN_VIEW = """grid => { const box = grid.getBoundingClientRect();
    return [...grid.querySelectorAll('.hepnb-logrow')].filter(row => {
        const at = row.getBoundingClientRect();
        return at.bottom > box.top + 1 && at.top < box.bottom - 1;
    }).map(row => [Number(row.getAttribute('aria-rowindex')) - 1,
        row.querySelector('.hepnb-log-text').textContent]) }"""

# The most rows there ever were, looked at after each change of them.
COUNT_ROWS = """grid => { window.mostRows = 0;
    new MutationObserver(() => { window.mostRows = Math.max(window.mostRows,
        grid.querySelectorAll('.hepnb-logrow').length); })
        .observe(grid, { childList: true, subtree: true }); }"""


class Wire:
    """What comes over the kernel's web sockets of a page, in bytes, and the heap of the page."""

    def __init__(self, page: Any) -> None:
        self.received = 0
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.send("Network.enable")
        self._devtools.on("Network.webSocketFrameReceived", self._count)

    def _count(self, event: dict[str, Any]) -> None:
        frame = event["response"]
        is_text = frame["opcode"] == 1
        data = frame["payloadData"]
        self.received += len(data.encode()) if is_text else len(base64.b64decode(data))

    def heap(self) -> float:
        """Bytes of JavaScript in use, after what is garbage is gone."""
        self._devtools.send("HeapProfiler.collectGarbage")
        self._devtools.send("Performance.enable")
        metrics = self._devtools.send("Performance.getMetrics")["metrics"]
        return float(next(m["value"] for m in metrics if m["name"] == "JSHeapUsedSize"))


def test_a_million_lines(
    notebook: Callable[..., Any],
    page: Any,
    lab: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = toy_dimuon(tmp_path / "toy.root", events=4000)
    wire = Wire(page)
    book = notebook(FLOOD.format(file=str(file)), "run.id")
    before = wire.received
    book.run(0)
    cell = book.cell(0)
    grid = cell.get_by_role("grid", name="Log lines")
    grid.wait_for()
    grid.evaluate(COUNT_ROWS)
    run_id = book.run(1).strip("'")
    monkeypatch.setenv("HEPNB_STATE_DIR", str(lab.state))
    log = hn.attach(run_id)

    def check(seen: list[tuple[int, str]]) -> None:
        """What is in view is what the log has there."""
        first = seen[0][0]
        records = log.log_page(first, len(seen))["records"]
        assert [row for row, _ in seen] == list(range(first, first + len(seen)))
        assert [text for _, text in seen] == [r["text"].partition("\n")[0] for r in records]

    def whole(seen: list[tuple[int, str]]) -> bool:
        return len(seen) > 10 and all(text != "…" for _, text in seen)

    def is_there(seen: list[tuple[int, str]], at: float) -> bool:
        return whole(seen) and abs(seen[0][0] - at) < 0.001 * total

    # While it is printed, the end is followed.
    ends: list[int] = []
    while cell.locator(".hepnb-state").get_attribute("data-state") != "done":
        seen = grid.evaluate(IN_VIEW)
        if whole(seen) and seen[-1][0] not in ends:
            check(seen)
            ends.append(seen[-1][0])
        page.wait_for_timeout(100)
    assert ends == sorted(ends)
    assert len(ends) > 2, "it did not follow"
    book.wait(lambda: whole(grid.evaluate(IN_VIEW)) and cell.get_by_text("lines").count() > 0)
    total = log.log_page(0, 1)["total"]
    assert total >= LINES
    book.wait(lambda: grid.get_attribute("aria-rowcount") == str(total))
    book.wait(lambda: (seen := grid.evaluate(IN_VIEW)) and seen[-1][0] == total - 1)
    check(grid.evaluate(IN_VIEW))
    following = wire.received - before

    # Then any place.
    chance = random.Random(7)
    for _ in range(40):
        share = chance.random()
        grid.evaluate("(log, share) => { log.scrollTop = share * log.scrollHeight }", share)
        # Until the next frame the rows of the last place are in view.
        book.wait(lambda at=share * total: is_there(grid.evaluate(IN_VIEW), at))
        check(grid.evaluate(IN_VIEW))
    for _ in range(20):
        page.mouse.wheel(0, 100)
    received = wire.received - before
    heap = wire.heap()
    most = page.evaluate("() => window.mostRows")
    print(
        f"{total:,} lines: {len(ends)} ends seen, {following:,} bytes while following, {received:,}"
        f" in all, heap {heap / 1e6:.0f} MB, {most} rows at most"
    )
    assert most <= 200
    assert received < 1_000_000
    assert heap < 150_000_000
    assert page.title() != "owned"
    assert cell.locator(".hepnb-logpart script").count() == 0

    # A search over all of it, and a reload of the page.
    search = cell.get_by_role("searchbox", name="Search the log")
    search.fill("line 777777 ")
    search.press("Enter")
    cell.get_by_text("1 of 1").wait_for()
    book.wait(lambda: any("line 777777 " in text for _, text in grid.evaluate(IN_VIEW)))
    page.screenshot(path=str(tmp_path / "log.png"))
    book.command("docmanager:save")
    book.open()
    grid.wait_for(timeout=30_000)
    book.wait(lambda: whole(grid.evaluate(IN_VIEW)))
    grid.focus()
    page.keyboard.press("Home")
    book.wait(lambda: (seen := grid.evaluate(IN_VIEW)) != [] and whole(seen) and seen[0][0] == 0)
    check(grid.evaluate(IN_VIEW))
