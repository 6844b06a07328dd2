"""What the user's code says inside a worker: logging and warnings as records, the rest by pipes.

A place in the code that logs without end is limited here, before it costs anything: its first
messages are sent, then some a second, and at the end of the chunk the last one, with the number of
those that were left out.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TextIO

from ...errors import one_line
from ..logs import level_of_number, shortened

__all__ = ["LogSender", "Streams"]

_BURST = 1000.0
_RATE = 50.0


@dataclass
class _Place:
    """A token bucket for one line of code: `_BURST` messages at once, `_RATE` a second on average."""

    tokens: float = _BURST
    filled: float = field(default_factory=time.monotonic)
    left_out: int = 0
    last: logging.LogRecord | None = None

    def admits(self, record: logging.LogRecord) -> bool:
        """Whether a message may pass; one that may not is counted, and kept while it is the last."""
        now = time.monotonic()
        self.tokens = min(_BURST, self.tokens + (now - self.filled) * _RATE)
        self.filled = now
        if self.tokens < 1:
            self.left_out += 1
            self.last = record
            return False
        self.tokens -= 1
        return True


class LogSender(logging.Handler):
    """Sends what the user's code logs as records; a process that it forked writes to stderr."""

    def __init__(self, send: Callable[[Mapping[str, Any]], None]) -> None:
        super().__init__()
        self._sends = send
        self._pid = os.getpid()
        self._places: dict[tuple[str, int], _Place] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record, or count it."""
        place = self._places.setdefault((record.pathname, record.lineno), _Place())
        if place.admits(record):
            left_out, place.left_out, place.last = place.left_out, 0, None
            self._send(record, left_out)

    def send_last(self) -> None:
        """The chunk is over: send the last message of every place that was limited."""
        self.acquire()
        try:
            for place in self._places.values():
                if place.last is not None:
                    last, left_out = place.last, place.left_out - 1
                    place.last, place.left_out = None, 0
                    self._send(last, left_out)
        finally:
            self.release()

    def _send(self, record: logging.LogRecord, left_out: int) -> None:
        try:
            text = _message(record)
            if record.exc_info:
                text += "\n" + logging.Formatter().formatException(record.exc_info)
            if os.getpid() != self._pid:
                sys.stderr.write(f"{text}\n")
                return
            self._sends(
                {
                    "k": "log",
                    "level": level_of_number(record.levelno),
                    "logger": record.name,
                    "text": shortened(text.rstrip("\n")),
                    "time": record.created,
                    "left_out": left_out,
                }
            )
        except Exception:  # noqa: BLE001  what it is about cannot even be shown
            self.handleError(record)


def _message(record: logging.LogRecord) -> str:
    """What a record says; where its arguments do not fit, what they are and where it comes from."""
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001  the user's
        where = f"{record.pathname}:{record.lineno}"
        return f"{record.msg} {record.args}: {where}: cannot be formatted: {one_line(error)}"


class Streams:
    """The descriptors 1 and 2, and what Python and C write to them."""

    def __init__(self) -> None:
        self._copies = {number: os.dup(number) for number in (1, 2)}
        library = ctypes.CDLL(None)
        self._flush_c = library.fflush
        self._c_stdout: Any = None
        for name in ("stdout", "__stdoutp"):
            with contextlib.suppress(ValueError):
                self._c_stdout = ctypes.c_void_p.in_dll(library, name)
        # Those of the zygote are made for a file, and may hold what it has printed.
        sys.stdout, sys.stderr = _stream(1), _stream(2)

    def flush(self) -> None:
        """Send on what was printed; undo what the user's code may have done to the streams.

        Where it closed a descriptor, the next file to be opened would take its number, and be
        written to in its place.
        """
        for number, copy in self._copies.items():
            try:
                os.fstat(number)
            except OSError:
                os.dup2(copy, number)
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        if self._c_stdout is not None:
            self._flush_c(self._c_stdout)
        if sys.stdout is None or getattr(sys.stdout, "closed", False):
            sys.stdout = _stream(1)
        if sys.stderr is None or getattr(sys.stderr, "closed", False):
            sys.stderr = _stream(2)


def _stream(number: int) -> TextIO:
    """A text stream for which no text is too strange; what goes to stderr is seen line by line."""
    return open(
        number,
        "w",
        buffering=1 if number == 2 else -1,
        encoding="utf-8",
        errors="backslashreplace",
        closefd=False,
    )
