"""Engines execute tasks for a supervisor: `base` is the interface, `local` and `inline` are engines.

`inline` is imported where it is wanted: it works where it stands, so it needs all that work needs.
"""

from __future__ import annotations

from .base import Engine, Listener
from .local import LocalEngine

__all__ = ["Engine", "Listener", "LocalEngine"]
