"""What workers print reaches the log whole, once, in order, and under the chunk it was printed in."""

from __future__ import annotations

import os
import selectors
from collections import Counter

import pytest

import hepnb as hn
from hepnb.runs.engines.output import Outputs


class Ends:
    """Pipes of one worker, the loop that reads them, and what it heard."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.heard: list[tuple[int, str, bytes]] = []
        self.outputs = Outputs(self.selector, lambda *said: self.heard.append(said))
        self.out, self.err = self.outputs.open(1)

    def turn(self) -> None:
        """One turn of a supervisor's loop."""
        timeout = self.outputs.turn()
        for key, _ in self.selector.select(min(timeout, 1.0)):
            key.data()

    @property
    def text(self) -> bytes:
        return b"".join(lines for _, _, lines in self.heard)


@pytest.fixture
def ends():
    ends = Ends()
    yield ends
    ends.outputs.close(1)
    for end in (ends.out, ends.err):
        os.close(end)


def test_only_whole_lines_are_told(ends):
    os.write(ends.out, b"one\ntw")
    ends.turn()
    assert ends.heard == [(1, "stdout", b"one\n")]
    os.write(ends.out, b"o\n")
    os.write(ends.err, b"bad\n")
    while len(ends.heard) < 3:
        ends.turn()
    assert sorted(ends.heard[1:]) == [(1, "stderr", b"bad\n"), (1, "stdout", b"two\n")]


def test_a_pipe_that_was_read_rests(ends):
    """A line and a flush at a time must not wake the supervisor for each of them."""
    for n in range(100):
        os.write(ends.out, b"%d\n" % n)
        ends.turn() if n == 0 else None
        assert not ends.selector.select(0) or n == 0
    assert ends.heard == [(1, "stdout", b"0\n")]
    while len(ends.heard) < 2:
        ends.turn()
    assert ends.heard[1][2] == b"".join(b"%d\n" % n for n in range(1, 100))


def test_drain_reads_what_is_there_though_the_pipe_rests(ends):
    os.write(ends.out, b"one\n")
    ends.turn()
    os.write(ends.out, b"two\nthree")
    ends.outputs.drain(1)
    assert ends.text == b"one\ntwo\n"
    ends.outputs.close(1)
    assert ends.text == b"one\ntwo\nthree\n"


def test_a_traceback_that_comes_in_pieces_is_told_whole(ends):
    pieces = [
        b"before\nTraceback (most recent call last):\n",
        b'  File "a.py", line 1\n',
        b"    f()\n",
    ]
    for piece in pieces:
        os.write(ends.err, piece)
        ends.outputs.drain(1) if piece == b"" else ends.turn()
    assert ends.text == b"before\n"
    os.write(ends.err, b"ValueError: 1\n")
    while len(ends.heard) < 2:
        ends.turn()
    assert ends.heard[1][2] == b"".join(pieces)[7:] + b"ValueError: 1\n"


def test_a_traceback_that_never_ends_is_told_at_the_end_of_the_chunk(ends):
    os.write(ends.err, b"Traceback (most recent call last):\n  and no more\n")
    ends.outputs.drain(1)
    assert ends.text == b"Traceback (most recent call last):\n  and no more\n"


def test_a_progress_bar_is_its_last_state(ends):
    for n in range(100):
        os.write(ends.err, b"\r%3d %%" % n + b"#" * 300)
        ends.outputs.drain(1)
    os.write(ends.err, b"\r100 %\r\n")
    ends.outputs.drain(1)
    assert ends.text.rpartition(b"\r")[0].rpartition(b"\r")[2] == b"100 %"
    assert len(ends.text) < 1000


def test_nothing_is_endless(ends):
    os.write(ends.out, b"one\n" + b"y" * 50_000)
    ends.outputs.drain(1)
    assert ends.text == b"one\n" + b"y" * 50_000 + b"\n"


@pytest.mark.parametrize("flushed", [False, True])
def test_a_flood_of_lines_is_counted_exactly_and_keeps_its_last(numbered, flushed):
    path = hn.Path("flood")

    @path.define
    def x(event):
        for n in range(20_000):
            print(f"line {n} of {event[0]}", flush=flushed)
        return event

    path.hist("x", x="x: 0, 2000, int")
    run = path.start(numbered[0], workers=2, chunk=100).wait(60)
    log = run.snapshot()["log"]
    assert (log["total"], log["counts"]) == (140_000, {"INFO": 140_000})
    page = run.log_page(0, 200_000)
    assert page["total"] == 140_000
    chunks = Counter()
    for record in page["records"]:
        first = int(record["text"].split()[-1])
        assert record["chunk"].split(":")[1].split("-")[0] == str(first % 1000)
        assert record["text"] == f"line {chunks[record['chunk']]} of {first}"
        chunks[record["chunk"]] += 1
    assert set(chunks.values()) == {20_000}
    ends = run.log_page(0, 10, search="line 19999 of")
    assert ends["total"] == 7


def test_the_last_words_of_a_worker_that_dies_are_kept(numbered):
    path = hn.Path("dies")

    @path.define
    def x(event):
        os.write(1, b"first line\n" + b"no end")
        os._exit(3)

    path.hist("x", x="x: 0, 2000, int")
    run = path.start(numbered[0][0], workers=1)
    with pytest.raises(hn.HepnbError):
        run.wait(60)
    said = run.log_page(0, 100, logger="stdout")["records"]
    assert [(r["text"], r["chunk"]) for r in said][:2] == [
        ("first line", "0.root:0-400"),
        ("no end", "0.root:0-400"),
    ]
