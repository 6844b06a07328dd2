"""How serious a line is, by the words with which programs of the field say it.

basf2 prints `[INFO] ...` or JSON with a "level", ROOT `Error in <TFile::Open>: ...`, RooFit
`[#1] INFO:Fitting -- ...`, Gaudi `NAME    WARNING ...`, Python's logging and rich (coffea's console)
whatever their format puts before a word in capitals. Sources: LogMessage.cc of basf2, the default
error handler of ROOT (TErrorDefaultHandler.cxx), the documentation of Python's logging.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

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
    r"|(Info|Warning|SysError|Error|Fatal)\sin\s<"
    r"|([Ww]arning|SysError|[Ee]rror|Fatal|Fatal\sPython\serror):"
    r"|\s\*\*\*\s(Break)\s\*\*\*"
    r"|(Traceback\ \(most\ recent)"
    r"|[^\s:]{1,300}+:\d++:\s(\w*Warning):\s)"
)


def levels_of_lines(lines: Sequence[str], default: int) -> bytearray:
    """The level of each line, as its place in `LEVELS`; `default` where a line does not say.

    >>> list(levels_of_lines(["[DEBUG:20] seed", "Error in <TFile::Open>: no file", "x"], default=1))
    [0, 3, 1]
    """
    found = list(map(_SAYS.match, lines))
    if not any(found):
        return bytearray([default]) * len(found)
    return bytearray(
        default if match is None else _PLACES.get(match[match.lastindex or 0], 2) for match in found
    )


def level_of_number(number: int) -> str:
    """The level of a record of Python's logging, whatever name was given to its number.

    >>> level_of_number(25), level_of_number(5)
    ('INFO', 'DEBUG')
    """
    return LEVELS[min(max(number // 10 - 1, 0), 4)]
