"""Where results land: histograms bigger than memory, in HDF5, each contribution exactly once.

`H5Hist` is the histogram a person holds; `Store` reads a directory of histograms and tables while
`StoreWriter` fills it with the `Contribution`s of workers. This room knows no run and no notebook.
Names are imported when they are used: a worker that only fills never loads HDF5.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .contribution import Contribution
    from .h5hist import H5Hist
    from .ledger import Entry
    from .service.client import RemoteHist
    from .signature import Signature
    from .store import Store
    from .writer import StoreWriter

_HOMES = {
    "Contribution": "contribution",
    "Entry": "ledger",
    "H5Hist": "h5hist",
    "RemoteHist": "service.client",
    "Signature": "signature",
    "Store": "store",
    "StoreWriter": "writer",
}

__all__ = [
    "Contribution",
    "Entry",
    "H5Hist",
    "RemoteHist",
    "Signature",
    "Store",
    "StoreWriter",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"hepnb.histograms has no {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
