"""How serious a line is, by the words with which programs of the field say it.

basf2 prints `[INFO] ...` or JSON with a "level", ROOT `Error in <TFile::Open>: ...`, RooFit
`[#1] INFO:Fitting -- ...`, Gaudi `NAME    WARNING ...`, Python's logging and rich (coffea's console)
whatever their format puts before a word in capitals. Sources: LogMessage.cc of basf2, the default
error handler of ROOT (TErrorDefaultHandler.cxx), the documentation of Python's logging.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from .bulk import Lines

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "LEVELS",
    "changes_of_level",
    "count_levels",
    "level_of_number",
    "levels_of_lines",
    "levels_of_texts",
]

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
    rf"|[\[(]?\d[\d.,:/TZ+ -]*+[\])]?+:?\s*+(?:[-|]\s++)?(?:\S{{1,80}}+\s++[-|]\s++)??[\[(]?{_LABEL}"
    rf"|[A-Z]\S{{0,80}}+\s{{2,}}+{_LABEL}"  # after a padded name
    rf"|\s{{4,}}+{_LABEL}"  # after a time that rich leaves out
    rf"|\[\#\d++\]\s{_LABEL}"  # after RooFit's stream
    rf"|\{{.{{0,200}}?\"level\"\s*+:\s*+\"{_LABEL}"  # in JSON
    r"|(Info|Warning|SysError|Error|Fatal)\ in\ <"
    r"|([Ww]arning|SysError|[Ee]rror|Fatal|Fatal\ Python\ error):"
    r"|\ \*\*\*\ (Break)\ \*\*\*"
    r"|(?:\ \ \+\ Exception\ Group\ )?(Traceback\ \(most\ recent)"
    r"|[^\s:]{1,300}+:\d++:\s(\w*Warning):\s)"
)
# Every line that says its level has four letters of these: capitals, or some that end in a sign.
_CAPITALS = b"DEBU VERB TRAC INFO RESU NOTI SUCC WARN ERRO CRIT FATA".split()
_SIGNED = [b"ing:", b"ror:", b"tal:", b"in <", b" ***", b"ck ("]
_SIGNS = {sign: {four[-2] for four in _SIGNED if four[-1] == sign} for sign in b":<*("}
_ANY_CAPITALS = re.compile(b"|".join(_CAPITALS))
_NO_CAPITALS = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ\n"))
_FOURS = [int.from_bytes(four, "little") for four in _CAPITALS + _SIGNED]
_FOUR = 4
_LABEL_AND_END = 10
_LABELS = 6  # groups of `_SAYS`: what comes after such a label changes nothing
_NO_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)


def levels_of_lines(lines: Lines, default: int) -> bytearray:
    r"""The level of each line, as its place in `LEVELS`; `default` where a line does not say.

    >>> lines = Lines(b"[DEBUG:20] seed\nError in <TFile::Open>: no file\nx\n")
    >>> list(levels_of_lines(lines, default=1))
    [0, 3, 1]
    """
    levels = bytearray([default]) * len(lines)
    known: dict[bytes, int] = {}
    numbers, signs = _suspects(lines)
    places = signs.tolist(), lines.begins[numbers].tolist(), lines.ends[numbers].tolist()
    for number, sign, begin, end in zip(numbers.tolist(), *places, strict=True):
        start = lines.data[begin : sign + _LABEL_AND_END].translate(_NO_DIGITS)
        level = known.get(start)
        if level is None:
            if not (match := _SAYS.match(lines.data[begin:end].decode())):
                continue
            level = _level(match)
            group = match.lastindex or 0
            is_label = group <= _LABELS and match.start(group) == sign - begin
            if is_label and match.end() <= len(start) and start.isascii():
                known[start] = level
        levels[number] = level
    return levels


def levels_of_texts(texts: Sequence[str], data: bytes, default: int) -> bytearray:
    """The same of texts that are all from `data` and few, or of several lines."""
    capitals = data.translate(None, _NO_CAPITALS)
    if not (_ANY_CAPITALS.search(capitals) or any(data.rfind(four) >= 0 for four in _SIGNED)):
        return bytearray([default]) * len(texts)
    said = map(_SAYS.match, texts)
    return bytearray(default if match is None else _level(match) for match in said)


def _level(said: re.Match[str]) -> int:
    return _PLACES.get(said[said.lastindex or 0], 2)


def _suspects(lines: Lines) -> tuple[np.ndarray, np.ndarray]:
    """The lines that may say their level, by number, and the place where each may do so first.

    All others are ruled out at once.
    """
    import numpy as np

    data = lines.array
    is_capital = data - ord("A") <= ord("Z") - ord("A")  # as bytes, so none below it
    pairs = is_capital[1:] & is_capital[:-1]
    found = pairs[2:] & pairs[:-2]
    last, before = data[_FOUR - 1 :], data[_FOUR - 2 : -1]
    for sign, letters in _SIGNS.items():
        if sign in lines.data:
            found |= (last == sign) & reduce(or_, (before == letter for letter in letters))
    if not found.any():
        return np.empty(0, np.intp), np.empty(0, np.intp)
    at = found.nonzero()[0]
    fours = np.ndarray(len(found), "<u4", lines.data, strides=(1,))[at]
    at = at[reduce(or_, (fours == four for four in _FOURS))]
    numbers = np.searchsorted(lines.ends, at)
    first = np.diff(numbers, prepend=-1) > 0
    return numbers[first], at[first]


def count_levels(levels: bytearray) -> list[int]:
    """How many there are of each level.

    >>> count_levels(bytearray([1, 1, 3]))
    [0, 2, 0, 1, 0]
    """
    if levels == levels[:1] * len(levels):
        return [len(levels) * (place in levels[:1]) for place in range(len(LEVELS))]
    import numpy as np

    return list(np.bincount(np.frombuffer(levels, np.uint8), minlength=len(LEVELS)).tolist())


def changes_of_level(levels: bytearray, most: int) -> list[int]:
    """The places whose level is not that of the place before, if there are few enough.

    >>> changes_of_level(bytearray([1, 1, 3, 1]), most=2), changes_of_level(bytearray([1, 3]), 0)
    ([2, 3], [])
    """
    if levels == levels[:1] * len(levels):
        return []
    import numpy as np

    places = np.diff(np.frombuffer(levels, np.uint8)).nonzero()[0] + 1
    return list(places.tolist()) if len(places) <= most else []


def level_of_number(number: int) -> str:
    """The level of a record of Python's logging, whatever name was given to its number.

    >>> level_of_number(25), level_of_number(5)
    ('INFO', 'DEBUG')
    """
    return LEVELS[min(max(number // 10 - 1, 0), 4)]
