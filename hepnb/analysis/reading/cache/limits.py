"""How large the column cache may be, and where it is."""

from __future__ import annotations

import os
import re

from ....errors import DataError
from ....folders import cache_dir
from .columns import ColumnCache

__all__ = ["LIMIT", "column_cache"]

LIMIT = 10_000_000_000
"""The most it takes where nobody says otherwise [bytes]."""
_UNITS = {"MB": 1e6, "GB": 1e9, "TB": 1e12}
_SIZE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(MB|GB|TB)\s*$")


def column_cache(most: float | None = None) -> ColumnCache | None:
    """The user's column cache; None where `HEPNB_CACHE_SIZE` or `most`, the site's limit, is 0.

    Raises `DataError` for a size that is none.
    """
    limit: float = LIMIT
    if given := os.environ.get("HEPNB_CACHE_SIZE"):
        match = _SIZE.match(given)
        if match is None and given.strip() != "0":
            raise DataError(f"HEPNB_CACHE_SIZE={given!r}: write a size such as '20 GB', or 0")
        limit = float(match[1]) * _UNITS[match[2]] if match else 0.0
    limit = limit if most is None else min(limit, most)
    return ColumnCache(cache_dir() / "columns", int(limit)) if limit else None
