"""What the user's code logs and prints inside a worker, by whichever way, and whatever it does."""

from __future__ import annotations

import ctypes
import logging
import os
import subprocess
import sys
import warnings

import pytest

import hepnb as hn
from hepnb.runs.engines.capture import LogSender


@pytest.fixture
def sent():
    return []


@pytest.fixture
def logger(sent):
    logger = logging.Logger("mine")  # noqa: LOG001  one that nobody else knows
    logger.addHandler(LogSender(lambda message: sent.append(dict(message))))
    return logger


def test_records_travel_with_level_logger_and_time(logger, sent):
    logger.warning("%d of %d", 1, 2)
    logger.log(25, "between")
    try:
        raise ValueError("bad")
    except ValueError:
        logger.exception("it failed")
    assert [(m["level"], m["logger"], m["left_out"]) for m in sent] == [
        ("WARNING", "mine", 0),
        ("INFO", "mine", 0),
        ("ERROR", "mine", 0),
    ]
    assert sent[0]["text"] == "1 of 2"
    assert sent[2]["text"].startswith("it failed\nTraceback (most recent")
    assert sent[2]["text"].endswith("ValueError: bad")


def test_a_message_that_does_not_fit_its_arguments_is_one_record(logger, sent, capfd):
    logger.error("%d jets", "no")
    (message,) = sent
    assert (message["level"], message["logger"]) == ("ERROR", "mine")
    assert message["text"].startswith(f"%d jets ('no',): {__file__}:")
    assert "cannot be formatted: TypeError: %d format" in message["text"]
    assert capfd.readouterr().err == ""


def test_a_line_of_code_that_logs_without_end_is_limited_and_keeps_first_last_and_number(
    logger, sent
):
    for n in range(10_000):
        logger.info("line %d", n)
    logger.info("from another place")
    (handler,) = logger.handlers
    handler.send_last()
    handler.send_last()
    lines = [m for m in sent if m["text"].startswith("line")]
    assert [m["text"] for m in lines[:1000]] == [f"line {n}" for n in range(1000)]
    assert lines[-1]["text"] == "line 9999"
    assert len(lines) < 2000
    assert len(lines) + sum(m["left_out"] for m in lines) == 10_000
    assert [m["left_out"] for m in sent if m["text"] == "from another place"] == [0]


def logged(numbered, function, **asked):
    """The log of a run of this function over one file, chunk by chunk."""
    path = hn.Path("said")
    path.define("x", function)
    path.hist("x", x="x: 0, 2000, int")
    run = path.start(numbered[0][0], workers=1, chunk=200, **asked).wait(60)
    assert run.hist("x").sum() == 400
    assert (run.directory / "supervisor.log").read_text() == ""
    return run


def test_everything_that_can_be_said_is_in_the_log(numbered):
    def x(event):
        print("from print")
        print("to stderr", file=sys.stderr)
        logging.getLogger("mine").error("from logging")
        warnings.warn("from warnings", stacklevel=1)
        ctypes.CDLL(None).printf(b"from %s\n", b"printf")
        ctypes.CDLL(None).puts(b"Error in <TFile::Open>: from puts")
        subprocess.run(["echo", "[WARNING] from a child"], check=True)
        os.write(2, b"Info in <C>: to fd 2\n")
        return event

    run = logged(numbered, x)
    said = {
        (r["level"], r["logger"], r["text"].splitlines()[0].rpartition(": ")[2])
        for r in run.log_page(0, 100, chunk="0.root:0-200")["records"]
    }
    assert said == {
        ("INFO", "stdout", "from print"),
        ("WARNING", "stderr", "to stderr"),
        ("ERROR", "mine", "from logging"),
        ("WARNING", "py.warnings", "from warnings"),
        ("INFO", "stdout", "from printf"),
        ("ERROR", "stdout", "from puts"),
        ("WARNING", "stdout", "[WARNING] from a child"),
        ("INFO", "stderr", "to fd 2"),
    }
    assert run.log_page(0, 1, worker=1)["total"] == run.log_page(0, 1)["total"]


def test_streams_that_were_closed_are_there_again(numbered):
    def x(event):
        print("before")
        os.close(1)
        os.close(2)
        sys.stderr = None
        return event

    run = logged(numbered, x)
    texts = [r["text"] for r in run.log_page(0, 100, logger="stdout")["records"]]
    assert texts == ["before"]
    assert run.log_page(0, 100, logger="stdout")["records"][0]["repeat"] == 2


def test_strange_text_comes_as_it_is(numbered):
    said = [
        "\x1b[31mred\x1b[0m",
        "<script>alert(1)</script>",
        "na\u00efve \U0001f600",
        "nul \x00 in it",
    ]

    def x(event):
        for text in said:
            print(text)
        print("\udcff")
        os.write(1, b"\xff\n")
        return event

    run = logged(numbered, x)
    texts = {r["text"] for r in run.log_page(0, 100)["records"]}
    assert texts == {*said, "\\udcff", "\ufffd"}


def test_a_flood_of_log_messages_is_counted_exactly(numbered):
    def x(event):
        for n in range(5000):
            logging.getLogger("mine").error("message %d of %d", n, event[0])
        return event

    run = logged(numbered, x)
    assert run.snapshot()["log"]["counts"]["ERROR"] == 10_000
    page = run.log_page(0, 10_000, logger="mine")
    assert page["total"] < 5000
    texts = [r["text"] for r in page["records"]]
    assert {"message 0 of 0", "message 4999 of 0", "message 4999 of 200"} <= set(texts)
    assert any("messages like the next one left out" in text for text in texts)
