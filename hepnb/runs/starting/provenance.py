"""What a run was made of, kept in its directory as plain text: `source/`.

The bundle that workers load holds the same as a pickle; this is for people, and for years later.
It is never read by hepnb.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import sysconfig
import types
import warnings
from collections.abc import Iterator, Mapping
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING

from ..bundle import modules_by_value

if TYPE_CHECKING:
    from ..job import Job

__all__ = ["edited_since_import", "record_sources", "users_modules", "warn_of_edits"]

_LARGEST = 4 << 20
_PACKAGE = Path(__file__).parents[2]


def record_sources(folder: Path, job: Job, cells: Mapping[str, str]) -> None:
    """Write the folder: the path, the cells that have run, modules of the user's, versions.

    `path.txt` has a line per step; `cells/` the cells in the order in which they ran; `modules/`
    the files of imported modules that are in no environment; `packages.json` what was loaded.
    Raises OSError where the disk refuses.
    """
    folder.mkdir(mode=0o700)
    _write(folder / "path.txt", "\n".join(job.lines) + "\n")
    for number, (name, text) in enumerate(reversed(list(cells.items())), 1):
        _write(folder / "cells" / f"{number:03}.py", f"# {name}\n{text}")
    size = 0
    for module, file in users_modules():
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, ValueError):
            continue
        size += len(text)
        if size > _LARGEST:
            break
        _write(folder / "modules" / f"{module.__name__}.py", text)
    _write(folder / "packages.json", json.dumps(_versions(), indent=1) + "\n")


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.write_text(text, encoding="utf-8", errors="backslashreplace")


def users_modules() -> Iterator[tuple[types.ModuleType, Path]]:
    """The imported modules that are the user's own: not of Python, an environment, or hepnb."""
    places = {*sysconfig.get_paths().values(), str(_PACKAGE)}
    installed = tuple(f"{place.rstrip(os.sep)}{os.sep}" for place in places)
    outside = f"{os.sep}site-packages{os.sep}"
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name == "__main__" or not isinstance(file, str) or not file.endswith(".py"):
            continue
        # Thousands of modules at each start: looked at as texts, which is ten times faster.
        if outside not in file and not file.startswith(installed):
            yield module, Path(file)


def warn_of_edits() -> None:
    """Say which modules that travel by value are no longer in their files what was imported."""
    for module in modules_by_value():
        if edited_since_import(module):
            warnings.warn(
                f"{module.__file__} was edited after it was imported; the run uses what was "
                "imported: reload it with importlib.reload, or let %autoreload 2 do so",
                stacklevel=2,
            )


def edited_since_import(module: types.ModuleType) -> bool:
    """Whether a function of the module is no longer in its file as it is in memory."""
    file = module.__file__ or ""
    # Other loaders change code on its way, as those of test frameworks do.
    if type(module.__loader__) is not SourceFileLoader:
        return False
    functions = [
        code
        for value in list(vars(module).values())
        for member in (list(vars(value).values()) if isinstance(value, type) else [value])
        if (code := getattr(member, "__code__", None)) is not None and code.co_filename == file
    ]
    if not functions:
        return False
    try:
        now = compile(Path(file).read_bytes(), file, "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError):
        return True
    there = set(_codes(now))
    return any(code not in there for code in functions)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _versions() -> dict[str, object]:
    """Python, the machine's kind, and the version that each loaded package says of itself."""
    packages = {
        name: version
        for name, module in sorted(sys.modules.items())
        if "." not in name and isinstance(version := vars(module).get("__version__"), str)
    }
    return {"python": sys.version, "platform": platform.platform(), "packages": packages}
