"""How serious a line is, by the words with which programs of the field say it.

basf2 prints `[INFO] ...` or JSON with a "level", ROOT `Error in <TFile::Open>: ...`, RooFit
`[#1] INFO:Fitting -- ...`, Gaudi `NAME    WARNING ...`, Python's logging and rich (coffea's console)
whatever their format puts before a word in capitals. Sources: LogMessage.cc of basf2, the default
error handler of ROOT (TErrorDefaultHandler.cxx), the documentation of Python's logging.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

__all__ = ["LEVELS", "level_of_number", "levels_of_lines"]

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

_PLACES = {
    **dict.fromkeys(("DEBUG", "VERBOSE", "TRACE"), 0),
    **dict.fromkeys(("INFO", "RESULT", "NOTICE", "SUCCESS", "Info"), 1),
    **dict.fromkeys(("WARNING", "WARN", "Warning", "warning"), 2),
    **dict.fromkeys(("ERROR", "SysError", "Error", "error", "Traceback (most recent"), 3),
    **dict.fromkeys(("CRITICAL", "FATAL", "Fatal", "Fatal Python error", "Break"), 4),
}
_COLOURS = r"(?:\x1b\[[\d;]*m)*+"
_LABEL = (
    rf"{_COLOURS}(DEBUG|VERBOSE|TRACE|INFO|RESULT|NOTICE|SUCCESS|WARNING|WARN|ERROR|CRITICAL|FATAL)"
    rf"(?::\d+)?{_COLOURS}(?:[\])>:|\"\s]|$)"
)
# A line in capitals may begin in any of these ways. What repeats is possessive: a line that is
# none of them, which most are, costs a fraction of a microsecond, and no line much more.
_SAYS = re.compile(
    rf"{_COLOURS}(?:[\[(<]?{_LABEL}"  # alone
    rf"|[\[(]?\d[\d.,:/TZ+ -]*+[\])]?+:?\s*+(?:[-|]\s++)?(?:\S{{1,80}}+\s++[-|]\s++)?[\[(]?{_LABEL}"
    rf"|[A-Z]\S{{0,80}}+\s{{2,}}+{_LABEL}"  # after a padded name
    rf"|\s{{4,}}+{_LABEL}"  # after a time that rich leaves out
    rf"|\[\#\d++\]\s{_LABEL}"  # after RooFit's stream
    rf"|\{{.{{0,200}}?\"level\"\s*+:\s*+\"{_LABEL}"  # in JSON
    r"|(Info|Warning|SysError|Error|Fatal)\ in\ <"
    r"|([Ww]arning|SysError|[Ee]rror|Fatal|Fatal\ Python\ error):"
    r"|\ \*\*\*\ (Break)\ \*\*\*"
    r"|(Traceback\ \(most\ recent)"
    r"|[^\s:]{1,300}+:\d++:\s(\w*Warning):\s)"
)
# Every line that says its level has one of the words in capitals, or one of these.
_CAPITALS = re.compile(rb"DEBUG|VERBOSE|TRACE|INFO|RESULT|NOTICE|SUCCESS|WARN|ERROR|CRITICAL|FATAL")
_NO_CAPITALS = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ\n"))
_OTHERS = {
    b":": (re.compile(b"arning:"), re.compile(b"rror:"), re.compile(b"Fatal:")),
    b"<": (re.compile(b" in <"),),
    b"*": (re.compile(rb"\* Break \*"),),
    b"(": (re.compile(rb"Traceback \(most"),),
}
_FEW = 8


def levels_of_lines(lines: Sequence[str], default: int) -> bytearray:
    """The level of each line, as its place in `LEVELS`; `default` where a line does not say.

    >>> list(levels_of_lines(["[DEBUG:20] seed", "Error in <TFile::Open>: no file", "x"], default=1))
    [0, 3, 1]
    """
    levels = bytearray([default]) * len(lines)
    for number in _suspects(lines):
        if match := _SAYS.match(lines[number]):
            levels[number] = _PLACES.get(match[match.lastindex or 0], 2)
    return levels


def _suspects(lines: Sequence[str]) -> Iterable[int]:
    """Which lines may say their level: where few do, the others are ruled out all at once."""
    data = "\n".join(lines).encode("utf-8", "replace")
    if data.count(b"\n") != len(lines) - 1:
        return range(len(lines))
    capitals = data.translate(None, _NO_CAPITALS)
    few = len(lines) // _FEW
    found = [(capitals, list(islice(_CAPITALS.finditer(capitals), few + 1)))]
    if len(found[0][1]) <= few:
        for sign, words in _OTHERS.items():
            if sign in data:
                found += [(data, list(islice(word.finditer(data), few + 1))) for word in words]
    if max(len(matches) for _, matches in found) > few:
        return range(len(lines))
    return {line for text, matches in found for line in _lines_of(text, matches)}


def _lines_of(text: bytes, matches: Iterable[re.Match[bytes]]) -> Iterator[int]:
    """The number of the line in which each of these matches begins; they come in order."""
    line = before = 0
    for match in matches:
        line += text.count(b"\n", before, match.start())
        before = match.start()
        yield line


def level_of_number(number: int) -> str:
    """The level of a record of Python's logging, whatever name was given to its number.

    >>> level_of_number(25), level_of_number(5)
    ('INFO', 'DEBUG')
    """
    return LEVELS[min(max(number // 10 - 1, 0), 4)]
