"""Where the events of the demo, the starterkit and the tests come from.

`get("dimuon")` looks in `HEPNB_DATA_DIR`, then in the cache, then downloads and checks, and else
makes a toy on the spot; the answer always says which. This room knows files, not analyses.
"""

from __future__ import annotations

from .lookup import Sample, get
from .registry import SAMPLES, Entry, Excerpt, Source
from .resonances import MARKS, RESONANCES, Resonance
from .toy import toy_dimuon

__all__ = [
    "MARKS",
    "RESONANCES",
    "SAMPLES",
    "Entry",
    "Excerpt",
    "Resonance",
    "Sample",
    "Source",
    "get",
    "toy_dimuon",
]
