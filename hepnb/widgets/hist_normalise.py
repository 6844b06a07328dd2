"""How a look scales contents, and what is said about it. The same as widgets_js/src/normalise.ts."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .hist_look import Look
from .hist_slice import Slice

__all__ = ["factor", "notes"]

Array = NDArray[np.float64]


def factor(look: Look, total: float, widths: Array) -> Array:
    """What each bin's content is multiplied by, of the shape of `widths`.

    `total` is what is in view; an empty histogram stays empty. Sums from one side are never divided
    by a width.
    """
    if look.normalise is None or (look.cumulative and look.normalise == "width"):
        return np.ones_like(widths)
    share = 1 / total if total != 0 and math.isfinite(total) else 0.0
    if look.normalise == "area" or look.cumulative:
        return np.full_like(widths, share)
    return np.asarray((share if look.normalise == "density" else 1.0) / widths, dtype=np.float64)


def notes(part: Slice, look: Look) -> list[str]:
    """What a person should know about the picture."""
    said = []
    if part.variances is None and not part.counts and part.group == 1:
        said.append("errors are not known: weights were not squared")
    if part.group > 1 and len(part.axes) == 2:
        said.append(f"each cell is the sum of {part.group} × {part.group} bins; zoom in")
    elif part.group > 1 and part.stacked:
        said.append(f"each column is the sum of {part.group} bins; zoom in to see them")
    elif part.group > 1 and not look.cumulative:
        said.append(f"each column spans {part.group} bins, lowest to highest; zoom in to see them")
    if part.kind != "count" and (look.normalise or look.cumulative):
        said.append("means are neither normalised nor summed up")
    elif look.flow and not look.cumulative and look.normalise in ("density", "width"):
        said.append("under- and overflow have no width")
    return said
