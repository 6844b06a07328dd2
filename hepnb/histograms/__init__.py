"""Where results land: histograms bigger than memory, in HDF5, each contribution exactly once.

`H5Hist` is the histogram a person holds; `Store` reads a directory of histograms and tables while
`StoreWriter` fills it with the `Contribution`s of workers. This room knows no run and no notebook.
"""

from __future__ import annotations

from .contribution import Contribution
from .h5hist import H5Hist
from .ledger import Entry
from .signature import Signature
from .store import Store
from .writer import StoreWriter

__all__ = ["Contribution", "Entry", "H5Hist", "Signature", "Store", "StoreWriter"]
