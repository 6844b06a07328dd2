"""The signatures of all histograms of a frozen analysis, and their fills, as a run makes them."""

from __future__ import annotations

from typing import Any

__all__ = ["fill_all", "signatures_of"]


def signatures_of(program: Any) -> dict[str, Any]:
    """What a `Contribution` of the program is made of."""
    from hepnb.histograms import Signature

    return {
        h.name: Signature.from_axes(h.name, h.axes, h.storage, h.label) for h in program.histograms
    }


def fill_all(contribution: Any, result: Any) -> None:
    """Add what a chunk gave."""
    for fill in result.fills:
        contribution.fill_each(fill.hist, "variation", fill.weights, **fill.columns)
