"""Histograms in files that a program wrote: ROOT, or JSON of the Unified Histogram Interface."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import RunError, one_line
from .names import joined

__all__ = ["read_histograms"]

_READERS = (".root", ".json")


def read_histograms(folder: Path, patterns: Sequence[str]) -> dict[str, Any]:
    """All histograms of the files in `folder` that fit the patterns, as `hist.Hist` by name.

    Folders in a ROOT file, and keys in JSON, are parts of the name: `jets:pt`. Raises RunError where
    no file fits a pattern, a file cannot be read, or two histograms have one name.
    """
    found: dict[str, Any] = {}
    for pattern in patterns:
        files = sorted(folder.glob(pattern))
        if not files:
            there = ", ".join(sorted(f.name for f in folder.iterdir())) or "nothing"
            raise RunError(f"it made no {pattern!r} in its output directory, but {there}")
        for file in files:
            for name, full in _read(file):
                if name in found:
                    raise RunError(f"{file.name}: a second histogram {name!r}; rename one")
                found[name] = full
    return found


def _read(file: Path) -> Iterator[tuple[str, Any]]:
    try:
        if file.suffix == ".root":
            yield from _root(file)
        elif file.suffix == ".json":
            yield from _uhi(json.loads(file.read_text(encoding="utf-8")), ())
        else:
            raise RunError(f"{file.name}: give histograms as {' or '.join(_READERS)}")
    except RunError:
        raise
    except Exception as error:
        raise RunError(f"{file.name}: its histograms cannot be read: {one_line(error)}") from error


def _root(file: Path) -> Iterator[tuple[str, Any]]:
    import uproot

    with uproot.open(file) as directory:
        kinds = directory.classnames(recursive=True, cycle=False)
        for key, kind in kinds.items():
            if kind.startswith(("TH1", "TH2", "TH3", "TProfile")):
                yield joined(key.split("/")), directory[key].to_hist()


def _uhi(form: Any, keys: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """A histogram, or histograms by name, to any depth."""
    import hist
    from uhi.io import from_sparse
    from uhi.io.json import object_hook

    if not isinstance(form, dict):
        raise RunError(f"{':'.join(keys) or 'the file'} holds no histogram")
    if "uhi_schema" not in form:
        for key, held in form.items():
            yield from _uhi(held, (*keys, key))
        return
    plain = json.loads(json.dumps(form), object_hook=object_hook)
    yield joined(keys) or "hist", hist.Hist(from_sparse(plain))
