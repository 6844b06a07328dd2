"""Strangers, liars and noise: refused in one line, logged, and nothing of theirs is counted."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hist
import pytest

from hepnb.errors import StoreError
from hepnb.frames import FrameReader, encode
from hepnb.histograms import Contribution, RemoteHist, Signature, StoreWriter
from hepnb.histograms.service.line import Line, Place
from hepnb.histograms.service.protocol import PROTOCOL, Address
from hepnb.histograms.service.security import read_token

from .conftest import PROJECT, SERVE, Service, Tls

HELLO = {"k": "hello", "protocol": PROTOCOL}
SIGNATURE = Signature.from_axes("m", [hist.axis.Regular(4, 0, 4, name="x")], "Weight")


class Raw:
    """A client that says whatever it likes."""

    def __init__(self, service: Service) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(service.address.removeprefix("unix:"))
        self.reader = FrameReader()

    def say(self, *messages: dict[str, Any] | bytes) -> list[dict[str, Any]]:
        """Send all; one reply, or none when the server hung up."""
        for message in messages:
            self.socket.sendall(message if isinstance(message, bytes) else encode(message))
        try:
            while data := self.socket.recv(1 << 16):
                if found := [message for message, _ in self.reader.feed(data)]:
                    return found
        except ConnectionResetError:
            pass
        return []

    def opened(self) -> Raw:
        assert self.say(HELLO)[0]["k"] == "welcome"
        (reply,) = self.say({"k": "open", "n": 1, "name": "m", "signature": SIGNATURE.to_dict()})
        assert (reply["k"], reply["n"]) == ("opened", 1)
        return self

    def add(self, body: bytes, **more: Any) -> dict[str, Any]:
        (reply,) = self.say({"k": "add", "n": 2, "name": "m", **more, "raw": len(body)}, body)
        return reply


@pytest.fixture
def raw(service: Service) -> Iterator[Raw]:
    made = Raw(service)
    yield made
    made.socket.close()


def record(ident: str, order: int | None = None, name: str = "m", **columns: Any) -> bytes:
    made = Contribution({name: Signature.from_axes(name, SIGNATURE.axes, "Weight")})
    made.fill(name, **(columns or {"x": 1}))
    return made.encode(ident, order, {})


@pytest.mark.parametrize(
    "noise",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00" + bytes(100),
        b"\xff\xff\xff\xff\x01",
        b"\x00\x00\x00\x05\x01\xc1\xc1\xc1\xc1\xc1",
        encode({"k": "add", "n": 1}),
        encode({**HELLO, "raw": 10}) + bytes(10),
        encode({**HELLO, "token": "x" * 20_000}),
        b"\x80\x04\x95" + bytes(10),
    ],
)
def test_what_is_not_the_protocol_is_hung_up_on(service: Service, raw: Raw, noise: bytes) -> None:
    assert raw.say(noise) == []
    assert "hung up: not this protocol" in service.log.read_text()
    with service.hist() as h:
        h.fill(x=1)
    assert service.sum() == 1


def test_a_frame_that_is_too_large_is_hung_up_on(make_service: Callable[..., Service]) -> None:
    service = make_service("--longest", "1")
    raw = Raw(service).opened()
    assert raw.say({"k": "add", "n": 2, "name": "m", "raw": (1 << 20) + 1}) == []
    assert "raw part of 1048577 bytes" in service.log.read_text()
    raw.socket.close()


def test_another_version_is_refused(service: Service, raw: Raw) -> None:
    (reply,) = raw.say({**HELLO, "protocol": 99})
    assert "protocol 99 is not spoken here" in reply["error"]
    assert "protocol 99" in service.log.read_text()
    assert raw.say() == []


@pytest.mark.parametrize("name", ["../m", "/etc/passwd", "a/b", "", "..", "a\0b", 7, None])
def test_a_name_is_no_path(service: Service, raw: Raw, name: object) -> None:
    raw.say(HELLO)
    (reply,) = raw.say({"k": "open", "n": 3, "name": name, "signature": SIGNATURE.to_dict()})
    assert (reply["k"], reply["n"]) == ("refused", 3)
    assert "name" in reply["error"]
    assert "refused" in service.log.read_text()
    assert sorted(p.name for p in service.store.parent.iterdir()) == ["s", "s.log"]
    with pytest.raises(StoreError, match=r"^name '\.\./m' cannot hold '/'"):
        RemoteHist(service.address, "../m", *SIGNATURE.axes)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (record("m/1")[:-8], "bytes where its header says"),
        (b"", "not a record"),
        (bytes(64), "not a record"),
        (record("1"), "its id begins with the name and '/'"),
        (record("m/1", order=5), "no order"),
        (record("m/1", name="other"), "no histogram 'other'"),
        (record("m/1").replace(struct.pack("<d", 1.0), struct.pack("<d", float("nan"))), "NaN"),
    ],
)
def test_a_record_that_does_not_fit_is_refused(
    service: Service, raw: Raw, body: bytes, says: str
) -> None:
    raw.opened()
    reply = raw.add(body)
    assert reply["k"] == "refused"
    assert says in reply["error"]
    assert "refused" in service.log.read_text()
    assert raw.add(record("m/good"))["new"] is True
    assert raw.add(record("m/good"))["new"] is False
    assert service.sum() == 1


def test_only_what_was_opened_may_be_filled(service: Service, raw: Raw) -> None:
    with service.hist("other") as other:
        other.fill(x=1)
    raw.opened()
    body = record("other/1", name="other")
    assert "was not opened" in raw.add(body, name="other")["error"]
    for request in ({"k": "hist"}, {"k": "has", "id": "1"}, {"k": "dance"}, {}):
        (reply,) = raw.say({**request, "n": 4, "name": "other"})
        assert reply["k"] == "refused"
    (reply,) = raw.say({"k": "open", "n": 5, "name": "othr"})
    assert "did you mean 'other'" in reply["error"]
    assert service.sum("other") == 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_another_user_is_refused(make_service: Callable[..., Service]) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "open.sock"
        service = make_service("--socket", str(path))
        assert path.stat().st_mode & 0o777 == 0o600
        path.chmod(0o666)  # as if somebody had opened it
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.setgid(65534)
                os.setuid(65534)
                code = 0 if Raw(service).say(HELLO) == [] else 2
            except BrokenPipeError:
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert "another user was refused" in service.log.read_text()
        service.hist().close()
        service.kill(signal.SIGTERM)


# -- TCP --------------------------------------------------------------------------------------


def test_the_right_token_and_certificate_are_let_in(
    make_service: Callable[..., Service], tls: Tls
) -> None:
    service = make_service(*tls.options)
    assert service.address.startswith("tls://127.0.0.1:")
    with service.hist(token=tls.token, certificate=tls.certificate) as h:
        h.fill(x=[1, 2])
        h.flush()
        assert h.snapshot().sum().value == 2
    assert service.sum() == 2


def test_without_the_token_nobody_is_let_in(
    make_service: Callable[..., Service], tls: Tls, tmp_path: Path
) -> None:
    service = make_service(*tls.options)
    with pytest.raises(StoreError, match="TCP needs a token"):
        service.hist()
    wrong = tmp_path / "wrong"
    wrong.write_text("a token of some other service")
    wrong.chmod(0o600)
    h = service.hist(token=wrong, certificate=tls.certificate)
    h.fill(x=1)
    with pytest.raises(StoreError, match="the token does not fit"):
        h.flush()
    wrong.write_text(tls.token.read_text())  # mended: nothing was lost
    h.close()
    assert service.sum() == 1
    address = Address.parse(service.address)
    bare = Place(address, "m", None, None, str(tls.certificate))
    with pytest.raises(StoreError, match="the token does not fit"):
        Line(bare)
    log = service.log.read_text()
    assert log.count("the token does not fit") == 2
    assert "correct horse" not in log


def test_without_tls_or_trust_there_is_no_talk(
    make_service: Callable[..., Service], tls: Tls
) -> None:
    service = make_service(*tls.options)
    h = service.hist(token=tls.token)  # the system's authorities do not know this certificate
    h.fill(x=1)
    with pytest.raises(StoreError, match="certificate is not trusted"):
        h.flush()
    h.discard()
    address = Address.parse(service.address)
    with socket.create_connection((address.host, address.port), 10) as plain:
        token = tls.token.read_text().strip()
        plain.sendall(encode({**HELLO, "token": token}))
        with contextlib.suppress(ConnectionResetError):
            assert b"welcome" not in plain.recv(1 << 16)
    with service.hist(token=tls.token, certificate=tls.certificate) as good:
        good.fill(x=1)
    assert service.sum() == 1


def test_a_token_that_others_may_read_is_refused(tls: Tls, tmp_path: Path) -> None:
    token = tmp_path / "token"
    for mode, text, says in (
        (0o640, "x" * 40, "mode 0640: others may read it; chmod 600"),
        (0o600, "short", "needs 16 to 4096 characters"),
    ):
        token.write_text(text)
        token.chmod(mode)
        with pytest.raises(StoreError, match=says):
            read_token(token)
    with pytest.raises(StoreError, match="is not a plain file"):
        read_token(tmp_path)
    with pytest.raises(StoreError, match="No such file"):
        read_token(tmp_path / "none")
    if os.getuid() == 0:
        token.write_text("y" * 40)
        os.chown(token, 65534, 65534)
        with pytest.raises(StoreError, match="belongs to uid 65534"):
            read_token(token)


# -- the command line -------------------------------------------------------------------------


def serve(*options: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, *SERVE.split(), *options],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


def test_a_second_writer_is_refused(service: Service, tmp_path: Path) -> None:
    code, said = serve(str(service.store), "--socket", str(tmp_path / "other.sock"))
    assert code == 1
    assert service.process is not None
    assert f"has a writer already (pid {service.process.pid} on host" in said
    code, said = serve(str(service.store))
    assert (code, said.count("\n")) == (1, 1)
    assert "a server listens at" in said
    with pytest.raises(StoreError, match="has a writer already"):
        StoreWriter.open(service.store)


def test_what_cannot_be_served_is_said_in_one_line(tls: Tls, tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.write_text("x" * 40)
    loose.chmod(0o644)
    store, cert, key = str(tmp_path / "s"), str(tls.certificate), str(tls.key)
    plain = tmp_path / "plain"
    plain.write_text("keep me")
    for options, says in (
        (["--tcp", "0"], "--tcp needs --cert FILE"),
        (["--token", str(loose)], "--token goes with --tcp"),
        (["--tcp", "0", "--cert", cert, "--key", key, "--token", str(loose)], "chmod 600"),
        (["--socket", "/tmp/" + "x" * 200], "choose a short path"),
        (["--socket", str(plain)], "is no socket"),
        (["--longest", "0"], "give 1 to 2048 MB"),
    ):
        code, said = serve(store, *options)
        assert (code, said.count("\n")) == (1, 1), said
        assert says in said
    code, said = serve(str(plain))
    assert (code, said.count("\n")) == (1, 1), said
    assert "choose another --store" in said
    assert plain.read_text() == "keep me"
