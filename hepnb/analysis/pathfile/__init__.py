"""A path as JSON: its steps in their order, the functions that it is made of by their source."""

from __future__ import annotations

from .reading import path_of_json
from .writing import json_of_path

__all__ = ["json_of_path", "path_of_json"]
