"""Real servers in processes of their own, started on a free address and stopped by their pid."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hist
import pytest

from hepnb.histograms import Store
from hepnb.histograms.service import RemoteHist

PROJECT = Path(__file__).parents[3]
SERVE = "-m hepnb hist serve --json --store"
CERTIFY = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
    "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 "
    "-keyout key.pem -out cert.pem"
)


@dataclass
class Service:
    """A server that can be killed and started again on the same store."""

    store: Path
    options: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None
    address: str = ""
    log: Path = Path()

    def start(self) -> Service:
        self.log = self.store.with_suffix(".log")
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, *SERVE.split(), str(self.store), *self.options],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "PYTHONPATH": str(PROJECT)},
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log.read_text()
        self.address = json.loads(line)["address"]
        return self

    def kill(self, number: int = signal.SIGKILL) -> int:
        assert self.process is not None
        assert self.process.stdout is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(30)
        self.process.stdout.close()
        return code

    def hist(self, name: str = "m", **options: Any) -> RemoteHist:
        axis = hist.axis.Regular(4, 0, 4, name="x")
        return RemoteHist(self.address, name, axis, storage="Weight", **options)

    def sum(self, name: str = "m") -> float:
        """What the store's files say, read without the server."""
        with Store.open(self.store) as store:
            return float(store.hist(name).sum(flow=True).value)


@pytest.fixture
def make_service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    made: list[Service] = []

    def make(*options: str, name: str = "s") -> Service:
        made.append(Service(tmp_path / name, list(options)))
        return made[-1].start()

    yield make
    for service in made:
        service.kill(signal.SIGTERM)


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    return make_service()


@dataclass(frozen=True)
class Tls:
    certificate: Path
    key: Path
    token: Path

    @property
    def options(self) -> list[str]:
        files = ["--cert", str(self.certificate), "--key", str(self.key)]
        return ["--tcp", "0", *files, "--token", str(self.token)]


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """A self-signed certificate for this host, and a token."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    made = Tls(folder / "cert.pem", folder / "key.pem", folder / "token")
    subprocess.run(
        CERTIFY.split(),
        cwd=folder,
        check=True,
        capture_output=True,
    )
    made.key.chmod(0o600)
    made.token.write_text("correct horse battery staple\n")
    made.token.chmod(0o600)
    return made
