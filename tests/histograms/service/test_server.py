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


STORAGES = ["Double", "Int64", "AtomicInt64", "Unlimited", "Weight", "Mean", "WeightedMean"]


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
