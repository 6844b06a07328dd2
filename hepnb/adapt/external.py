"""One external command under way: its output, what it tells of its progress, and its end.

What it prints goes on to this process's own stdout and stderr, and so into the log. Progress comes
from lines written to the named pipe `$HEPNB_STATUS`, or is read off its output.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import logging
import os
import re
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from . import guard

__all__ = ["External", "read_status"]

_EVERY = 0.1
_ALIVE_EVERY = 10.0
_AT_ONCE = 1 << 16
_LAST_LINES = 3
_OUTPUTS = ("stdout", "stderr")
_LONGEST_LINE = 20_000
_MOST_EVENTS = 1e18
_PLAIN = re.compile(r"\s*(\d+(?:\.\d*)?)(?:\s*(?:/|of)\s*(\d+(?:\.\d*)?))?\s*$")
_LOG = logging.getLogger("command")
_decoder = codecs.getincrementaldecoder("utf-8")
Told = tuple[float, float | None]


def read_status(line: str) -> dict[str, Any]:
    """What a line of the status pipe says: `events`, `total`, `message`, `level`; nothing if nonsense.

    >>> read_status('{"events": 20, "total": 100}') == read_status("20/100")
    True
    """
    if match := _PLAIN.match(line):
        return {k: float(v) for k, v in zip(("events", "total"), match.groups(), strict=True) if v}
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    if not isinstance(said, dict):
        return {}
    numbers = {
        k: float(said[k])
        for k in ("events", "total")
        if type(said.get(k)) in (int, float) and 0 <= said[k] < _MOST_EVENTS
    }
    return numbers | {k: said[k] for k in ("message", "level") if isinstance(said.get(k), str)}


class External:
    """Runs a command to its end: `run` returns its exit status, `last_lines` are its last words."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        pattern: re.Pattern[str] | None,
        tell: Callable[[float, float | None], None],
    ) -> None:
        self._command, self._environment = list(command), dict(environment)
        self._pattern, self._tell = pattern, tell
        self._told: Told = (0.0, None)
        self._told_at = 0.0
        self._partial: dict[int, bytes] = {}
        self._decoders = {n: _decoder("backslashreplace") for n in _OUTPUTS}
        self._last: dict[str, deque[str]] = {n: deque(maxlen=_LAST_LINES) for n in _OUTPUTS}

    @property
    def last_lines(self) -> str:
        """The last lines that it printed as errors, or else at all, in one."""
        return " | ".join(self._last["stderr"] or self._last["stdout"])

    def run(self) -> int:
        """Start it, listen, and wait until it has ended; whatever it started ends with it."""
        home = Path(tempfile.mkdtemp(prefix="hepnb-"))
        status = home / "status"
        os.mkfifo(status, 0o600)
        # Open for both: a writer never waits for a reader, nor is there an end between two writers.
        pipe = os.open(status, os.O_RDWR | os.O_NONBLOCK)
        life, held = os.pipe()
        try:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-I",
                    "-S",
                    guard.__file__,
                    str(life),
                    str(status),
                    *self._command,
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._environment | {"HEPNB_STATUS": str(status)},
                pass_fds=[life],
                start_new_session=True,
            )
            with process:
                try:
                    self._listen(process, pipe)
                    self._wait(process, pipe)
                finally:
                    os.close(held)  # where it still runs, as after an interrupt, this is its end
                    held = -1
            return process.returncode
        finally:
            for descriptor in (life, held, pipe):
                if descriptor >= 0:
                    os.close(descriptor)
            shutil.rmtree(home, ignore_errors=True)

    def _listen(self, process: subprocess.Popen[bytes], pipe: int) -> None:
        """Hear everything until both outputs have ended."""
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ, self._status_line)
            for name in _OUTPUTS:
                hear = partial(self._printed_line, name)
                selector.register(getattr(process, name), selectors.EVENT_READ, hear)
            while len(selector.get_map()) > 1:
                heard = selector.select(_ALIVE_EVERY)
                if not heard and process.poll() is not None:
                    return  # what has left its group holds the outputs open
                for key, _ in heard:
                    data = os.read(key.fd, _AT_ONCE)
                    if data and key.fd != pipe:
                        self._pass_on(data, "stdout" if key.fileobj is process.stdout else "stderr")
                    if not data:
                        selector.unregister(key.fileobj)
                    self._lines(key.fd, data or b"\n", key.data)
                self._say_that_it_lives()

    def _wait(self, process: subprocess.Popen[bytes], pipe: int) -> None:
        """Its outputs have ended: wait for itself, then hear what is left in the pipe."""
        is_over = False
        while not is_over:
            with contextlib.suppress(subprocess.TimeoutExpired):
                is_over = process.wait(_EVERY) is not None
            with contextlib.suppress(BlockingIOError):
                while data := os.read(pipe, _AT_ONCE):
                    self._lines(pipe, data, self._status_line)
            self._say_that_it_lives()
        self._now()

    def _say_that_it_lives(self) -> None:
        if time.monotonic() - self._told_at > _ALIVE_EVERY:
            self._now()

    def _pass_on(self, data: bytes, output: str) -> None:
        stream = getattr(sys, output)
        stream.write(self._decoders[output].decode(data))
        stream.flush()

    def _lines(self, source: int, data: bytes, hear: Callable[[str], None]) -> None:
        """Whole lines; a carriage return ends one, too, as in progress bars."""
        *lines, rest = (self._partial.get(source, b"") + data).replace(b"\r", b"\n").split(b"\n")
        self._partial[source] = rest[-_LONGEST_LINE:]
        for line in lines:
            if text := line.decode("utf-8", "backslashreplace").strip():
                hear(text)

    def _status_line(self, line: str) -> None:
        said = read_status(line)
        if "message" in said:
            level = logging.getLevelNamesMapping().get(str(said.get("level", "INFO")).upper())
            _LOG.log(level or logging.INFO, "%s", said["message"])
        if "events" in said:
            self._progress(said["events"], said.get("total"))

    def _printed_line(self, output: str, line: str) -> None:
        self._last[output].append(line[:500])
        if self._pattern and (match := self._pattern.search(line)):
            found = match.groupdict()
            with contextlib.suppress(ValueError):
                total = found.get("total")
                self._progress(float(found["events"]), float(total) if total else None)

    def _progress(self, events: float, total: float | None) -> None:
        self._told = events, total
        if time.monotonic() - self._told_at > _EVERY:
            self._now()

    def _now(self) -> None:
        self._told_at = time.monotonic()
        self._tell(*self._told)
