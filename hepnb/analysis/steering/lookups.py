"""What a path says of tables that its expressions call: scale factors, certified sections."""

from __future__ import annotations

from typing import Any

from ...errors import PathError
from ..language.functions import FUNCTIONS
from .checking import check_name
from .declared import Declared
from .steps import Lookup

__all__ = ["LookedUpPath"]


class LookedUpPath(Declared):
    """The part of `Path` that knows of lookups."""

    def lookup(self, name: str, table: Any) -> None:
        """Let the expressions below call a table: `hn.lookup(...)` or `hn.LumiMask(...)`.

        It is called with columns in the order of its axes (or inputs), as it is in a function; what lies
        outside its axes is as `hn.lookup` was told. A sub-path that calls it is told it, too. Raises
        `PathError` for anything else, and for the name of a function of the language.

        >>> import hist
        >>> from hepnb.analysis import Path, lookup
        >>> h = hist.Hist.new.Var([20, 30, 60], name="pt").Double()
        >>> path = Path()
        >>> path.lookup("sf", lookup(h, outside="clamp"))
        >>> path.define("factor", "where(nMuon > 0, sf(MET_pt), 1)")
        >>> path.define("other", "sf(MET_pt, nMuon)")
        Traceback (most recent call last):
        ...
        hepnb.errors.PathError: definition 'other': sf takes 1 value (pt), got 2 (column 1 of 'sf(MET_pt, nMuon)')
        """
        from ..lookups import LumiMask
        from ..lookups.correction import Correction
        from ..lookups.table import HistTable

        check_name(name, "a lookup")
        if name in FUNCTIONS:
            raise PathError(
                f"lookup {name!r}: expressions have a function of that name; choose another"
            )
        if not isinstance(table, HistTable | Correction | LumiMask):
            raise PathError(
                f"lookup {name!r}: expected hn.lookup(...) or hn.LumiMask(...), not {type(table).__name__}"
            )
        self._add(Lookup(name, table))
