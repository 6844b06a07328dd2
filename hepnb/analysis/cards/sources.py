"""Where the files of a dataset come from: paths, lists, addresses, and plug-ins that ask a catalogue.

A plug-in answers `rucio:NAME` or `dbs:NAME` with files. Its answers are kept in a cache, which is asked
first, so that a card works offline once it has worked online; `refresh` asks the plug-in again. Of an
answer that is older than a week the date is said.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path as FilePath
from typing import Any

from ...errors import CardError, HepnbError, nearest, one_line
from ...folders import cache_dir
from ...whole import written_whole
from ..reading.rootfiles import REMOTE
from .nodes import Node

__all__ = ["register_source", "resolve"]

GROUP = "hepnb.sources"
_SETTINGS = ("HEPNB_DBS", "HEPNB_RSE", "HEPNB_XROOTD")
_SCHEME = re.compile(r"^(?P<scheme>[a-z][a-z0-9+-]*):(?!//)(?P<rest>.*)$", re.DOTALL)
_LARGEST_LIST = 50_000_000
_KNOWN = ("list", "glob", "file")
_CATALOGUES = ("rucio", "dbs")
_OLD = timedelta(days=7)
_OURS = "hepnb."

Catalogue = Callable[[str], Sequence[str]]
_registered: dict[str, Catalogue] = {}


def register_source(scheme: str, function: Catalogue) -> None:
    """Let `scheme:NAME` in cards mean the files that `function(NAME)` returns.

    A package does the same with an entry point of the group `hepnb.sources`, named as the scheme.
    Raises `CardError` for a scheme that means something already, or cannot be one.

    >>> register_source("mine", lambda name: [f"/data/{name}.root"])
    """
    if not re.fullmatch(r"[a-z][a-z0-9+-]*", scheme) or scheme in (*_KNOWN, "servicex"):
        raise CardError(f"{scheme!r} cannot name a source: use other lower-case letters")
    _registered[scheme] = function


def resolve(text: str, folder: FilePath, node: Node, *, refresh: bool = False) -> list[str]:
    """The files, globs and addresses that one source means; paths begin at the card's folder.

    Raises `CardError` with the place for a source that is not there, or that nobody answers.
    """
    match = _SCHEME.match(text)
    if not match:
        return [text if REMOTE.match(text) else _below(folder, text)]
    scheme, rest = match["scheme"], match["rest"].strip()
    if not rest:
        raise node.error(f"source {text!r} names nothing behind {scheme}:")
    if scheme in ("file", "glob"):
        return [_below(folder, rest)]
    if scheme == "list":
        return _listed(FilePath(_below(folder, rest)), node)
    if scheme == "servicex":
        raise node.error(
            "source 'servicex:' is not there yet; name files, or a list: of them, for now"
        )
    return _asked(scheme, rest, node, refresh)


def _below(folder: FilePath, path: str) -> str:
    return str(folder / FilePath(path).expanduser())


def _listed(file: FilePath, node: Node) -> list[str]:
    """The lines of a file of files; `#` begins a comment, paths begin at the folder of the list."""
    try:
        if file.exists() and not file.is_file():
            raise node.error(f"{file}: not a file; a list has one file a line")
        if file.stat().st_size > _LARGEST_LIST:
            raise node.error(f"{file}: too large for a list of files")
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise node.error(f"{file}: {error.strerror}") from None
    except ValueError:
        raise node.error(f"{file}: not UTF-8 text; a list has one file a line") from None
    found = [line.partition("#")[0].strip() for line in lines]
    made = [
        line if REMOTE.match(line) else _below(file.parent, line.removeprefix("file:"))
        for line in found
        if line
    ]
    if not made:
        raise node.error(f"{file}: lists no file")
    return made


@dataclass(frozen=True)
class Kept:
    """What a catalogue has answered, and when."""

    files: tuple[str, ...]
    asked: datetime

    def __str__(self) -> str:
        return f"the {len(self.files)} files of {self.asked.astimezone():%Y-%m-%d}"


def _asked(scheme: str, name: str, node: Node, refresh: bool) -> list[str]:
    """The answer of a catalogue, from the cache where it has been asked before."""
    cached = _cache(scheme, name)
    kept = _read(cached)
    if kept is not None and not refresh:
        if datetime.now(UTC) - kept.asked > _OLD:
            text = f"source {scheme}:{name}: these are {kept}; --refresh (refresh=True) asks again"
            warnings.warn(text, UserWarning, stacklevel=2)
        return list(kept.files)
    plug_in = _registered.get(scheme) or _entry_point(scheme, node)
    if plug_in is None:
        raise node.error(_unanswered(scheme, name))
    instead = f"; without --refresh {kept} are taken" if kept else ""
    if os.environ.get("HEPNB_OFFLINE"):
        raise node.error(f"source {scheme}:{name}: HEPNB_OFFLINE is set{instead}")
    try:
        said: list[Any] = list(plug_in(name))
    except Exception as error:
        reason = str(error) if isinstance(error, HepnbError) else one_line(error)
        raise node.error(f"source {scheme}:{name}: {reason}{instead}") from error
    if not said or not all(isinstance(file, str) and file for file in said):
        raise node.error(f"source {scheme}:{name}: the plug-in gives no files{instead}")
    _write(cached, said)
    return said


def _unanswered(scheme: str, name: str) -> str:
    hint = nearest(scheme, [*_KNOWN, *_registered, *_CATALOGUES])
    if hint and scheme not in _CATALOGUES:
        return f"no source {scheme + ':'!r}{hint}"
    return (
        f"nobody answers {scheme}:{name}: install a plug-in (entry point {GROUP!r}) or call "
        f"hepnb.analysis.cards.register_source({scheme!r}, function), or use list:"
    )


def _entry_point(scheme: str, node: Node) -> Catalogue | None:
    """What an installed package answers with; one of the user's comes before hepnb's own."""
    from importlib.metadata import entry_points

    points = sorted(
        entry_points(group=GROUP, name=scheme), key=lambda point: point.value.startswith(_OURS)
    )
    for point in points:
        try:
            plug_in: Any = point.load()
        except Exception as error:
            raise node.error(
                f"source {scheme}: plug-in {point.value}: {one_line(error)}"
            ) from error
        return plug_in  # type: ignore[no-any-return]
    return None


def _cache(scheme: str, name: str) -> FilePath:
    """Where an answer is kept: of whom it is asked, and whereto it leads, is part of the question."""
    asked = [f"{scheme}:{name}", *(f"{s}={os.environ[s]}" for s in _SETTINGS if os.environ.get(s))]
    digest = hashlib.sha256("\n".join(asked).encode()).hexdigest()[:32]
    return cache_dir() / "sources" / f"{scheme}-{digest}.json"


def _read(file: FilePath) -> Kept | None:
    """A kept answer; what cannot be understood is asked again."""
    try:
        answer = json.loads(file.read_text(encoding="utf-8"))
        files, asked = answer["files"], datetime.fromisoformat(answer["asked"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    strange = not isinstance(files, list) or not all(isinstance(file, str) for file in files)
    return None if strange or not files or asked.tzinfo is None else Kept(tuple(files), asked)


def _write(file: FilePath, answer: Sequence[str]) -> None:
    """Keep an answer; a cache that cannot be written is no reason to fail."""
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept = {"asked": datetime.now(UTC).isoformat(), "files": list(answer)}
        with written_whole(file) as part:
            part.write_text(json.dumps(kept), encoding="utf-8")
