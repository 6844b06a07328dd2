"""A search finds what Python's own module would, and always ends."""

from __future__ import annotations

import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepnb.errors import RunError
from hepnb.runs.logs import LogFile, LogWriter
from hepnb.runs.logs.matching import matches, places

TEXTS = [
    "",
    "line 1",
    "LINE 12\nof two",
    "Straße\tx = 1.5e-3",
    "[ERROR] ΜΑΖΑ",
    "a.b|c(d)",
    "\x1b\x00",
]
PATTERNS = [
    r"line \d+$",
    r"^of",
    r"\bx\b.*=\s*\d",
    r"stra(ß|ss)e",
    r"\[error\] μ",
    r"(\w)\1",
    "",
    r".",
]
PATTERNS += [
    r"(?<=l)ine(?! 1$)",
    r"\W\w\Z",
    r"[[a-c]|[^\x00-~]",
    r"(?P<n>\d).(?P=n)",
    r"a.b|(?:c\()+d",
]
FLAGS = [
    re.NOFLAG,
    re.IGNORECASE,
    re.MULTILINE,
    re.DOTALL,
    re.IGNORECASE | re.MULTILINE,
    re.ASCII | re.IGNORECASE,
    re.VERBOSE,
]


@pytest.mark.parametrize("flags", FLAGS, ids=str)
@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
def test_an_expression_means_what_it_means_to_python(flags):
    for pattern in PATTERNS:
        compiled = re.compile(pattern, flags)
        expected = [number for number, text in enumerate(TEXTS) if compiled.search(text)]
        assert matches(TEXTS, compiled) == expected, pattern


@given(st.lists(st.text(max_size=30), max_size=9), st.text(min_size=1, max_size=4))
def test_escaped_text_is_found_as_it_stands(texts, piece):
    expected = [number for number, text in enumerate(texts) if piece in text]
    assert matches(texts, re.compile(re.escape(piece))) == expected


@given(st.lists(st.text(max_size=30), max_size=9), st.text(min_size=1, max_size=4))
def test_places_are_those_of_the_hits(texts, piece):
    expected = [[hit.span() for hit in re.finditer(re.escape(piece), text)] for text in texts]
    assert places(texts, re.compile(re.escape(piece))) == expected
    found = places(texts, piece)
    assert [n for n, hits in enumerate(found) if hits] == matches(texts, piece)
    for text, hits in zip(texts, found, strict=True):
        assert all(piece.casefold() in text[begin:end].casefold() for begin, end in hits)


def test_places_are_in_the_text_with_its_colours_of_what_is_seen():
    text = "\x1b[31mred m\x1b[0muon 31m"
    assert [text[a:b] for a, b in places([text], "muon")[0]] == ["m\x1b[0muon"]
    assert [text[a:b] for a, b in places([text], "31m")[0]] == ["31m"]
    assert places([text], re.compile("^red|x*")) == [[(5, 8)]]
    assert len(places(["a" * 1000], "A")[0]) == 100


def test_places_that_take_long_to_find_are_given_up():
    hostile = "a" * 60 + "!"
    assert places([hostile, "aaa"], re.compile(r"(a+)+$")) == [[], [(0, 3)]]
    assert places(["aaa", hostile, "aaa"], re.compile(r"(a|aa)+$")) == [[(0, 3)], [], []]


@pytest.fixture
def log(tmp_path):
    """A log with lines of letters that expressions with repeats of repeats choke on."""
    writer = LogWriter(tmp_path / "log")
    for line in ("aaa", "a" * 60 + "!", "many words of which none ends in a colon, and so on!"):
        writer.add(line)
    writer.close()
    return LogFile(tmp_path / "log")


@pytest.mark.parametrize(
    "pattern", [r"(a+)+$", r"(.*a){25}$", r"(\w+\s?)*:$", r"^(([a-z])+.)+[A-Z]"]
)
def test_an_expression_at_which_python_never_ends_finds_what_there_is(log, pattern):
    hits = log.page(0, 9, search=re.compile(pattern))["records"]
    assert [hit["text"] for hit in hits] == (["aaa"] if pattern == "(a+)+$" else [])


def test_an_expression_that_explodes_ends_and_stops_nobody_meanwhile(log):
    pattern = re.compile(r"(a|aa)+$")
    said: list[str] = []

    def search() -> None:
        for _ in range(2):  # the second time it is known
            try:
                log.page(0, 9, search=pattern)
            except RunError as error:
                said.append(str(error))

    searching = threading.Thread(target=search, daemon=True)
    searching.start()
    turns = 0
    while searching.is_alive():
        searching.join(0.01)
        turns += 1
    assert turns > 5  # this thread had its turns while that one searched
    assert said[0] == said[1]
    assert said[0].startswith("the regular expression '(a|aa)+$' takes too long: ")
    assert "\n" not in said[0]
    assert log.page(0, 9, search="AAA")["total"] == 2
    assert log.page(0, 9, search=re.compile("^a+$"))["total"] == 1
