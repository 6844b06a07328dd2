"""Where hepnb keeps what may be made again at any time."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_dir"]


def cache_dir() -> Path:
    """The folder that hepnb may fill and the user may empty at any time."""
    if own := os.environ.get("HEPNB_CACHE_DIR"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hepnb"
