"""The explorer in Chromium: from a slider's input to the painted picture, and what is sent and saved.

The page stands alone; where the kernel slices, its half of the widget answers in this process, so a
round trip has the real messages, but no Jupyter server in between.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import comm
import numpy as np
from comm.base_comm import BaseComm

__all__ = ["main"]

_CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
_PAGE = "<!doctype html><meta charset=utf-8><title>bench</title><main></main>"
_MODEL = """async ({ esm, css, state }) => {
  const revive = (_, value) => typeof value?.$bytes !== "string" ? value
    : new DataView(Uint8Array.from(atob(value.$bytes), (c) => c.charCodeAt(0)).buffer);
  const values = JSON.parse(state, revive), handlers = new Map();
  const tell = (name, ...args) => (handlers.get(name) ?? []).forEach((f) => f(...args));
  const model = {
    get: (key) => values[key], on: (name, f) =>
      handlers.set(name, [...(handlers.get(name) ?? []), f]),
    off() {}, set() {}, save_changes() {},
    send: async (content) => {
      for (const message of JSON.parse(await window.kernel(content), revive)) {
        if (message.method === "custom") tell("msg:custom", message.content);
        else { Object.assign(values, message.state);
          Object.keys(message.state).forEach((key) => tell("change:" + key)); }
      }
    },
  };
  document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
  const url = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  const widget = (await import(url)).default;
  const began = performance.now();
  await widget.render({ model, el: document.querySelector("main") });
  await new Promise((r) => requestAnimationFrame(() => setTimeout(r)));
  return performance.now() - began;
}"""
_MOVES = """async ({ label, moves }) => {
  const slider = document.querySelector(`[aria-label="${label}"]`);
  const stage = document.querySelector("svg.hepnb-svg, .hepnb-plot");
  const taken = [];
  for (let n = 0; n < moves; n += 1) {
    let changed = false;
    const watcher = new MutationObserver(() => { changed = true; });
    watcher.observe(stage, { childList: true, subtree: true, attributes: true });
    const began = performance.now();
    slider.value = String(1 + (n * 7) % Math.floor(Number(slider.max) / 2));
    slider.dispatchEvent(new Event("input"));
    while (!changed) await new Promise((r) => requestAnimationFrame(() => setTimeout(r)));
    taken.push(performance.now() - began);
    watcher.disconnect();
    await new Promise((r) => setTimeout(r, 60));
  }
  return taken;
}"""


class _Line(BaseComm):
    """A comm that keeps what was published."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.published: list[dict[str, Any]] = []
        self.bytes = 0
        super().__init__(*args, **kwargs)

    def publish_msg(
        self,
        msg_type: str,
        data: Any = None,
        metadata: Any = None,
        buffers: Any = None,
        **keys: Any,
    ) -> None:
        del msg_type, metadata, keys
        self.bytes += sum(memoryview(b).nbytes for b in buffers or ()) + len(json.dumps(data))
        for path, buffer in zip((data or {}).get("buffer_paths", ()), buffers or (), strict=True):
            *before, last = path
            at = data["state"]
            for step in before:
                at = at[step]
            at[last] = bytes(buffer)
        self.published.append(data or {})

    def take(self) -> list[dict[str, Any]]:
        out, self.published = self.published, []
        return out


def main(moves: int = 60) -> None:
    """Print the latencies, the times to a first picture, and the sizes."""
    create, comm.create_comm = comm.create_comm, _Line
    home = Path(tempfile.mkdtemp(prefix="hepnb-bench-"))
    try:
        with _chromium() as browser:
            _in_the_browser(browser, moves)
            _through_the_kernel(browser, home, moves)
            _first_picture(browser)
        _sizes(home)
    finally:
        comm.create_comm = create
        shutil.rmtree(home)


@contextmanager
def _chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        yield browser
        browser.close()


def _packed(value: object) -> str:
    from hepnb.widgets.hist_page import _bytes

    return json.dumps(value, default=_bytes)


def _shown(browser: Any, explorer: Any) -> tuple[Any, float]:
    """A page with the explorer, and the milliseconds from its state to a picture."""
    from hepnb.widgets._wire import STATIC

    page = browser.new_page()

    def kernel(content: dict[str, Any]) -> str:
        explorer._handle_custom_msg(content, [])
        found: list[dict[str, Any]] = []
        while not any(message.get("content", {}).get("id") == content["id"] for message in found):
            found += explorer.comm.take()
            time.sleep(0.0005)
        return _packed(found)

    page.expose_function("kernel", kernel)
    page.set_content(_PAGE)
    keys = ("frame", "whole", "state", "look", "problem")
    took = page.evaluate(
        _MODEL,
        {
            "esm": (STATIC / "hist_explorer.js").read_text(encoding="utf-8"),
            "css": (STATIC / "hist_explorer.css").read_text(encoding="utf-8"),
            "state": _packed({key: getattr(explorer, key) for key in keys}),
        },
    )
    return page, took


def _show(title: str, taken: list[float], goal: str) -> None:
    ranks = statistics.quantiles(taken, n=20)
    print(f"\n{title}   (goal: {goal})")
    print(f"  {len(taken)} moves: p50 {ranks[9]:.1f} ms, p95 {ranks[18]:.1f} ms")


def _in_the_browser(browser: Any, moves: int) -> None:
    from hepnb.widgets import HistExplorer

    cube, square = _filled(100, 100, 98), _filled(1000, 1000)
    for said, h, view, moved in (
        ("one dimension", cube, {"x": "x", "y": {"as": "range"}}, "y"),
        ("heat map of 100 x 98", cube, {"x": "x", "z": "y", "y": {"as": "range"}}, "y"),
        ("heat map of 1000 x 1000", square, {"x": "x", "y": "y"}, "x"),
    ):
        explorer = HistExplorer(h, view=view)
        page, _ = _shown(browser, explorer)
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = _busy(devtools)
        taken = page.evaluate(_MOVES, {"label": f"{moved}, lower limit", "moves": moves})
        _show(f"{h.size:,} bins sliced in the browser, {said}: input to paint", taken, "33 ms")
        print(
            f"  the page's thread computes for {(_busy(devtools) - before) / moves:.1f} ms a move"
        )
        page.close()
        explorer.close()


def _busy(devtools: Any) -> float:
    """Milliseconds that the page's own thread has computed: all but waiting for the next frame."""
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return next(1000 * float(one["value"]) for one in metrics if one["name"] == "TaskDuration")


def _filled(*bins: int) -> Any:
    import hist

    axes = [hist.axis.Regular(n, 0, 1, name=name) for n, name in zip(bins, "xyz", strict=False)]
    h: Any = hist.Hist(*axes, storage=hist.storage.Int64())
    h.view(flow=True)[...] = np.random.default_rng(1).integers(0, 200, h.axes.extent)
    return h


def _through_the_kernel(browser: Any, home: Path, moves: int) -> None:
    import hist

    from hepnb.histograms import H5Hist
    from hepnb.widgets import HistExplorer

    names = [f"c{i}" for i in range(1000)]
    axes = [hist.axis.Regular(n, 0, 1, name=name) for name, n in (("x", 1000), ("y", 1000))]
    category = hist.axis.StrCategory([], growth=True, name="c")
    rng = np.random.default_rng(1)
    with H5Hist(category, *axes, storage="Int64", path=home / "store", name="h") as h:
        for first in range(0, 1000, 100):
            some = np.repeat(names[first : first + 100], 200)
            h.fill(c=some, x=rng.uniform(size=len(some)), y=rng.uniform(size=len(some)))
        x, y = rng.uniform(size=(2, 2_000_000))
        h.fill(c=np.full(len(x), "c0"), x=x, y=y)
    with H5Hist.open(home / "store") as h:
        one = {"as": "pick", "items": ["c0"]}
        ten = {"as": "pick", "items": names[:10]}
        for said, pick in (("one block of 8 MB", one), ("ten blocks of 8 MB", ten)):
            explorer = HistExplorer(h, view={"x": "x", "y": {"as": "range"}, "c": pick})
            assert explorer.state["whole"] == 0
            page, _ = _shown(browser, explorer)
            page.evaluate(_MOVES, {"label": "y, lower limit", "moves": 5})
            taken = page.evaluate(_MOVES, {"label": "y, lower limit", "moves": moves})
            title = f"{h.size:,} bins in a store, {said}, through the kernel: input to paint"
            _show(title, taken, "150 ms")
            page.close()
            explorer.close()


def _first_picture(browser: Any) -> None:
    import hist

    from hepnb.widgets import HistExplorer

    print("\ntime to a first picture")
    ten: Any = hist.Hist(*(hist.axis.Regular(3, 0, 1, flow=False, name=f"a{i}") for i in range(10)))
    wide: Any = hist.Hist(*(hist.axis.Regular(3, 0, 1, name=f"a{i}") for i in range(10)))
    for said, h in (("sent whole", ten), ("sliced in the kernel", wide)):
        began = time.perf_counter()
        explorer = HistExplorer(h)
        made = 1000 * (time.perf_counter() - began)
        page, drawn = _shown(browser, explorer)
        sent = explorer.comm.bytes / 1e6
        print(
            f"  10 axes, {h.size:>9,} bins, {said:<21} made in {made:.0f} ms, drawn in {drawn:.0f} ms, "
            f"{sent:.2f} MB sent"
        )
        page.close()
        explorer.close()


def _sizes(home: Path) -> None:
    import hist

    from hepnb.widgets import HistExplorer
    from hepnb.widgets._wire import STATIC

    print("\nbytes")
    for file in sorted(STATIC.iterdir()):
        print(f"  {file.name:<28}{file.stat().st_size:>12,}")
    small: Any = hist.Hist.new.Reg(100, 0, 1, name="x").Reg(20, 0, 1, name="y").Weight()
    large: Any = hist.Hist.new.Reg(1000, 0, 1, name="x").Reg(1000, 0, 1, name="y").Int64()
    rng = np.random.default_rng(1)
    for said, h in (("2,000 bins, Weight", small), ("1,000,000 bins, counts", large)):
        h.fill(*rng.uniform(size=(2, 1_000_000)))
        explorer = HistExplorer(h)
        state = len(_packed(explorer.get_state()))
        page = explorer.save_html(home / "page.html").stat().st_size
        print(f"  {said:<28}{state:>12,} in a saved notebook {page:>12,} as a page")
        explorer.close()
