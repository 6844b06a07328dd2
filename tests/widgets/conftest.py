"""What the widget tests share: a stand-in for a run, a recording line, and a bare page.

The bare page is Chromium with the built bundle and the smallest model that anywidget's contract
allows; messages go back and forth to the real Python widget, without a kernel in between.
"""

from __future__ import annotations

import base64
import json
import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import comm
import pytest
from comm.base_comm import BaseComm

from hepnb.runs.logs import LogWriter

ROOT = Path(__file__).parents[2]
AXE = ROOT / "widgets_js" / "node_modules" / "axe-core" / "axe.min.js"
NAP = 1_700_000_000.0


class StandInRun:
    """A run as widgets see one, whose snapshots the test makes; its log is a real one."""

    def __init__(self, directory: Path, **changes: Any) -> None:
        self.directory = directory
        self.records = [_record(n) for n in range(5000)]
        self.now = {**_snapshot(self.records), **changes}
        writer = LogWriter(directory / "log")
        for record in self.records:
            about = {k: record[k] for k in ("level", "worker", "chunk", "logger")}
            for _ in range(record["repeat"]):
                writer.add(record["text"], **about, when=record["time"])
        writer.close()
        self.watchers: list[Callable[[dict[str, Any]], None]] = []
        self.cancelled = 0

    def snapshot(self) -> dict[str, Any]:
        return self.now

    def watch(self, callback: Callable[[dict[str, Any]], None], /) -> Callable[[], None]:
        self.watchers.append(callback)
        return lambda: self.watchers.remove(callback)

    def cancel(self) -> None:
        self.cancelled += 1

    def tell(self, **changes: Any) -> None:
        """A new snapshot arrives."""
        self.now = {**self.now, **changes, "seq": self.now["seq"] + 1}
        for watcher in list(self.watchers):
            watcher(self.now)


def _record(n: int) -> dict[str, Any]:
    level, text = "INFO", f"read 50 000 events, kept {1200 + n % 97}"
    repeat = 1
    if n % 37 == 0:
        level, text, repeat = "WARNING", "negative weight <script>alert(1)</script>", 12
    if n % 411 == 5:
        level, text = "ERROR", "cannot read basket 7\nTraceback (most recent call last):\n  …"
    if n % 13 == 2:
        level, text = "DEBUG", f"cache hit for Muon_pt, {n} kB"
    return {
        "n": n,
        "time": NAP + n * 0.05,
        "level": level,
        "worker": n % 2 + 1,
        "chunk": f"dimuon_{n % 3}.root:{n * 10}-{n * 10 + 10}",
        "logger": "root",
        "text": text,
        "repeat": repeat,
    }


def _poisson(events: int, mean: float, most: int) -> list[int]:
    """Events with no object, with one, ... as chance has them."""
    shares = [math.exp(-mean) * mean**n / math.factorial(n) for n in range(most + 1)]
    return [int(events * share / sum(shares)) for share in shares]


def _field(name: str, dtype: str, unit: str = "", doc: str = "", read: bool = False) -> Any:
    return {"name": name, "dtype": dtype, "unit": unit, "doc": doc, "read": read}


_SCHEMA = {
    "collections": {
        "Electron": [_field("pt", "float32", doc="pt", read=True)],
        "Jet": [
            _field("muonIdx1", "int32", doc="index of first matching muon"),
            _field("pt", "float32", doc="pt", read=True),
        ],
        "Muon": [
            _field("charge", "int32", doc="electric charge", read=True),
            _field("dz", "float32", "cm", "dz (with sign) wrt first PV, in cm"),
            _field("pt", "float32", doc="<script>alert(1)</script>", read=True),
        ],
    },
    "columns": [_field("run", "uint32", read=True)],
    "references": [
        {"from": "Jet", "field": "muonIdx1", "to": "Muon"},
        {"from": "Jet", "field": "muonIdx2", "to": "Muon"},
        {"from": "Muon", "field": "genPartIdx", "to": "GenPart"},
        {"from": "Muon", "field": "jetIdx", "to": "Jet"},
    ],
}


def _snapshot(records: list[dict[str, Any]]) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for record in records:
        counts[record["level"]] = counts.get(record["level"], 0) + 1
    file = "/eos/opendata/cms/Run2012BC_DoubleMuParked_Muons_{}.root"
    collections = [("Muon", 2.0, 0, 9), ("Jet", 3.41, 0, 24), ("Electron", 0.31, 0, 5)]
    cuts = [("all", 1.0), ("exactly two muons", 0.503), ("opposite charge", 0.391)]
    done = 1_204_000
    return {
        "v": 1,
        "seq": 12,
        "id": "20261121-223812-dimuon-7f3a",
        "name": "dimuon",
        "state": "running",
        "error": None,
        "directory": "/home/marie/runs/20261121-223812-dimuon-7f3a",
        "now": NAP + 83,
        "started": NAP,
        "ended": None,
        "progress": {
            "events": done,
            "events_total": 5_000_000,
            "chunks": 24,
            "chunks_total": 100,
            "bytes": 312_000_000,
            "files": 1,
            "files_total": 4,
            "files_failed": 1,
            "events_lost": 61_540,
            "rate": 14_511.2,
            "eta": 261.0,
            "eta_error": 24.0,
        },
        "workers": [
            {
                "id": n,
                "pid": 4711 + n,
                "state": "busy" if n < 3 else "idle",
                "file": file.format(n) if n < 3 else "",
                "start": 50_000 * n,
                "stop": 50_000 * (n + 1),
                "cpu": 0.97 if n < 3 else 0.01,
                "rss": 412_000_000 + n * 3_000_000,
                "events": 402_000 - n * 1000,
                "chunks": 8,
                "spent": {1: 2.4, 2: 95.0, 3: None}[n],
                "stalled": n == 2,
            }
            for n in (1, 2, 3)
        ],
        "collections": [
            {
                "name": c,
                "events": done,
                "total": int(done * m),
                "min": lo,
                "max": hi,
                "sizes": _poisson(done, m, hi),
            }
            for c, m, lo, hi in collections
        ],
        "history": [
            {
                "chunks": 4 * n,
                "events": 200_000 * n,
                "collections": {
                    c: [200_000 * n, int(200_000 * n * m * (1 + 0.01 * n))]
                    for c, m, _, _ in collections
                },
            }
            for n in range(1, 6)
        ],
        "schema": _SCHEMA,
        "statistics": [
            {
                "module": m,
                "phase": phase,
                "calls": 24,
                "events": done,
                "cpu": cpu,
                "wall": cpu * 1.04,
                "peak": 412_000_000,
            }
            for m, phase, cpu in (
                ("data", "read", 41.2),
                ("pair", "process", 12.3),
                ("mass", "process", 8.04),
                ("mass", "fill", 0.0421),
            )
        ],
        "cutflow": [
            {"cut": c, "raw": int(done * e), "weighted": done * e * 0.987} for c, e in cuts
        ],
        "cutflows": {
            name: [[int(done * e * part), done * e * part * 0.987] for _, e in cuts]
            for name, part in (("DoubleMu", 0.75), ("ZZ <b>", 0.25))
        },
        "files": [
            {
                "dataset": "DoubleMu",
                "file": file.format(4),
                "status": "failed",
                "events": 61_540,
                "events_done": 0,
                "events_lost": 61_540,
                "reason": "truncated: basket 7 of Muon_pt ends at byte 1 048 576",
            },
            *(
                {
                    "dataset": "DoubleMu",
                    "file": file.format(n),
                    "status": status,
                    "events": 1_600_000,
                    "events_done": events,
                    "reason": "",
                }
                for n, status, events in (
                    (1, "ok", 1_600_000),
                    (2, "running", 640_000),
                    (3, "waiting", 0),
                )
            ),
        ],
        "files_omitted": 0,
        "log": {"total": len(records), "counts": counts, "tail": records[-200:]},
        "histograms": {"mass": {"committed": 24, "folded": 21}},
    }


class Line(BaseComm):
    """A comm that keeps what was published instead of sending it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.published: list[dict[str, Any]] = []
        super().__init__(*args, **kwargs)

    def publish_msg(
        self,
        msg_type: str,
        data: Any = None,
        metadata: Any = None,
        buffers: Any = None,
        **keys: Any,
    ) -> None:
        del metadata, keys
        data = json.loads(json.dumps(data, allow_nan=False))  # what a kernel could not send fails
        for path, buffer in zip((data or {}).get("buffer_paths", ()), buffers or (), strict=True):
            _put(data["state"], path, bytes(buffer))
        self.published.append({"type": msg_type, **(data or {})})

    def take(self) -> list[dict[str, Any]]:
        """What was published since the last time."""
        out, self.published[:] = self.published[:], []
        return out


def _put(state: Any, path: list[Any], value: bytes) -> None:
    for step in path[:-1]:
        state = state[step]
    state[path[-1]] = value


@pytest.fixture(autouse=True)
def line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Widgets of a test open a recording line."""
    monkeypatch.setattr(comm, "create_comm", Line)


@pytest.fixture
def make_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., StandInRun]:
    return lambda **changes: StandInRun(tmp_path_factory.mktemp("run"), **changes)


@pytest.fixture
def run(make_run: Callable[..., StandInRun]) -> StandInRun:
    return make_run()


def _wire(value: object) -> object:
    if isinstance(value, bytes | memoryview):
        return {"$bytes": base64.b64encode(bytes(value)).decode()}
    raise TypeError(f"{type(value).__name__} cannot go to a page")


PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>hepnb</title><style>
:root { color-scheme: light dark } body { margin: 16px; background: Canvas; color: CanvasText }
</style></head><body><main></main></body></html>"""

MODEL = """async ({ esm, css, state }) => {
  const revive = (value) => {
    if (value && typeof value === "object") {
      if ("$bytes" in value) {
        const raw = Uint8Array.from(atob(value.$bytes), (c) => c.charCodeAt(0));
        const odd = new Uint8Array(raw.length + 3);   // a view that is not aligned, as some hosts send
        odd.set(raw, 3);
        return new DataView(odd.buffer, 3, raw.length);
      }
      for (const key of Object.keys(value)) value[key] = revive(value[key]);
    }
    return value;
  };
  const values = revive(state);
  const handlers = new Map();
  const tell = (name, ...args) => [...(handlers.get(name) ?? [])].forEach((f) => f(...args));
  const link = (window.link = { outbox: [], dead: false, values });
  const model = {
    get: (key) => values[key],
    set: () => { throw new Error("hepnb's widgets set no traits in the browser"); },
    save_changes: () => {},
    on: (name, f) => handlers.set(name, [...(handlers.get(name) ?? []), f]),
    off: (name, f) => handlers.set(name, (handlers.get(name) ?? []).filter((g) => g !== f)),
    send: (content) => {
      if (link.dead) throw new Error("Cannot send");
      link.outbox.push(content);
    },
  };
  link.hear = (message) => {
    if (message.method === "update") {
      const news = revive(message.state);
      Object.assign(values, news);
      Object.keys(news).forEach((key) => tell("change:" + key));
    } else if (message.method === "custom") tell("msg:custom", message.content, []);
  };
  link.die = () => { link.dead = true; tell("comm_live_update"); };
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
  const url = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  const widget = (await import(url)).default;
  const place = document.createElement("div");
  document.querySelector("main").append(place);
  link.close = await widget.render({ model, el: place });
}"""

_TWO_FRAMES = """() => new Promise((r) =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(r, 20))))"""


class BarePage:
    """A page with one widget, linked to its Python half by hand: `settle()` carries messages."""

    def __init__(self, page: Any, widget: Any) -> None:
        self.page = page
        # a secure origin, or there is no clipboard; nothing leaves the machine
        page.route("**/*", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        page.goto("https://hepnb.test/")
        self.add(widget)

    def add(self, widget: Any) -> None:
        """Put a widget on the page; messages go to and from the last one."""
        self.widget = widget
        widget._pump.join(5)
        widget.comm.take()
        state = {k: widget.get_state(k)[k] for k in widget.keys if not k.startswith("_")}
        state.pop("layout", None)
        self.page.evaluate(
            MODEL,
            {
                "esm": widget._esm,
                "css": widget._css,
                "state": json.loads(json.dumps(state, default=_wire)),
            },
        )

    def settle(self) -> None:
        """Carry messages both ways until neither side has more to say."""
        for _ in range(50):
            self.page.evaluate(_TWO_FRAMES)  # one draws, the next one asks the kernel
            sent = self.page.evaluate("() => window.link.outbox.splice(0)")
            for content in sent:
                self.widget._handle_custom_msg(content, [])
            for pump in ("_errands", "_commands", "_pump"):
                if hasattr(self.widget, pump):
                    assert getattr(self.widget, pump).join(5)
            heard = self.widget.comm.take()
            for message in heard:
                plain = json.loads(json.dumps(message, default=_wire))
                self.page.evaluate("(message) => window.link.hear(message)", plain)
            if not sent and not heard:
                return
        raise AssertionError("the widget and the page keep talking")

    def until(self, condition: Callable[[], bool], seconds: float = 20.0) -> None:
        """Carry messages until a condition holds; it must within the time."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not come to that"
            self.settle()

    def violations(self) -> list[Any]:
        """What axe-core has against the page as it stands."""
        if not AXE.exists():
            pytest.skip("axe-core is not installed: run npm ci in widgets_js")
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate(
            "async () => (await axe.run('main', {resultTypes: ['violations']})).violations"
        )
        return [(v["id"], [n["html"] for n in v["nodes"]]) for v in found]


@pytest.fixture
def bare(browser: Any) -> Iterator[Callable[..., BarePage]]:
    """`bare(widget, theme="light", width=900)`: the widget on a page; page errors fail the test."""
    contexts, errors = [], []

    def make(widget: Any, theme: str = "light", width: int = 900) -> BarePage:
        context = browser.new_context(
            color_scheme=theme,
            viewport={"width": width, "height": 900},
            permissions=["clipboard-read", "clipboard-write"],
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text))
        return BarePage(page, widget)

    yield make
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Where screenshots are kept for a person to look at."""
    path = Path(os.environ.get("HEPNB_ARTIFACTS", ROOT / "artifacts")) / "widgets"
    path.mkdir(parents=True, exist_ok=True)
    return path
