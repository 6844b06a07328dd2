"""The words by which programs of the field say how serious a line is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepnb.runs.logs.bulk import Lines
from hepnb.runs.logs.levels import LEVELS, level_of_number, levels_of_lines, levels_of_texts

SAID = {
    "basf2": """
        DEBUG|[DEBUG:20] Seed of the event
        INFO|[INFO] Starting event processing
        INFO|[RESULT] 3 tracks
        WARNING|[WARNING] no field  { module: Gearbox package: framework }
        ERROR|[ERROR] no file
        CRITICAL|[FATAL] cannot go on
        INFO|0.123: [INFO] with the time
        ERROR|\x1b[31m[ERROR] in red\x1b[m
        WARNING|{"level":"WARNING","message":"no field","package":"framework"}
        INFO|{"proc":1,"message":"[ERROR]","level": "INFO"}""",
    "ROOT": """
        ERROR|Error in <TFile::TFile>: file x.root does not exist
        WARNING|Warning in <TClass::Init>: no dictionary for class X is available
        INFO|Info in <TCanvas::Print>: pdf file x.pdf has been created
        ERROR|SysError in <TFile::TFile>: file x.root can not be opened
        CRITICAL|Fatal in <TClass::X>: no memory
        CRITICAL| *** Break *** segmentation violation
        ERROR|Error: no place is given
        INFO|[#1] INFO:Minimization -- the minimizer
        ERROR|[#0] ERROR:Eval -- evaluation error""",
    "Python": """
        WARNING|WARNING:root:hello
        ERROR|2026-01-01 12:00:00,123 ERROR something
        WARNING|2026-01-01 12:00:00,123 - my.module - WARNING - text
        CRITICAL|2026-01-01 12:00:00.1 | CRITICAL | module:f:1 - text
        INFO|2026-01-01 12:00:00.1 | INFO     | module:f:1 - text
        WARNING|[10/24/26 12:00:00] WARNING  text                  file.py:12
        INFO|                    INFO     the same time           file.py:13
        WARNING|/home/me/a.py:12: UserWarning: careful
        WARNING|a.py:12: RuntimeWarning: divide by zero
        ERROR|Traceback (most recent call last):
        CRITICAL|Fatal Python error: Segmentation fault""",
    "Gaudi": """
        INFO|AthenaEventLoopMgr   INFO   start of run 1
        WARNING|ToolSvc.Thing     WARNING  bad
        DEBUG|JobOptionsSvc     VERBOSE  more""",
    "nobody": """
        -|line 12 of the thing
        -|The ERROR matrix is fine
        -| ERROR MATRIX ACCURATE
        -|ERRORS are none
        -|INFORMATION: x
        -|there was an error: 3
        -|12 WARNINGS
        -|3.5 GeV
        -|2026-01-01 nothing
        -|key   value
        -|Information in <x>
        -|a:b:c
        -|10:20: 30
        -|\x1b[32mgreen\x1b[0m text""",
}
CASES = [
    (who, *line.lstrip(" ").split("|", 1))
    for who, lines in SAID.items()
    for line in lines.strip("\n").split("\n        ")
    if line.strip()
]


def levels(*lines: str) -> list[int]:
    """The levels of these lines, 9 where one does not say, found in both ways."""
    data = "".join(f"{line}\n" for line in lines).encode()
    found = levels_of_lines(Lines(data), 9)
    assert found == levels_of_texts(lines, data, 9)
    return list(found)


@pytest.mark.parametrize(("who", "level", "line"), CASES)
def test_a_printed_line_has_the_level_that_it_says(who, level, line):
    (place,) = levels(line)
    assert ("-" if place == 9 else LEVELS[place]) == level


@pytest.mark.parametrize("others", ["line 12", "Event: 3 < 4 * (5)", "[INFO] said"])
@pytest.mark.parametrize(("who", "level", "line"), CASES)
def test_a_line_says_the_same_among_many(who, level, line, others):
    """Where few lines say their level, the others are ruled out all at once."""
    (alone,), (other,) = levels(line), levels(others)
    found = levels(*[others] * 30, line, *[others] * 19)
    assert found == [other] * 30 + [alone] + [other] * 19


@given(st.lists(st.sampled_from([line for _, _, line in CASES]), max_size=60))
def test_no_line_changes_the_level_of_another(lines):
    """Those that begin alike are matched once."""
    assert levels(*lines) == [level for line in lines for level in levels(line)]


def test_what_follows_a_long_beginning_counts():
    assert levels("WARNING:12345678", "WARNING:12345678]", "WARNING:1234567890x") == [2, 2, 2]
    assert levels("[WARNING] x", "[WARNINGS] x", "[WARNING", "[WARNING]") == [2, 9, 2, 2]


@given(st.lists(st.text(max_size=80).filter(lambda text: "\n" not in text), max_size=20))
def test_any_line_has_one_level(lines):
    data = "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
    assert len(levels_of_lines(Lines(data), 1)) == len(lines)


def test_levels_of_logging_are_known_by_their_number():
    numbers = (1, 10, 19, 20, 30, 40, 50, 99)
    assert [level_of_number(n) for n in numbers] == [
        *("DEBUG", "DEBUG", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "CRITICAL")
    ]
