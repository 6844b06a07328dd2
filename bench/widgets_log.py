"""The log view in a browser: a million lines, jumps to any place of them, and scrolling.

Python answers through the page's own functions, without a notebook in between: what is measured is
the widget and its kernel's half. A jump lasts from the scroll bar's move to the lines in view.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
from pathlib import Path
from typing import Any

__all__ = ["main"]

_LINES = 1_000_000
_JUMPS = 60
_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]

_MODEL = """async ([esm, css, state]) => {
  const handlers = new Map();
  const model = {
    get: (key) => state[key], set() {}, save_changes() {},
    on: (name, f) => handlers.set(name, [...(handlers.get(name) ?? []), f]),
    off() {},
    send: (content) => window.ask(JSON.stringify(content)),
  };
  window.hear = (content) => (handlers.get("msg:custom") ?? []).forEach((f) => f(content, []));
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
  const url = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  const place = document.createElement("main");
  document.body.append(place);
  (await import(url)).default.render({ model, el: place });
}"""
_JUMP = """(share) => new Promise((done) => {
  const grid = document.querySelector(".hepnb-log");
  const began = performance.now();
  grid.scrollTop = share * grid.scrollHeight;
  const look = () => {
    const box = grid.getBoundingClientRect();
    const rows = [...grid.querySelectorAll(".hepnb-logrow")].filter((row) => {
      const at = row.getBoundingClientRect();
      return at.bottom > box.top + 1 && at.top < box.bottom - 1;
    });
    const here = rows.length > 10 && rows.every((row) => row.dataset.n !== "");
    if (here && Math.abs(Number(rows[0].dataset.n) - share * 1e6) < 2000)
      done(performance.now() - began);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""
_SHOWN = """() => new Promise((done) => {
  const look = () => {
    const rows = document.querySelectorAll('.hepnb-logrow:not([data-n=""])');
    rows.length > 10 ? done(rows.length) : requestAnimationFrame(look);
  };
  look();
})"""
_SCROLL = """(frames) => new Promise((done) => {
  const grid = document.querySelector(".hepnb-log");
  const times = [];
  const step = (now) => {
    times.push(now);
    grid.scrollTop += 30;
    if (times.length <= frames) requestAnimationFrame(step);
    else done(times.slice(1).map((t, i) => t - times[i]));
  };
  requestAnimationFrame(step);
})"""


def main() -> None:
    """Print the times of jumps, the frames of scrolling, and the size of the heap."""
    from playwright.sync_api import sync_playwright

    home = Path(tempfile.mkdtemp(prefix="hepnb-bench-"))
    view, sent = _view(home)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=_ARGS
        )
        page = browser.new_page(viewport={"width": 1000, "height": 800})
        waiting: list[dict[str, Any]] = []
        page.expose_function("ask", lambda text: waiting.append(json.loads(text)))
        page.evaluate(_MODEL, [str(view._esm), str(view._css), _state(view)])

        def drive(script: str, argument: float) -> Any:
            """Start a script and answer what it asks until it is done."""
            page.evaluate(
                f"(x) => {{ window.result = null; ({script})(x).then((r) => {{ window.result = r }}) }}",
                argument,
            )
            while (result := page.evaluate("() => window.result")) is None:
                page.wait_for_timeout(2)  # the page needs the processor, too
                for request in waiting:
                    view._handle_custom_msg(request, [])
                waiting.clear()
                view._errands.join(5)
                view._pump.join(5)
                for content in sent:
                    page.evaluate("(content) => window.hear(content)", content)
                sent.clear()
            return result

        chance = random.Random(3)
        drive(_SHOWN, 0.0)  # it begins at the end, and a jump before that is overtaken
        drive(_JUMP, 0.5)
        jumps = sorted(drive(_JUMP, chance.random()) for _ in range(_JUMPS))
        frames = sorted(drive(_SCROLL, 200))
        devtools = page.context.new_cdp_session(page)
        devtools.send("HeapProfiler.collectGarbage")
        devtools.send("Performance.enable")
        heap = next(
            m["value"]
            for m in devtools.send("Performance.getMetrics")["metrics"]
            if m["name"] == "JSHeapUsedSize"
        )
        rows = page.locator(".hepnb-logrow").count()
        browser.close()
    p95 = int(0.95 * _JUMPS)
    print(f"\na log of {_LINES:,} lines in a browser, {rows} rows, heap {heap / 1e6:.0f} MB")
    print(f"  a jump: p50 {jumps[_JUMPS // 2]:.0f} ms, p95 {jumps[p95]:.0f} ms (goal: below 150)")
    middle = frames[len(frames) // 2]
    print(f"  scrolling: {1000 / middle:.0f} frames a second, p95 {frames[190]:.0f} ms (goal: 50)")


def _view(home: Path) -> tuple[Any, list[dict[str, Any]]]:
    """A LogView of a run of a million lines, and what it sends."""
    from hepnb.runs.logs import LogWriter
    from hepnb.widgets import LogView

    writer = LogWriter(home / "log")
    for first in range(0, _LINES, 1000):
        text = "".join(
            f"line {n} of a worker, x = {n / 7:.6f}\n" for n in range(first, first + 1000)
        )
        writer.printed(text.encode(), worker=1, chunk=f"f.root:{first // 1000}", logger="stdout")
        writer.flush()
    writer.close()

    class Run:
        """A run as the view sees one."""

        directory = home

        def snapshot(self) -> dict[str, Any]:
            log = {"total": _LINES, "counts": {"INFO": _LINES}, "tail": []}
            lost = {"files_failed": 0, "events_lost": 0}
            about = {"id": "bench", "name": "bench", "state": "done", "error": None}
            times = {"now": 1.0, "started": 0.0, "ended": 1.0}
            return {"seq": 1, **about, **times, "progress": lost, "log": log}

        def watch(self, _callback: object) -> Any:
            return lambda: None

        def cancel(self) -> None: ...

    view = LogView(Run())
    sent: list[dict[str, Any]] = []
    view.send = sent.append
    return view, sent


def _state(view: Any) -> dict[str, Any]:
    return {key: getattr(view, key) for key in ("state", "schema", "parts", "problem")}


if __name__ == "__main__":
    main()
