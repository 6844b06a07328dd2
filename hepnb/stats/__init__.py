"""From the histograms of a run to a fit: what variations amount to, templates, regions."""

from __future__ import annotations

from .abcd import abcd
from .reducers import envelope, hessian, mirror, rms
from .templates import Template, Templates

__all__ = ["Template", "Templates", "abcd", "envelope", "hessian", "mirror", "rms"]
