"""A file that a path needs: opened once per worker, and known by its content."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Any

from ...errors import DataError, one_line
from ...given import given_path, shown

__all__ = ["Resource", "resource"]


def resource(file: str, load: Callable[[str], Any] | None = None) -> Resource:
    """A file of scale factors, a model, a table: call the result where it is needed.

    `load` gets the path and returns what the file holds, once per worker; without it `*.json` and
    `*.json.gz` are read as JSON, anything else as bytes. The content is part of the path's hash. Raises
    `DataError` where the file cannot be read, or is another one than when the run began.

    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp(), "scale.json")
    >>> _ = file.write_text('{"scale": 1.02}')
    >>> factors = resource(str(file))
    >>> factors()["scale"]
    1.02
    """
    return Resource(file, load)


class Resource:
    """The file, its content when it is asked for, and the digest of its bytes."""

    def __init__(self, file: str, load: Callable[[str], Any] | None = None) -> None:
        if load is not None and not callable(load):
            raise DataError(f"resource: load is a function of the path, not {shown(load)}")
        self.file, self.load = str(given_path(file, "a resource", DataError).absolute()), load
        self._expected: str | None = None
        self._loaded: list[Any] = []
        self.digest  # noqa: B018  (a file that is not there is told now)

    @property
    def digest(self) -> str:
        """SHA-256 of the file as it is now."""
        try:
            if FilePath(self.file).exists() and not FilePath(self.file).is_file():
                raise DataError(f"resource {self.file}: is not a file")
            with FilePath(self.file).open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise DataError(f"resource {self.file}: {error.strerror}") from None

    @property
    def content(self) -> str:
        """The digest of the content that is meant: as it was when a run began, or is now."""
        return self._expected or self.digest

    def __call__(self) -> Any:
        """What the file holds; loaded when it is asked for first."""
        if not self._loaded:
            if self._expected not in (None, self.digest):
                raise DataError(f"resource {self.file}: was changed since the run began")
            self._loaded.append((self.load or _read)(self.file))
        return self._loaded[0]

    def __repr__(self) -> str:
        return f"<resource {self.file}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.file, self.load, self.content)


def _restore(file: str, load: Callable[[str], Any] | None, digest: str) -> Resource:
    made = object.__new__(Resource)
    made.file, made.load, made._expected, made._loaded = file, load, digest, []
    return made


def _read(file: str) -> Any:
    name = file.removesuffix(".gz")
    try:
        data = FilePath(file).read_bytes()
        data = gzip.decompress(data) if file.endswith(".gz") else data
        return json.loads(data) if name.endswith(".json") else data
    except (OSError, ValueError, EOFError, RecursionError, zlib.error) as error:
        raise DataError(f"resource {file}: cannot be read ({one_line(error)})") from None
