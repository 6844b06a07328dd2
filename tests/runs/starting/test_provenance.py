"""What a run was made of is kept with it, and edited modules are neither stale nor silent."""

from __future__ import annotations

import importlib
import json
import sys
import warnings

import numpy as np
import pytest

import hepnb as hn

MODULE = """
import numpy as np

def shifted(event):
    return np.asarray(event) + {shift}
"""


@pytest.fixture
def helper(tmp_path, monkeypatch):
    """A module beside the notebook, and the way to edit it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def edit(shift: int) -> None:
        (tmp_path / "beside.py").write_text(MODULE.format(shift=shift))
        importlib.invalidate_caches()

    edit(0)
    yield edit
    sys.modules.pop("beside", None)


def path_of_module() -> hn.Path:
    beside = importlib.import_module("beside")
    path = hn.Path("edited")
    path.define("x", beside.shifted)
    path.hist("x", x="x: 0, 2000, int")
    return path


def first(run) -> int:
    return int(np.flatnonzero(run.wait(60).hist("x").values())[0])


def test_an_edited_module_is_the_current_one_once_it_is_reloaded(numbered, helper):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert first(path_of_module().start(numbered[0][0], workers=1)) == 0
    helper(100)
    with pytest.warns(UserWarning, match=r"beside.py was edited after it was imported"):
        assert first(path_of_module().start(numbered[0][0], workers=1)) == 0
    importlib.reload(sys.modules["beside"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert first(path_of_module().start(numbered[0][0], workers=1)) == 100


def test_a_module_elsewhere_is_what_its_file_says_when_the_run_starts(
    numbered, helper, tmp_path, monkeypatch
):
    """It travels by name, and every run imports it anew."""
    path = path_of_module()
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    helper(7)
    assert first(path.start(numbered[0][0], workers=1)) == 7


def test_a_run_keeps_what_it_was_made_of(numbered, helper, tmp_path):
    run = path_of_module().start(numbered[0][0], workers=1)
    source = run.directory / "source"
    run.wait(60)
    assert (source / "modules" / "beside.py").read_text() == MODULE.format(shift=0)
    assert "edited" in (source / "path.txt").read_text()
    kept = json.loads((source / "packages.json").read_text())
    assert kept["python"] == sys.version
    assert kept["packages"]["numpy"] == np.__version__
    assert kept["packages"]["hepnb"] == hn.__version__
    assert source.stat().st_mode & 0o077 == 0


def test_the_cells_of_a_notebook_are_kept_in_their_order(numbered):
    import linecache

    for number, text in enumerate(("a = 1\n", "b = 2\n"), 1):
        linecache.cache[f"<cell {number}>"] = (len(text), None, [text], f"<cell {number}>")
    try:
        path = hn.Path("cells")
        path.hist("n", n="count(Muon): 0, 5, int")
        run = path.start(numbered[0][0], workers=1).wait(60)
    finally:
        for number in (1, 2):
            del linecache.cache[f"<cell {number}>"]
    texts = [file.read_text() for file in sorted((run.directory / "source/cells").iterdir())]
    mine = [text for text in texts if text.startswith("# <cell")]
    assert mine == ["# <cell 1>\na = 1\n", "# <cell 2>\nb = 2\n"]
