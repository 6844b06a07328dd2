"""Engines execute tasks for a supervisor: `base` is the interface, `local` and `inline` are engines.

Each engine is imported where it is wanted: a zygote is of this room, too, and needs none of them.
"""

from __future__ import annotations

from .base import Engine, Listener

__all__ = ["Engine", "Listener"]
