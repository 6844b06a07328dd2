"""Names of histograms that come from elsewhere: the keys or folders in which they stood."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

__all__ = ["joined"]

_QUOTED = re.compile(r"[%:/#(),]|[^ -~\w]")


def joined(keys: Iterable[Any]) -> str:
    """The name of what stands under these keys; two places never have one name.

    >>> joined(["tt", "mass"]), joined(["tt:mass"]), joined(["a/b", 1, ("ee", 2)])
    ('tt:mass', 'tt%3Amass', 'a%2Fb:#1:(ee,#2)')
    """
    return ":".join(map(_part, keys))


def _part(key: Any) -> str:
    if isinstance(key, tuple):
        return f"({','.join(map(_part, key))})"
    text = key if isinstance(key, str) else repr(key)
    quoted = _QUOTED.sub(lambda m: "".join(f"%{byte:02X}" for byte in m[0].encode()), text)
    return quoted if isinstance(key, str) else f"#{quoted}"
