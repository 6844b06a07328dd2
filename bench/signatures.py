"""The signatures of all histograms of a frozen analysis, as a run makes them."""

from __future__ import annotations

from typing import Any

__all__ = ["signatures_of"]


def signatures_of(program: Any) -> dict[str, Any]:
    """What a `Contribution` of the program is made of."""
    from hepnb.histograms import Signature

    return {
        h.name: Signature.from_axes(h.name, h.axes, h.storage, h.label) for h in program.histograms
    }
