"""A notebook that is executed without anybody: the final state of a run is saved with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

pytestmark = pytest.mark.notebook

CELLS = (
    "least = 0",
    "%load_ext hepnb",
    (
        "%%hepanalysis muons --data $file --workers 1 --chunk 500 --with least\n"
        "path.select('enough', f'count(Muon) >= {least}')\n"
        "path.hist('n', n='count(Muon): 0, 5, int')"
    ),
    "run.wait()\nprint(run.parameters, run.hist('n').sum())",
)


def notebook(toy: Path, folder: Path) -> Path:
    cells = [new_code_cell(source) for source in (f"file = {str(toy)!r}", *CELLS)]
    cells[1].metadata["tags"] = ["parameters"]
    made = new_notebook(cells=cells)
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    nbformat.write(made, folder / "in.ipynb")
    return folder / "in.ipynb"


def check_saved(done: Any, least: int, events: int) -> None:
    printed = "".join(o.get("text", "") for o in done.cells[-1].outputs)
    assert f"{{'least': {least}}} {float(events)}" in printed
    widgets = done.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    (run,) = (m["state"]["state"] for m in widgets.values() if "parts" in m["state"])
    assert run["state"] == "done"
    assert run["progress"]["events"] == 2000
    assert run["cutflow"][-1]["raw"] == events
    json.dumps(widgets)


def test_nbclient_saves_the_final_state(toy: Path, tmp_path: Path) -> None:
    from nbclient import NotebookClient

    done = nbformat.read(notebook(toy, tmp_path), 4)
    NotebookClient(done, timeout=120).execute()
    check_saved(done, 0, 2000)


def test_papermill_runs_it_with_other_parameters(toy: Path, tmp_path: Path) -> None:
    papermill = pytest.importorskip("papermill", reason="papermill is among the test extras")
    out = tmp_path / "out.ipynb"
    papermill.execute_notebook(
        notebook(toy, tmp_path), out, parameters={"least": 9}, progress_bar=False
    )
    check_saved(nbformat.read(out, 4), 9, 0)
