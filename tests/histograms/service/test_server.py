"""The server's loop from inside: group commit, a disk that fails to sync, clients that stall."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import hist
import numpy as np
import pytest

from hepnb.errors import StoreError
from hepnb.frames import FrameReader, encode
from hepnb.histograms import Contribution, RemoteHist, Signature, Store
from hepnb.histograms.service import server as server_file
from hepnb.histograms.service.door import Door
from hepnb.histograms.service.protocol import PROTOCOL
from hepnb.histograms.service.server import Server

SIGNATURE = Signature.from_axes("m", [hist.axis.Regular(4, 0, 4, name="x")], "Weight")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "s", Door.unix(tmp_path / "sock"))
    thread = threading.Thread(target=made.run)
    thread.start()
    yield made
    made.stop()
    thread.join(30)
    assert not thread.is_alive()


class Talk:
    """One connection, opened for the histogram `m`."""

    def __init__(self, path: Path) -> None:
        self.line = socket.socket(socket.AF_UNIX)
        self.line.settimeout(20)
        self.line.connect(str(path))
        self.reader = FrameReader()
        self.send({"k": "hello", "protocol": PROTOCOL})
        assert self.hear(1)[0]["k"] == "welcome"
        self.send({"k": "open", "n": 0, "name": "m", "signature": SIGNATURE.to_dict()})
        assert self.hear(1)[0]["k"] == "opened"

    def send(self, message: dict[str, object], raw: bytes = b"") -> None:
        self.line.sendall(encode({**message, "raw": len(raw)} if raw else message) + raw)

    def hear(self, count: int) -> list[dict[str, object]]:
        out: list[dict[str, object]] = []
        while len(out) < count:
            data = self.line.recv(1 << 16)
            assert data
            out += [message for message, _ in self.reader.feed(data)]
        return out


def body(ident: str) -> bytes:
    made = Contribution({"m": SIGNATURE})
    made.fill("m", x=1)
    return made.encode(f"m/{ident}", None, {})


def test_what_arrives_together_shares_one_sync(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs = []
    real = server.writer.sync
    monkeypatch.setattr(server.writer, "sync", lambda: (syncs.append(1), real()))
    talk = Talk(tmp_path / "sock")
    talk.line.sendall(
        b"".join(
            encode({"k": "add", "n": n, "name": "m", "raw": len(body(f"{n}"))}) + body(f"{n}")
            for n in range(200)
        )
    )
    replies = talk.hear(200)
    assert [r["n"] for r in replies] == list(range(200))
    assert all(r["new"] for r in replies)
    assert len(syncs) < 50
    talk.line.close()


def test_nothing_is_acknowledged_while_the_disk_does_not_sync(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync that failed once is not believed again: a fold writes the records anew."""
    failing = threading.Event()
    failing.set()
    real = {"sync": server.writer.sync, "fold": server.writer.fold}

    def gate(name: str) -> object:
        if failing.is_set():
            raise StoreError("the disk reports a fault")
        return real[name]()

    monkeypatch.setattr(server.writer, "sync", lambda: gate("sync"))
    monkeypatch.setattr(server.writer, "fold", lambda: gate("fold"))
    talk = Talk(tmp_path / "sock")
    made = body("1")
    for n in (1, 2):  # the second is a duplicate, and not acknowledged any earlier
        talk.send({"k": "add", "n": n, "name": "m"}, made)
    talk.line.settimeout(1.5)
    with pytest.raises(TimeoutError):
        talk.hear(1)
    talk.line.settimeout(20)
    failing.clear()
    assert [(r["n"], r["new"]) for r in talk.hear(2)] == [(1, True), (2, False)]
    assert Store.open(tmp_path / "s").folded == 1
    talk.line.close()


def test_who_says_nothing_is_hung_up_on(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_file, "_HELLO_WITHIN", 0.3)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.settimeout(20)
        silent.connect(str(tmp_path / "sock"))
        began = time.monotonic()
        assert silent.recv(1) == b""
        assert time.monotonic() - began > 0.2
    Talk(tmp_path / "sock").line.close()


def test_who_takes_no_replies_is_answered_one_by_one_and_hung_up_on(
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What it asks for is made when it has taken the last; nobody else waits for it."""
    monkeypatch.setattr(server_file, "_READ_WITHIN", 1.0)
    made = []
    real = server._requests._contents
    monkeypatch.setattr(server._requests, "_contents", lambda name: (made.append(1), real(name))[1])
    axis = hist.axis.Regular(1_000_000, 0, 1, name="x")
    other = RemoteHist(tmp_path / "sock", "large", axis, seconds=0)
    other.fill(x=0.5).flush()
    deaf = Talk(tmp_path / "sock")
    deaf.send({"k": "open", "n": 1, "name": "large"})
    deaf.hear(1)
    deaf.line.sendall(encode({"k": "hist", "n": 2, "name": "large"}) * 1000)
    for _ in range(20):
        other.fill(x=0.5).flush()
    assert other.snapshot().sum() == 21
    assert len(made) == 2  # of 8 MB each: one for either of them
    deadline = time.monotonic() + 30
    while "does not read its replies" not in caplog.text:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert len(made) == 2
    deaf.line.close()
    other.close()


def test_a_slow_reader_gets_all_its_replies(server: Server, tmp_path: Path) -> None:
    axis = hist.axis.Regular(300_000, 0, 1, name="x")
    RemoteHist(tmp_path / "sock", "large", axis).fill(x=0.5).close()
    slow = Talk(tmp_path / "sock")
    slow.send({"k": "open", "n": 1, "name": "large"})
    slow.hear(1)
    slow.line.sendall(b"".join(encode({"k": "hist", "n": n, "name": "large"}) for n in range(5)))
    slow.send({"k": "add", "n": 5, "name": "m"}, body("1"))
    slow.send({"k": "state", "n": 6})
    assert sorted(str(r["n"]) for r in slow.hear(7)) == list("0123456")
    slow.line.close()


STORAGES = ["Double", "Int64", "AtomicInt64", "Unlimited", "Weight", "Mean", "WeightedMean"]


def test_multicell_travels(server: Server, tmp_path: Path) -> None:
    axes = [hist.axis.StrCategory(["a", "b"], name="c"), hist.axis.Regular(3, 0, 3, name="x")]
    expected = hist.Hist(*axes, storage=hist.storage.MultiCell(2))
    with RemoteHist(tmp_path / "sock", "multi", *axes, storage="MultiCell(2)") as h:
        for label in ("a", "zz"):
            weights = np.arange(8.0).reshape(4, 2) / 4
            h.fill(c=label, x=[-1, 0, 1, 9], weight=weights)
            expected.fill(c=label, x=[-1, 0, 1, 9], weight=weights)
        h.flush()
        assert h.snapshot() == expected
        assert h["a", sum] == expected["a", sum]


def test_lost_variances_are_lost_in_a_snapshot_too(server: Server, tmp_path: Path) -> None:
    with RemoteHist(tmp_path / "sock", "w", hist.axis.Regular(3, 0, 3, name="x")) as h:
        h.fill(x=1).flush()
        assert h.snapshot().variances().tolist() == [0, 1, 0]
        h.fill(x=1, weight=2).flush()
        assert h.snapshot().variances() is None


@pytest.mark.parametrize("storage", STORAGES)
def test_every_storage_travels(server: Server, tmp_path: Path, storage: str) -> None:
    axes = [
        hist.axis.StrCategory(["a"], growth=True, name="c"),
        hist.axis.Variable([0, 1, 2, 5], name="x"),
        hist.axis.Boolean(name="b"),
    ]
    expected = hist.Hist(*axes, storage=getattr(hist.storage, storage)())
    rng = np.random.default_rng(0)
    with RemoteHist(tmp_path / "sock", storage, *axes, storage=storage) as h:
        for label in ("a", "b"):
            columns = {"x": rng.uniform(-1, 6, 50), "b": rng.random(50) < 0.3}
            more = {"sample": rng.normal(size=50)} if "Mean" in storage else {}
            if storage in ("Weight", "WeightedMean"):
                more["weight"] = rng.uniform(0.5, 1, 50)
            h.fill(c=label, **columns, **more)
            expected.fill(c=label, **columns, **more)
        h.flush()
        found = h.snapshot()
    assert type(found.storage_type()) is type(expected.storage_type())
    np.testing.assert_allclose(found.values(flow=True), expected.values(flow=True))
    np.testing.assert_allclose(found.counts(flow=True), expected.counts(flow=True))
    np.testing.assert_allclose(found.variances(flow=True), expected.variances(flow=True))
