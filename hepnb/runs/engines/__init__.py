"""Engines execute tasks for a supervisor; `base` is the interface, each other file is one engine."""

from __future__ import annotations

from .base import Engine, Listener
from .inline import InlineEngine
from .local import LocalEngine

__all__ = ["Engine", "InlineEngine", "Listener", "LocalEngine"]
