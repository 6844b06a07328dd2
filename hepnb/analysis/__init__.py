"""What is computed: paths, datasets, and the reading of events. Knows no process and no widget."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {
    "Card": "cards",
    "ChunkResult": "result",
    "ChunkTask": "task",
    "Conditions": "run_numbers",
    "Dataset": "dataset",
    "EventFile": "events",
    "Fill": "fills",
    "HistSpec": "result",
    "LumiMask": "lookups",
    "Module": "module",
    "Path": "path",
    "Program": "program",
    "Unique": "lookups",
    "as_datasets": "dataset",
    "lookup": "lookups",
    "modules": "registry",
    "open_events": "events",
    "param": "parameters",
    "resource": "resources",
}

__all__ = [
    "Card",
    "ChunkResult",
    "ChunkTask",
    "Conditions",
    "Dataset",
    "EventFile",
    "Fill",
    "HistSpec",
    "LumiMask",
    "Module",
    "Path",
    "Program",
    "Unique",
    "as_datasets",
    "lookup",
    "modules",
    "open_events",
    "param",
    "resource",
]

if TYPE_CHECKING:
    from .cards import Card
    from .dataset import Dataset, as_datasets
    from .events import EventFile, open_events
    from .fills import Fill
    from .lookups import LumiMask, Unique
    from .lookups.opening import lookup
    from .module import Module
    from .parameters import param
    from .path import Path
    from .program import Program
    from .registry import modules
    from .resources import resource
    from .result import ChunkResult, HistSpec
    from .run_numbers import Conditions
    from .task import ChunkTask


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"hepnb.analysis has no {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
