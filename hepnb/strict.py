"""JSON for whoever reads what hepnb says, where JSON ends: it has no NaN and no infinity.

Python writes them all the same, which hepnb's own records keep; a browser, jq or another language
refuses the whole text. For them they are the texts `nan`, `inf` and `-inf`, which `float` reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["strict", "strict_json"]


def strict_json(value: Any) -> str:
    """The JSON of a value, with texts for the numbers that JSON has not.

    >>> strict_json({"least": float("-inf"), "pt": [float("nan"), 20.0]})
    '{"least": "-inf", "pt": ["nan", 20.0]}'
    """
    return json.dumps(strict(value), allow_nan=False)


def strict(value: Any) -> Any:
    """The same as a value: the very one where JSON has all of its numbers."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return _replaced(value)
    return value


def _replaced(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0 else repr(float(value))
    if isinstance(value, Mapping):
        return {key: _replaced(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(part) for part in value]
    return value
