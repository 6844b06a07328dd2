"""kill -9 of servers and clients, and full disks: what was acknowledged is there, nothing twice.

CI gives the random kills 20 seconds; HEPNB_SOAK=1 two minutes.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import hist
import pytest

from hepnb.errors import StoreError
from hepnb.frames import FrameReader, encode
from hepnb.histograms import Contribution, Signature, Store
from hepnb.histograms.service.protocol import PROTOCOL

from .conftest import PROJECT, Service

SECONDS = 120 if os.environ.get("HEPNB_SOAK") else 20
SIGNATURE = Signature.from_axes("m", [hist.axis.Regular(4, 0, 4, name="x")], "Weight")

NAMED = """
# A client with ids of its own: one that is killed begins again a little before where it was.
import sys, hist, hepnb as hn
from pathlib import Path
address, number, log, end = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
channel = hist.axis.StrCategory([], growth=True, name="channel")
axis = hist.axis.Regular(4, 0, 4, name="x")
h = hn.RemoteHist(address, "m", channel, axis, storage="Weight")
n = max(0, (len(log.read_text().split()) if log.exists() else 0) - 5)
with log.open("a") as out:
    while not end.exists():
        first = n
        for n in range(first, first + 4):
            with h.contribution(f"{number}-{n}") as c:
                c.fill(channel=f"c{n % 3}", x=n % 4)
                c.fill(channel=f"d{number}", x=n % 4)
        h.flush(120)
        n += 1
        done = len(log.read_text().split())
        out.write("".join(f"{k}\\n" for k in range(done, n)))
        out.flush()
"""
PLAIN = """
# A client that just fills, and is never killed.
import sys, time, hist, hepnb as hn
from pathlib import Path
address, log, end = sys.argv[1], Path(sys.argv[3]), Path(sys.argv[4])
with hn.RemoteHist(address, "plain", hist.axis.Regular(4, 0, 4, name="x"), storage="Int64", seconds=0.02) as h:
    n = 0
    while not end.exists():
        h.fill(x=n % 4)
        n += 1
        time.sleep(0.002)
    h.flush(120)
    log.write_text(f"{n}")
"""


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 200)
def test_random_kills(make_service: Callable[..., Service], tmp_path: Path) -> None:
    rng = random.Random(5)
    service = make_service()
    end = tmp_path / "end"
    logs = [tmp_path / f"client-{number}" for number in range(4)]
    clients: dict[int, subprocess.Popen[bytes]] = {}
    kills = {"server": 0, "client": 0}

    def start(number: int) -> None:
        code = PLAIN if number == 3 else NAMED
        clients[number] = subprocess.Popen(
            [sys.executable, "-c", code, service.address, str(number), str(logs[number]), str(end)],
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )

    for number in range(4):
        start(number)
    try:
        stop = time.monotonic() + SECONDS
        time.sleep(2)
        while time.monotonic() < stop or min(kills.values()) < 4:
            time.sleep(rng.uniform(0.05, 1.0))
            if rng.random() < 0.5:
                service.kill()
                kills["server"] += 1
                time.sleep(rng.choice([0, 0.3]))
                service.start()
            else:
                victim = rng.randrange(3)
                clients[victim].kill()
                clients[victim].wait()
                kills["client"] += 1
                start(victim)
        time.sleep(3)
        end.touch()
        for client in clients.values():
            assert client.wait(150) == 0
    finally:
        for client in clients.values():
            client.kill()
            client.wait()
    service.kill(signal.SIGTERM)

    acknowledged = [len(log.read_text().split()) for log in logs[:3]]
    with Store.open(service.store) as store:
        ids = [entry.id for entry in store.ledger() if entry.id.startswith("m/")]
        assert len(ids) == len(set(ids))
        wanted = {f"m/{c}-{n}" for c, count in enumerate(acknowledged) for n in range(count)}
        assert set(ids) == wanted
        h = store.hist("m").to_hist()
        assert h.sum(flow=True).value == 2 * len(ids)  # no torn record: each fills two blocks
        assert store.hist("plain").sum(flow=True) == int(logs[3].read_text())
    print(f"{kills}, {acknowledged} contributions acknowledged, {logs[3].read_text()} fills")
    assert min(kills.values()) >= 4  # more of them where there is nothing else to do
    assert min(acknowledged) > 20


def body(ident: str) -> bytes:
    made = Contribution({"m": SIGNATURE})
    made.fill("m", x=1)
    return made.encode(f"m/{ident}", None, {})


def connect(service: Service) -> tuple[socket.socket, FrameReader]:
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(30)
    line.connect(service.address.removeprefix("unix:"))
    reader = FrameReader()
    line.sendall(encode({"k": "hello", "protocol": PROTOCOL}))
    receive(line, reader)
    line.sendall(encode({"k": "open", "n": 1, "name": "m", "signature": SIGNATURE.to_dict()}))
    receive(line, reader)
    return line, reader


def receive(line: socket.socket, reader: FrameReader) -> dict[str, object]:
    while True:
        data = line.recv(1 << 16)
        assert data
        for message, _ in reader.feed(data):
            return message


@pytest.mark.parametrize(
    "point", ["half a frame", "sent", "acknowledged", "acknowledged and folded"]
)
def test_a_server_killed_at_a_chosen_point(service: Service, point: str) -> None:
    line, reader = connect(service)
    made = body("1")
    frame = encode({"k": "add", "n": 2, "name": "m", "raw": len(made)}) + made
    line.sendall(frame[:-5] if point == "half a frame" else frame)
    if point.startswith("acknowledged"):
        assert receive(line, reader)["new"] is True
    if point.endswith("folded"):
        deadline = time.monotonic() + 30
        while Store.open(service.store).folded < 1:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    service.kill()
    line.close()
    service.start()
    line, reader = connect(service)
    line.sendall(frame)
    reply = receive(line, reader)
    assert reply["k"] == "added"
    if point == "half a frame":
        assert reply["new"] is True
    if point.startswith("acknowledged"):
        assert reply["new"] is False
    line.close()
    assert service.sum() == 1


def test_a_client_killed_in_the_middle_of_a_frame(service: Service) -> None:
    line, _ = connect(service)
    made = body("1")
    line.sendall(encode({"k": "add", "n": 2, "name": "m", "raw": len(made)}) + made[:20])
    line.close()
    with service.hist() as h:
        h.fill(x=1)
    assert service.sum() == 1


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs prlimit to fill the disk")
def test_a_full_disk_makes_clients_wait(service: Service) -> None:
    """The server may write no byte more into any file, for a while."""
    h = service.hist()
    h.fill(x=1)
    h.flush()
    assert service.process is not None
    pid, before = service.process.pid, resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (16, before[1]))
    h.fill(x=[1, 2])
    with pytest.raises(StoreError, match=r"not acknowledged within 1.5 s \(.*cannot append"):
        h.flush(1.5)
    assert h.snapshot().sum().value == 1
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    h.fill(x=3)
    h.close()
    assert service.sum() == 4
    assert service.kill(signal.SIGTERM) == 0
