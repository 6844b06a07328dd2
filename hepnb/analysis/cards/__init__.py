"""Run cards: YAML files that describe a path and its datasets. Safe to read, whoever wrote them."""

from __future__ import annotations

from .card import Card, is_card
from .layout import json_schema
from .sources import register_source

__all__ = ["Card", "is_card", "json_schema", "register_source"]
