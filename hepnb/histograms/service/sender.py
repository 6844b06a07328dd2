"""Delivers records to the server from a thread: each until it is acknowledged, however often.

A record has its id before it is sent for the first time, so that sending it again changes nothing.
Everything here belongs to one process and is never pickled; a forked child makes its own.
"""

from __future__ import annotations

import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from ...errors import StoreError, one_line
from .line import Line, Place, Refused, WaitError

__all__ = ["Sender"]

_IN_FLIGHT = 16 << 20
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_IDLE = 5.0


@dataclass(eq=False)
class _Parcel:
    id: str
    body: bytes
    sent: bool = False


class Sender:
    """Takes records with `put`; has room for another while it holds less than `most` bytes.

    `collect` is called in the thread: it puts what is due by now, and returns the seconds until it
    wants to be called again (None: not before the next `nudge`).
    """

    def __init__(self, place: Place, most: int, collect: Callable[[], float | None]) -> None:
        self._place, self._most, self._collect = place, most, collect
        self._changed = threading.Condition()
        self._parcels: OrderedDict[int, _Parcel] = OrderedDict()
        self._bytes = 0
        self._count = 0
        self._trouble = ""
        self._refusals: list[StoreError] = []
        self._barred = False
        self._running = False
        self._line: Line | None = None

    def wait_for_room(self, timeout: float | None) -> None:
        """Return when a record may be put; StoreError says why there is no room in `timeout` s."""
        with self._changed:
            self._wait_until(lambda: self.has_room, timeout)

    @property
    def has_room(self) -> bool:
        """Whether another record may be put."""
        return self._bytes < self._most

    def put(self, ident: str, body: bytes) -> None:
        """Queue one record."""
        with self._changed:
            self._count += 1
            self._parcels[self._count] = _Parcel(ident, body)
            self._bytes += len(body)
        self.nudge()

    def nudge(self) -> None:
        """See to it that the thread looks for work."""
        with self._changed:
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="hepnb-remote", daemon=True).start()
            self._changed.notify_all()

    def flush(self, timeout: float | None) -> None:
        """Wait until every record put so far is acknowledged; StoreError says why it is not."""
        self.raise_refusal()
        with self._changed:
            last = self._count
            self._wait_until(lambda: not self._parcels or next(iter(self._parcels)) > last, timeout)
        self.raise_refusal()

    def raise_refusal(self) -> None:
        """Raise what the server refused; what was barred is tried again after that."""
        with self._changed:
            self._barred = False
            if self._refusals:
                raise self._refusals.pop(0)

    def clear(self) -> None:
        """Forget what was not acknowledged."""
        with self._changed:
            self._parcels.clear()
            self._refusals.clear()
            self._bytes = 0
            self._changed.notify_all()

    def drop(self) -> None:
        """Forget the connection: it belongs to the process that this one was forked from."""
        if self._line is not None:
            self._line.close()

    def _wait_until(self, done: Callable[[], bool], timeout: float | None) -> None:
        deadline = None if timeout is None else time.monotonic() + timeout
        while not done():
            if self._refusals:
                self._barred = False
                raise self._refusals.pop(0)
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise StoreError(
                    f"{self._place.address}: {len(self._parcels)} contributions not acknowledged within "
                    f"{timeout:g} s ({self._trouble or 'no answer yet'}); they are kept and sent on: "
                    "see that `hepnb hist serve` runs there, then flush() again"
                )
            self.nudge()
            self._changed.wait(left)

    # -- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._work()
        except BaseException:
            with self._changed:
                self._running = False  # the next fill or flush starts another
            raise

    def _work(self) -> None:
        pause, idle = _FIRST_PAUSE, time.monotonic()
        while True:
            try:
                again = self._collect()
            except StoreError as error:  # sums that no record can hold
                self._refuse(error)
                again = None
            with self._changed:
                if self._parcels and not self._barred:
                    idle = time.monotonic()
                elif again is None and time.monotonic() - idle > _IDLE:
                    self._running = False
                    self._hang_up()
                    return
                else:
                    self._changed.wait(min(_IDLE, again) if again is not None else _IDLE)
                    continue
            try:
                if self._line is None:
                    self._line = Line(self._place)
                self._deliver(self._line)
                pause = _FIRST_PAUSE
            except Refused as error:
                self._hang_up()
                self._refuse(error, barred=True)
            except (WaitError, OSError, StoreError, KeyError, ValueError, TypeError) as error:
                if not isinstance(error, WaitError):
                    self._hang_up()
                if isinstance(error, StoreError):  # the token's file, the certificate
                    self._refuse(error, barred=True)
                with self._changed:
                    self._trouble = str(error) if isinstance(error, WaitError) else one_line(error)
                time.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(_LONGEST_PAUSE, 2 * pause)

    def _deliver(self, line: Line) -> None:
        """Send what waits and hear the answers, until there is nothing left on the way."""
        while True:
            for number, parcel in self._next(line.longest):
                line.send({"k": "add", "n": number, "name": self._place.name}, parcel.body)
                parcel.sent = True
            with self._changed:
                on_way = sum(parcel.sent for parcel in self._parcels.values())
            if not on_way:
                return
            self._hear(line)

    def _next(self, longest: int) -> list[tuple[int, _Parcel]]:
        """The parcels to send now: not more than the server and the line should hold."""
        out: list[tuple[int, _Parcel]] = []
        with self._changed:
            size = sum(len(p.body) for p in self._parcels.values() if p.sent)
            for number, parcel in list(self._parcels.items()):
                if len(parcel.body) > longest:
                    self._done(number)
                    self._refusals.append(
                        StoreError(
                            f"contribution {parcel.id!r} has {len(parcel.body)} bytes, "
                            f"{self._place.address} takes {longest}; it is not counted: "
                            "fill less in one, or serve with a larger --longest"
                        )
                    )
                elif not parcel.sent and (not size or size + len(parcel.body) <= _IN_FLIGHT):
                    size += len(parcel.body)
                    out.append((number, parcel))
        return out

    def _hear(self, line: Line) -> None:
        reply, _ = line.receive()
        number = reply.get("n")
        with self._changed:
            parcel = self._parcels.get(number) if isinstance(number, int) else None
            if parcel is None or not isinstance(number, int):
                return
            if reply["k"] == "added":
                self._done(number)
                self._trouble = ""
            elif reply["k"] == "refused":
                self._done(number)
                self._refusals.append(
                    Refused(f"contribution {parcel.id!r} is not counted: {reply.get('error')}")
                )
                self._changed.notify_all()
            elif reply["k"] == "wait":
                parcel.sent = False
                raise WaitError(str(reply.get("error")))

    def _done(self, number: int) -> None:
        self._bytes -= len(self._parcels.pop(number).body)
        self._changed.notify_all()

    def _refuse(self, error: StoreError, *, barred: bool = False) -> None:
        with self._changed:
            self._refusals = [error]
            self._barred = barred
            self._changed.notify_all()

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None
        with self._changed:
            for parcel in self._parcels.values():
                parcel.sent = False
