"""What a client may ask, once it is let in, and what is answered. Every door to the store is here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import DiskError, StoreError, nearest
from ..declaring import check_same, declare
from ..record import parse
from ..signature import Signature, check_name
from ..store import Store
from ..writer import StoreWriter
from .protocol import full_id
from .session import Session

__all__ = ["Answer", "Later", "Requests", "Wait"]


class Wait(Exception):
    """The disk takes nothing now: the client keeps its record and sends it again."""


@dataclass(frozen=True)
class Answer:
    """A reply; `when_durable` holds it back until all that was appended is on the disk."""

    message: Mapping[str, Any]
    raw: bytes = b""
    when_durable: bool = False


@dataclass(frozen=True)
class Later:
    """A reply that takes a while: `then` makes it of what `job` gave in another thread."""

    job: Callable[[], Any]
    then: Callable[[Any], Answer]


class Requests:
    """Answers for one store. Raises StoreError for what is refused, `Wait` for a full disk."""

    def __init__(self, writer: StoreWriter, longest: int) -> None:
        self._writer, self._longest = writer, longest
        self._view: Store | None = None

    def answer(self, session: Session, message: Mapping[str, Any], raw: bytes) -> Answer | Later:
        """The answer to one message of a client that is welcome."""
        match message.get("k"):
            case "open":
                return self._open(session, message)
            case "add":
                return self._add(session, message, raw)
            case "has":
                name = self._name(session, message)
                found = self._writer.contributed(full_id(name, message.get("id", "")))
                return Answer({"k": "answer", "value": found}, when_durable=True)
            case "state":
                return Answer(
                    {
                        "k": "answer",
                        "value": {
                            "names": list(self._writer.signatures),
                            "committed": self._writer.committed,
                            "folded": self._writer.folded,
                        },
                    }
                )
            case "hist":
                name = self._name(session, message)
                return Later(lambda: self._contents(name), _passed_on)
            case other:
                raise StoreError(f"there is no request {other!r:.40}")

    def close(self) -> None:
        """Close the view that reads."""
        if self._view is not None:
            self._view.close()

    def _open(self, session: Session, message: Mapping[str, Any]) -> Answer | Later:
        name = check_name(message.get("name"))
        form = message.get("signature")
        known = self._writer.signatures.get(name)
        if form is None:
            if known is None:
                raise StoreError(
                    f"no histogram {name!r} here{nearest(name, self._writer.signatures)}"
                )
            return self._opened(session, name)
        if not isinstance(form, dict):
            raise StoreError(f"histogram {name!r}: its signature is no map")
        asked = Signature.from_dict({**form, "name": name})
        if known is not None:
            check_same(known, asked)
            return self._opened(session, name)

        def then(result: Any) -> Answer:
            if isinstance(result, DiskError):
                return Answer({"k": "wait", "seconds": 1.0, "error": str(result)})
            if isinstance(result, Exception):
                raise result
            return self._opened(session, name)

        return Later(lambda: declare(self._writer, asked), then)

    def _opened(self, session: Session, name: str) -> Answer:
        session.names.add(name)
        return Answer({"k": "opened", "signature": self._writer.signatures[name].to_dict()})

    def _add(self, session: Session, message: Mapping[str, Any], raw: bytes) -> Answer:
        name = self._name(session, message)
        record = parse(raw, {name: self._writer.signatures[name]})
        if (
            not record.id.startswith(f"{name}/")
            or record.order is not None
            or record.tables
            or any(b.assigns for b in record.blocks)
        ):
            raise StoreError(
                f"record {record.id!r:.200} of histogram {name!r}: its id begins with the name and '/', "
                "and it only adds: no order, no tables, no bins that are set"
            )
        try:
            new = self._writer.append(raw)
        except DiskError as error:
            raise Wait(str(error)) from None
        return Answer({"k": "added", "new": new}, when_durable=True)

    def _name(self, session: Session, message: Mapping[str, Any]) -> str:
        name = message.get("name")
        if name not in session.names:
            raise StoreError(f"histogram {name!r:.200} was not opened on this connection")
        return str(name)

    def _contents(self, name: str) -> Answer:
        """All of a histogram, flow bins included: its signature and the bytes of its view."""
        if self._view is None:
            self._view = Store.open(self._writer.directory)
        self._view.refresh()
        found = self._view.hist(name)
        known = self._writer.signatures[name]
        size = found.size * known.dtype.itemsize * len(known.fields)
        if size > self._longest:
            raise StoreError(
                f"histogram {name!r} has {size / 1e6:.0f} MB, more than the {self._longest / 1e6:.0f} MB "
                f"that this server sends; open it where its files are: "
                f"H5Hist.open({str(self._writer.directory)!r}, {name!r})"
            )
        h = found.to_hist()
        form = Signature.from_axes(name, h.axes, known.storage, metadata=known.metadata).to_dict()
        view = np.ascontiguousarray(h.view(flow=True))
        told = {"signature": form, "committed": self._view.committed}
        lost = h.variances() is None if not known.cell.takes_sample else False
        return Answer({"k": "hist", **told, "weighted": lost}, view.tobytes())


def _passed_on(result: Any) -> Answer:
    if isinstance(result, Exception):
        raise result
    assert isinstance(result, Answer)
    return result
