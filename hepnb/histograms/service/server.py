"""The server: one loop that takes records from any number of clients into one store.

Nothing is acknowledged before it is durable. All records that arrived in one turn of the loop share
one fdatasync (group commit). The server holds no state but the store: killed at any moment, it goes
on from there, and a record that comes again changes nothing.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import selectors
import socket
import time
from pathlib import Path
from typing import Any

from ... import __version__
from ...errors import HepnbError, StoreError, one_line
from ...frames import FrameError
from ..writer import StoreWriter
from .background import Background
from .door import Door
from .protocol import LONGEST_RAW, PROTOCOL
from .requests import Answer, Later, Requests, Wait
from .security import same_token
from .session import Session

__all__ = ["Server"]

_log = logging.getLogger("hepnb.service")
_TICK = 1.0
_HELLO_WITHIN = 10.0
_BREATH = 0.1
_READ_WITHIN = 60.0


class Server:
    """Serve the store in `directory`, made if there is none, through `door`.

    `run` returns after `stop`, with the store folded and sealed. StoreError when another process
    writes this store.
    """

    def __init__(
        self, directory: str | os.PathLike[str], door: Door, longest: int = LONGEST_RAW
    ) -> None:
        path = Path(directory)
        there = (path / "manifest").exists()
        self.writer = StoreWriter.open(path) if there else StoreWriter.create(path, {})
        self._door, self._longest = door, longest
        self._selector = selectors.DefaultSelector()
        self._sessions: set[Session] = set()
        self._waiting: list[tuple[Session, dict[str, Any]]] = []
        self._in_doubt = False
        self._not_before = 0.0
        self._ending = False
        self._woken, self.waker = socket.socketpair()
        for end in (self._woken, self.waker):
            end.setblocking(False)
        self._background = Background(self.writer, self._wake)
        self._requests = Requests(self.writer, longest)
        self._selector.register(self._woken, selectors.EVENT_READ, self._hear_wake)
        self._selector.register(door.listener, selectors.EVENT_READ, self._accept)

    def stop(self) -> None:
        """Let `run` end; may be called from a signal handler or another thread."""
        self._ending = True
        self._wake()

    def run(self) -> None:
        """Serve until `stop`; then fold, seal and return. StoreError when the disk refuses that."""
        while not self._ending:
            for key, _ in self._selector.select(self._pause()):
                # An earlier one of this batch may have closed it.
                if self._selector.get_map().get(key.fileobj) is not None:
                    key.data()
            self._background.deliver()
            self._commit()
            self._hang_up_on_the_silent()
        self._end()

    # -- the turns of the loop ------------------------------------------------------------------

    def _pause(self) -> float:
        if not self._waiting:
            return _TICK
        return min(_TICK, max(0.0, self._not_before - time.monotonic()))

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full: it will wake all the same
            self.waker.send(b"\0")

    def _hear_wake(self) -> None:
        try:
            self._woken.recv(4096)
        except OSError:
            return

    def _accept(self) -> None:
        try:
            connection, who = self._door.accept()
        except PermissionError as error:
            _log.warning("%s", error)
            return
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                _log.error("no client can be let in: %s", one_line(error))
                time.sleep(_BREATH)  # it stays in the queue: do not spin on it
            return
        session = Session(connection, who)
        self._sessions.add(session)
        self._selector.register(connection, session.events, lambda: self._serve(session))

    def _serve(self, session: Session) -> None:
        try:
            if not session.busy:
                session.inbox.extend(session.hear())
        except FrameError as error:
            _log.warning("%s: hung up: not this protocol (%s)", session.who, error)
            self._hang_up(session)
            return
        except OSError as error:
            if not session.welcomed:
                _log.warning("%s: hung up: %s", session.who, one_line(error))
            self._hang_up(session)
            return
        self._work(session)
        if session.ended:
            self._hang_up(session)

    def _work(self, session: Session) -> None:
        """Do what it asks, until it has to take its replies first."""
        more = True
        while more and session in self._sessions:
            while session.inbox and not session.busy:
                message, raw = session.inbox.popleft()
                try:
                    self._handle(session, message, raw)
                except FrameError as error:
                    _log.warning("%s: hung up: not this protocol (%s)", session.who, error)
                    self._hang_up(session)
                if session not in self._sessions:
                    return
            self._flush(session)
            more = bool(session.inbox) and not session.busy

    def _handle(self, session: Session, message: dict[str, Any], raw: bytes) -> None:
        if not session.welcomed:
            self._welcome(session, message)
            return
        try:
            answer = self._requests.answer(session, message, raw)
        except Wait as full:
            _log.warning("%s waits: %s", session.who, full)
            answer = Answer({"k": "wait", "seconds": _TICK, "error": str(full)})
        except Exception as error:  # noqa: BLE001  a client never ends the server
            answer = self._refusal(session, error)
        self._answer(session, message.get("n"), answer)

    def _answer(self, session: Session, number: Any, answer: Answer | Later) -> None:
        if isinstance(answer, Later):
            session.answering = True
            self._background.submit(
                answer.job, lambda result: self._finish(session, number, answer, result)
            )
            return
        reply = {**answer.message, "n": number}
        if answer.when_durable:
            self._waiting.append((session, reply))
        else:
            session.reply(reply, answer.raw)

    def _finish(self, session: Session, number: Any, later: Later, result: Any) -> None:
        """A job has ended: tell the one who asked, if it is still there."""
        if session not in self._sessions:
            return
        session.answering = False
        try:
            answer = later.then(result)
        except Exception as error:  # noqa: BLE001  as above
            answer = self._refusal(session, error)
        self._answer(session, number, answer)
        self._work(session)

    def _refusal(self, session: Session, error: Exception) -> Answer:
        if isinstance(error, HepnbError):
            _log.warning("%s: refused: %s", session.who, error)
            return Answer({"k": "refused", "error": str(error)})
        _log.error("%s: request failed", session.who, exc_info=error)
        return Answer({"k": "refused", "error": f"the server failed: {one_line(error)}"})

    def _welcome(self, session: Session, message: dict[str, Any]) -> None:
        reason = ""
        if message.get("k") != "hello":
            raise FrameError("the first message is no hello")
        if message.get("protocol") != PROTOCOL:
            reason = (
                f"protocol {message.get('protocol')!r:.40} is not spoken here, "
                f"hepnb {__version__} speaks {PROTOCOL}; use the same hepnb on both sides"
            )
        elif self._door.token is not None and not same_token(
            message.get("token"), self._door.token
        ):
            reason = (
                "the token does not fit; give token=PATH of the file the server was started with"
            )
        if reason:
            _log.warning("%s: refused: %s", session.who, reason)
            session.reply({"k": "refused", "error": reason})
            self._flush(session)
            self._hang_up(session)
            return
        session.trust(self._longest)
        session.reply(
            {
                "k": "welcome",
                "protocol": PROTOCOL,
                "server": __version__,
                "longest": self._longest,
            }
        )

    # -- group commit ---------------------------------------------------------------------------

    def _commit(self) -> None:
        """Make what was appended durable, then acknowledge it."""
        if not self._waiting or time.monotonic() < self._not_before:
            return
        try:
            if self._in_doubt:
                # After a failed sync the system may have forgotten what it could not write, so the
                # next sync would prove nothing: a fold writes it all anew.
                while self.writer.fold():
                    pass
            else:
                self.writer.sync()
        except StoreError as error:
            self._in_doubt = True
            self._not_before = time.monotonic() + _TICK
            _log.error("nothing is acknowledged before the disk works again: %s", error)
            return
        self._in_doubt = False
        waiting, self._waiting = self._waiting, []
        for session, reply in waiting:
            if session in self._sessions:
                session.reply(reply)
        for session in {session for session, _ in waiting} & self._sessions:
            self._work(session)

    def _flush(self, session: Session) -> None:
        try:
            session.flush()
        except OSError:
            self._hang_up(session)
            return
        self._watch(session)

    def _watch(self, session: Session) -> None:
        """Wait for what the session waits for."""
        events, there = session.events, session.connection in self._selector.get_map()
        if events and there:
            self._selector.modify(session.connection, events, lambda: self._serve(session))
        elif events:
            self._selector.register(session.connection, events, lambda: self._serve(session))
        elif there:
            self._selector.unregister(session.connection)

    def _hang_up_on_the_silent(self) -> None:
        now = time.monotonic()
        for session in list(self._sessions):
            since = session.takes_nothing_since
            if not session.welcomed and session.born < now - _HELLO_WITHIN:
                _log.warning("%s: hung up: no hello within %g s", session.who, _HELLO_WITHIN)
                self._hang_up(session)
            elif since is not None and since < now - _READ_WITHIN:
                _log.warning("%s: hung up: it does not read its replies", session.who)
                self._hang_up(session)

    def _hang_up(self, session: Session) -> None:
        if session in self._sessions:
            self._sessions.discard(session)
            if session.connection in self._selector.get_map():
                self._selector.unregister(session.connection)
            session.close()

    def _end(self) -> None:
        self._not_before = 0.0
        self._commit()
        self._selector.unregister(self._door.listener)
        self._door.close()
        for session in list(self._sessions):
            self._hang_up(session)
        self._background.stop()
        try:
            self.writer.seal()
        finally:
            self._requests.close()
            self.writer.close()
            self._selector.close()
            self._woken.close()
            self.waker.close()
