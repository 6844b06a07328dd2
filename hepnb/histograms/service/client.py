"""`RemoteHist`: a histogram that any number of processes fill, and one server keeps."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from multiprocessing.util import Finalize
from types import TracebackType
from typing import Any, Self, TypeVar

import hist
import numpy as np

from ...errors import StoreError, one_line
from ...given import given_path
from ..h5hist import HistContribution
from ..signature import Signature
from .buffer import Buffer, new_contribution
from .line import Line, Place, Refused, WaitError
from .protocol import Address, full_id
from .sender import Sender

__all__ = ["RemoteHist"]

T = TypeVar("T")
_log = logging.getLogger("hepnb.service")
_TIMEOUT = 60.0
_AT_EXIT = 10.0
_PAUSE = 0.1


class RemoteHist:
    """A histogram filled here and kept by `hepnb hist serve`, each contribution exactly once.

    `address` is `unix:PATH`, the store's directory, or `tls://HOST:PORT` with `token`, the path of
    the token's file, and `certificate`, the path of the certificate to trust. The first client that
    names a histogram creates it. Fills are gathered for `seconds`, or until they take `memory`
    bytes, and sent from a thread; `flush` returns when all of them are durable.

    It may be pickled and sent to workers: it carries paths, never the token, and no pending fills.
    A forked child starts with nothing pending.
    """

    def __init__(
        self,
        address: str | os.PathLike[str],
        name: str,
        *axes: Any,
        storage: Any = "Double",
        label: str | None = None,
        token: str | os.PathLike[str] | None = None,
        certificate: str | os.PathLike[str] | None = None,
        seconds: float = 1.0,
        memory: int = 64 << 20,
    ) -> None:
        signature = Signature.from_axes(
            name, axes, storage, metadata={"name": name, "label": label}
        )
        where = Address.parse(address)
        if where.path is None and token is None:
            raise StoreError(f"{where}: TCP needs a token; give token=PATH of its file")
        self._signature = signature
        self._place = Place(
            where,
            signature.name,
            signature.to_dict(),
            None if token is None else _absolute(token, "token"),
            None if certificate is None else _absolute(certificate, "certificate"),
        )
        self._seconds, self._memory = seconds, memory
        self._begin()

    def _begin(self) -> None:
        self.version = 0
        self._seen = -1
        self._closed = False
        self._axes: Any = hist.axis.NamedAxesTuple(self._signature.axes)
        self._live: _Live | None = None
        self._making = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {
            "place": self._place,
            "seconds": self._seconds,
            "memory": self._memory,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._place = state["place"]
        self._seconds, self._memory = state["seconds"], state["memory"]
        self._signature = Signature.from_dict(dict(self._place.signature or {}))
        self._begin()

    # -- filling --------------------------------------------------------------------------------

    def fill(self, *args: Any, **columns: Any) -> RemoteHist:
        """Fill as `H5Hist.fill`: one scalar or 1-D array per axis, by position or name, `weight=`.

        A fill that is refused changes nothing. Raises what the server refused before, and StoreError
        when it takes nothing for a minute while `memory` is used up.
        """
        live = self._here()
        live.sender.raise_refusal()
        live.buffer.fill(*args, **columns)
        live.sender.nudge()
        if live.buffer.is_full:
            live.ship(_TIMEOUT)
        return self

    @contextlib.contextmanager
    def contribution(self, unique_id: str) -> Iterator[HistContribution]:
        """Any number of fills as one commit under an id of yours: counted once, whoever repeats it.

        An error inside sends nothing. The fills are queued at the end of the block; `flush` waits
        until they are durable.
        """
        ident = full_id(self.name, unique_id)
        live = self._here()
        live.sender.raise_refusal()
        made = new_contribution(self._signature)
        yield made
        live.sender.wait_for_room(_TIMEOUT)
        live.sender.put(ident, made.contents.encode(ident, None, {}))

    def flush(self, timeout: float | None = _TIMEOUT) -> None:
        """Return when all fills so far are durable; StoreError after `timeout` seconds.

        Nothing is lost by the error: what is pending is kept and sent on.
        """
        live = self._here()
        live.ship(timeout)
        live.sender.flush(timeout)

    def discard(self) -> None:
        """Forget all fills that are not acknowledged, as after a refusal that you cannot mend."""
        live, self._live = self._live, None
        if live is not None and live.pid == os.getpid():
            live.discard()

    def close(self, timeout: float | None = _TIMEOUT) -> None:
        """Flush, and fill no more. The histogram itself stays with the server."""
        if not self._closed:
            self.flush(timeout)
            self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- what it is -----------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Its name in the store."""
        return self._signature.name

    @property
    def label(self) -> str | None:
        """Its label."""
        return self._signature.metadata.get("label")

    @property
    def axes(self) -> Any:
        """The axes it was made with; category axes with what the last snapshot held."""
        return self._axes

    @property
    def address(self) -> str:
        """Where its server listens."""
        return str(self._place.address)

    def __repr__(self) -> str:
        axes = " x ".join(f"{ax.name or ax.label} {len(ax)}" for ax in self.axes)
        return f"RemoteHist({self.name!r}: {axes}; {self._signature.storage}, at {self.address})"

    # -- reading --------------------------------------------------------------------------------

    def snapshot(self, timeout: float = _TIMEOUT) -> Any:
        """All that is durable now, as a `hist.Hist`. The server refuses what is larger than a frame."""
        reply, raw = self._ask({"k": "hist"}, timeout)
        form = Signature.from_dict(reply["signature"])
        full: Any = hist.Hist(
            *form.axes,
            storage=form.new_storage(),
            name=form.metadata.get("name"),
            label=form.metadata.get("label"),
        )
        if reply.get("weighted") and not form.cell.parts:
            full *= 1  # as after a weighted fill: the variances are not known
        view = full.view(flow=True)
        view[...] = np.frombuffer(raw, view.dtype).reshape(view.shape)
        self._axes = full.axes
        return full

    def to_hist(self) -> Any:
        """`snapshot()`."""
        return self.snapshot()

    def __getitem__(self, index: Any) -> Any:
        """An index of the snapshot, with all of UHI."""
        return self.snapshot()[index]

    def project(self, *axes: int | str) -> Any:
        """The projection of the snapshot."""
        return self.snapshot().project(*axes)

    def refresh(self) -> bool:
        """Whether anything was contributed since the last call; `version` then grows."""
        seen = int(self._ask({"k": "state"}, _TIMEOUT)[0]["value"]["committed"])
        changed, self._seen = seen != self._seen, seen
        self.version += changed
        return changed

    def was_contributed(self, unique_id: str, timeout: float = _TIMEOUT) -> bool:
        """Whether a contribution of this id is durable."""
        ident = full_id(self.name, unique_id).removeprefix(f"{self.name}/")
        return bool(self._ask({"k": "has", "id": ident}, timeout)[0]["value"])

    def _ask(self, message: dict[str, Any], timeout: float) -> tuple[dict[str, Any], bytes]:
        deadline = time.monotonic() + timeout
        while True:
            try:
                with Line(self._place) as line:
                    return line.ask({**message, "name": self.name})
            except Refused:
                raise
            except (OSError, WaitError) as error:
                if time.monotonic() + _PAUSE > deadline:
                    raise StoreError(
                        f"{self.address} does not answer ({one_line(error)}); "
                        "see that `hepnb hist serve` runs there"
                    ) from None
                time.sleep(_PAUSE)

    def _here(self) -> _Live:
        """What belongs to this process: a forked child begins anew."""
        if self._closed:
            raise StoreError(f"{self!r} is closed; make a new one to fill")
        with self._making:
            live = self._live
            if live is None or live.pid != os.getpid():
                if live is not None:
                    live.sender.drop()
                self._live = live = _Live(self._place, self._signature, self._seconds, self._memory)
        return live


class _Live:
    """The buffer and the sender of one client in one process."""

    def __init__(self, place: Place, signature: Signature, seconds: float, memory: int) -> None:
        self.pid = os.getpid()
        self.buffer = Buffer(signature, seconds, memory)
        self.sender = Sender(place, 4 * memory, self._collect)
        self._shipping = threading.Lock()
        # At the end of the process, that of a multiprocessing worker included.
        Finalize(None, _finish, (weakref.ref(self),), exitpriority=10)

    def ship(self, timeout: float | None) -> None:
        """Hand what is gathered to the sender; StoreError when it has no room for `timeout` s."""
        self.sender.wait_for_room(timeout)
        self._ship_now()

    def discard(self) -> None:
        """Forget all of it."""
        with self._shipping:
            self.buffer.clear()
            self.sender.clear()

    def _ship_now(self) -> None:
        with self._shipping:  # whoever waits for it knows that it is with the sender
            if record := self.buffer.take():
                self.sender.put(*record)

    def _collect(self) -> float | None:
        """In the sender's thread: ship what is due; the seconds until then."""
        left = self.buffer.due_in()
        if left is None or left > 0:
            return left
        if not self.sender.has_room:
            return _PAUSE
        self._ship_now()
        return None


def _finish(of: Callable[[], _Live | None]) -> None:
    live = of()
    if live is None or live.pid != os.getpid():
        return
    try:
        live.ship(_AT_EXIT)
        live.sender.flush(_AT_EXIT)
    except (StoreError, RuntimeError) as error:  # threads may not start any more
        _log.error("fills are lost at the end of the process: %s", error)


def _absolute(path: str | os.PathLike[str], what: str) -> str:
    """Links are not followed: what they lead to may change."""
    return os.path.abspath(given_path(path, f"RemoteHist: {what}", StoreError))  # noqa: PTH100
