"""What the browser asks of a run's log: rows, hits of a search, names, and text to keep.

Rows travel small: names once per answer, long texts cut in the middle until one is opened. All of
it is read from the log's files, in a thread; a newer request takes the place of an older one.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from ..errors import HepnbError
from ..runs.handle.text import log_lines
from ..runs.logs import LEVELS, LogFile, places
from ._pump import Pump
from ._wire import Message

__all__ = ["LogPages", "brief"]

_MOST_ROWS = 500  # in one answer
_SHORT = 480  # characters of a text before it is cut
_HEAD, _TAIL = 320, 120
_CUT = "\n…\n"
_RAISED = re.compile(r"(?<=\n)\S")  # the first line that is not indented: behind the frames
_PATIENCE = 0.25  # seconds of searching before the next request has its turn
_PIECE = 400_000  # characters of text in one answer, about
_READ = 1000  # records read at a time for it


class Reply(Protocol):
    """How a widget answers."""

    def __call__(
        self, request: str, result: object = None, error: str | None = None, /
    ) -> None: ...


@dataclass(frozen=True)
class _Filter:
    """Which lines are shown; checked, as it comes from a browser."""

    levels: tuple[str, ...] | None
    search: str | re.Pattern[str] | None
    worker: int | None
    chunk: str | None
    logger: str | None

    @classmethod
    def asked(cls, message: Message) -> _Filter:
        levels, worker = message.get("levels"), message.get("worker")
        if levels is not None and not (
            isinstance(levels, list) and all(level in LEVELS for level in levels)
        ):
            raise HepnbError(f"levels must be some of {', '.join(LEVELS)}, not {levels!r}")
        if worker is not None and (not isinstance(worker, int) or isinstance(worker, bool)):
            raise HepnbError(f"worker must be a number, not {worker!r}")
        for name in ("search", "chunk", "logger"):
            if not isinstance(message.get(name), str | None):
                raise HepnbError(f"{name} must be text, not {message[name]!r}")
        return cls(
            None if levels is None else tuple(levels),
            _search(message),
            worker,
            message.get("chunk") or None,
            message.get("logger") or None,
        )

    @property
    def sources(self) -> dict[str, Any]:
        return {"worker": self.worker, "chunk": self.chunk, "logger": self.logger}


def _search(message: Message) -> str | re.Pattern[str] | None:
    search: str | None = message.get("search") or None
    return _pattern(search) if search is not None and message.get("regex") else search


@lru_cache(maxsize=16)
def _pattern(text: str) -> re.Pattern[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what may mean something else in a later Python
            return re.compile(text, re.IGNORECASE | re.MULTILINE)
    except (re.error, OverflowError, RecursionError) as error:
        raise HepnbError(f"no regular expression: {error}") from None


class LogPages:
    """Answers a view's questions about the log in `directory`, on the widget's pump.

    `handlers` are by the kind of request, as docs/protocol.md has them.
    """

    def __init__(self, directory: Path, pump: Pump, reply: Reply) -> None:
        self._log = LogFile(directory)
        self._pump = pump
        self._reply = reply

    @property
    def handlers(self) -> Mapping[str, Callable[[str, Message], None]]:
        return {
            "log": self._answers(self._page),
            "log_find": self._answers(self._find),
            "log_names": self._answers(lambda _message: self._log.names()),
            "log_text": self._answers(self._text),
        }

    def _answers(self, read: Callable[[Message], dict[str, Any]]) -> Callable[[str, Message], None]:
        """A handler that only enqueues; of a view's requests of one kind the newest wins."""

        def handler(request: str, message: Message) -> None:
            def work() -> None:
                try:
                    answer = read(message)
                except HepnbError as error:
                    self._reply(request, None, str(error))
                except Exception as error:  # noqa: BLE001 - the browser waits for an answer
                    self._reply(request, None, f"the log cannot be read: {error}")
                else:
                    self._reply(request, answer)

            view = request.rpartition("-")[0]
            key = ("log", view, message.get("kind"), bool(message.get("whole")))
            self._pump.put(key, work, dropped=lambda: self._reply(request, None, "superseded"))

        return handler

    def _page(self, message: Message) -> dict[str, Any]:
        """Rows from `start` on (from the end if negative); `whole` leaves their texts uncut, `all`
        gives those without a hit as well."""
        start, count = _range(message, _MOST_ROWS)
        asked = _Filter.asked({**message, "search": None} if message.get("all") else message)
        page = self._log.page(
            start, count, asked.levels, asked.search, **asked.sources, patience=_PATIENCE
        )
        records = page.pop("records")
        whole = bool(message.get("whole"))
        try:
            return {**page, **brief(records, _search(message), whole=whole)}
        except HepnbError:  # no expression that can be searched for: log_find says so
            return {**page, **brief(records, whole=whole)}

    def _find(self, message: Message) -> dict[str, Any]:
        """The hit next to the record `near`."""
        near, asked = message.get("near"), _Filter.asked(message)
        if not isinstance(near, int):
            raise HepnbError(f"near must be the number of a record, not {near!r}")
        if asked.search is None:
            raise HepnbError("there is nothing to search for")
        return self._log.find(
            asked.search,
            near,
            asked.levels,
            back=bool(message.get("back")),
            **asked.sources,
            patience=_PATIENCE,
        )

    def _text(self, message: Message) -> dict[str, Any]:
        """`count` lines from `start` on as plain text, or as many as fit; `next` comes after them."""
        start, count = _range(message, None)
        asked = _Filter.asked(message)
        lines: list[str] = []
        size, at, end = 0, start, start + count
        while at < end and size < _PIECE:
            page = self._log.page(
                at, min(_READ, end - at), asked.levels, asked.search, **asked.sources
            )
            if not page["records"]:
                break
            for line in log_lines(page["records"]):
                lines.append(line)
                size += len(line)
                at += 1
                if size >= _PIECE:
                    break
        return {"text": "".join(f"{line}\n" for line in lines), "next": at}


def brief(
    records: list[dict[str, Any]],
    search: str | re.Pattern[str] | None = None,
    *,
    whole: bool = False,
) -> dict[str, Any]:
    """Records as `{"names": [...], "rows": [[n, time, level, worker, chunk, logger, repeat, text,
    lines], ...]}`: level as its place among the levels, chunk and logger as theirs in the names.

    A long text is cut in the middle, and the number of its lines is then negative. A row with hits
    of `search` has one more, their begins and ends in its text: `[begin, end, begin, end, ...]`.

    >>> record = {"n": 5, "time": 1.25, "level": "INFO", "worker": 1, "chunk": "f:0-9",
    ...           "logger": "stdout", "text": "one\\ntwo", "repeat": 1}
    >>> brief([record])
    {'names': ['f:0-9', 'stdout'], 'rows': [[5, 1.25, 1, 1, 0, 1, 1, 'one\\ntwo', 2]]}
    >>> brief([record], "o")["rows"][0][-1]
    [0, 1, 6, 7]
    """
    names: dict[str, int] = {}
    rows: list[list[Any]] = []
    texts = [record["text"] for record in records]
    found = places(texts, search) if search else [[] for _ in texts]
    for record, hits in zip(records, found, strict=True):
        shown = hits
        text = record["text"]
        lines = text.count("\n") + 1
        if len(text) > _SHORT and not whole:
            tail = _tail(text)
            shown = _cut_places(hits, tail)
            text, lines = f"{text[:_HEAD]}{_CUT}{text[tail]}", -lines
        rows.append(
            [
                record["n"],
                round(record["time"], 3),
                LEVELS.index(record["level"]),
                record["worker"],
                names.setdefault(record["chunk"], len(names)),
                names.setdefault(record["logger"], len(names)),
                record["repeat"],
                text,
                lines,
            ]
        )
        if shown:
            rows[-1].append([_units(text, place) for hit in shown for place in hit])
    return {"names": list(names), "rows": rows}


def _tail(text: str) -> slice:
    """What is kept behind the cut: the end, or of a traceback the exception, which notes may follow."""
    begin = len(text) - _TAIL
    frame = text.rfind("\n  File ")
    if frame > 0 and text.startswith("Traceback ") and (raised := _RAISED.search(text, frame)):
        begin = max(raised.start(), _HEAD)
    return slice(begin, min(begin + _TAIL, len(text)))


def _cut_places(hits: list[tuple[int, int]], tail: slice) -> list[tuple[int, int]]:
    """Where hits are in the short form of a text that has this tail."""
    moved = _HEAD + len(_CUT) - tail.start
    head = [(begin, min(end, _HEAD)) for begin, end in hits if begin < _HEAD]
    return head + [
        (max(begin, tail.start) + moved, min(end, tail.stop) + moved)
        for begin, end in hits
        if end > tail.start and begin < tail.stop
    ]


def _units(text: str, place: int) -> int:
    """The place in the text as JavaScript counts it."""
    return place if text.isascii() else len(text[:place].encode("utf-16-le", "replace")) // 2


def _range(message: Message, most: int | None) -> tuple[int, int]:
    start, count = message.get("start"), message.get("count")
    if (
        not (isinstance(start, int) and isinstance(count, int))
        or count < 0
        or (most is not None and count > most)
        or (most is None and start < 0)
    ):
        least = f"at most {most} lines" if most else "lines"
        raise HepnbError(f"start={start!r}, count={count!r} is no page of {least}")
    return start, count
