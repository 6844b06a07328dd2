"""The servers that browser tests talk to, each a process of its own on the loopback interface."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE = 60_000
"""Milliseconds: this is about whether it happens at all; a busy machine is slow."""

_SETTINGS = {
    # The "Jupyter news" question would cover the page.
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # Dark for a browser that prefers so.
    "apputils-extension/themes": {"adaptive-theme": True},
    # A screenshot shows all cells, not only those in view.
    "notebook-extension/tracker": {"windowingMode": "none"},
}


class Server(ABC):
    """A server with settings, kernels and runs of its own; it serves the files in `work`."""

    token = "browser-tests"
    ready = ""
    """The path that answers once the server is up."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.work = home / "work"
        self.state = home / "state"
        for folder in (self.work, self.state):
            folder.mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.prepare()
        with (home / "log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.command()],
                stdout=log,
                stderr=log,
                env=self._environment(),
                start_new_session=True,
            )

    @abstractmethod
    def prepare(self) -> None:
        """Write what the server reads when it starts."""

    @abstractmethod
    def command(self) -> list[str]:
        """The module and its arguments."""

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "IPYTHON"))}
        paths = [str(Path(sys.executable).parent), kept["PATH"]]
        return kept | {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "PATH": os.pathsep.join(paths),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(PROJECT), kept.get("PYTHONPATH")])),
            "JUPYTER_CONFIG_DIR": str(self.home / "config"),
            "JUPYTER_DATA_DIR": str(self.home / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.home / "runtime"),
            "IPYTHONDIR": str(self.home / "ipython"),
            "HEPNB_STATE_DIR": str(self.state),
        }

    def wait_until_up(self, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.ask(self.ready)
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        said = (self.home / "log").read_text()[-2000:]
        pytest.fail(f"{type(self).__name__} did not start: {said}")

    def ask(self, path: str, method: str = "GET") -> bytes:
        request = urllib.request.Request(
            f"{self.url}/{path}",
            method=method,
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return bytes(answer.read())

    @abstractmethod
    def end_kernels(self) -> None:
        """End what runs behind the pages of a test."""

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(5)


class Lab(Server):
    """A JupyterLab; its server serves Notebook 7, the classic notebook and Voila as well."""

    ready = "api/status"

    def prepare(self) -> None:
        for name, settings in _SETTINGS.items():
            file = self.home / f"config/lab/user-settings/@jupyterlab/{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(settings))

    def command(self) -> list[str]:
        return [
            *("jupyterlab", "--no-browser", "--allow-root"),
            *(f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0"),
            *("--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={self.token}"),
            *(f"--ServerApp.root_dir={self.work}", "--expose-app-in-browser"),
            *("--LabApp.news_url=None", "--LabApp.extension_manager=readonly"),
            *("--JupyterNotebookApp.expose_app_in_browser=True", "--VoilaConfiguration.theme=dark"),
        ]

    def api(self, path: str, method: str = "GET") -> Any:
        return json.loads(self.ask(f"api/{path}", method) or "null")

    def end_kernels(self) -> None:
        for session in self.api("sessions"):
            self.api(f"sessions/{session['id']}", "DELETE")
        for kernel in self.api("kernels"):  # Voila's have no session
            self.api(f"kernels/{kernel['id']}", "DELETE")


class Marimo(Server):
    """The marimo editor over a folder of notebooks."""

    ready = "health"

    def prepare(self) -> None:
        settings = self.home / "config/marimo/marimo.toml"
        settings.parent.mkdir(parents=True)
        # It runs what is opened, and is dark for a browser that prefers so.
        settings.write_text('[runtime]\nauto_instantiate = true\n[display]\ntheme = "system"\n')

    def command(self) -> list[str]:
        return [
            *("marimo", "edit", str(self.work), "--headless", "--host=127.0.0.1"),
            *(f"--port={self.port}", f"--token-password={self.token}", "--skip-update-check"),
        ]

    def end_kernels(self) -> None:
        """They end with the server."""
