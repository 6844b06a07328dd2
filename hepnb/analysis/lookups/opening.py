"""`hn.lookup`: a histogram or a correction of correctionlib as a function of columns."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from pathlib import Path as FilePath
from typing import Any

from ...errors import DataError, nearest, one_line
from .correction import Correction
from .shapes import called
from .table import HistTable

__all__ = ["lookup"]

_LARGEST = 500_000_000
"""Bytes of JSON that are read, unpacked."""


def lookup(
    source: Any, *, outside: str | float | None = None, what: str = "value"
) -> HistTable | Correction:
    """A function that looks values up: `sf = hn.lookup(...)`, then `sf(Muon.eta, Muon.pt)`.

    `source` is a histogram (hist, boost-histogram, `H5Hist`, anything of UHI), a histogram in a ROOT
    file as `"file.root:folder/name"`, one of UHI in JSON as `"file.json"`, or a correction of
    correctionlib as `"file.json.gz:NAME"`. Arguments are columns in the order of the axes (or inputs):
    NumPy arrays of shape (rows,), jagged arrays, numbers and texts, broadcast against each other;
    the result has their shape, float64. The content travels with the run; the file is not needed.

    For histograms `outside` says what is found outside the axes, and must be given: `"error"`,
    `"clamp"` (the nearest bin), `"flow"` (the content of under- and overflow), or a number; `what` is
    `"value"` or `"error"` (the square root of the variance). A correction has its own rules. Raises
    `DataError` in one line, for values outside too.

    >>> import hist
    >>> h = hist.Hist.new.Var([20, 30, 60], name="pt").Double()
    >>> h.view()[...] = [0.9, 0.95]
    >>> sf = lookup(h, outside="clamp")
    >>> sf([25.0, 100.0]).tolist()
    [0.9, 0.95]
    """
    if not isinstance(source, str | os.PathLike):
        return HistTable(source, outside, what)
    said = os.fspath(source)
    file, key = _parted(said)
    where = called(said)
    if file.suffix == ".root":
        return HistTable(_from_root(file, key, where), outside, what, said)
    text = _read(file, where)
    content = _parsed(text, file, where)
    if isinstance(content, dict) and "corrections" in content:
        if outside is not None or what != "value":
            raise DataError(f"{where}: a correction has rules of its own; leave outside= and what=")
        return Correction(text, key, said)
    if isinstance(content, dict) and key:
        if key not in content:
            raise DataError(f"{where}: the file has no {key!r}{nearest(key, content)}")
        content = content[key]
    return HistTable(_from_uhi(content, where), outside, what, said)


def _parted(text: str) -> tuple[FilePath, str]:
    """The file, and what is named in it."""
    if FilePath(text).exists():
        return FilePath(text), ""
    file, _, key = text.rpartition(":")
    return (FilePath(file), key) if file else (FilePath(text), "")


def _read(file: FilePath, where: str) -> str:
    try:
        if file.exists() and not file.is_file():
            raise DataError(f"{where}: {file} is not a file")
        packed = file.suffix == ".gz"
        with gzip.open(file) if packed else file.open("rb") as stream:
            text = stream.read(_LARGEST + 1)
        if len(text) > _LARGEST:
            raise DataError(f"{where}: is larger than {_LARGEST / 1e6:.0f} MB")
        return text.decode()
    except FileNotFoundError:
        raise DataError(f"{where}: no such file {file}") from None
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DataError(f"{where}: {file} cannot be read ({one_line(error)})") from None


def _parsed(text: str, file: FilePath, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: {file} cannot be read ({one_line(error)})") from None


def _from_root(file: FilePath, key: str, where: str) -> Any:
    import uproot

    if not file.is_file():
        raise DataError(f"{where}: no such file {file}")
    try:
        with uproot.open(file) as root:
            names = root.keys(cycle=False)
            if not key or key not in names:
                has = f"; it has {', '.join(names[:6])}"
                raise DataError(f"{where}: no histogram {key!r}{nearest(key, names) or has}")
            return root[key].to_hist()
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001  a foreign library
        raise DataError(f"{where}: cannot be read ({one_line(error)})") from None


def _from_uhi(content: Any, where: str) -> Any:
    import hist
    import uhi.io.json

    try:
        return hist.Hist(json.loads(json.dumps(content), object_hook=uhi.io.json.object_hook))
    except Exception as error:  # noqa: BLE001  a foreign library
        raise DataError(
            f"{where}: is neither a correction nor a histogram ({one_line(error)})"
        ) from None
