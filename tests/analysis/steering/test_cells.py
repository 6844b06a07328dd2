"""A notebook cell that is run again replaces what it defined before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

ipython = pytest.importorskip("IPython")


@pytest.fixture
def shell() -> Iterator[Any]:
    from IPython.core.interactiveshell import InteractiveShell

    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    made.history_manager.enabled = False
    made.user_ns["__name__"] = "__main__"
    yield made
    made.history_manager.end_session()
    InteractiveShell.clear_instance()


def test_running_a_cell_again_replaces_in_place(
    shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def cell(code: str) -> Any:
        return shell.run_cell(code, store_history=True)

    cell(
        "from hepnb.analysis import Path\npath = Path('p')\npath.define('b', 'a + 1')"
    ).raise_error()
    cell("@path.define\ndef a(x): return x").raise_error()
    cell("path.hist('h', v='b: 10, 0, 1')").raise_error()
    capsys.readouterr()
    cell("@path.define\ndef a(x): return 2 * x").raise_error()
    cell("path.hist('h', v='b: 20, 0, 1')").raise_error()
    said = capsys.readouterr().out.splitlines()
    assert said == ["path 'p': definition 'a' replaced", "path 'p': histogram 'h' replaced"]
    program = shell.user_ns["path"].freeze()
    assert [step.name for step in program.steps] == ["b", "a", "h"]
    assert program.histograms[0].axes[0].size == 20


def test_a_cell_that_adds_modules_replaces_them(
    shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def cell(code: str) -> Any:
        shell.run_cell(code, store_history=True).raise_error()

    cell(
        "import hepnb as hn\npath = hn.Path('p')\nclass Scale(hn.Module):\n"
        "    uses, name = ('x',), hn.param('y')\n"
        "    produces = property(lambda self: (self.name,))\n"
        "    process = lambda self, events: events.x"
    )
    cell("path.add_module(Scale)\npath.add_module(Scale, name='z');")
    cell("path.add_module(Scale, name='w');")
    capsys.readouterr()
    cell("path.add_module(Scale)\npath.add_module(Scale, name='z');")
    said = capsys.readouterr().out.splitlines()
    assert said == ["path 'p': module 'Scale' replaced", "path 'p': module 'Scale-2' replaced"]
    steps = shell.user_ns["path"].freeze().steps
    assert [(s.name, s.produces) for s in steps] == [
        ("Scale", ("y",)), ("Scale-2", ("z",)), ("Scale-3", ("w",)),
    ]  # fmt: skip


def test_a_cell_that_gives_a_module_a_condition_replaces_it(shell: Any) -> None:
    def cell(code: str) -> Any:
        shell.run_cell(code, store_history=True).raise_error()

    cell(
        "import hepnb as hn\npath = hn.Path('p')\nclass Some(hn.Module):\n"
        "    uses, produces = ('x',), ('y',)\n"
        "    process = lambda self, events: events.x > 1"
    )
    cell("some = path.add_module(Some)")
    code = "few = hn.Path('few')\nfew.hist('h', x='x: {0}, 0, 1')\nsome.if_('y', few)"
    cell(code.format(10))
    cell(code.format(20))
    (hist,) = shell.user_ns["path"].freeze().histograms
    assert hist.axes[0].size == 20


def test_functions_of_cells_are_written_as_json(shell: Any) -> None:
    def cell(code: str) -> Any:
        shell.run_cell(code, store_history=True).raise_error()

    cell("import hepnb as hn\nimport awkward as ak\nCUT = 3.0\npath = hn.Path('p')")
    cell("@path.define\ndef a(Muon, least=CUT):\n    return ak.sum(Muon.pt[Muon.pt > CUT], axis=1)")
    cell("path.define('b', lambda a: a + 1)\ntext = path.to_json()")
    cell("back = hn.Path.from_json(text, allow_code=True)\nassert back.hash == path.hash")
    cell("back.define('b', 'a + 2')")  # as if its cell were run again
    assert shell.user_ns["back"].hash != shell.user_ns["path"].hash


def test_twice_in_one_cell_is_an_error(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code = "from hepnb.analysis import Path\np = Path('p')\np.define('b', '1')\np.define('b', '2')"
    result = shell.run_cell(code, store_history=True)
    assert "has an owner already" in str(result.error_in_exec)
    assert "line 3 of a notebook cell" in str(result.error_in_exec)
