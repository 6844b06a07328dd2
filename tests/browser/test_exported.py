"""A notebook turned into HTML, read from a file with no network: a picture, or a live widget."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbclassic
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from .servers import PROJECT

pytestmark = [pytest.mark.browser, pytest.mark.notebook, pytest.mark.slow]

CELLS = (
    """\
import hist
import numpy as np
import hepnb as hn
h = hist.Hist.new.Reg(50, 0, 100, name="pt", label="$p_T$ [GeV]").StrCat([], growth=True, name="kind").Int64()
h.fill(pt=np.arange(100), kind=["e", "</script>"] * 50)
""",
    'hn.HistExplorer(h, view={"kind": "overlay"})',
)


def export(folder: Path, *options: str) -> Path:
    """Execute the notebook and turn it into HTML, as a person would."""
    book = new_notebook(cells=[new_code_cell(source) for source in CELLS])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(book, folder / "book.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--execute", *options]
    done = subprocess.run(
        [*command, "book.ipynb"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "book.html"


def open_offline(page: Any, file: Path) -> list[str]:
    """Show the file, and list what it asked the network for."""
    asked: list[str] = []
    page.on(
        "request",
        lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else asked.append(r.url),
    )
    page.context.set_offline(True)
    page.goto(file.as_uri())
    return asked


def test_without_widget_state_the_picture_is_there(page: Any, tmp_path: Path) -> None:
    open_offline(page, export(tmp_path, "--ExecutePreprocessor.store_widget_state=False"))
    figure = page.locator("figure", has=page.locator("svg"))
    assert figure.locator("svg").is_visible()
    assert "100" in figure.inner_text()
    assert 'h.project("pt", "kind")' in figure.inner_text()
    assert "</script>" in figure.inner_text()


def test_with_widget_state_and_three_files_it_is_live(page: Any, tmp_path: Path) -> None:
    manager = PROJECT / "widgets_js/node_modules/@jupyter-widgets/html-manager/dist/embed-amd.js"
    if not manager.exists():
        pytest.skip("no html-manager: run npm ci in widgets_js")
    shutil.copy(manager, tmp_path)
    components = Path(nbclassic.__file__).parent / "static/components"
    shutil.copy(components / "requirejs/require.js", tmp_path)
    extensions = Path(sys.prefix) / "share/jupyter/nbextensions"
    shutil.copy(extensions / "anywidget/index.js", tmp_path / "anywidget.js")
    file = export(
        tmp_path,
        "--HTMLExporter.require_js_url=require.js",
        "--HTMLExporter.widget_renderer_url=embed-amd.js",
        "--HTMLExporter.mathjax_url=",
    )
    asked = open_offline(page, file)
    explorer = page.locator(".hepnb-explorer")
    curves = explorer.locator("path.hepnb-curve[data-curve]")
    curves.first.wait_for()
    assert [c.get_attribute("data-curve") for c in curves.all()] == ["e", "</script>"]
    before = curves.first.get_attribute("d")
    explorer.get_by_role("button", name="log y").click()
    page.wait_for_function(
        "before => document.querySelector('.hepnb-curve').getAttribute('d') !== before", arg=before
    )
    explorer.locator('[data-axis="pt"]').get_by_role("slider").first.press("ArrowRight")
    page.wait_for_function(
        "() => document.querySelector('.hepnb-code').textContent.includes('slice(2j')"
    )
    code = explorer.locator(".hepnb-code").inner_text()
    assert code == 'h[{"pt": slice(2j, None)}]'  # sliced in the page: there is no kernel
    assert curves.first.get_attribute("d").count("H") == 49
    assert asked == []
