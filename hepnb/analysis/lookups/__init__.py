"""Tables that the functions of a path look values up in: scale factors, efficiencies, certified runs."""

from __future__ import annotations

from .lumi_mask import LumiMask
from .opening import lookup
from .unique import Unique

__all__ = ["LumiMask", "Unique", "lookup"]
