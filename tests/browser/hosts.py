"""The programs that show notebooks: how each opens one of some cells and runs all of it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from .servers import PATIENCE, Server

KERNEL_IS_IDLE = """() => {
    const s = window.jupyterapp?.shell.currentWidget?.context?.sessionContext;
    return s && s.isReady && s.session?.kernel?.status === 'idle'; }"""


@dataclass(frozen=True)
class Host:
    """A program that shows notebooks.

    `server` names the fixture that serves it, `address` is the path of a notebook's page, `write`
    puts cells into a file and returns its name, and `run` makes the open page run all of them.
    `dark` tells whether it is dark for a browser that prefers so, `mistakes` are errors on its pages
    that are there without any widget, and the folder of its scripts that throws them.
    """

    name: str
    server: str
    address: str
    write: Callable[[Server, str, Sequence[str]], str]
    run: Callable[[Any], None]
    dark: bool = True
    mistakes: Mapping[str, str] = field(default_factory=dict)

    def show(self, page: Any, server: Server, name: str, cells: Sequence[str]) -> None:
        """Open a notebook of these cells, and run all of it."""
        page.set_default_timeout(PATIENCE)
        file = self.write(server, name, cells)
        page.goto(f"{server.url}/{self.address.format(file=file, token=server.token)}")
        self.run(page)


def write_ipynb(server: Server, name: str, cells: Sequence[str]) -> str:
    book = new_notebook(cells=[new_code_cell(source) for source in cells])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(book, server.work / f"{name}.ipynb")
    return f"{name}.ipynb"


def write_marimo(server: Server, name: str, cells: Sequence[str]) -> str:
    bodies = [textwrap.indent(source, "    ") for source in cells]
    functions = [f"@app.cell\ndef _():\n{body}\n    return\n" for body in bodies]
    head = "import marimo\n\napp = marimo.App(width='full')\n"
    (server.work / f"{name}.py").write_text("\n\n".join([head, *functions]))
    return f"{name}.py"


def run_in_lab(page: Any) -> None:
    page.wait_for_function(KERNEL_IS_IDLE)
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells').then(() => null)")


def run_in_nbclassic(page: Any) -> None:
    page.wait_for_function(
        "() => window.Jupyter?.notebook?.kernel?.widget_manager"
        " && Jupyter.notebook.kernel.info_reply.status === 'ok'",
    )
    page.get_by_role("link", name="Cell", exact=True).click()
    page.get_by_role("menuitem", name="Run All", exact=True).click()


def _runs_by_itself(page: Any) -> None:
    pass


HOSTS = (
    Host("JupyterLab", "lab", "lab/tree/{file}?token={token}&reset", write_ipynb, run_in_lab),
    Host(
        "Notebook",
        "lab",
        "notebooks/{file}?token={token}",
        write_ipynb,
        run_in_lab,
        mistakes={
            "Cannot read properties of undefined (reading 'schema')": "/static/notebook/",
            "Command 'filebrowser:open-path' not registered.": "/static/notebook/",
        },
    ),
    Host(
        "nbclassic",
        "lab",
        "nbclassic/notebooks/{file}?token={token}",
        write_ipynb,
        run_in_nbclassic,
        dark=False,
    ),
    Host("Voila", "lab", "voila/render/{file}?token={token}", write_ipynb, _runs_by_itself),
    Host("marimo", "marimo", "?file={file}&access_token={token}", write_marimo, _runs_by_itself),
)
