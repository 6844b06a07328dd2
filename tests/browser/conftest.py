"""One real JupyterLab and one real Chromium for all browser tests, and a notebook to drive.

Any error on a page fails its test. Screenshots are always kept, traces of failed tests too, in
`artifacts/` (`HEPNB_ARTIFACTS` names another folder).
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

PROJECT = Path(__file__).resolve().parents[2]
ARTIFACTS = Path(os.environ.get("HEPNB_ARTIFACTS", PROJECT / "artifacts"))
collect_ignore = [] if "HEPNB_SCREENSHOTS" in os.environ else ["test_pictures.py"]
PATIENCE = 60_000
"""Milliseconds: this is about whether it happens at all; a busy machine is slow."""

_SETTINGS = {
    # The "Jupyter news" question would cover the page.
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # A screenshot shows all cells, not only those in view.
    "notebook-extension/tracker": {"windowingMode": "none"},
}


class Lab:
    """A JupyterLab with settings, kernels and runs of its own, on the loopback interface."""

    token = "browser-tests"

    def __init__(self, home: Path) -> None:
        self.home = home
        self.work = home / "work"
        self.state = home / "state"
        for folder in (self.work, self.state):
            folder.mkdir()
        for name, settings in _SETTINGS.items():
            file = home / f"config/lab/user-settings/@jupyterlab/{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(settings))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
            *("--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={self.token}"),
            *(f"--ServerApp.root_dir={self.work}", "--expose-app-in-browser"),
            *("--LabApp.news_url=None", "--LabApp.extension_manager=readonly"),
        ]
        with (home / "lab.log").open("w") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, env=self._environment(), start_new_session=True
            )

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "IPYTHON"))}
        paths = [str(Path(sys.executable).parent), kept["PATH"]]
        return kept | {
            "HOME": str(self.home),
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
                self.api("status")
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        pytest.fail(f"JupyterLab did not start: {(self.home / 'lab.log').read_text()[-2000:]}")

    def api(self, path: str, method: str = "GET") -> Any:
        request = urllib.request.Request(
            f"{self.url}/api/{path}",
            method=method,
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or "null")

    def end_kernels(self) -> None:
        for session in self.api("sessions"):
            self.api(f"sessions/{session['id']}", "DELETE")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(5)


class Notebook:
    """An open notebook: run a cell, read its output, find things in it."""

    def __init__(self, page: Any, lab: Lab, file: str) -> None:
        self.page = page
        self.lab = lab
        self.file = file

    def open(self) -> None:
        """Load or reload the page with the notebook, until its kernel is there."""
        self.page.goto(f"{self.lab.url}/lab/tree/{self.file}?token={self.lab.token}&reset")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=PATIENCE)
        self.page.wait_for_function(
            """() => {
                const s = window.jupyterapp?.shell.currentWidget?.context?.sessionContext;
                return s && s.isReady && s.session?.kernel?.status === 'idle'; }""",
            timeout=PATIENCE,
        )

    def command(self, name: str, **arguments: Any) -> None:
        """Run a JupyterLab command and wait for it."""
        self.page.evaluate(
            "([name, args]) => jupyterapp.commands.execute(name, args).then(() => null)",
            [name, arguments],
        )

    def run(self, index: int, source: str | None = None) -> str:
        """Run one cell to its end, maybe with another source; returns its text output.

        An exception of the cell fails the test.
        """
        self.page.evaluate(
            """([index, source]) => {
                const book = jupyterapp.shell.currentWidget.content;
                book.activeCellIndex = index;
                if (source !== null) book.activeCell.model.sharedModel.setSource(source);
                return jupyterapp.commands.execute('notebook:run-cell').then(() => null); }""",
            [index, source],
        )
        errors = self.page.evaluate(
            """index => jupyterapp.shell.currentWidget.context.model.cells.get(index).toJSON()
                .outputs.filter(o => o.ename).map(o => `${o.ename}: ${o.evalue}`)""",
            index,
        )
        assert not errors, f"cell {index}: {errors[0]}"
        return self.text(index)

    def text(self, index: int) -> str:
        """The text of a cell's outputs, errors included."""
        return self.page.evaluate(
            """index => jupyterapp.shell.currentWidget.context.model.cells.get(index).toJSON()
                .outputs.map(o => o.text ? [].concat(o.text).join('')
                    : o.data ? [].concat(o.data['text/plain']).join('')
                    : o.ename ? `${o.ename}: ${o.evalue}` : '').join('')""",
            index,
        )

    def cell(self, index: int) -> Any:
        """The cell on the page."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def wait(self, condition: Callable[[], bool], seconds: float = PATIENCE / 1000) -> None:
        """Poll a condition on the page until it holds; it must within the time."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not come to that"
            self.page.wait_for_timeout(50)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    pytest.importorskip("jupyterlab")
    lab = Lab(tmp_path_factory.mktemp("lab"))
    try:
        lab.wait_until_up()
        yield lab
        lab.end_kernels()
    finally:
        lab.stop()


@pytest.fixture
def page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A fresh page; an error on it fails the test, and a failed test leaves its trace."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"\W+", "-", request.node.name)
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.tracing.start(screenshots=True, snapshots=True)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.screenshot(path=ARTIFACTS / f"{name}.png")
    failed = errors or getattr(request.node, "failed", False)
    context.tracing.stop(path=ARTIFACTS / f"{name}.zip" if failed else None)
    context.close()
    assert not errors, errors


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Leave a note for the page fixture, which ends after the test."""
    report = yield
    if report.failed:
        item.failed = True  # type: ignore[attr-defined]
    return report  # type: ignore[return-value]


@pytest.fixture
def notebook(
    page: Any, lab: Lab, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Notebook]]:
    """`notebook(*sources)` or `notebook(file=...)`: an open notebook with a running kernel."""

    def make(*sources: str, file: Path | None = None) -> Notebook:
        name = file.name if file else re.sub(r"\W+", "-", request.node.name) + ".ipynb"
        book = nbformat.read(file, 4) if file else new_notebook()
        # In front, so that a test can look into the kernel without touching the notebook's cells.
        book.cells[:0] = [new_code_cell(source) for source in sources]
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(book, lab.work / name)
        opened = Notebook(page, lab, name)
        opened.open()
        return opened

    yield make
    lab.end_kernels()
