"""The column cache: decompressed columns of files that are slow to read, kept on the local disk.

It can be emptied at any time: whatever is missing, altered or unreadable is read from the file again.
"""

from __future__ import annotations

from .columns import CachedFile, ColumnCache
from .limits import LIMIT, column_cache

__all__ = ["LIMIT", "CachedFile", "ColumnCache", "column_cache"]
