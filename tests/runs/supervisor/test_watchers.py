"""Watching a real run from outside: the documented protocol, slow readers, hostile ones."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import hepnb as hn
from hepnb.errors import RunError
from hepnb.frames import FrameReader, encode
from hepnb.runs.directory import RunDirectory

PROTOCOL = Path(__file__).parents[3] / "docs" / "protocol.md"


@pytest.fixture
def slow_run(numbered):
    """A run of some seconds, cancelled if the test leaves it running."""
    path = hn.Path("slow")

    @path.define
    def number(event):
        time.sleep(0.02)
        return event

    path.select("known", "number >= 0")
    path.hist("pt", pt="Muon.pt: 20, 0, 100")
    run = path.start(numbered[0], workers=2, chunk=10)
    while run.status == "starting":
        time.sleep(0.01)
    yield run
    run.cancel()


def connect(run) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(20)
    connection.connect(str(RunDirectory(run.directory).socket_path()))
    return connection


def hear(connection):
    reader = FrameReader()
    while data := connection.recv(65536):
        yield from (message for message, _ in reader.feed(data))


def test_the_watcher_in_the_docs_works(slow_run):
    """The page promises forty lines of plain Python; they are run here as they stand there."""
    script = re.search(r"```python\n(.*?)```", PROTOCOL.read_text(), re.DOTALL).group(1)
    assert len(script.splitlines()) <= 40
    done = subprocess.run(
        [sys.executable, "-c", script, str(slow_run.directory)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "done 700 of 700"


def test_one_that_comes_back_is_told_only_what_changed_since(slow_run):
    """And in the end knows all that one knows who listened all the time."""

    def listen(connection, run):
        for message in hear(connection):
            run.update(message["changed"])
            yield message["changed"]

    known: dict = {}
    first = connect(slow_run)
    first.sendall(encode({"k": "subscribe"}))
    assert "directory" in next(listen(first, known))
    first.close()
    again = connect(slow_run)
    again.sendall(encode({"k": "subscribe", "seen": known["seq"]}))
    whole = connect(slow_run)
    whole.sendall(encode({"k": "subscribe", "seen": 10**9}))
    assert "directory" in next(listen(whole, {}))
    whole.close()
    news = list(listen(again, known))
    assert news
    assert not any("directory" in changed for changed in news)
    assert known["state"] == "done"
    assert known["progress"]["events"] == 700
    kept = json.loads((slow_run.directory / "status.json").read_text())
    differing = {name for name in kept if kept[name] != known[name]}
    assert differing <= {"seq", "now", "ended"}
    again.close()


def test_snapshots_have_the_documented_sections(slow_run):
    connection = connect(slow_run)
    connection.sendall(encode({"k": "subscribe"}))
    first = next(hear(connection))
    connection.close()
    documented = set(re.findall(r"`(\w+)`", PROTOCOL.read_text()))
    assert first["changed"].keys() <= documented
    for section in ("progress", "log"):
        assert first["changed"][section].keys() <= documented
    for section in ("workers", "files"):
        assert first["changed"][section][0].keys() <= documented
    json.dumps(first)


def test_requests_and_refusals(slow_run):
    connection = connect(slow_run)
    answers = hear(connection)
    connection.sendall(encode({"k": "snapshot", "id": 1}) + encode({"k": "dance", "id": 2}))
    assert next(answers)["result"]["id"] == slow_run.id
    refusal = next(answers)
    assert refusal["id"] == 2
    assert refusal["error"].startswith("unknown request 'dance'")
    connection.sendall(encode({"k": "log", "id": 3, "start": 0, "count": 5}))
    assert set(next(answers)["result"]) == {"total", "start", "records", "counts", "searched"}
    connection.close()


def test_one_who_never_reads_does_not_slow_the_run(numbered, slow_run):
    deaf = [connect(slow_run) for _ in range(3)]
    for connection in deaf:
        connection.sendall(encode({"k": "subscribe"}))
    slow_run.wait(60)
    assert slow_run.progress["events"] == 700
    for connection in deaf:
        connection.close()


def test_too_many_are_hung_up_on_and_the_run_goes_on(slow_run):
    crowd = [socket.socket(socket.AF_UNIX) for _ in range(300)]
    for connection in crowd:
        connection.connect(str(RunDirectory(slow_run.directory).socket_path()))
    crowd[-1].settimeout(20)
    assert crowd[-1].recv(1) == b""
    crowd[0].sendall(encode({"k": "subscribe"}))
    assert next(hear(crowd[0]))["k"] == "snapshot"
    slow_run.wait(60)
    assert slow_run.progress["events"] == 700
    for connection in crowd:
        connection.close()


@pytest.mark.parametrize(
    "hostile", [b"GET / HTTP/1.1\r\n\r\n", os.urandom(4096), b"\x00\x00\x00\x01\x01\xc1"]
)
def test_whoever_does_not_speak_the_protocol_is_hung_up_on(slow_run, hostile):
    connection = connect(slow_run)
    connection.sendall(hostile)
    if len(hostile) < 4096:
        assert connection.recv(100) == b""
    connection.close()
    assert slow_run.status == "running"
    slow_run.wait(60)
    assert slow_run.progress["events"] == 700


@pytest.mark.skipif(os.getuid() != 0, reason="becoming another user needs root")
def test_another_user_gets_nothing(slow_run):
    """Even with the directory opened by mistake the peer's user id is checked."""
    sock = RunDirectory(slow_run.directory).socket_path()
    for place in sock.parents:
        if place.owner() == "root" and place.stat().st_mode & 0o077 == 0:
            place.chmod(0o755)
    sock.chmod(0o777)
    script = (
        "import os, socket, sys\n"
        "os.setgid(12345); os.setuid(12345)\n"
        "s = socket.socket(socket.AF_UNIX); s.settimeout(10); s.connect(sys.argv[1])\n"
        "try:\n"
        "    s.sendall(bytes.fromhex(sys.argv[2])); print(len(s.recv(100)))\n"
        "except OSError:\n"
        "    print(0)\n"
    )
    hello = encode({"k": "cancel", "id": 1}).hex()
    done = subprocess.run(
        [sys.executable, "-c", script, str(sock), hello],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stdout.strip() == "0", done.stderr
    slow_run.wait(60)
    assert slow_run.status == "done"


def test_asking_a_run_that_has_ended(slow_run):
    slow_run.wait(60)
    with pytest.raises(RunError, match="it is done"):
        slow_run._client.request("cancel")
