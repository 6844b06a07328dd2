"""Other frameworks as runs: coffea processors, external programs, event generators.

An adapter is started as a path is and gives a run like any other. What a run asks of it is in
`hepnb.runs.job`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .commands import command, command_of_card
    from .generators import generator
    from .processors import coffea

_HOMES = {
    "coffea": "processors",
    "command": "commands",
    "command_of_card": "commands",
    "generator": "generators",
}

__all__ = ["coffea", "command", "command_of_card", "generator"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        from ..errors import nearest

        raise AttributeError(f"hepnb.adapt has no {name!r}{nearest(name, __all__)}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
