"""One connection to one run: a thread that keeps the newest snapshot and carries requests.

Where the run cannot be reached (it ended, it crashed, it runs on another host) the files of its
directory answer instead. The thread never runs user code and never unpickles.
"""

from __future__ import annotations

import itertools
import re
import socket
import subprocess
import threading
import time
import weakref
from collections.abc import Callable, Collection
from typing import Any

from ...errors import RunError
from ...frames import FrameError, FrameReader, encode
from ...given import given_names, shown
from ..directory import RunDirectory
from ..logs import LogFile
from ..settings import whole
from ..spec import SAID

__all__ = ["ENDED", "Client", "Snapshot"]

Snapshot = dict[str, Any]
ENDED = ("done", "failed", "cancelled", "lost")
_FIRST_POLLS = 0.005
_LATER_POLLS = 0.5
_LOST_POLLS = 1.0
_STARTUP = 60.0
_FAR = 2**62


class Client:
    """Keeps `snapshot` fresh until the run has ended; a lost one may come back, when it is resumed.

    `initial` is what is shown before the run's own first word; `supervisor` is the process if this
    one launched it, so that it is reaped when it ends.
    """

    def __init__(
        self,
        directory: RunDirectory,
        initial: Snapshot,
        supervisor: subprocess.Popen[bytes] | None = None,
    ) -> None:
        self._supervisor = supervisor
        self.directory = directory
        self.snapshot = self.directory.last_snapshot() or initial
        self._seen = 0
        self._told = self.snapshot
        self._callbacks: dict[int, Callable[[Snapshot], object]] = {}
        self._numbers = itertools.count(1)
        self._replies: dict[int, dict[str, Any]] = {}
        self._changed = threading.Condition()
        self._connection: socket.socket | None = None
        self._sending = threading.Lock()
        self._log = LogFile(directory.log)
        self._log_lock = threading.Lock()
        self._born = time.monotonic()
        # What is kept on disk may say that a run goes on whose supervisor is gone.
        self._look_at_files()
        # The thread holds no client while it waits for a lost run: it ends with the last handle.
        self._thread = threading.Thread(
            target=_follow, args=(weakref.ref(self),), name="hepnb-client", daemon=True
        )
        self._thread.start()

    def resumed(self, supervisor: subprocess.Popen[bytes]) -> None:
        """This process has launched a new supervisor for the run, which was lost."""
        self._supervisor, self._born = supervisor, time.monotonic()
        self._publish(self._revived(self.snapshot))

    # -- for everybody ----------------------------------------------------------------------

    @property
    def has_ended(self) -> bool:
        """Whether the newest snapshot is the last one."""
        return self.snapshot["state"] in ENDED

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the run has ended; False if `timeout` seconds pass first."""
        with self._changed:
            return self._changed.wait_for(self._is_over, timeout)

    def _is_over(self) -> bool:
        """Whether it has ended and every watcher knows: what they show is saved with a notebook."""
        among_watchers = threading.current_thread() is self._thread
        return self.has_ended and (self._told is self.snapshot or among_watchers)

    def watch(self, callback: Callable[[Snapshot], object]) -> Callable[[], None]:
        """Call back with every new snapshot, the last one included; returns what stops it."""
        number = next(self._numbers)
        with self._changed:
            self._callbacks[number] = callback
            snapshot = self.snapshot
        callback(snapshot)
        return lambda: self._forget(number)

    def _forget(self, number: int) -> None:
        with self._changed:
            self._callbacks.pop(number, None)

    def request(self, kind: str, *, timeout: float = 10.0, **fields: Any) -> Any:
        """Ask the supervisor. Raises RunError where it cannot answer."""
        number = next(self._numbers)
        if self.has_ended or not self._send({"k": kind, "id": number, **fields}):
            raise RunError(f"run {self.directory.id} cannot be reached: {self._why_not()}")
        with self._changed:
            arrived = self._changed.wait_for(
                lambda: number in self._replies or self._connection is None, timeout
            )
            reply = self._replies.pop(number, None)
        if reply is None:
            if self.has_ended:
                raise RunError(f"run {self.directory.id} cannot be reached: {self._why_not()}")
            why = "it hung up" if arrived else f"no answer in {timeout:g} s"
            raise RunError(f"run {self.directory.id}: {kind}: {why}")
        if "error" in reply:
            raise RunError(f"run {self.directory.id}: {reply['error']}")
        return reply["result"]

    def ask(self, kind: str, **fields: Any) -> Any:
        """Ask the supervisor, with patience for one that is only just starting.

        Raises RunError where it cannot answer.
        """
        deadline = time.monotonic() + _STARTUP
        while True:
            try:
                return self.request(kind, **fields)
            except RunError:
                connects = self._connection is None and self.directory.is_supervised()
                is_young = self.snapshot["state"] == "starting" or connects
                if self.has_ended or not is_young or time.monotonic() > deadline:
                    raise
                self.wait(0.05)

    def tell(self, kind: str, **fields: Any) -> None:
        """As `ask`; a run that has come to its end meanwhile needs it no more."""
        try:
            self.ask(kind, **fields)
        except RunError:
            if not self.has_ended or self.snapshot["state"] == "lost":
                raise

    def log_page(
        self,
        start: int,
        count: int,
        levels: Collection[str] | None,
        search: str | re.Pattern[str] | None,
        **asked: Any,
    ) -> dict[str, Any]:
        """A page of the log, from its files: the supervisor is not troubled with searches.

        Raises RunError for what can be no place, level or search.
        """
        from .text import level_name

        start, count = whole("start", start, -_FAR, _FAR), whole("count", count, 0, _FAR)
        if levels is not None:
            known = map(level_name, given_names(levels, "levels", RunError))
            levels = [level for level in known if level]
        if not isinstance(search, str | re.Pattern | None):
            raise RunError(f"search is a text or a regular expression, not {shown(search)}")
        with self._log_lock:
            return self._log.page(start, count, levels, search, **asked)

    def _why_not(self) -> str:
        if self.has_ended:
            return f"it is {self.snapshot['state']}"
        return "it runs on another host, or is only just starting"

    # -- the thread -------------------------------------------------------------------------

    def _send(self, message: dict[str, Any]) -> bool:
        with self._sending:
            if self._connection is None:
                return False
            try:
                self._connection.sendall(encode(message))
            except OSError:
                return False
            return True

    def follow(self) -> float | None:
        """Listen as long as the run speaks, then look; seconds until the next time, None at its end."""
        connection = self._connect()
        if connection is not None:
            self._connection = connection
            if self._send({"k": "subscribe", "seen": self._seen}):
                self._listen(connection)
            with self._changed:
                self._connection = None
                self._changed.notify_all()
            connection.close()
        if not self.has_ended or self.snapshot["state"] == "lost":
            self._look_at_files()
        if self.has_ended and self._supervisor is not None:
            self._supervisor.wait()
        if self.snapshot["state"] == "lost":
            return _LOST_POLLS
        if self.has_ended:
            return None
        young = time.monotonic() - self._born < 5 and self.snapshot["state"] != "waiting"
        return _FIRST_POLLS if young else _LATER_POLLS

    def _connect(self) -> socket.socket | None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(self.directory.socket_path()))
        except OSError:
            connection.close()
            return None
        return connection

    def _listen(self, connection: socket.socket) -> None:
        reader = FrameReader()
        while True:
            try:
                data = connection.recv(1 << 20)
            except OSError:
                return
            if not data:
                return
            try:
                for message, _ in reader.feed(data):
                    if message["k"] == "snapshot":
                        changed = message["changed"]
                        self._publish({**self.snapshot, **changed}, seen=changed["seq"])
                    elif message["k"] == "reply":
                        with self._changed:
                            self._replies[message["id"]] = message
                            self._changed.notify_all()
            except (FrameError, KeyError):
                # A newer or foreign protocol: the files still tell.
                return

    def _look_at_files(self) -> None:
        """The state as the files have it; a run nobody supervises any more is lost."""
        # In this order: a supervisor writes its last snapshot before it lets go of the lock.
        is_supervised = self.directory.is_supervised()
        kept = self.directory.last_snapshot()
        newer = kept if kept and kept["seq"] > self.snapshot["seq"] else self.snapshot
        elsewhere = kept is not None and kept["host"] != socket.gethostname()
        if is_supervised or (elsewhere and newer["state"] not in ENDED):
            # The first words of one that resumes are still on their way, or it is out of reach.
            if newer["state"] == "lost":
                newer = self._revived(newer)
            if newer is not self.snapshot:
                self._publish(newer)
            return
        if kept and kept["state"] in ENDED and kept["state"] != "lost":
            self._publish(kept)
            return
        if self._is_waiting() or self.snapshot["state"] == "lost" or self._is_starting(kept):
            return
        lost = {**newer, "seq": newer["seq"] + 1, "state": "lost", "ended": time.time()}
        lost["error"] = kept["error"] if kept and kept["state"] == "lost" else self._how_lost()
        self._publish(lost)

    def _is_waiting(self) -> bool:
        """Whether it is a point of a scan whose turn has not come; then it says so."""
        from .glance import waiting

        seen = waiting(self.directory)
        if seen is None:
            return False
        said = {"state": seen.state, "problem": seen.problem}
        if not said.items() <= self.snapshot.items():
            self._publish({**self.snapshot, "seq": self.snapshot["seq"] + 1, **said})
        return True

    def _how_lost(self) -> dict[str, str]:
        words = self._last_words()
        if self.directory.is_gone():
            title = f"its directory {self.directory.path} is gone, and a run ends with it"
            mend = "where it was moved, hn.resume(directory) goes on"
        else:
            said = words.strip().rpartition("\n")[2]
            why = said.removeprefix(SAID) if said.startswith(SAID) else "its supervisor is gone"
            title = f"{why}: everything committed so far is kept"
            mend = self.directory.how_to_resume
        return {
            "title": f"{title}; {mend}",
            "traceback": words,
            "chunk": "",
        }

    def _revived(self, lost: Snapshot) -> Snapshot:
        seq = lost["seq"] + 1
        return {**lost, "seq": seq, "state": "starting", "error": None, "ended": None}

    def _is_starting(self, kept: Snapshot | None) -> bool:
        """Whether the supervisor may still be on its way to its first word."""
        if self._supervisor is not None:
            return self._supervisor.poll() is None
        return kept is None and time.monotonic() - self._born < _STARTUP and not self._last_words()

    def _last_words(self) -> str:
        try:
            return self.directory.supervisor_log.read_text(errors="replace")[-4000:]
        except OSError:
            return ""

    def _publish(self, snapshot: Snapshot, seen: int = 0) -> None:
        """Show it to everybody; `seen` is its number where the run itself has said all of it."""
        with self._changed:
            self.snapshot, self._seen = snapshot, seen
            callbacks = list(self._callbacks.items())
        for number, callback in callbacks:
            try:
                callback(snapshot)
            except Exception as error:  # noqa: BLE001  a watcher's fault is its own
                self._forget(number)
                threading.excepthook(
                    threading.ExceptHookArgs(
                        (type(error), error, error.__traceback__, self._thread)
                    )
                )
        with self._changed:
            self._told = snapshot
            self._changed.notify_all()


def _follow(reference: weakref.ref[Client]) -> None:
    while (client := reference()) is not None:
        pause = client.follow()
        del client
        if pause is None:
            return
        time.sleep(pause)
