"""Histograms as a service: one writer process, any number of clients, each contribution once.

`Server` owns a store and takes records over a Unix socket or TLS; `RemoteHist` is what a client
fills. docs/service.md is the contract between them. Names are imported when they are used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import RemoteHist
    from .server import Server

_HOMES = {"RemoteHist": "client", "Server": "server"}

__all__ = ["RemoteHist", "Server"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"hepnb.histograms.service has no {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
