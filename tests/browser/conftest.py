"""One real server of a kind and one real Chromium for all browser tests, and a notebook to drive.

Any error on a page fails its test. Screenshots are always kept, traces of failed tests too, in
`artifacts/` (`HEPNB_ARTIFACTS` names another folder).
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from .hosts import KERNEL_IS_IDLE
from .servers import PATIENCE, PROJECT, Lab, Marimo, Server

ARTIFACTS = Path(os.environ.get("HEPNB_ARTIFACTS", PROJECT / "artifacts"))
collect_ignore = [] if "HEPNB_SCREENSHOTS" in os.environ else ["test_pictures.py"]


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
        self.page.wait_for_function(KERNEL_IS_IDLE, timeout=PATIENCE)

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


@contextmanager
def serving(server: Server) -> Iterator[Any]:
    try:
        server.wait_until_up()
        yield server
        server.end_kernels()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    pytest.importorskip("jupyterlab")
    with serving(Lab(tmp_path_factory.mktemp("lab"))) as lab:
        yield lab


@pytest.fixture(scope="session")
def marimo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Marimo]:
    pytest.importorskip("marimo")
    with serving(Marimo(tmp_path_factory.mktemp("marimo"))) as marimo:
        yield marimo


@pytest.fixture
def tolerated() -> dict[str, str]:
    """Errors on the page that do not fail the test, and the folder of the host's scripts they are in."""
    return {}


def is_of_host(error: Any, tolerated: dict[str, str]) -> bool:
    """Whether it is one of these, thrown by the host's own scripts and called by no other."""
    scripts = re.findall(r"\w+://[^\s)]+", error.stack or "")
    folder = tolerated.get(str(error))
    return folder is not None and scripts != [] and all(folder in script for script in scripts)


@pytest.fixture
def page(browser: Any, tolerated: dict[str, str], request: pytest.FixtureRequest) -> Iterator[Any]:
    """A fresh page; an error on it fails the test, and a failed test leaves its trace."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"\W+", "-", request.node.name)
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.tracing.start(screenshots=True, snapshots=True)
    page = context.new_page()
    errors: list[str] = []
    page.on(
        "pageerror",
        lambda error: None if is_of_host(error, tolerated) else errors.append(str(error)),
    )
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
