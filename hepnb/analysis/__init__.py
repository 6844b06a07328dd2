"""What is computed: paths, datasets, and the reading of events. Knows no process and no widget."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {
    "Card": "cards",
    "ChunkResult": "loop.result",
    "ChunkTask": "loop.task",
    "Conditions": "module.run_numbers",
    "Dataset": "dataset",
    "EventFile": "reading.events",
    "Fill": "loop.fills",
    "HistSpec": "loop.result",
    "LumiMask": "lookups",
    "Module": "module.module",
    "Path": "steering.path",
    "Program": "loop.program",
    "Unique": "lookups",
    "as_datasets": "dataset",
    "lookup": "lookups",
    "modules": "module.registry",
    "open_events": "reading.events",
    "param": "module.parameters",
    "resource": "module.resources",
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
    from .lookups import LumiMask, Unique
    from .lookups.opening import lookup
    from .loop.fills import Fill
    from .loop.program import Program
    from .loop.result import ChunkResult, HistSpec
    from .loop.task import ChunkTask
    from .module.module import Module
    from .module.parameters import param
    from .module.registry import modules
    from .module.resources import resource
    from .module.run_numbers import Conditions
    from .reading.events import EventFile, open_events
    from .steering.path import Path


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"hepnb.analysis has no {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
