"""An IPython shell of its own for each test, a small file, and a place for runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell

from hepnb.samples import toy_dimuon

Said = tuple[bool, str]


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEPNB_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2 000 toy events."""
    return toy_dimuon(tmp_path_factory.mktemp("toy") / "toy.root", 2_000, 5)


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A shell with the extension, that keeps no history on disk."""
    monkeypatch.setattr(HistoryManager, "enabled", False)
    shell = InteractiveShell.instance()
    shell.colors = "nocolor"
    shell.run_line_magic("load_ext", "hepnb")
    yield shell
    shell.run_line_magic("unload_ext", "hepnb")
    InteractiveShell.clear_instance()


@pytest.fixture
def cell(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> Callable[[str], Said]:
    """Run a cell: whether it succeeded, and all it printed."""

    def run(source: str) -> tuple[bool, str]:
        result: Any = shell.run_cell(source, store_history=True)
        said = capsys.readouterr()
        return bool(result.success), said.out + said.err

    return run
