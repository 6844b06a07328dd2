"""`HistExplorer`: turn the axes of a histogram by hand, and take the UHI expression with you.

The picture is sliced in the kernel, in the widget's thread; the newest request wins. The browser's
half is widgets_js/src/hist_explorer.ts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import traitlets

from ..errors import HepnbError, nearest
from ._wire import STATIC, LiveWidget, Message
from .hist_axes import describe
from .hist_code import Selection, selection
from .hist_picture import Picture, picture, statistics
from .hist_source import Source, sources
from .hist_svg import svg
from .hist_view import View, read_view, write_view
from .labels import plain

__all__ = ["HistExplorer"]

_REFRESH = 0.25  # seconds between looks at a histogram that fills
_QUIET = 2.0  # and when nothing came for a while
_LOOK: dict[str, tuple[object, ...]] = {
    "logx": (None, True, False),
    "logy": (True, False),
    "errors": (True, False),
}


class HistExplorer(LiveWidget):
    """Explore a histogram: one control per axis, a picture, and the expression of what is shown.

    >>> import hist
    >>> h = hist.Hist.new.Reg(10, 0, 100, name="pt").StrCat(["e", "mu"], name="kind").Int64()
    >>> HistExplorer(h, view={"kind": {"as": "pick", "items": ["mu"]}}).code
    'h[{"kind": "mu"}]'

    Parameters
    ----------
    h : histogram, dict or run
        A `hist.Hist`, `boost_histogram.Histogram`, `H5Hist`, a dict of them, or a run. One that
        still fills is looked at up to four times a second.
    view : dict, optional
        What to do with each axis, e.g. `{"mass": "x", "pt": {"as": "range", "range": [20, 60]}}`.
        Roles: `x`, `sum`, `bin`, `range` (dense axes), `pick`, `overlay` (categories).
    name : str, optional
        The name of your variable in the expression (`h`; for a run, `run`).
    shown : str, optional
        Which histogram of a dict or run to show first.
    look : dict, optional
        `{"logx": None | bool, "logy": bool, "errors": bool}`; None is automatic.

    Raises
    ------
    HepnbError
        For a view, name or look that does not fit.
    """

    _esm = STATIC / "hist_explorer.js"
    _css = STATIC / "hist_explorer.css"

    frame = traitlets.Dict().tag(sync=True, echo_update=False)
    picture = traitlets.Dict().tag(sync=True, echo_update=False)
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
        self._sources = {source.name: source for source in sources(h, name)}
        self._shown = self._known(shown if shown is not None else next(iter(self._sources)))
        self._views: dict[str, dict[str, dict[str, object]]] = {}
        self._drawn: Picture | None = None
        self._axes_sent: object = None
        self._seq = 0
        self._quiet = 0
        self._set_view(view)
        super().__init__(look=_checked_look({}, look or {}))
        self._draw()
        self._watch()

    @property
    def shown(self) -> str:
        """The name of the histogram that is shown; empty when there is only one without a name."""
        return self._shown

    @shown.setter
    def shown(self, name: str) -> None:
        with self._lock:
            self._shown = self._known(name)
            self._set_view(self._views.get(name))
        self._pump.put("draw", self._draw)
        self._watch()

    @property
    def view(self) -> dict[str, dict[str, object]]:
        """The view as JSON, one step for every axis; set it to move the controls."""
        with self._lock:
            return self._parts()[0]

    @view.setter
    def view(self, view: Mapping[str, object]) -> None:
        with self._lock:
            try:
                self._set_view(view)
            except HepnbError as error:
                self._pump.put("problem", lambda text=str(error): self._say(text))  # type: ignore[misc]
                raise
        self._pump.put("draw", self._draw)

    @property
    def code(self) -> str:
        """The UHI expression of what is shown; evaluated, it gives `selected`."""
        with self._lock:
            return self._parts()[2].code(self._source.base)

    @property
    def selected(self) -> Any:
        """The `hist.Hist` that is drawn, of one dimension, or two with an overlay."""
        with self._lock:
            return self._parts()[2].apply(self._source.indexed)

    def refresh(self) -> None:
        """Draw again from the histogram as it is now (one that fills does so by itself)."""
        with self._lock:
            self._source.refresh()
        self._pump.put("draw", self._draw)

    @property
    def _source(self) -> Source:
        return self._sources[self._shown]

    def _known(self, name: str) -> str:
        if name not in self._sources:
            raise HepnbError(f"HistExplorer: no histogram {name!r}{nearest(name, self._sources)}")
        return name

    def _set_view(self, view: Mapping[str, object] | None) -> None:
        axes = describe(self._source.indexed.axes)
        self._views[self._shown] = write_view(read_view(view, axes), axes)

    def _parts(self) -> tuple[dict[str, dict[str, object]], View, Selection, tuple[Any, ...]]:
        """The view read against the axes as they are now: a live axis may have grown."""
        axes = describe(self._source.indexed.axes)
        steps = read_view(self._views[self._shown], axes)
        return write_view(steps, axes), steps, selection(steps, axes), axes

    def _handlers(self) -> Mapping[str, Callable[[str, Message], None]]:
        return {"view": self._on_view, "look": self._on_look, "ping": self._on_ping}

    def _on_view(self, request: str, message: Message) -> None:
        """A moved control: `view`, and `shown` where another histogram was chosen."""

        def work() -> None:
            try:
                with self._lock:
                    shown = self._known(str(message.get("shown", self._shown)))
                    before, self._shown = self._shown, shown
                    view = message.get("view")
                    try:
                        self._set_view(self._views.get(shown) if view is None else view)
                    except HepnbError:
                        self._shown = before
                        raise
                self._draw()
                self._watch()
            except Exception as error:  # noqa: BLE001 - the browser waits for an answer
                self._failed(error)
                self._reply(request, error=str(error))
            else:
                self._reply(request, "drawn")

        self._pump.put("view", work, dropped=lambda: self._reply(request, "superseded"))

    def _on_look(self, request: str, message: Message) -> None:
        def work() -> None:
            try:
                self.look = _checked_look(self.look, message.get("look", {}))
            except HepnbError as error:
                self._reply(request, error=str(error))
            else:
                self._reply(request, "kept")

        self._pump.put(("look", request), work)

    def _on_ping(self, request: str, _message: Message) -> None:
        self._reply(request, "here")

    def _say(self, problem: str) -> None:
        self.problem = problem

    def _draw(self, *, asked: bool = True) -> None:
        """Slice, and send all that belongs together as one update.

        A redraw nobody asked for, of a histogram that fills, leaves a problem on the screen.
        """
        with self._lock:
            source = self._source
            view, steps, chosen, axes = self._parts()
            drawn = picture(chosen.apply(source.indexed), steps, axes)
            self._drawn = drawn
            self._seq += 1
            update = {
                "seq": self._seq,
                "shown": self._shown,
                "code": chosen.code(source.base),
                "view": view,
                **source.state,
                **drawn.to_wire(),
            }
            sent = (self._shown, [(a.key, a.size, a.items) for a in axes])
        with self.hold_sync():
            if sent != self._axes_sent:
                self._axes_sent = sent
                self.frame = {
                    "seq": self._seq,
                    "shown": self._shown,
                    "title": plain(source.title),
                    "names": list(self._sources),
                    "axes": [axis.to_wire() for axis in axes],
                }
            if asked:
                self.problem = ""
            self.picture = update

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
            if changed or not live:
                self._draw(asked=False)
        finally:
            self._quiet = 0 if changed else self._quiet + 1
            if live and self.comm is not None:
                wait = _QUIET if self._quiet > 40 else _REFRESH
                self._pump.put("refresh", self._look_again, after=wait)

    def _static_text(self) -> str:
        with self._lock:
            head = f"HistExplorer: {self.code}"
            if self._source.live or self._drawn is None:
                return f"{head}\n(a histogram that was still filling)"
            return "\n".join([head, *statistics(self._drawn)])

    def _static_html(self) -> str:
        with self._lock:
            assert self._drawn is not None
            title = plain(self._source.title)
            logx, logy = self.look["logx"], self.look["logy"]
            drawing = svg(self._drawn, f"Histogram of {title}", logx=logx, logy=logy)
            lines = [*statistics(self._drawn), self._drawn.note]
            if self._source.live:
                lines.append("the histogram was still filling")
            below = "".join(f"<div>{escape(line)}</div>" for line in lines if line)
            return (
                f'<figure style="margin:0;max-width:640px"><div><b>{escape(title)}</b></div>'
                f'{drawing}<figcaption style="font-size:90%">{below}'
                f"<code>{escape(self.code)}</code></figcaption></figure>"
            )


def _checked_look(old: Mapping[str, object], new: object) -> dict[str, object]:
    if not isinstance(new, Mapping):
        raise HepnbError(f"HistExplorer: look must be a dict, not {new!r}")
    for key, value in new.items():
        if key not in _LOOK:
            raise HepnbError(f"HistExplorer: look has no {key!r}{nearest(str(key), _LOOK)}")
        if not any(value is allowed for allowed in _LOOK[key]):
            raise HepnbError(f"HistExplorer: look {key!r} cannot be {value!r}")
    return {"logx": None, "logy": False, "errors": True, **old, **new}
