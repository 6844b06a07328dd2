"""`hepnb lab`: a copy of the starterkit in a folder of the user's, opened in JupyterLab.

The starterkit is installed read-only, maybe for many users; what one works on is a copy, and a copy
that was worked on is never overwritten.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ..errors import HepnbError

__all__ = ["FIRST", "Copied", "copy_starterkit", "open_lab", "starterkit"]

FIRST = "01-dimuon.ipynb"


@dataclass(frozen=True)
class Copied:
    """What `copy_starterkit` did: files by name, `kept` those that the user has changed."""

    folder: Path
    new: tuple[str, ...]
    kept: tuple[str, ...]


def starterkit() -> Path:
    """Where the starterkit lies: inside an installed hepnb, or at the root of a checkout.

    Raises HepnbError where neither has it.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "starterkit", package.parent / "starterkit"):
        if (folder / FIRST).is_file():
            return folder
    raise HepnbError(f"this hepnb has no starterkit beside {package}: install it again")


def copy_starterkit(folder: Path) -> Copied:
    """Copy what is not in `folder` yet. Raises HepnbError where it cannot be written."""
    source = starterkit()
    new: list[str] = []
    kept: list[str] = []
    try:
        for file in sorted(source.rglob("*")):
            if not file.is_file() or any(p.startswith(".") for p in file.relative_to(source).parts):
                continue
            name = file.relative_to(source)
            target = folder / name
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
                new.append(str(name))
            elif not filecmp.cmp(file, target, shallow=False):
                kept.append(str(name))
    except OSError as error:
        raise HepnbError(
            f"{folder} cannot be written ({error.strerror}): give another --dir"
        ) from None
    return Copied(folder, tuple(new), tuple(kept))


def open_lab(folder: Path, *, browser: bool = True, port: int | None = None) -> None:
    """Become JupyterLab, with the first notebook open. Does not return.

    Raises HepnbError where JupyterLab is not installed.
    """
    if find_spec("jupyterlab") is None:
        raise HepnbError("JupyterLab is not installed here: pip install 'hepnb[lab]'")
    where = [f"--ServerApp.root_dir={folder.absolute()}", f"--LabApp.default_url=/lab/tree/{FIRST}"]
    command = [sys.executable, "-m", "jupyterlab", *where, *_options(browser, port)]
    sys.stdout.flush()
    os.execv(sys.executable, command)


def _options(browser: bool, port: int | None) -> Sequence[str]:
    options = [] if browser else ["--no-browser"]
    if port is not None:
        options += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if os.geteuid() == 0:
        # Jupyter refuses root unless told; in a container there is nobody else.
        options.append("--allow-root")
    return options
