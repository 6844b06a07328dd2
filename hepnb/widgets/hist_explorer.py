"""`HistExplorer`: turn the axes of a histogram by hand, and take the UHI expression with you.

A histogram of up to 8 MB is sent once and sliced in the browser (widgets_js/src/slicing.ts), so
that it can still be turned when the kernel is gone. A larger one, or one that is filling fast, is
sliced in the widget's thread; the newest request wins and stops the one before it.
The browser's half is widgets_js/src/hist_explorer.ts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boost_histogram as bh
import traitlets

from ..errors import HepnbError, nearest
from ..given import shown as told
from ..histograms.stopping import Stopped, stoppable
from ._wire import STATIC, LiveWidget, Message
from .hist_axes import AxisInfo, describe
from .hist_code import Selection, selection
from .hist_display import display
from .hist_drawing import Drawing
from .hist_figure import draw
from .hist_look import read_look, write_look
from .hist_page import page
from .hist_slice import Slice, read_slice
from .hist_source import Source, sources
from .hist_statistics import in_words
from .hist_svg import svg
from .hist_view import View, read_view, write_view
from .hist_whole import MOST_BYTES, pack
from .labels import plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["HistExplorer"]

_REFRESH = 0.25  # seconds between looks at a histogram that fills
_QUIET = 2.0  # and when nothing came for a while
_SETTLED = 4  # looks without news after which a filling histogram is sent whole
_SMALL = 256 << 10  # bytes that may be sent whole at every look


class _Parts:
    """A view read against the axes as they are now: a live axis may have grown."""

    def __init__(self, source: Source, view: Mapping[str, object] | None) -> None:
        self.source = source
        self.axes: tuple[AxisInfo, ...] = describe(source.indexed.axes)
        self.steps: View = read_view(view, self.axes)
        self.view = write_view(self.steps, self.axes)
        means = getattr(source.indexed, "kind", None) == bh.Kind.MEAN
        if means and any(step.cuts for step in self.steps):
            # hist.rebin(groups=...) of boost-histogram 1.8 adds the means up
            raise HepnbError("view: bins of means can be merged by a number, not at edges")

    @property
    def selection(self) -> Selection:
        return selection(self.steps, self.axes)

    @property
    def code(self) -> str:
        return self.selection.code(self.source.base)

    def selected(self) -> Any:
        return self.selection.apply(self.source.indexed)

    def sliced(self) -> Slice:
        return read_slice(self.selected(), self.steps, self.axes)


class HistExplorer(LiveWidget):
    """Explore a histogram: one control per axis, a picture, and the expression of what is shown.

    >>> import hist
    >>> h = hist.Hist.new.Reg(10, 0, 100, name="pt").StrCat(["e", "mu"], name="kind").Int64()
    >>> HistExplorer(h, view={"kind": {"as": "pick", "items": ["mu"]}}).code
    'h[{"kind": "mu"}]'

    Parameters
    ----------
    h : histogram, dict, list or run
        A `hist.Hist`, `boost_histogram.Histogram`, `H5Hist`, `RemoteHist`, a histogram of uproot
        or of the Unified Histogram Interface, a dict or list of them, or a run. One that still
        fills is looked at up to four times a second.
    view : dict, optional
        What to do with each axis, e.g. `{"mass": "x", "pt": {"as": "range", "range": [20, 60]}}`.
        Roles: `x`, `y`, `sum` (all axes), `bin`, `range` (axes of numbers), `pick` (categories),
        `overlay`, `stack` (categories and short axes of whole numbers).
    name : str, optional
        The name of your variable in the expression (`h`; for a run, `run`).
    shown : str, optional
        Which histogram of a dict, list or run to show first.
    look : dict, optional
        How it is drawn, e.g. `{"logy": True, "kind": "points", "below": "ratio"}`.

    Raises
    ------
    HepnbError
        For a view, name or look that does not fit.
    """

    _esm = STATIC / "hist_explorer.js"
    _css = STATIC / "hist_explorer.css"

    frame = traitlets.Dict().tag(sync=True, echo_update=False)
    whole = traitlets.Dict().tag(sync=True, echo_update=False)
    state = traitlets.Dict().tag(sync=True, echo_update=False)
    look = traitlets.Dict().tag(sync=True, echo_update=False)

    def __init__(
        self,
        h: Any,
        *,
        view: Mapping[str, object] | None = None,
        name: str | None = None,
        shown: str | None = None,
        look: Mapping[str, object] | None = None,
    ) -> None:
        self._lock = threading.RLock()
        if not isinstance(name, str | None):
            raise HepnbError(f"HistExplorer: name is that of your variable, not {told(name)}")
        self._sources = {source.name: source for source in sources(h, name)}
        self._shown = self._known(shown if shown is not None else next(iter(self._sources)))
        self._views: dict[str, dict[str, dict[str, object]]] = {}
        self._axes_sent: object = None
        self._whole_sent: object = None
        self._wanted = 0  # counts requests: a slice for an older one stops
        self._seq = 0
        self._quiet = 0
        self._choose(self._shown, view)
        super().__init__(look=write_look(read_look(look or {})))
        self._draw(settled=True)
        self._watch()

    @property
    def shown(self) -> str:
        """The name of the histogram that is shown; empty when there is only one without a name."""
        return self._shown

    @shown.setter
    def shown(self, name: str) -> None:
        with self._lock:
            self._choose(self._known(name), self._views.get(name))
        self._pump.put("draw", self._draw)
        self._watch()

    @property
    def view(self) -> dict[str, dict[str, object]]:
        """The view as JSON, one step for every axis; set it to move the controls."""
        return self._parts().view

    @view.setter
    def view(self, view: Mapping[str, object]) -> None:
        with self._lock:
            try:
                self._choose(self._shown, view)
            except HepnbError as error:
                self._pump.put("problem", partial(self._failed, error))
                raise
        self._pump.put("draw", self._draw)

    @property
    def code(self) -> str:
        """The UHI expression of what is shown; evaluated, it gives `selected`."""
        return self._parts().code

    @property
    def selected(self) -> Any:
        """The `hist.Hist` that is drawn: of one dimension, or two with y, an overlay or a stack."""
        return self._parts().selected()

    def refresh(self) -> None:
        """Draw again from the histogram as it is now (one that fills does so by itself)."""
        with self._lock:
            self._source.refresh()
        self._pump.put("draw", lambda: self._draw(settled=True))

    def figure(self, style: str | None = None) -> Figure:
        """What is drawn, in matplotlib; `style` is `CMS`, `ATLAS`, `LHCb`, `ALICE`, `DUNE`,
        `Belle II` or None."""
        return draw(self._drawing(self._parts()), style)

    def save_html(self, file: str | Path) -> Path:
        """Write one HTML file that stays interactive with no kernel and no network.

        It holds every histogram of up to 8 MB whole; of a larger one, what is shown now.

        Raises
        ------
        HepnbError
            When the file cannot be written.
        """
        shown = list(self._sources)
        with self._lock:
            first = self._shown
            models = {name: self._model(name) for name in shown}
        text = page(
            plain(self._sources[first].title), first, models, self.look, self._static_html()
        )
        try:
            path = Path(file)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise HepnbError(f"save_html: cannot write {file}: {error.strerror}") from None
        return path

    @property
    def _source(self) -> Source:
        return self._sources[self._shown]

    def _known(self, name: object) -> str:
        if not isinstance(name, str) or name not in self._sources:
            raise HepnbError(
                f"HistExplorer: no histogram {name!r}{nearest(str(name), self._sources)}"
            )
        return name

    def _choose(self, shown: str, view: Mapping[str, object] | None) -> None:
        """Show a histogram with a view; what is refused changes nothing."""
        self._views[shown] = _Parts(self._sources[shown], view).view
        self._shown = shown

    def _parts(self, name: str | None = None) -> _Parts:
        with self._lock:
            name = self._shown if name is None else name
            return _Parts(self._sources[name], self._views.get(name))

    def _handlers(self) -> Mapping[str, Callable[[str, Message], None]]:
        return {**super()._handlers(), "view": self._on_view, "look": self._on_look}

    def _on_view(self, request: str, message: Message) -> None:
        """A moved control: `view`, and `shown` where another histogram was chosen."""
        self._wanted += 1

        def work() -> None:
            try:
                with self._lock:
                    shown = self._known(str(message.get("shown", self._shown)))
                    view = message.get("view")
                    self._choose(shown, self._views.get(shown) if view is None else view)
                self._draw()
                self._watch()
            except Stopped:
                self._reply(request, "superseded")
            except Exception as error:  # noqa: BLE001 - the browser waits for an answer
                self._failed(error)
                self._reply(request, error=str(error))
            else:
                self._reply(request, "drawn")

        self._pump.put("view", work, dropped=lambda: self._reply(request, "superseded"))

    def _on_look(self, request: str, message: Message) -> None:
        def work() -> None:
            try:
                self.look = write_look(read_look(message.get("look"), read_look(self.look)))
            except HepnbError as error:
                self._reply(request, error=str(error))
            else:
                self._reply(request, "kept")

        self._pump.put(("look", request), work)

    def _draw(self, *, asked: bool = True, settled: bool = False) -> None:
        """Send all that belongs together as one update; slice what the browser cannot.

        A redraw nobody asked for, of a histogram that fills, leaves a problem on the screen.
        Raises `Stopped` when another view was asked for meanwhile.
        """
        wanted = self._wanted
        with self._lock:
            shown, parts = self._shown, self._parts()
        whole = self._whole(parts.source, settled=settled)
        numbers = None
        if whole is None and self._whole_sent is None:
            with stoppable(lambda: self._wanted != wanted):
                numbers = parts.sliced().to_wire()
        self._seq += 1
        with self.hold_sync():
            frame = self._frame(shown, parts)
            if (frame["shown"], frame["axes"]) != self._axes_sent:
                self._axes_sent = (frame["shown"], frame["axes"])
                self.frame = {"seq": self._seq, **frame}
            if whole is not None:
                self.whole = whole
            if asked:
                self.problem = ""
            version = 0 if self._whole_sent is None else self.whole["version"]
            self.state = {"seq": self._seq, **self._state(shown, parts, version, numbers)}

    def _frame(self, shown: str, parts: _Parts) -> dict[str, Any]:
        return {
            "shown": shown,
            "title": plain(parts.source.title),
            "names": list(self._sources),
            "base": parts.source.base,
            "axes": [axis.to_wire() for axis in parts.axes],
        }

    def _state(
        self, shown: str, parts: _Parts, version: int, numbers: dict[str, object] | None
    ) -> dict[str, object]:
        return {
            "shown": shown,
            "view": parts.view,
            "code": parts.code,
            "whole": version,
            "slice": numbers,
            **parts.source.state,
        }

    def _whole(self, source: Source, *, settled: bool) -> dict[str, object] | None:
        """The histogram to send whole; None if the browser has it, or is not to have it now.

        `_whole_sent` tells the two apart: what the browser has and may slice, or None.
        """
        mark = (source, source.mark) if source.size <= MOST_BYTES else None
        if mark is not None and mark == self._whole_sent:
            return None
        hurried = source.live and not settled and source.size > _SMALL
        self._whole_sent = None if hurried else mark
        return None if self._whole_sent is None else pack(source.whole(), self._seq + 1)

    def _watch(self) -> None:
        if self._source.live:
            self._quiet = 0
            self._pump.put("refresh", self._look_again, after=_REFRESH)

    def _look_again(self) -> None:
        """One look at a histogram that fills; the next one is queued until it is sealed."""
        changed, live = False, True
        try:
            with self._lock:
                changed = self._source.refresh()
                live = self._source.live
            settled = not changed and self._quiet == _SETTLED
            if changed or settled or not live:
                self._draw(asked=False, settled=settled or not live)
        except Stopped:
            changed = True  # the newer view shows it
        finally:
            self._quiet = 0 if changed else self._quiet + 1
            if live and self.comm is not None:
                wait = _QUIET if self._quiet > 40 else _REFRESH
                self._pump.put("refresh", self._look_again, after=wait)

    def _model(self, name: str) -> dict[str, object]:
        """What a page needs of one histogram to show it without a kernel."""
        parts = self._parts(name)
        whole = parts.source.size <= MOST_BYTES
        numbers = None if whole else parts.sliced().to_wire()
        return {
            "frame": {"seq": 1, **self._frame(name, parts)},
            "whole": pack(parts.source.whole(), 1) if whole else {},
            "state": {"seq": 1, **self._state(name, parts, int(whole), numbers)},
        }

    def _static_text(self) -> str:
        parts = self._parts()
        head = f"HistExplorer: {parts.code}"
        if parts.source.live:
            return f"{head}\n(a histogram that was still filling)"
        return "\n".join([head, *map(in_words, self._drawing(parts).statistics)])

    def _drawing(self, parts: _Parts) -> Drawing:
        return display(parts.sliced(), read_look(self.look))

    def _static_html(self) -> str:
        parts = self._parts()
        title = plain(parts.source.title)
        drawing = self._drawing(parts)
        lines = [*map(in_words, drawing.statistics), drawing.note]
        if parts.source.live:
            lines.append("the histogram was still filling")
        picture = svg(drawing, f"Histogram of {title}")
        below = "".join(f"<div>{escape(line)}</div>" for line in lines if line)
        return (
            f'<figure style="margin:0;max-width:640px"><div><b>{escape(title)}</b></div>'
            f'{picture}<figcaption style="font-size:90%">{below}'
            f"<code>{escape(parts.code)}</code></figcaption></figure>"
        )
