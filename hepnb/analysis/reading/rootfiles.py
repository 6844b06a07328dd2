"""ROOT files: what is wrong with one that does not open, which tree is meant, what can be read of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

from ...errors import DataError, nearest
from .generated import events_generated
from .naming import Leaf

__all__ = ["REMOTE", "find_tree", "leaves_of", "open_root", "reason_of"]

REMOTE = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_HEAD = 20
_LARGE_FILE = 1_000_000
_TREES = ("TTree", "TNtuple", "TNtupleD", "ROOT::RNTuple", "ROOT::Experimental::RNTuple")


def open_root(path: str) -> Any:
    """The ROOT directory of a file, or `DataError` that says what the file is instead."""
    import uproot

    options: dict[str, Any] = {"object_cache": None, "array_cache": None, "num_workers": 1}
    local = not REMOTE.match(path)
    if local:
        _check_local(path)
        options |= {"handler": uproot.source.file.MultithreadedFileSource, "use_threads": False}
    try:
        directory = uproot.open({path: None}, **options) if local else uproot.open(path, **options)
    except Exception as error:
        if events_generated(path) is not None:
            raise DataError(
                f"{path}: no file holds these events: start hn.adapt.generator(make, path)"
            ) from None
        raise DataError(f"{path}: cannot be opened ({reason_of(error)})") from error
    return directory


def _check_local(path: str) -> None:
    """Say in one line what is wrong with a path before uproot tries it."""
    place = FilePath(path)
    if place.is_dir():
        raise DataError(f"{path}: is a directory, not a file")
    try:
        with place.open("rb") as stream:
            head = stream.read(_HEAD)
            size = place.stat().st_size
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be opened ({error.strerror})") from None
    if size == 0:
        raise DataError(f"{path}: empty file (0 bytes)")
    if head[:4] != b"root":
        raise DataError(f"{path}: not a ROOT file (it does not begin with 'root')")
    expected = _expected_size(head)
    if size < expected:
        raise DataError(f"{path}: truncated ({size} bytes of {expected}): copy it again")


def _expected_size(head: bytes) -> int:
    """The length that a ROOT file says of itself: fEND, 4 bytes long, or 8 in large files.

    Source: https://root.cern/doc/master/classTFile.html ("Format of a TFile").
    """
    version = int.from_bytes(head[4:8], "big")
    return int.from_bytes(head[12 : 16 if version < _LARGE_FILE else 20], "big")


def find_tree(directory: Any, path: str, tree: str | None) -> Any:
    """The tree asked for, `Events`, or the only one; of several cycles the highest."""
    classes = directory.classnames(recursive=True, cycle=False)
    names = [name for name, kind in classes.items() if kind in _TREES]
    if not names:
        raise DataError(f"{path}: no TTree or RNTuple in this file")
    if tree is None:
        if "Events" in names:
            tree = "Events"
        elif len(names) == 1:
            tree = names[0]
        else:
            raise DataError(f"{path}: which tree? it has {', '.join(names[:6])}: give tree=")
    elif tree not in names:
        hint = nearest(tree, names) or f"; it has {', '.join(names[:6])}"
        raise DataError(f"{path}: no tree {tree!r}{hint}")
    return directory[tree]


def leaves_of(tree: Any) -> Iterator[Leaf]:
    """What can be read by itself: branches without parts and their parts, fields of an RNTuple."""
    if not hasattr(tree, "branches"):
        for field in tree.fields:
            name = str(field.name)
            # Fields of records are asked for only where there may be some: it takes milliseconds.
            record = not field.typename and not name.startswith("_")
            parts = [str(part.path) for part in field.fields] if record else []
            yield from (Leaf(path, path) for path in parts or [name])
        return
    yield from _parts(tree, "")


def _parts(branches: Any, way: str) -> Iterator[Leaf]:
    for branch in branches.branches:
        name = str(branch.name)
        if branch.branches:
            yield from _parts(branch, f"{way}{name}/")
        else:
            yield Leaf(name, way + name)


def reason_of(error: BaseException) -> str:
    """The first line of an exception, short enough for a ledger."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:160]}" if lines else type(error).__name__
