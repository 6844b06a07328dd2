"""The kernel's end of a widget: requests from the browser, replies, and the static forms.

Live state travels in traits (a page reload shows it again); what a person asks for travels as a
custom message `{"id", "kind", ...}` and is answered by `{"id", "ok", "result" | "error"}`. A
handler only enqueues; the widget's pump does the work and all trait writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..errors import HepnbError
from ..strict import strict
from ._pump import Pump

__all__ = ["STATIC", "LiveWidget", "answer_where_asked", "sent_strictly"]

STATIC = Path(__file__).parent / "static"

Message = Mapping[str, Any]


def answer_where_asked(comm: object) -> None:
    """Let a click be handled while a cell runs.

    ipykernel 7.4 sends a browser's message to the shell that last published on the comm, which is
    the main one, instead of the subshell it was addressed to. The hook is private, hence the guard.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda _data, default: default


def sent_strictly(value: Any, _widget: object) -> Any:
    """How a trait with values of the user goes to the browser, and into a saved page: JSON has no NaN."""
    return strict(value)


class LiveWidget(anywidget.AnyWidget):
    """Base of hepnb's widgets: one pump, checked requests, and a page without a kernel."""

    problem = traitlets.Unicode("").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        self._pump = Pump(f"hepnb-{type(self).__name__}", self._failed)
        super().__init__(**traits)
        self.on_msg(self._receive)

    def open(self) -> None:
        super().open()
        answer_where_asked(self.comm)

    def close(self) -> None:
        if "_pump" in self.__dict__:  # a widget refused in its constructor is closed as well
            self._pump.stop()
        super().close()

    def _handlers(self) -> Mapping[str, Callable[[str, Message], None]]:
        """What the browser may ask for: kind -> handler(id, message) that only enqueues."""
        return {"ping": lambda request, _message: self._reply(request, "here")}

    def _static_html(self) -> str:
        raise TypeError(f"{type(self).__name__} draws no static page")

    def _static_text(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        try:
            return self._static_text()
        except HepnbError as error:
            return f"{type(self).__name__}: {error}"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The live view, and beside it what a saved page shows when there is no kernel."""
        bundle = super()._repr_mimebundle_(**kwargs)
        assert bundle is not None  # None is for a widget without a view
        data, metadata = bundle
        data["text/plain"] = repr(self)
        try:
            data["text/html"] = self._static_html()
        except HepnbError as error:
            self._failed(error)
        return data, metadata

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        try:
            if not isinstance(content, dict) or not isinstance(content.get("id"), str):
                raise HepnbError("a message to the widget needs an 'id'")
            handler = self._handlers().get(content.get("kind", ""))
            if handler is None:
                self._reply(content["id"], error=f"no request of kind {content.get('kind')!r}")
            else:
                handler(content["id"], content)
        except Exception as error:  # noqa: BLE001 - ipywidgets would drop it silently
            self._failed(error)

    def _reply(self, request: str, result: object = None, error: str | None = None) -> None:
        """Answer a request, from the pump."""
        answer = {"id": request, "ok": error is None}
        answer |= {"result": result} if error is None else {"error": error}
        self._pump.put(("reply", request), lambda: self._send_answer(answer))

    def _send_answer(self, answer: dict[str, object]) -> None:
        if self.comm is not None:
            self.send(answer)

    def _failed(self, error: BaseException) -> None:
        """Show in the widget what went wrong in a thread."""
        line = str(error) if isinstance(error, HepnbError) else f"{type(error).__name__}: {error}"
        if self.comm is not None:
            self.problem = line
