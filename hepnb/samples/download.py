"""Bring one file of a sample into the cache, whole and checked, or not at all.

A download is written beside its place under a name of its own and renamed when its checksum is
right, so that two processes never see, nor make, half a file. Only the standard library talks to
the network; what went wrong is one `DataError` with a one-line reason.
"""

from __future__ import annotations

import hashlib
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError, URLError

from ..errors import DataError
from ..whole import written_whole
from .checksums import content
from .registry import Excerpt, Source

__all__ = ["PATIENCE", "Progress", "fetch"]

PATIENCE = 5.0
"""Seconds without an answer after which a server is given up."""

_BLOCK = 1 << 18

Progress = Callable[[int, int], None]
"""Called as `progress(bytes so far, bytes in all)`."""


def fetch(source: Source, target: Path, tree: str, progress: Progress | None = None) -> Path:
    """Download `source` to `target` and return it.

    Raises `DataError` when the server does not answer, ends early, or sends something else than
    the registry describes; `target` then does not exist.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    report = progress or (lambda _done, _total: None)
    with written_whole(target) as part:
        try:
            if isinstance(source.origin, Excerpt):
                _cut(source.origin, part, tree)
            else:
                _copy(source.origin, source, part, report)
        except HTTPError as error:
            error.close()
            raise DataError(
                f"{_address(source)} could not be downloaded: {error.code} {error.reason}"
            ) from None
        except (OSError, ValueError, KeyError) as error:
            reason = error.reason if isinstance(error, URLError) else error
            raise DataError(f"{_address(source)} could not be downloaded: {reason}") from error
    report(source.size, source.size)
    return target


def _address(source: Source) -> str:
    return source.origin.url if isinstance(source.origin, Excerpt) else source.origin


def _copy(url: str, source: Source, part: Path, report: Progress) -> None:
    """A plain file, hashed while it arrives."""
    digest, done = hashlib.sha256(), 0
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer, part.open("wb") as stream:
        while block := answer.read(_BLOCK):
            stream.write(block)
            digest.update(block)
            done += len(block)
            report(done, source.size)
    if done != source.size:
        raise DataError(f"{url} ended after {done} of {source.size} bytes")
    if digest.hexdigest() != source.sha256:
        raise DataError(f"{url} is not the file that was meant: its sha256 is {digest.hexdigest()}")


def _cut(excerpt: Excerpt, part: Path, tree: str) -> None:
    """The first entries of a large remote tree, by range requests for their baskets alone."""
    import awkward as ak
    import uproot

    request = urllib.request.Request(excerpt.url, method="HEAD")
    urllib.request.urlopen(request, timeout=PATIENCE).close()  # a blocked network fails here
    # One range per request: not every server knows several, and some then send everything.
    source = uproot.source.http.MultithreadedHTTPSource
    with uproot.open(excerpt.url, handler=source, timeout=PATIENCE) as remote:
        events = remote[tree].arrays(entry_stop=excerpt.events)
    counters = {f"n{name.split('_')[0]}" for name in events.fields if "_" in name}
    columns = {name: events[name] for name in events.fields if name not in counters}
    with uproot.recreate(part) as local:
        local.mktree(
            tree,
            {name: _datashape(column) for name, column in columns.items()},
            counter_name=lambda counted: f"n{counted.split('_')[0]}",
        ).extend(columns | {name: ak.to_numpy(events[name]) for name in counters})
    if content(part, tree) != excerpt.content:
        raise DataError(f"{excerpt.url} does not begin with the events that were meant")


def _datashape(column: object) -> str:
    """The type of a column without its length, as `mktree` takes it."""
    import awkward as ak

    return str(ak.type(column).content)
