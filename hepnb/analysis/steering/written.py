"""What a path says of itself as JSON, and how one is made of that."""

from __future__ import annotations

from typing import Self

from .declared import Declared

__all__ = ["WrittenPath"]


class WrittenPath(Declared):
    """The part of `Path` that knows of JSON."""

    def to_json(self) -> str:
        """The path as JSON, from which `from_json` makes one of the same hash.

        Modules are written by name and parameters, functions by their source with the values they
        capture, lookups and resources by their files. Raises `PathError`, naming the step, for what
        cannot be written: an object that lives in memory, a class that `hn.modules` does not know.

        >>> from hepnb.analysis import Path
        >>> path = Path("p")
        >>> path.select("two muons", "count(Muon) == 2")
        >>> Path.from_json(path.to_json()).hash == path.hash
        True
        """
        from ..pathfile import json_of_path

        return json_of_path(self)  # type: ignore[arg-type]

    @classmethod
    def from_json(cls, text: str, *, allow_code: bool = False) -> Self:
        """The path that `to_json` has written.

        Expressions and modules run nothing of whoever wrote them. Functions are their code: a text that
        has any is refused, before anything of it is run, unless `allow_code` says that you have read it.
        Classes of modules must be known here (`hn.modules`). Raises `PathError` with line and column for
        the first mistake, and where this is another path than the one that was written; warns where
        it was written with other versions, which the hash covers.
        """
        from ..pathfile import path_of_json

        return path_of_json(text, cls, allow_code=allow_code)  # type: ignore[type-var]
