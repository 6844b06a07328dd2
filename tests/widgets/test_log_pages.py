"""What the browser asks of a log: rows, hits, names and text, checked and in a thread."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from hepnb.runs.logs import LogWriter
from hepnb.widgets import LogView, RunView, log_pages, run_view

EVERYTHING: dict[str, Any] = {
    "levels": None,
    "worker": None,
    "chunk": None,
    "logger": None,
    "search": None,
    "regex": False,
}


def ask(view: RunView, *requests: dict[str, Any]) -> list[dict[str, Any]]:
    """Send requests as the browser does; the answers to them."""
    view.comm.take()
    for number, request in enumerate(requests, 1):
        view._handle_custom_msg({"id": f"v-{number}", **request}, [])
    for pump in (view._errands, view._commands, view._pump):
        assert pump.join(5)
    return [m["content"] for m in view.comm.take() if m.get("method") == "custom"]


def page(start: int, count: int, **changes: Any) -> dict[str, Any]:
    return {"kind": "log", "start": start, "count": count, **EVERYTHING, **changes}


def test_rows_are_what_the_protocol_says(run: Any) -> None:
    (answer,) = ask(RunView(run), page(100, 50))
    assert (answer["id"], answer["ok"]) == ("v-1", True)
    result = answer["result"]
    assert (result["total"], result["start"], result["searched"]) == (5000, 100, 1.0)
    assert sum(result["counts"].values()) == 5000
    assert set(result) == {"total", "start", "counts", "searched", "names", "rows"}
    levels = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    for row, record in zip(result["rows"], run.records[100:150], strict=True):
        n, when, level, worker, chunk, logger, repeat, text, lines = row
        assert (n, levels[level], worker) == (record["n"], record["level"], record["worker"])
        assert (result["names"][chunk], result["names"][logger]) == (record["chunk"], "root")
        assert (repeat, text, lines) == (record["repeat"], record["text"], text.count("\n") + 1)
        assert abs(when - record["time"]) < 0.001
    (last,) = ask(RunView(run), page(-20, 20))
    assert last["result"]["start"] == 4980


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ({"levels": ["ERROR"]}, lambda r: r["level"] == "ERROR"),
        ({"worker": 2, "chunk": "dimuon_0.root:30-40"}, lambda r: r["n"] == 3),
        ({"logger": "nobody"}, lambda r: r["n"] < 0),
        ({"search": "BASKET"}, lambda r: "basket" in r["text"]),
        ({"search": r"^ca.*\d7 kb$", "regex": True}, lambda r: r["text"].endswith("7 kB")),
    ],
)
def test_filters(run: Any, asked: dict[str, Any], fits: Any) -> None:
    view = LogView(run)
    (answer,) = ask(view, page(0, 500, **asked))
    while answer["result"]["searched"] < 1:
        (answer,) = ask(view, page(0, 500, **asked))
    expected = [r["n"] for r in run.records if fits(r)]
    assert answer["result"]["total"] == len(expected)
    assert [row[0] for row in answer["result"]["rows"]] == expected[:500]


@pytest.mark.parametrize(
    "wrong",
    [
        {"count": 100_000},
        {"count": -1},
        {"start": "0"},
        {"levels": "INFO"},
        {"levels": ["LOUD"]},
        {"worker": "1"},
        {"search": 3},
        {"chunk": ["x"]},
    ],
)
def test_what_cannot_be_is_refused_in_the_answer(run: Any, wrong: dict[str, Any]) -> None:
    kinds = ["log", "log_find", "log_text"]
    if set(wrong) & {"count", "start"}:
        kinds.remove("log_find")  # it has neither
    if wrong == {"count": 100_000}:
        kinds.remove("log_text")  # as many as one likes
    requests = [{**page(0, 50, search="x"), "near": -1, **wrong, "kind": kind} for kind in kinds]
    answers = [answer for request in requests for answer in ask(LogView(run), request)]
    assert [answer["ok"] for answer in answers] == [False] * len(kinds)
    assert not any("\n" in answer["error"] for answer in answers)


def test_a_bad_expression_is_told_in_one_line(run: Any) -> None:
    view = LogView(run)
    for kind in ("log", "log_find"):
        for text in ("(", "[[a", "*x", "(?P<a", "a{99999999999}"):
            request = {**page(0, 5, search=text, regex=True), "kind": kind, "near": 0}
            (answer,) = ask(view, request)
            assert answer["error"].startswith("no regular expression: ")
    assert view.problem == ""


def test_an_expression_that_never_ends_is_told_in_one_line(make_run: Any) -> None:
    run = make_run()
    writer = LogWriter(run.directory / "log")
    writer.add("a" * 60 + "!")
    writer.close()
    view = LogView(run)
    for kind in ("log", "log_find", "log_text"):
        request = {**page(0, 5, search=r"(a|aa)+$", regex=True), "kind": kind, "near": -1}
        (answer,) = ask(view, request)
        while answer["ok"]:  # it has not come so far yet
            (answer,) = ask(view, request)
        assert answer["error"].startswith("the regular expression '(a|aa)+$' takes too long: ")
        assert "\n" not in answer["error"]
    assert view.problem == ""


def test_rows_say_where_their_hits_are(make_run: Any) -> None:
    run = make_run()
    writer = LogWriter(run.directory / "log")
    long = "tau0" + "x" * 320 + "tau0" + "x" * 320 + "\U0001f600 TAU0"
    for text in ("\U0001f600 Tau0 and \x1b[31mta\x1b[0mu0", "a" * 60 + "!", long):
        writer.add(text)
    writer.close()

    def marked(count: int, **more: Any) -> list[list[str]]:
        (answer,) = ask(LogView(run), page(-count, count, **more))
        assert answer["ok"]
        assert len(answer["result"]["rows"]) == count
        out = []
        for *_, text, _lines, marks in ([*row, []][:10] for row in answer["result"]["rows"]):
            units = text.encode("utf-16-le")  # as JavaScript counts
            pieces = [units[2 * a : 2 * b] for a, b in zip(marks[::2], marks[1::2], strict=True)]
            out.append([piece.decode("utf-16-le") for piece in pieces])
        return out

    assert marked(2, search="tau0") == [["Tau0", "ta\x1b[0mu0"], ["tau0", "TAU0"]]
    shown = [["Tau0", "ta\x1b[0mu0"], [], ["tau0", "TAU0"]]
    assert marked(3, search="tau0", all=True) == shown
    assert marked(3, search="t.u0", regex=True, all=True) == shown
    assert marked(1, search="tau0", all=True, whole=True) == [["tau0", "tau0", "TAU0"]]
    assert marked(1, search="x", all=True)[0] == ["x"] * 100
    for given in ("((", r"(a|aa)+$"):  # lines are shown whatever is searched for
        assert marked(3, search=given, regex=True, all=True)[1:] == [[], []]


def test_the_next_hit(run: Any) -> None:
    hits = [r["n"] for r in run.records if "basket" in r["text"]]
    request = {**page(0, 0, search="basket"), "kind": "log_find"}
    view = LogView(run)
    (answer,) = ask(view, {**request, "near": hits[3]})
    while answer["result"]["searched"] < 1:
        (answer,) = ask(view, {**request, "near": hits[3]})
    expected = {"total": len(hits), "searched": 1.0, "hit": 4, "n": hits[4], "row": hits[4]}
    assert answer["result"] == expected
    (answer,) = ask(view, {**request, "near": hits[3], "back": True})
    assert answer["result"]["n"] == hits[2]


def test_the_names(run: Any) -> None:
    (answer,) = ask(LogView(run), {"kind": "log_names"})
    assert answer["result"]["workers"] == [1, 2]
    assert answer["result"]["loggers"] == ["root"]
    assert answer["result"]["chunks"][:2] == ["dimuon_0.root:0-10", "dimuon_1.root:10-20"]


def test_long_texts_are_cut_until_they_are_asked_for(make_run: Any) -> None:
    run = make_run()
    writer = LogWriter(run.directory / "log")
    text = "begin\n" + "x" * 5000 + "\nValueError: end"
    writer.add(text)
    writer.close()
    short, whole = ask(LogView(run), page(5000, 1), page(5000, 1, whole=True))
    (row,) = short["result"]["rows"]
    assert len(row[7]) < 500
    assert row[8] == -3
    assert row[7].startswith("begin\n")
    assert row[7].endswith("\nValueError: end")
    (row,) = whole["result"]["rows"]
    assert row[7:] == [text, 3]


def test_a_long_traceback_is_cut_down_to_its_exception_and_not_to_the_note_below(
    make_run: Any,
) -> None:
    run = make_run()
    writer = LogWriter(run.directory / "log")
    frames = '  File "a.py", line 5, in lead\n    return pt[:, 0]\n' * 20
    note = "\n\nwith\n\n    a note" * 20 + "\nin definition 'lead'"
    writer.add(f"Traceback (most recent call last):\n{frames}IndexError: no 0{note}")
    writer.close()
    (answer,) = ask(LogView(run), page(0, 1, search="no 0"))
    (row,) = answer["result"]["rows"]
    text = row[7]
    assert text.partition("\n…\n")[2].startswith("IndexError: no 0\n\nwith\n")
    assert len(text) < 500
    assert [text[a:b] for a, b in zip(row[9][::2], row[9][1::2], strict=True)] == ["no 0"]


def test_all_text_comes_in_pieces_and_each_line_once(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_pages, "_PIECE", 50_000)
    view = LogView(run)
    got, at, pieces = "", 0, 0
    while at < 5000:
        (answer,) = ask(view, {**page(at, 5000 - at), "kind": "log_text"})
        assert len(answer["result"]["text"]) < 60_000
        assert answer["result"]["next"] > at
        got, at = got + answer["result"]["text"], answer["result"]["next"]
        pieces += 1
    assert pieces > 3
    assert got.count("basket") == sum("basket" in r["text"] for r in run.records)
    assert len(re_heads(got)) == 5000
    (answer,) = ask(view, {**page(5000, 10), "kind": "log_text"})
    assert answer["result"] == {"text": "", "next": 5000}


def re_heads(text: str) -> list[str]:
    """The lines that begin a record."""
    return [line for line in text.splitlines() if line[2:3] == ":" and " root: " in line]


def test_of_many_requests_the_newest_is_answered_and_the_others_are_told(run: Any) -> None:
    view = LogView(run)
    gate = threading.Event()
    view._errands.put("slow", lambda: (gate.wait(5), None)[1])
    view.comm.take()
    for number in range(20):
        view._handle_custom_msg({"id": f"v-{number}", **page(number, 1)}, [])
    view._handle_custom_msg({"id": "w-1", **page(7, 1)}, [])  # another view on the page
    gate.set()
    assert view._errands.join(5)
    assert view._pump.join(5)
    answers = [m["content"] for m in view.comm.take() if m.get("method") == "custom"]
    assert {a["id"]: a["result"]["start"] for a in answers if a["ok"]} == {"v-19": 19, "w-1": 7}
    assert [a["error"] for a in answers if not a["ok"]] == ["superseded"] * 19


def test_the_state_carries_no_lines_until_the_run_has_ended(run: Any) -> None:
    view = LogView(run)
    assert view.state["log"] == {k: run.now["log"][k] for k in ("total", "counts")}
    assert "files" not in view.state
    assert "files" in RunView(run).state
    run.tell(state="done")
    assert view._pump.join(5)
    assert [row[0] for row in view.state["log"]["last"]["rows"]] == list(range(4960, 5000))


def test_no_news_is_not_sent(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_view, "_NO_NEWS", threading.TIMEOUT_MAX)
    view = LogView(run)
    assert view._pump.join(5)
    view.comm.take()
    for n in range(5):
        run.tell(now=run.now["now"] + n, progress={**run.now["progress"], "events": n})
        assert view._pump.join(5)
    assert view.comm.take() == []
